"""The walk on one element: its steps, matrices, arithmetic and code, stepped and hovered in the browser."""

from attnviz.ui.components.by_hand.stage import by_hand_stage, sent

__all__ = ["by_hand_stage", "sent"]
