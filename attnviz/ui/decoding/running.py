"""A text decoded to its end, every step recorded: the page then shows as many steps of it as have been clicked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from attnviz.decoding import BeamTree, Decoding, DecodingStep, beam_search
from attnviz.model import WatchedModel
from attnviz.ui.decoding.settings import Settings
from attnviz.ui.decoding.subject import Subject

ALTERNATIVES = 8
Weights = NDArray[np.float32]


class EncoderWeights:
    """A probe that keeps what every head of the encoder looked at; the encoder runs once."""

    def __init__(self, model: WatchedModel) -> None:
        self.sites = frozenset(model.sites_of("encoder_self"))
        self.kept: dict[str, Weights] = {}

    def wants(self, site: str) -> bool:
        return site in self.sites

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name == "weights" and site in self.sites:
            self.kept[site] = np.array(value[0].detach().cpu().float().numpy())
        return value


@dataclass(frozen=True, eq=False)
class DecodedText:
    """A greedy or sampled text. Row i of a decoder site is the query that predicted token i."""

    steps: tuple[DecodingStep, ...]
    weights: Mapping[str, Weights]  # by site (H, T, S); a self-attention's future is 0
    cached: bool


def sites(model: WatchedModel) -> tuple[str, ...]:
    """The decoder's attention sites, in order."""
    return (*model.sites_of("decoder_self"), *model.sites_of("cross"))


def decode(subject: Subject, settings: Settings, forced: Mapping[int, int]) -> DecodedText:
    """Run to the end; `forced` puts tokens where the model would have said something else."""
    encoder = EncoderWeights(subject.model)
    decoding = Decoding(
        subject.model,
        subject.src,
        bos_id=subject.rules.first,
        eos_id=subject.rules.ends,
        max_len=subject.max_len(settings.limit),
        choice=replace(settings.choice, never=subject.rules.never),
        prefix=subject.prefix,
        forced=forced,
        alternatives=ALTERNATIVES,
        record=sites(subject.model),
        probe=encoder,
    )
    steps = tuple(decoding)
    weights = {**encoder.kept, **{site: stacked([step.rows[site] for step in steps]) for site in sites(subject.model)}}
    return DecodedText(steps, weights, decoding.cached)


def stacked(rows: list[Weights]) -> Weights:
    """Rows (H, S) of growing width as one array (H, T, S), 0 where there was no key yet."""
    heads, width = rows[0].shape[0], max(row.shape[1] for row in rows)
    whole = np.zeros((heads, len(rows), width), dtype=np.float32)
    for at, row in enumerate(rows):
        whole[:, at, : row.shape[1]] = row
    return whole


@dataclass(frozen=True, eq=False)
class Search:
    """A beam search, tree by tree. `expansions` gives for a node the place of the row that its children share."""

    trees: tuple[BeamTree, ...]
    expansions: Mapping[int, int]
    weights: Mapping[str, Weights]  # encoder sites (H, S, S); decoder sites (H, E, S), a row an expanded node


def search(subject: Subject, settings: Settings) -> Search:
    """The whole search."""
    encoder = EncoderWeights(subject.model)
    found = beam_search(
        subject.model,
        subject.src,
        bos_id=subject.rules.first,
        eos_id=subject.rules.ends,
        max_len=subject.max_len(settings.limit),
        options=replace(settings.beam, never=subject.rules.never),
        prefix=subject.prefix,
        record=sites(subject.model),
        probe=encoder,
    )
    trees = tuple(found)
    parents: dict[int, Mapping[str, Weights]] = {}
    for node in trees[-1].nodes:
        if node.parent is not None:
            parents.setdefault(node.parent, node.rows)
    weights = {site: stacked([rows[site] for rows in parents.values()]) for site in sites(subject.model)}
    return Search(trees, {parent: at for at, parent in enumerate(parents)}, {**encoder.kept, **weights})
