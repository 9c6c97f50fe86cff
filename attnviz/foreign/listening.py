"""What the linear layers, the norms and the rotary tables of a layer were given and said in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Heard:
    """One call of a module on the one example of a batch."""

    module: nn.Module
    given: Tensor  # (T, …)
    said: Tensor  # (T, …); of a rotary table its cosines
    sines: Tensor | None = None  # (T, d) of a rotary table

    @property
    def is_linear(self) -> bool:
        """Whether it multiplies by a matrix."""
        return self.sines is None and is_linear(self.module)

    @property
    def is_norm(self) -> bool:
        """Whether it is a norm over features."""
        return self.sines is None and is_norm(self.module)

    def heads(self, like: Tensor, *, of_input: bool = False) -> Tensor:
        """What it said (or was given) as heads (N, T, D), as `like` is; unlike numbers stay as they are."""
        value = self.given if of_input else self.said
        if value.dim() == 3 and value.size(0) == like.size(1):  # (T, N, D)
            return value.transpose(0, 1)
        return value


def is_linear(module: nn.Module) -> bool:
    """A layer with one matrix, also transformers' Conv1D, whose matrix stands the other way round."""
    weight = getattr(module, "weight", None)
    return isinstance(module, nn.Linear) or (type(module).__name__ == "Conv1D" and getattr(weight, "ndim", 0) == 2)


def is_norm(module: nn.Module) -> bool:
    """A norm, by its name: there are many classes of them."""
    return "norm" in type(module).__name__.lower() and not list(module.children())


def layer_of(path: str) -> str | None:
    """The outermost entry of a list of modules on the way to `path`: the beginning up to the first number."""
    names = path.split(".")
    return next((".".join(names[: end + 1]) for end, name in enumerate(names) if name.isdigit()), None)


@contextmanager
def listening(net: nn.Module, attention: str) -> Iterator[list[Heard]]:
    """Whatever the layer around `attention` says inside the block; nothing is left behind afterwards."""
    inside = layer_of(attention)
    heard: list[Heard] = []
    handles = []
    for name, module in net.named_modules():
        if is_linear(module) or is_norm(module):
            if inside is None or name.startswith(inside + "."):
                handles.append(module.register_forward_hook(_note(heard), with_kwargs=True))
        elif not list(module.children()):
            handles.append(module.register_forward_hook(_note_table(heard)))
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def _note(heard: list[Heard]) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], said: Any) -> None:
        given = args[0] if args else next(iter(kwargs.values()), None)
        if isinstance(given, Tensor) and isinstance(said, Tensor) and given.is_floating_point() and given.dim() >= 2:
            heard.append(Heard(module, _example(given), _example(said)))

    return hook


def _note_table(heard: list[Heard]) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[Any, ...], said: Any) -> None:
        if not (isinstance(said, tuple) and len(said) == 2 and all(isinstance(one, Tensor) for one in said)):
            return
        cos, sin = said
        if cos.shape != sin.shape or cos.dim() not in (2, 3) or not cos.is_floating_point():
            return
        cos, sin = (_example(one) if one.dim() == 3 else one.detach().float() for one in (cos, sin))
        length = cos.square() + sin.square()
        if torch.allclose(length, length[:1, :1].expand_as(length), rtol=1e-3):
            heard.append(Heard(module, cos, cos, sin))

    return hook


def _example(value: Tensor) -> Tensor:
    """The one example; what has no batch in front (tokens in a row) is it."""
    value = value.detach().float()
    return value[0] if value.dim() > 2 and value.size(0) == 1 else value
