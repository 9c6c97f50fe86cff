"""The attention stage: every head of a model on one canvas, the chosen one large."""

from attnviz.ui.components.attention.payload import pack
from attnviz.ui.components.attention.picture import KINDS, STATISTICS, AttentionPicture, KindPicture
from attnviz.ui.components.attention.stage import (
    AttentionStageState,
    attention_stage,
    stage_state,
)
from attnviz.ui.components.attention.text import STAGE_TEXT, stage_text

__all__ = [
    "KINDS",
    "STAGE_TEXT",
    "STATISTICS",
    "AttentionPicture",
    "AttentionStageState",
    "KindPicture",
    "attention_stage",
    "pack",
    "stage_state",
    "stage_text",
]
