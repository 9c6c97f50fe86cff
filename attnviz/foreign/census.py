"""Which attentions a model has: found by watching one pass, not by knowing the architecture.

The source and the decoder's input are given different lengths, so that the shape of a call says its kind; whether it
is causal is read off its mask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from attnviz.foreign.attend import Call, Pass, SiteKey, running
from attnviz.masks import Kind, Mask, MaskMod, causal, full, sliding_window
from attnviz.masks.plan import kind_of

SOURCE, TARGET = 11, 7  # lengths of the census: different, odd, shorter than most tables
NEAR = 67  # positions over which a rule is compared with the masks it may be, all cells …
FAR = 4096  # … and one late row; a window is counted there


@dataclass(frozen=True)
class OwnMask(Mask):
    """A mask of the model's own that has no name here: the predicate that transformers made it from."""

    rule: MaskMod

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        def visible(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
            seen = self.rule(b, h, q, k)
            return seen if isinstance(seen, Tensor) else torch.full_like(q + k, bool(seen), dtype=torch.bool)

        return visible

    @property
    def formula(self) -> str:
        return "own"

    @property
    def spec(self) -> str:
        return "own"


@dataclass(frozen=True, eq=False)
class FoundSite:
    """An attention that can be watched."""

    site: str
    key: SiteKey
    module: str  # the module's name in the model
    heads: int
    groups: int
    head_dim: int  # 0: not shown
    sinks: bool  # whether a sink takes its share of every row
    own_mask: Mask | None  # None: the model makes a mask that cannot be named, so that none can take its place


@dataclass(frozen=True, eq=False)
class Census:
    """Every attention of a model, in the order of computation."""

    found: tuple[FoundSite, ...]
    others: int  # attentions that are not over the whole sequence (windows of a picture, …)

    @cached_property
    def table(self) -> Mapping[SiteKey, str]:
        """Which call is which site."""
        return {one.key: one.site for one in self.found}

    @property
    def can_plan(self) -> bool:
        """Whether every site's own mask is known, so that another may take its place."""
        return all(one.own_mask is not None for one in self.found)


def take_census(net: nn.Module, run: Callable[[], object], *, source: int | None, target: int | None) -> Census:
    """Watch `run()`, a forward pass of one example with `source` tokens read and `target` tokens written.

    Either may be None where the model has no such part; a picture's source is counted as it comes.
    """
    calls: list[Call] = []
    with running(Pass(calls=calls)):
        run()
    names = {id(module): name for name, module in net.named_modules()}
    counts: dict[Kind, int] = {}
    found, others = [], 0
    for call in calls:
        kind = _kind(call, source, target)
        if kind is None:
            others += 1
            continue
        layer = counts[kind] = counts.get(kind, -1) + 1
        stack = "encoder" if kind == "encoder_self" else "decoder"
        site = f"{stack}.{layer}.{'cross_attn' if kind == 'cross' else 'self_attn'}"
        assert kind_of(site) == kind
        found.append(
            FoundSite(
                site=site,
                key=(id(call.module), call.number),
                module=names.get(id(call.module), ""),
                heads=call.heads,
                groups=call.groups,
                head_dim=call.head_dim,
                sinks=call.sinks,
                own_mask=named_mask(call),
            )
        )
    return Census(tuple(found), others)


def _kind(call: Call, source: int | None, target: int | None) -> Kind | None:
    """What a call attends from and to, by its lengths; None: neither sequence."""
    if call.batch != 1:
        return None
    if source is None or target is None:  # one sequence: a decoder is what does not look ahead
        length = source if source is not None else target
        if call.queries != call.keys or (length is not None and call.queries != length):
            return None
        seen = call.visible
        causal = seen is not None and looks_back(seen.expand(*seen.shape[:-2], call.queries, call.keys))
        return "decoder_self" if causal else "encoder_self"
    kinds: dict[tuple[int, int], Kind] = {
        (source, source): "encoder_self",
        (target, target): "decoder_self",
        (target, source): "cross",
    }
    return kinds.get((call.queries, call.keys))


def named_mask(call: Call) -> Mask | None:
    """The model's own mask at a call, by its name where it has one here."""
    if call.visible is None:
        return full()
    if call.rule is not None:
        return _named_rule(call.rule)
    seen = call.visible.cpu().expand(1, call.heads, call.queries, call.keys)
    for mask in (full(), causal()):
        if torch.equal(mask.dense(batch=1, heads=call.heads, queries=call.queries, keys=call.keys), seen):
            return mask
    return None


def _named_rule(rule: MaskMod) -> Mask:
    own = OwnMask(rule)
    last = _row(own, FAR)
    window = int(last[: FAR + 1].sum())  # what a late query sees up to itself
    candidates: Sequence[Mask] = (full(), causal(), causal() & sliding_window(window), sliding_window(window))
    near = own.dense(batch=1, heads=1, queries=NEAR, keys=NEAR)
    for mask in candidates if window else ():
        if torch.equal(_row(mask, FAR), last) and torch.equal(
            mask.dense(batch=1, heads=1, queries=NEAR, keys=NEAR), near
        ):
            return mask
    return own


def _row(mask: Mask, query: int) -> Tensor:
    """What one late query sees of twice as many keys."""
    row = mask.broadcast(batch=1, heads=1, queries=1, keys=2 * query, first_query=query)
    return row.expand(1, 1, 1, 2 * query)[0, 0, 0]


def looks_back(weights: Tensor) -> bool:
    """Whether no query of a map, or of a mask, (…, T, T) has weight on a later key."""
    position = torch.arange(weights.size(-1), device=weights.device)
    return not bool((weights * (position > position[:, None])).any())


def census_of_maps(maps: Mapping[str, Tensor]) -> Census:
    """The census of a model that shows maps (B, H, T, S) and nothing else."""
    found = []
    for number, (site, weights) in enumerate(maps.items()):
        own = causal() if kind_of(site) == "decoder_self" else full()
        heads = weights.size(1)
        found.append(
            FoundSite(
                site=site,
                key=(-1, number),
                module="",
                heads=heads,
                groups=heads,
                head_dim=0,
                sinks=False,
                own_mask=own,
            )
        )
    return Census(tuple(found), 0)
