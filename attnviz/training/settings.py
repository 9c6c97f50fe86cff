"""What may be changed while a run is going on."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from attnviz.model import MultiHeadAttention, Transformer

SETTABLE: tuple[str, ...] = (
    "learning_rate",
    "batch_size",
    "dropout",
    "weight_decay",
    "l1",
    "clip_norm",
    "label_smoothing",
    "schedule",
    "warmup_steps",
    "steps",
    "without",
    "cross_mask",
    "cross_mask_share",
    "eval_every",
    "eval_examples",
)


def set_dropout(model: Transformer, share: float) -> None:
    """Give every dropout of the model this share, its config too; a share that is none raises ValueError."""
    model.config = replace(model.config, dropout=share)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        elif isinstance(module, MultiHeadAttention):
            module.dropout = share
