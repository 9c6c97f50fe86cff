"""The setup of one attention of a model from elsewhere: what its attention was given, and how that was made.

No architecture is known. The modules of the layer are listened to, and what an attention is given is looked for in what
they said: a linear layer whose columns are the queries', as they are, normed, or turned by their positions. What is not
found this way is not shown, and the walk begins at Q, K and V.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.listening import Heard, listening
from attnviz.foreign.matching import affine_of, columns_in, norm_of, same, turns_in
from attnviz.model.inference import inference
from attnviz.trace.walkthrough import HeadSetup, Projection, Turn
from attnviz.trace.walkthrough.head_setup import LETTERS
from attnviz.trace.walkthrough.head_walk import turned


class _Taps:
    """Keeps everything that one site shows."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.kept: dict[str, Tensor] = {}

    def wants(self, site: str) -> bool:
        return site == self.site

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if site == self.site:
            self.kept[name] = value
        return value


def head_setup_of(model: ForeignModel, batch: Batch, site: str) -> HeadSetup:
    """What the model computes the attention at `site` from, for the one example of `batch`.

    Walking it gives the model's own numbers. Raises ValueError for a site that the model does not have, or of which
    it shows its map only.
    """
    found = model.found(site)
    if model.maps_only:
        raise ValueError(f"{model.name} shows its maps only")
    taps = _Taps(site)
    batch = batch.to(model.device)
    with inference(model), listening(model.net, found.module) as heard:
        model(batch.source, batch.decoder_input, probe=taps)
    kept = {name: value.float() if value.is_floating_point() else value for name, value in taps.kept.items()}
    q, k, v = (kept[letter][0] for letter in LETTERS)
    heads, tokens, keys = q.size(0), q.size(1), k.size(1)
    scaling = float(kept["scaling"])
    made = _made(kept, heard, heads, found.groups)
    if not made:
        # Some divide the queries by √head_dim, not the scores: the same number, shown where the others have it.
        factor = q.size(2) ** -0.5
        made = _made({**kept, "q": kept["q"] / factor}, heard, heads, found.groups)
        if made:
            q, scaling = q / factor, scaling * factor
    stack = "src" if site.startswith("encoder") else "decoder"
    across = "src" if site.endswith("cross_attn") else stack
    return HeadSetup(
        q=_array(q),
        k=_array(k),
        v=_array(v),
        mask=kept["mask"].expand(1, heads, tokens, keys)[0].cpu().numpy().copy(),
        n_heads=heads,
        groups=found.groups,
        scaling=scaling,
        softcap=float(kept["softcap"]) if "softcap" in kept else None,
        bias=_bias(kept, heads),
        sinks=_array(kept["sinks"].reshape(-1)) if "sinks" in kept else None,
        row_labels=_labels(batch, stack, tokens),
        column_labels=_labels(batch, across, keys),
        site=site,
        **made,
    )


@dataclass(frozen=True, eq=False)
class _Source:
    """Where one of Q, K and V comes from."""

    heard: Heard
    projection: Projection
    turn: Turn | None


def _made(kept: Mapping[str, Tensor], heard: list[Heard], heads: int, groups: int) -> dict[str, Any]:
    """How Q, K and V were made and what became of the heads; nothing where not all three are found from one input."""
    sources: dict[str, _Source] = {}
    turns: list[Turn | None] = [None, *turns_in(heard)]
    for letter in LETTERS:
        value = kept[letter][0] if letter == "q" else kept[letter][0, :: heads // groups]
        allowed = [None] if letter == "v" else [sources["q"].turn] if letter == "k" else turns
        source = next((one for turn in allowed if (one := _source(value, heard, turn)) is not None), None)
        if source is None:
            return {}
        sources[letter] = source
    x, other = sources["q"].heard.given, sources["k"].heard.given
    if not same(other, sources["v"].heard.given):
        return {}
    crosses = not same(x, other)
    parts: dict[str, Any] = {
        "projections": {letter: source.projection for letter, source in sources.items()},
        "turn": sources["q"].turn,
        "memory": _array(other) if crosses else None,
    }
    after = _after(kept, heard, x)
    if "residual" not in after:
        normed = ((one, norm) for one in heard if same(one.said, x) and (norm := norm_of(one)) is not None)
        before = next(normed, None)
        if before is not None:
            x, parts["norm"] = before[0].given, before[1]
            after = {name: value for name, value in _after(kept, heard, x).items() if name != "norm_after"}
    return {**parts, "x": _array(x), **after}


def _source(value: Tensor, heard: list[Heard], turn: Turn | None) -> _Source | None:
    """The linear layer that made heads (N, T, D), with a norm of each head in between or without."""
    plain = _turned_back(value, turn)
    if plain is None:
        return None
    joined = plain.transpose(0, 1).flatten(1)
    for one in heard:
        if (columns := columns_in(joined, one)) is not None:
            return _Source(one, Projection(affine_of(one, columns)), turn)
    for one in heard:
        norm = norm_of(one, of_heads=plain)
        if norm is None:
            continue
        before = one.heads(plain, of_input=True)
        for linear in heard:
            if (columns := columns_in(before.transpose(0, 1).flatten(1), linear)) is not None:
                return _Source(linear, Projection(affine_of(linear, columns), norm), turn)
    return None


def _turned_back(value: Tensor, turn: Turn | None) -> Tensor | None:
    """Heads before they were turned; None where the turn does not fit them."""
    if turn is None:
        return value
    if turn.width > value.size(-1) or len(turn.cos) != value.size(1):
        return None
    return turned(value, turn.back)


def _after(kept: Mapping[str, Tensor], heard: list[Heard], x: Tensor) -> dict[str, Any]:
    """The layer that joins the heads, and where a norm shows it, the sum with what came in."""
    joined = kept["head_output"][0].transpose(0, 1).flatten(1)
    out = next((one for one in heard if one.is_linear and same(one.given, joined)), None)
    if out is None:
        return {}
    found: dict[str, Any] = {"out": affine_of(out, None)}
    if out.said.shape != x.shape:
        return found
    total = x + out.said
    after = next((one for one in heard if one.is_norm and same(one.given, total)), None)
    if after is not None:
        found["residual"] = True
        if (norm := norm_of(after)) is not None:
            found["norm_after"] = norm
    return found


def _bias(kept: Mapping[str, Tensor], heads: int) -> Any:
    """What is added to visible scores (H, T, S); None where that is nothing."""
    if "bias" not in kept:
        return None
    bias = kept["bias"].masked_fill(~kept["mask"], 0.0)
    return _array(bias.expand(1, heads, *bias.shape[2:])[0]) if bool(bias.any()) else None


def _array(value: Tensor) -> Any:
    return value.detach().float().cpu().numpy().copy()


def _labels(batch: Batch, side: str, count: int) -> tuple[str, ...]:
    given = batch.src_labels if side == "src" else batch.decoder_labels
    known = tuple(given[0][:count]) if given else ()
    return known + tuple(str(place + 1) for place in range(len(known), count))
