"""Changing what a model does to its activations while a run is going on."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from attnviz.model import MultiHeadAttention, Transformer


def set_dropout(model: Transformer, share: float) -> None:
    """Give every dropout of the model this share, its config too; a share that is none raises SettingError."""
    model.config = replace(model.config, dropout=share)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        elif isinstance(module, MultiHeadAttention):
            module.dropout = share
