"""Any module that attends through torch's own functions, watched without a change to it.

While the module runs, a torch function mode sees each call of `scaled_dot_product_attention` and of what
`nn.MultiheadAttention` computes with (its fused fast paths are off meanwhile). The module's output is its own; the
weights are computed beside it. Hooks tell which submodule is at work and are gone afterwards, also after an exception.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from attnviz.foreign.census import looks_back
from attnviz.masks import KINDS, Kind, kind_of
from attnviz.model.attention import attention_weights
from attnviz.trace.record import AttentionRecord
from attnviz.trace.statistics import HeadStatistics, statistics
from attnviz.trace.watching import to_numpy


@dataclass(frozen=True, eq=False)
class ModuleTrace:
    """What a module's attentions did in one call. Look them up by module name ("layers.0.self_attn") or by site."""

    output: Any  # what the module returned
    records: Mapping[str, AttentionRecord]  # by site, in the order of computation
    modules: Mapping[str, str]  # module name → site; "#2" behind a name is its second call

    def __getitem__(self, name: str) -> AttentionRecord:
        site = self.modules.get(name, name)
        if site not in self.records:
            raise KeyError(f"{name!r} was not watched; watched: {', '.join(self.modules) or 'none'}")
        return self.records[site]

    @property
    def sites(self) -> tuple[str, ...]:
        """Every attention, in the order of computation."""
        return tuple(self.records)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention seen."""
        return tuple(kind for kind in KINDS if self.sites_of(kind))

    def sites_of(self, kind: Kind) -> tuple[str, ...]:
        """The sites of a kind, layer by layer."""
        return tuple(site for site in self.records if kind_of(site) == kind)

    def weights(self, kind: Kind) -> np.ndarray:
        """The weights of a kind of attention in all its layers, (L, B, H, T, S)."""
        return np.stack([record.weights for record in self._of(kind)])

    def mask(self, kind: Kind) -> np.ndarray:
        """The masks of a kind of attention in all its layers, (L, B, H, T, S), True = may attend."""
        return np.stack([record.mask for record in self._of(kind)])

    def labels(self, kind: Kind, example: int = 0) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Positions, from 0: a module knows no tokens."""
        queries, keys = self._of(kind)[0].weights.shape[-2:]
        return tuple(map(str, range(queries))), tuple(map(str, range(keys)))

    def statistics(self, kind: Kind) -> HeadStatistics:
        """Statistics of every head of a kind, (L, B, H); fully blocked rows don't count."""
        return statistics(self.weights(kind), self.mask(kind))

    def _of(self, kind: Kind) -> list[AttentionRecord]:
        if not (found := [self.records[site] for site in self.sites_of(kind)]):
            raise ValueError(f"no {kind} attention was watched; watched: {', '.join(self.kinds) or 'none'}")
        return found


@dataclass(frozen=True, eq=False)
class _Seen:
    """One attention as it was called."""

    name: str
    crosses: bool
    weights: Tensor  # (B, H, T, S)
    mask: Tensor  # broadcasts to it, True = may attend


