"""Computing without learning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from attnviz.model.threads import is_small, one_thread
from attnviz.model.watched import WatchedModel


@contextmanager
def inference(model: nn.Module | WatchedModel, *, tokens: int = 0) -> Iterator[None]:
    """No gradients and no dropout inside; every module's own mode comes back, also after an exception.

    Where no more than so many `tokens` are computed, one thread does it if the model is small; 0: nobody knows.
    """
    modules = _modules(model)
    training = [module for module in modules if module.training]
    for module in training:
        module.training = False
    try:
        with torch.no_grad(), one_thread(bool(tokens) and is_small(_weights(modules), tokens)):
            yield
    finally:
        for module in training:
            module.training = True


def _modules(model: nn.Module | WatchedModel) -> list[nn.Module]:
    """`model.modules()`, which makes a name for each of them and takes as long as some layers."""
    if not isinstance(model, nn.Module):
        return list(model.modules())
    found: dict[nn.Module, None] = {model: None}
    waiting = [model]
    while waiting:
        for part in waiting.pop()._modules.values():
            if part is not None and part not in found:
                found[part] = None
                waiting.append(part)
    return list(found)


def _weights(modules: Iterable[nn.Module]) -> Iterable[Tensor]:
    return {id(one): one for module in modules for one in module._parameters.values() if one is not None}.values()
