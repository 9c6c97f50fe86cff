"""The attention function that Hugging Face models call instead of their own, once to be watched and once to be fast.

transformers lets a function be registered under a name and calls it with the query, key, value and mask of every
layer. Nothing of a model is patched: who watches, and where, is handed over in a context variable, so that several
threads may look into one model at once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from attnviz.masks import MaskMod, MaskPlan
from attnviz.masks.predicates import Full
from attnviz.model import SILENT, Probe
from attnviz.model.attention import attention_weights

NAME = "attnviz"  # what a model's config calls this implementation
_RULE, _VISIBLE = "_attnviz_rule", "_attnviz_visible"  # what a mask tensor of ours remembers about itself

SiteKey = tuple[int, int]  # the module's id, and which of its calls in a pass: one module may serve several layers


@dataclass(frozen=True, eq=False)
class Call:
    """One attention as it was computed: what a census learns from."""

    module: nn.Module
    number: int  # of the module's calls in this pass, from 0
    batch: int
    heads: int
    groups: int  # heads of keys and values
    queries: int
    keys: int
    head_dim: int
    visible: Tensor | None  # the model's own mask, (b, h, T, S) bool; None: everything
    rule: MaskMod | None  # the predicate that it was made from, where transformers says
    sinks: bool  # whether a sink takes its share of every row


@dataclass(eq=False)
class Pass:
    """One forward pass: who watches it, under which masks, and which call is which site."""

    probe: Probe = SILENT
    plan: MaskPlan | None = None  # None: the model's own masks
    sites: Mapping[SiteKey, str] = field(default_factory=dict)
    first_query: int = 0  # position of the first query; above 0 with a cache
    calls: list[Call] | None = None  # a census writes here
    _counts: Counter[int] = field(default_factory=Counter)

    def number(self, module: nn.Module) -> int:
        """Which call of this module it is, from 0."""
        self._counts[id(module)] += 1
        return self._counts[id(module)] - 1


_current: ContextVar[Pass | None] = ContextVar("attnviz_pass", default=None)


@contextmanager
def running(now: Pass) -> Iterator[Pass]:
    """Whatever attends inside is this pass; gone afterwards, also after an exception."""
    token = _current.set(now)
    try:
        yield now
    finally:
        _current.reset(token)


def register() -> None:
    """Make the name known to transformers; doing it twice is doing it once."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, additive_mask)


def additive_mask(*args: Any, dtype: torch.dtype = torch.float32, **kwargs: Any) -> Tensor:
    """The mask as numbers to add, 0 or the least one there is, never left out.

    Several models compute with it themselves before they attend, and read the future where it is bool or missing.
    """
    from transformers.masking_utils import sdpa_mask

    for skip in ("allow_is_causal_skip", "allow_is_bidirectional_skip"):
        kwargs[skip] = False
    visible = sdpa_mask(*args, **kwargs)
    assert visible is not None, "no skip was allowed"
    mask = torch.where(visible, torch.zeros((), dtype=dtype, device=visible.device), torch.finfo(dtype).min)
    setattr(mask, _VISIBLE, visible)
    setattr(mask, _RULE, kwargs.get("mask_function"))
    return mask