def watch_module(module: nn.Module, *inputs: Any, **arguments: Any) -> ModuleTrace:
    """Call `module(*inputs, **arguments)` and keep the weights of every attention in it.

    The module stays in the mode it is in, gradients flow as they would; weights are those before dropout. Raises
    ValueError where nothing attends through torch's functions.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"model is {_kind_of(module)}; a torch.nn.Module is needed")
    seen: list[_Seen] = []
    with _names(module) as name, _Mode(seen, name):
        output = module(*inputs, **arguments)
    if not seen:
        raise ValueError(
            f"{type(module).__name__} never attends through nn.MultiheadAttention or scaled_dot_product_attention; "
            "nothing can be watched"
        )
    return _trace(output, seen)


def _kind_of(value: object) -> str:
    return f"{type(value).__name__} ({str(value)[:40]})"


@contextmanager
def _names(module: nn.Module) -> Iterator[Callable[[], str]]:
    """A function that says which submodule is at work."""
    stack: list[str] = []
    handles = []
    try:
        for name, part in module.named_modules():
            handles.append(part.register_forward_pre_hook(lambda _module, _given, name=name: stack.append(name)))
            handles.append(part.register_forward_hook(lambda _module, _given, _out: (stack.pop() and None) or None))
        yield lambda: stack[-1] if stack else ""
    finally:
        for handle in handles:
            handle.remove()


class _Mode(TorchFunctionMode):
    """Sees every torch function called inside, on this thread only."""

    def __init__(self, seen: list[_Seen], name: Callable[[], str]) -> None:
        super().__init__()
        self.seen, self.name = seen, name

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        if func is functional.scaled_dot_product_attention:
            self.seen.append(_of_sdpa(self.name(), *args, **kwargs))
        elif func is functional.multi_head_attention_forward:
            self.seen.append(_of_multi_head(self.name(), *args, **kwargs))
        return output


@torch.no_grad()
def _of_sdpa(
    name: str,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> _Seen:
    crosses = query.size(-2) != key.size(-2)
    q, k = _four(query).float(), _four(key).float()
    if enable_gqa:
        k = k.repeat_interleave(q.size(1) // k.size(1), dim=1)
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.size(-1)) if scale is None else scale)
    visible = torch.ones((1, 1, *scores.shape[-2:]), dtype=torch.bool, device=scores.device)
    if is_causal:
        position = torch.arange(scores.size(-1), device=scores.device)
        visible = (position <= torch.arange(scores.size(-2), device=scores.device)[:, None])[None, None]
    if attn_mask is not None:
        mask = _four(attn_mask)
        if mask.dtype == torch.bool:
            visible = visible & mask
        else:
            visible = visible & (mask > -math.inf)
            scores = scores + mask.masked_fill(mask == -math.inf, 0.0)
    return _Seen(name, crosses, attention_weights(scores.masked_fill(~visible, -math.inf), visible), visible)


@torch.no_grad()
def _of_multi_head(name: str, query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> _Seen:
    import inspect

    signature = inspect.signature(functional.multi_head_attention_forward)
    given = signature.bind(query, key, value, *args, **kwargs)
    given.apply_defaults()
    values = given.arguments
    # Dropout changes weights, and a fast path makes none; without both they are what the output was made from.
    values.update(training=False, need_weights=True, average_attn_weights=False, is_causal=False)
    heads = int(values["num_heads"])
    asked_causal = given.arguments.get("attn_mask") is None and bool(kwargs.get("is_causal", False))
    _, weights = functional.multi_head_attention_forward(*given.args, **given.kwargs)
    assert weights is not None, "they were asked for"
    weights = weights.detach()
    if weights.dim() == 3:  # without a batch
        weights = weights[None]
    batch, queries, keys = weights.size(0), weights.size(2), weights.size(3)
    visible = torch.ones((1, 1, queries, keys), dtype=torch.bool, device=weights.device)
    for field, shape in (("attn_mask", None), ("key_padding_mask", (batch, 1, 1, -1))):
        mask = values[field]
        if mask is None:
            continue
        seen = ~mask if mask.dtype == torch.bool else mask > -math.inf
        if shape is not None:
            seen = seen.reshape(shape)
        elif seen.dim() == 3:
            seen = seen.reshape(batch, heads, *seen.shape[1:])
        missing = keys - seen.size(-1)  # columns that bias_k or add_zero_attn add are seen by everybody
        visible = visible & functional.pad(seen, (0, missing), value=True)
    assert not asked_causal, "torch refuses is_causal without attn_mask"
    blocked = ~visible.any(dim=-1, keepdim=True)
    weights = weights.masked_fill(blocked, 0.0)
    crosses = not (key is query or (key.shape == query.shape and torch.equal(key, query)))
    return _Seen(name, crosses, weights, visible)


def _four(x: Tensor) -> Tensor:
    """(B, H, T, D) of a tensor with fewer axes: what is missing in front has size 1, as torch broadcasts it."""
    if x.dim() > 4:
        return x.flatten(0, x.dim() - 4)
    return x.reshape((1,) * (4 - x.dim()) + tuple(x.shape))


def _trace(output: Any, seen: list[_Seen]) -> ModuleTrace:
    """Sites by what was attended to: across two sequences, or within one, looking ahead or not."""
    crossing = any(one.crosses for one in seen)
    first_cross = next((place for place, one in enumerate(seen) if one.crosses), 0)
    counts: Counter[str] = Counter()
    called: Counter[str] = Counter()
    records, modules = {}, {}
    for place, one in enumerate(seen):
        if one.crosses:
            stack, what = "decoder", "cross_attn"
        elif crossing:  # what comes before the first crossing, save the last one, is the encoder
            stack, what = ("encoder" if place < first_cross - 1 else "decoder"), "self_attn"
        else:
            square = one.mask.size(-1) == one.mask.size(-2) > 1
            stack, what = ("decoder" if square and looks_back(one.mask) else "encoder"), "self_attn"
        site = f"{stack}.{counts[stack + what]}.{what}"
        counts[stack + what] += 1
        called[one.name] += 1
        modules[one.name if called[one.name] == 1 else f"{one.name}#{called[one.name]}"] = site
        weights = to_numpy(one.weights)
        mask = np.broadcast_to(to_numpy(one.mask), weights.shape)
        records[site] = AttentionRecord(site=site, mask=mask, weights=weights, taps={})
    return ModuleTrace(output, records, modules)
