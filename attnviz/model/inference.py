"""Computing without learning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from attnviz.model.watched import WatchedModel


@contextmanager
def inference(model: nn.Module | WatchedModel) -> Iterator[None]:
    """No gradients and no dropout inside; every module's own mode comes back, also after an exception."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module in training:
            module.training = True
