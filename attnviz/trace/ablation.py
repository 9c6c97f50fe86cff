"""What a head is worth: switch it off and see what the model loses (Michel et al. 2019).

All variants run beside each other: the batch is repeated once per head, and each copy lacks another head. In our own
Transformer a copy begins at the layer of its head (see `layer_by_layer`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.masks import MaskPlan
from attnviz.model import Transformer, WatchedModel
from attnviz.model.inference import inference
from attnviz.trace.copies import repeated_plan
from attnviz.trace.interventions import Head
from attnviz.trace.layer_by_layer import LayerByLayer
from attnviz.trace.loss import token_losses

ELEMENTS_AT_ONCE = 8_000_000  # of the largest tensor of a pass; more variants go into several passes


@dataclass(frozen=True)
class HeadEffect:
    """What changes when one head is switched off; losses in nats per target token."""

    site: str
    head: int
    loss: float  # with the head off minus with it on: above 0, the head helped
    changed: float  # share of the scored positions whose most likely token becomes another one
    exact_match: float  # share of examples with every token right, minus the intact model's


@dataclass(frozen=True, eq=False)
class TokenEffects:
    """What each of N heads, switched off alone, changes at each of T positions of B sequences; losses in nats."""

    heads: tuple[Head, ...]  # (site, head), in the order of the first axis
    loss: NDArray[np.float32]  # (N, B, T) −ln p(target) with the head off; 0 where nothing is scored
    intact_loss: NDArray[np.float32]  # (B, T) the same with every head on
    top: NDArray[np.int64]  # (N, B, T) the most likely token with the head off
    intact_top: NDArray[np.int64]  # (B, T)
    targets: NDArray[np.int64]  # (B, T)
    scored: NDArray[np.bool_]  # (B, T)

    @property
    def change(self) -> NDArray[np.float32]:
        """Loss with the head off minus with it on, (N, B, T): above 0, the head helped this token."""
        return self.loss - self.intact_loss

    def mean(self) -> NDArray[np.float64]:
        """The change in nats per scored target token, (N,); NaN where nothing is scored."""
        with np.errstate(invalid="ignore"):
            found: NDArray[np.float64] = self.change.sum(axis=(1, 2), dtype=np.float64) / np.float64(self.scored.sum())
            return found

    def means(self) -> dict[Head, float]:
        """The same by head."""
        return dict(zip(self.heads, self.mean().tolist(), strict=True))

    def summary(self) -> tuple[HeadEffect, ...]:
        """One `HeadEffect` a head."""
        moved = ((self.top != self.intact_top) & self.scored).sum(axis=(1, 2)) / self.scored.sum()
        exact = ((self.top == self.targets) | ~self.scored).all(axis=-1).mean(axis=-1)
        intact = ((self.intact_top == self.targets) | ~self.scored).all(axis=-1).mean()
        rows = zip(self.heads, self.mean().tolist(), moved.tolist(), (exact - intact).tolist(), strict=True)
        return tuple(HeadEffect(*head, *numbers) for head, *numbers in rows)


class HeadOffPerCopy:
    """A probe under which copy c of the batch lacks the head `heads[c]`; None: that copy is intact."""

    hears = frozenset({"head_output"})

    def __init__(self, heads: Sequence[Head | None], batch: int) -> None:
        self.batch = batch
        self.off = {
            site: [(copy, at[1]) for copy, at in enumerate(heads) if at is not None and at[0] == site]
            for site in {at[0] for at in heads if at is not None}
        }

    def wants(self, site: str) -> bool:
        return site in self.off

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name != "head_output" or site not in self.off:
            return value
        value = value.clone()
        for copy, head in self.off[site]:
            value[copy * self.batch : (copy + 1) * self.batch, head] = 0.0
        return value


def all_heads(model: WatchedModel) -> tuple[Head, ...]:
    """Every head of every attention, in order of computation."""
    return tuple((site, head) for site in model.sites for head in range(model.heads(site)))


def token_effects(
    model: WatchedModel, batch: Batch, *, masks: MaskPlan | None = None, heads: Sequence[Head] | None = None
) -> TokenEffects:
    """What switching off each of `heads` (None: all), one at a time, changes at every position.

    A batch without targets is scored against what the intact model itself finds most likely at each position.
    Raises ValueError for a head that the model does not have.
    """
    heads = all_heads(model) if heads is None else tuple(heads)
    known = set(all_heads(model))
    for site, head in heads:
        if (site, head) not in known:
            allowed = (
                f"heads: 0 … {model.heads(site) - 1}" if site in model.sites else f"sites: {', '.join(model.sites)}"
            )
            raise ValueError(f"head {head} at {site!r} is none of this model's; {allowed}")
    batch = batch.to(model.device)
    masks = masks or model.default_masks(batch.source, batch.decoder_input)
    whole = (len(heads) + 1) // 2  # passes: without a head only what comes after it is computed anew
    with inference(model, tokens=batch.positions * whole):
        targets, scored = batch.targets, batch.scored
        if targets is None or scored is None:
            targets = model(batch.source, batch.decoder_input, masks=masks).argmax(dim=-1)
            scored = torch.ones_like(targets, dtype=torch.bool)
        losses, tops = [], []
        places = {site: place for place, site in enumerate(model.sites)}
        order = sorted(range(len(heads)), key=lambda asked: places[heads[asked][0]])
        for logits in _all_logits(model, batch, masks, [heads[asked] for asked in order]):
            copies = logits.size(0)
            loss = token_losses(logits.flatten(0, 1), targets.repeat(copies, 1), scored.repeat(copies, 1))
            losses.append(loss.unflatten(0, (copies, -1)))
            tops.append(logits.argmax(dim=-1))
        back = [0, *(1 + place for place in sorted(range(len(order)), key=order.__getitem__))]
        loss, top = torch.cat(losses)[back], torch.cat(tops)[back]
    return TokenEffects(
        heads=heads,
        loss=loss[1:].cpu().numpy(),
        intact_loss=loss[0].cpu().numpy(),
        top=top[1:].cpu().numpy(),
        intact_top=top[0].cpu().numpy(),
        targets=targets.cpu().numpy(),
        scored=scored.cpu().numpy(),
    )


def head_effects(
    model: WatchedModel, batch: Batch, *, masks: MaskPlan | None = None, heads: Sequence[Head] | None = None
) -> tuple[HeadEffect, ...]:
    """The effect of switching off each of `heads` (None: all), one at a time, over the whole batch.

    Exact match is that of free-running greedy decoding: an output equals its target exactly when, fed the target,
    the model finds every next token of it most likely. Batches without targets and unknown heads as in
    `token_effects`.
    """
    return token_effects(model, batch, masks=masks, heads=heads).summary()


def head_importance(
    model: WatchedModel, batch: Batch, *, masks: MaskPlan | None = None, heads: Sequence[Head] | None = None
) -> dict[Head, float]:
    """Loss without each head minus loss with it, nats per target token; see `head_effects` for more."""
    return token_effects(model, batch, masks=masks, heads=heads).means()


def _all_logits(
    model: WatchedModel, batch: Batch, masks: MaskPlan, heads: Sequence[Head]
) -> Iterator[Float[Tensor, "N B T V"]]:
    """Logits of the intact model and then without each of `heads`, which come in the order of computation."""
    at_once = _at_once(model, batch)
    if type(model) is Transformer:
        layers = LayerByLayer(model, batch, masks)
        yield layers.intact
        for start in range(0, len(heads), at_once):
            yield layers.without(heads[start : start + at_once])
        return
    variants = [None, *heads]
    for start in range(0, len(variants), at_once):
        yield _logits(model, batch, masks, variants[start : start + at_once])


def _at_once(model: WatchedModel, batch: Batch) -> int:
    """Copies that one pass may have."""
    lengths = [ids.size(1) for ids in (batch.src, batch.decoder_input) if ids is not None] or [model.max_len]
    widest = max(model.vocab_size, max(map(model.heads, model.sites), default=1) * max(lengths), model.inner_width)
    return max(1, ELEMENTS_AT_ONCE // (batch.size * max(lengths) * widest))


def _logits(
    model: WatchedModel, batch: Batch, masks: MaskPlan, heads: Sequence[Head | None]
) -> Float[Tensor, "N B T V"]:
    plan, probe, copies = repeated_plan(masks, batch.size), HeadOffPerCopy(heads, batch.size), len(heads)
    decoder_input = None if batch.decoder_input is None else batch.decoder_input.repeat(copies, 1)
    memory = None
    source = batch.source
    if source is not None:
        # Where no encoder head is switched off, one encoding serves all copies.
        if any(site.startswith("encoder.") for site in probe.off):
            memory = model.encode(source.repeat(copies, *(1,) * (source.dim() - 1)), masks=plan, probe=probe)
        else:
            memory = model.encode(source, masks=masks).repeat(copies, 1, 1)
    if decoder_input is None:
        assert memory is not None, "a model without decoder reads a source"
        logits = model.logits_of(memory)
    else:
        logits = model.decode(decoder_input, memory, masks=plan, probe=probe)
    found: Float[Tensor, "N B T V"] = logits.unflatten(0, (copies, batch.size))
    return found
