"""What is kept of a forward pass: NumPy arrays and nothing of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.data.vocabulary import PAD, SPECIALS
from attnviz.masks import KINDS, Kind, kind_of
from attnviz.model.attention import weights_of
from attnviz.trace.statistics import HeadStatistics, statistics


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """One attention's every step, in order. A row is a query, a column a key; mask: True = may attend."""

    site: str
    mask: Bool[np.ndarray, "B H T S"]
    weights: Float[np.ndarray, "B H T S"]  # after softmax; rows sum to 1 (with a sink, less), fully blocked rows to 0
    taps: Mapping[str, np.ndarray]  # whatever else was kept, by name

    def map(self, example: int, head: int) -> Float[np.ndarray, "T S"]:
        """The weights of one head."""
        found: Float[np.ndarray, "T S"] = self.weights[example, head]
        return found

    @property
    def q(self) -> Float[np.ndarray, "B H T D"]:
        """Queries, positions turned in where the model does."""
        return self.tap("q")

    @property
    def k(self) -> Float[np.ndarray, "B H S D"]:
        """Keys; heads that share them have them each."""
        return self.tap("k")

    @property
    def v(self) -> Float[np.ndarray, "B H S D2"]:
        """Values."""
        return self.tap("v")

    @property
    def scores(self) -> Float[np.ndarray, "B H T S"]:
        """QKᵀ/√head_dim (and what the model adds to it), before the mask."""
        return self.tap("scores")

    @property
    def masked_scores(self) -> Float[np.ndarray, "B H T S"]:
        """Scores, −∞ where blocked."""
        return self.tap("masked_scores")

    @property
    def head_output(self) -> Float[np.ndarray, "B H T D2"]:
        """Weighted sums of the values."""
        return self.tap("head_output")

    @property
    def attn_output(self) -> Float[np.ndarray, "B T C"]:
        """After out_proj; models from elsewhere do not show it."""
        return self.tap("attn_output")

    @property
    def sink(self) -> Float[np.ndarray, "B H T"] | None:
        """The share of each row that goes to no key; None where the model has no sinks."""
        return self.taps.get("sink")

    def tap(self, name: str) -> np.ndarray:
        """What was kept under a name; ValueError where the model does not show it or nobody asked for it."""
        if name not in self.taps:
            raise ValueError(f"{name} of {self.site} was not kept; kept: mask, weights, {', '.join(self.taps)}")
        return self.taps[name]

    @property
    def kind(self) -> Kind:
        """encoder_self, decoder_self or cross."""
        return kind_of(self.site)

    @property
    def row_sums(self) -> Float[np.ndarray, "B H T"]:
        """Total weight of each query: 1 when the mask was applied before the softmax."""
        found: Float[np.ndarray, "B H T"] = self.weights.sum(axis=-1)
        return found

    @property
    def blocked_share(self) -> Float[np.ndarray, "B H T"]:
        """Weight that each query puts on blocked keys: 0 when the mask does its work."""
        found: Float[np.ndarray, "B H T"] = np.where(self.mask, 0, self.weights).sum(axis=-1, dtype=np.float32)
        return found


class UnmadeRecord(AttentionRecord):
    """An attention of which queries and keys are kept: all weights are made when they are first asked for, one head's
    by themselves. They are those of `weights_of`, from the very numbers that the fused attention multiplied."""

    _q: Tensor
    _k: Tensor
    _seen: np.ndarray
    _scale: float

    def __init__(
        self,
        site: str,
        mask: Bool[np.ndarray, "b h t s"],
        q: Float[Tensor, "B H T D"],
        k: Float[Tensor, "B H S D"],
        scale: float,
        taps: Mapping[str, np.ndarray],
    ) -> None:
        whole = np.broadcast_to(mask, (*q.shape[:3], k.size(2)))
        self.__dict__.update(site=site, mask=whole, taps=taps, _seen=mask, _q=q, _k=k, _scale=scale)

    # A cached_property keeps its value in the instance's dictionary, which a frozen dataclass lets it do.
    @cached_property
    def weights(self) -> Float[np.ndarray, "B H T S"]:
        """After softmax; rows sum to 1, fully blocked rows to 0."""
        return self._made(self._q, self._k, self._seen)

    def map(self, example: int, head: int) -> Float[np.ndarray, "T S"]:
        """The weights of one head: those of `weights` where they are made, else made alone."""
        if "weights" in self.__dict__:
            return super().map(example, head)
        b, h = slice(example, example + 1), slice(head, head + 1)
        found: Float[np.ndarray, "T S"] = self._made(self._q[b, h], self._k[b, h], self.mask[b, h])[0, 0]
        return found

    def _made(self, q: Tensor, k: Tensor, mask: np.ndarray) -> np.ndarray:
        seen = None if mask.all() else torch.tensor(mask, device=q.device)
        with torch.no_grad():
            found: np.ndarray = weights_of(q, k, seen, self._scale).float().cpu().numpy()
        return found