def split_mask(mask: Tensor | None, keys: int) -> tuple[Tensor | None, Tensor | None, MaskMod | None]:
    """(visible, bias, rule) of a mask as it arrives: True = may attend; what is added to visible scores, if anything.

    Models add position biases of their own to masks: what is far below any score blocks, the rest is a bias.
    """
    if mask is None:
        return None, None, None
    visible, rule = getattr(mask, _VISIBLE, None), getattr(mask, _RULE, None)
    if visible is not None:
        return visible[..., :keys], None, rule
    mask = mask[..., :keys]
    if mask.dtype == torch.bool:
        return mask, None, None
    visible = mask > torch.finfo(mask.dtype).min / 2
    bias = mask.masked_fill(~visible, 0.0)
    return visible, bias if bool(bias.any()) else None, None


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    position_bias: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, Tensor | None]:
    """softmax(cap(QKᵀ·scaling) + bias, blocked keys at −∞)·V of one layer, and its weights where somebody watches.

    query (B, H, T, D), key and value (B, G, S, D) with G dividing H, mask (B, 1 or H, T, S) to be added. Returns
    (B, T, H, D) and (B, H, T, S). `s_aux` (H,): a sink a head, which takes its share of the softmax and gives nothing.
    """
    now = _current.get() or Pass()
    number = now.number(module)
    batch, heads, queries, head_dim = query.shape
    groups, keys = key.size(1), key.size(2)
    visible, bias, rule = split_mask(attention_mask, keys)
    if now.calls is not None:
        now.calls.append(
            Call(module, number, batch, heads, groups, queries, keys, head_dim, visible, rule, s_aux is not None)
        )
    site = now.sites.get((id(module), number))
    if now.plan is not None and site is not None:
        planned = now.plan.at(site)
        visible = None
        if not isinstance(planned, Full):
            visible = planned.broadcast(
                batch=batch, heads=heads, queries=queries, keys=keys, device=query.device, first_query=now.first_query
            )
    if position_bias is not None:
        position_bias = position_bias[..., :keys]
        bias = position_bias if bias is None else bias + position_bias
    if groups != heads:  # several heads of queries share one of keys and values
        key, value = (x.repeat_interleave(heads // groups, dim=1) for x in (key, value))
    scaling = query.size(-1) ** -0.5 if scaling is None else scaling
    dropout = dropout if module.training else 0.0
    watched = site is not None and now.probe.wants(site)
    if watched or softcap is not None or s_aux is not None:
        out, weights = _explicit(
            query,
            key,
            value,
            visible,
            bias,
            scaling=scaling,
            dropout=dropout,
            softcap=softcap,
            sinks=s_aux,
            site=site or "",
            probe=now.probe if watched else SILENT,
        )
        return out.transpose(1, 2).contiguous(), weights
    mask = visible
    if bias is not None:
        mask = bias if visible is None else torch.where(visible, bias, -math.inf)
    out = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling)
    return out.transpose(1, 2).contiguous(), None


def _explicit(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    visible: Tensor | None,
    bias: Tensor | None,
    *,
    scaling: float,
    dropout: float,
    softcap: float | None,
    sinks: Tensor | None,
    site: str,
    probe: Probe,
) -> tuple[Tensor, Tensor]:
    tap: Callable[[str, Tensor], Tensor] = lambda name, value: probe.tap(site, name, value)  # noqa: E731
    q, k, v = tap("q", q), tap("k", k), tap("v", v)
    tap("scaling", torch.tensor(scaling))
    scores = q @ k.transpose(-2, -1) * scaling
    if softcap is not None:
        tap("softcap", torch.tensor(softcap))
        scores = softcap * torch.tanh(scores / softcap)
    if bias is not None:
        tap("bias", bias)
        scores = scores + bias.to(scores.dtype)  # attention may be computed in another precision
    scores = tap("scores", scores)
    if visible is None:
        visible = torch.ones((1, 1, q.size(2), k.size(2)), dtype=torch.bool, device=q.device)
    mask = tap("mask", visible)
    masked_scores = tap("masked_scores", scores.masked_fill(~mask, -math.inf))
    # Half precision is left for the sum over all keys, as the models' own functions do.
    wide = masked_scores.float() if masked_scores.dtype in (torch.float16, torch.bfloat16) else masked_scores
    if sinks is None:
        weights = attention_weights(wide, mask)
    else:
        tap("sinks", sinks)
        column = sinks.to(wide).reshape(1, -1, 1, 1).expand(q.size(0), -1, q.size(2), -1)
        shares = torch.cat([wide, column], dim=-1).softmax(dim=-1)
        weights = shares[..., :-1]
        tap("sink", shares[..., -1])
    weights = tap("weights", weights.to(masked_scores.dtype))
    head_output = tap("head_output", functional.dropout(weights, dropout) @ v)
    return head_output, weights
