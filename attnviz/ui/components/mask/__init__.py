"""The mask lab on one element: the painted matrix, one head's computation, and everything that follows from them."""

from attnviz.ui.components.mask.stage import mask_stage, pack, sent

__all__ = ["mask_stage", "pack", "sent"]
