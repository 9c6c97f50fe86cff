"""Which class computes a config."""

from __future__ import annotations

from attnviz.config import ModelConfig
from attnviz.model.graph import GraphTransformer
from attnviz.model.recurrent import RecurrentModel
from attnviz.model.transformer import Transformer
from attnviz.model.vision import VisionTransformer


def family_of(config: ModelConfig) -> type[Transformer]:
    """The class of a config's architecture."""
    if config.recurrent:
        return RecurrentModel
    return {"vision": VisionTransformer, "graph": GraphTransformer}.get(config.architecture, Transformer)
