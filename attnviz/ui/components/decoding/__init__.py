"""The decoder as a Streamlit element: parts, ribbon, growing maps, alternatives, beam tree, forcing, cache."""

from attnviz.ui.components.decoding.stage import decoding_stage, pack, said

__all__ = ["decoding_stage", "pack", "said"]
