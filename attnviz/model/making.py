"""The one way from a config to a model, whatever its architecture."""

from __future__ import annotations

from attnviz.config import ModelConfig
from attnviz.model.families import family_of
from attnviz.model.parameter_shapes import check_size
from attnviz.model.transformer import Transformer


def new_model(config: ModelConfig) -> Transformer:
    """A model with weights drawn from torch's global generator; one too large raises SettingError before that."""
    check_size(config)
    return family_of(config)(config)