@dataclass(frozen=True, eq=False)
class Trace:
    """A watched forward pass of one batch."""

    batch: Batch
    records: Mapping[str, AttentionRecord]  # by attention site, in order of computation
    outputs: Mapping[str, Float[np.ndarray, "_ _ C"]]  # hidden states after each block, by block site
    logits: Float[np.ndarray, "B T V"]
    targets: np.ndarray | None  # (B, T) token numbers
    scored: Bool[np.ndarray, "B T"] | None  # where `targets` count
    loss: float | None  # nats per target token; None without targets

    def __getitem__(self, site: str) -> AttentionRecord:
        if site not in self.records:
            raise KeyError(f"{site!r} was not watched; watched: {', '.join(self.records) or 'none'}")
        return self.records[site]

    @property
    def sites(self) -> tuple[str, ...]:
        """The attention sites watched, in order of computation."""
        return tuple(self.records)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention watched."""
        return tuple(kind for kind in KINDS if self.sites_of(kind))

    def sites_of(self, kind: Kind) -> tuple[str, ...]:
        """The watched sites of a kind, layer by layer."""
        return tuple(site for site in self.records if kind_of(site) == kind)

    def weights(self, kind: Kind) -> Float[np.ndarray, "L B H T S"]:
        """The weights of a kind of attention in all its layers."""
        return np.stack([record.weights for record in self._records_of(kind)])

    def mask(self, kind: Kind) -> Bool[np.ndarray, "L B H T S"]:
        """The masks of a kind of attention in all its layers, True = may attend."""
        return np.stack([record.mask for record in self._records_of(kind)])

    def labels(self, kind: Kind, example: int = 0) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What to print at the rows (queries) and columns (keys) of one example, padding included."""
        rows = "src" if kind == "encoder_self" else "decoder"
        columns = "decoder" if kind == "decoder_self" else "src"
        return self._labels(rows, example), self._labels(columns, example)

    def real_rows(self, kind: Kind) -> Bool[np.ndarray, "B T"]:
        """Which queries of a kind of attention are tokens and not padding."""
        ids = self.batch.src if kind == "encoder_self" else self.batch.decoder_input
        if kind == "encoder_self" and self.batch.pixels is not None:
            return np.ones((self.batch.size, self._positions), dtype=bool)
        if ids is None:
            raise ValueError(f"this batch has no {kind} attention")
        pad_id = self.batch.pad_id
        real = (torch.ones_like(ids, dtype=torch.bool) if pad_id is None else ids != pad_id).cpu().numpy()
        last = real.shape[1] - 1 - real[:, ::-1].argmax(axis=1)
        return np.arange(real.shape[1]) <= np.where(real.any(axis=1), last, -1)[:, None]

    def statistics(self, kind: Kind) -> HeadStatistics:
        """Statistics of every head of a kind, (L, B, H); rows of padding and fully blocked rows don't count.

        Computed once: a page asks for them whenever it is drawn.
        """
        if kind not in self._statistics:
            self._statistics[kind] = self._statistics_of(kind)
        return self._statistics[kind]

    @cached_property
    def _statistics(self) -> dict[Kind, HeadStatistics]:
        return {}

    def _statistics_of(self, kind: Kind) -> HeadStatistics:
        rows = self.real_rows(kind)
        layers = [statistics(record.weights, record.mask, rows=rows) for record in self._records_of(kind)]
        stacked = {name: np.stack([getattr(layer, name) for layer in layers]) for name in HeadStatistics.FIELDS}
        return HeadStatistics(**stacked)

    def _records_of(self, kind: Kind) -> list[AttentionRecord]:
        if not (found := [self.records[site] for site in self.sites_of(kind)]):
            raise ValueError(f"no {kind} attention was watched; watched: {', '.join(self.kinds) or 'none'}")
        return found

    @property
    def _positions(self) -> int:
        """Places that a picture is cut into."""
        for record in self.records.values():
            if record.kind != "decoder_self":
                return int(record.weights.shape[-1])
        raise ValueError("no attention to the source was watched")

    def _labels(self, side: str, example: int) -> tuple[str, ...]:
        ids = self.batch.src if side == "src" else self.batch.decoder_input
        if side == "src" and self.batch.pixels is not None:
            given = self.batch.src_labels
            return given[example] if given else tuple(map(str, range(self._positions)))
        if ids is None:
            raise ValueError(f"this batch has no {'source' if side == 'src' else 'decoder input'}")
        given = self.batch.src_labels if side == "src" else self.batch.decoder_labels
        known = given[example] if given else tuple(str(token) for token in ids[example].tolist())
        return known + (SPECIALS[PAD],) * (ids.size(1) - len(known))
