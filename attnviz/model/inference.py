"""Computing without learning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from attnviz.model.threads import is_small, one_thread
from attnviz.model.watched import WatchedModel


@contextmanager
def inference(model: nn.Module | WatchedModel, *, tokens: int = 0) -> Iterator[None]:
    """No gradients and no dropout inside; every module's own mode comes back, also after an exception.

    Where no more than so many `tokens` are computed, one thread does it if the model is small; 0: nobody knows.
    """
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        with torch.no_grad(), one_thread(bool(tokens) and is_small(model.parameters(), tokens)):
            yield
    finally:
        for module in training:
            module.training = True
