"""Numbers found again: which columns of a layer's output a matrix is, which norm made it, which table turned it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from attnviz.foreign.listening import Heard
from attnviz.trace.walkthrough import Affine, Norm, Turn

CLOSE = 2e-5  # of the largest number: how far rounding takes two ways to the same one apart


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two matrices are the same but for rounding."""
    if one.shape != other.shape:
        return False
    return float((one - other).abs().max()) <= CLOSE * max(1e-6, float(other.abs().max()))


def columns_in(wanted: Tensor, one: Heard) -> Tensor | None:
    """The places of the columns of `wanted` (T, N) in what a linear layer said (T, M); None where they are not there.

    A layer may make queries, keys and values at once, in any order.
    """
    said = one.said
    if not one.is_linear or said.dim() != 2 or said.size(0) != wanted.size(0) or said.size(1) < wanted.size(1):
        return None
    count = wanted.size(1)
    for start in range(0, said.size(1) - count + 1, count):
        if same(said[:, start : start + count], wanted):
            return torch.arange(start, start + count)
    generator = torch.Generator().manual_seed(0)
    along = torch.randn(len(said), dtype=torch.float64, generator=generator)
    keys, order = (along @ said.cpu().double()).sort()
    sought = along @ wanted.cpu().double()
    right = torch.searchsorted(keys, sought).clamp(1, max(1, len(keys) - 1))
    right = right.clamp(max=len(keys) - 1)
    left = (right - 1).clamp(min=0)
    nearest = torch.where((keys[right] - sought).abs() < (keys[left] - sought).abs(), right, left)
    columns = order[nearest]
    return columns if same(said[:, columns.to(said.device)], wanted) else None


def affine_of(one: Heard, columns: Tensor | None) -> Affine:
    """The columns (None: all) of a linear layer's matrix, as it is multiplied: X · W + b."""
    module: Any = one.module
    weight: Tensor = module.weight.detach().float()
    weight = weight if type(module).__name__ == "Conv1D" else weight.T
    bias: Tensor | None = None if module.bias is None else module.bias.detach().float()
    if columns is not None:
        columns = columns.to(weight.device)
        weight, bias = weight[:, columns], None if bias is None else bias[columns]
    return Affine(weight.cpu().numpy().copy(), None if bias is None else bias.cpu().numpy().copy())


def norm_of(one: Heard, of_heads: Tensor | None = None) -> Norm | None:
    """The norm that a module computes, found by computing it; None where it is none that is known.

    `of_heads`: only where it made these heads (N, T, D).
    """
    if not one.is_norm or one.said.shape != one.given.shape:
        return None
    if of_heads is not None and (one.said.dim() != 3 or not same(one.heads(of_heads), of_heads)):
        return None
    for norm in _candidates(one):
        gain, bias = (None if part is None else torch.as_tensor(part).to(one.given) for part in (norm.gain, norm.bias))
        if norm.kind == "rms":
            value = one.given * torch.rsqrt(one.given.square().mean(-1, keepdim=True) + norm.eps)
            value = value if gain is None else value * gain
        else:
            value = functional.layer_norm(one.given, one.given.shape[-1:], gain, bias, norm.eps)
        if same(value, one.said):
            return norm
    return None


def _candidates(one: Heard) -> Iterator[Norm]:
    module: Any = one.module
    eps = next(
        (float(value) for name in ("eps", "variance_epsilon", "epsilon") if (value := getattr(module, name, None))),
        1e-5,
    )
    weight, bias = (getattr(module, name, None) for name in ("weight", "bias"))
    if weight is not None and tuple(weight.shape) != tuple(one.given.shape[-1:]):
        return
    gain = None if weight is None else weight.detach().float().cpu().numpy().copy()
    shift = None if bias is None else bias.detach().float().cpu().numpy().copy()
    yield Norm(gain, shift, eps)
    yield Norm(gain, None, eps, "rms")
    if gain is not None:
        yield Norm(1 + gain, None, eps, "rms")  # some keep how far the gain is from 1


def turns_in(heard: Iterable[Heard]) -> Iterator[Turn]:
    """The ways in which the rotary tables that were heard may be meant."""
    for one in heard:
        if one.sines is None:
            continue
        cos, sin = one.said, one.sines
        width = cos.size(1)
        wholes: list[tuple[Tensor, Tensor, str]] = [(cos, sin, "half"), (cos, sin, "pairs")]
        wholes.append((torch.cat((cos, cos), 1), torch.cat((sin, sin), 1), "half"))
        wholes.append((cos.repeat_interleave(2, 1), sin.repeat_interleave(2, 1), "pairs"))
        for c, s, style in wholes:
            if c.size(1) % 2 == 0 and width:
                yield Turn(c.cpu().numpy().copy(), s.cpu().numpy().copy(), style)  # type: ignore[arg-type]
