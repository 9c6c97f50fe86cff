"""What is looked at: a model on a sentence, with PADs perhaps, and what comes out under its own masks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Literal, TypeVar

import torch

from attnviz.data import SPECIALS, Batch, Tokens
from attnviz.decoding import Rules, greedy_by
from attnviz.masks import Kind, Mask, MaskPlan, Own, full, key_padding, kind_of, site_of
from attnviz.model import WatchedModel
from attnviz.model.threads import is_small
from attnviz.ui.masks.setting import MOST_PADS
from attnviz.ui.sentence.reading import OURS

T = TypeVar("T")
ROOM = 2  # tokens that an answer may be longer than the sentence's own

Scored = Literal["reference", "own", "text", "none", "hidden", "vector"]


@dataclass(frozen=True, eq=False)
class Subject:
    """One example, padded or not. `scored` says what the loss is measured against."""

    model: WatchedModel
    batch: Batch
    vocabulary: Tokens  # of what is predicted
    scored: Scored
    pads: int = 0
    most_pads: int = 0
    rules: Rules = OURS  # how its texts begin and end
    specials: Collection[int] = range(len(SPECIALS))  # numbers that stand for no text

    @property
    def real_source(self) -> int:
        """Source tokens that are not padding."""
        return 0 if self.batch.src is None else self.batch.src.size(1) - self.pads

    @cached_property
    def small(self) -> bool:
        """Whether a second thread of the CPU would only be waited for."""
        return is_small(self.model.parameters(), self.batch.positions)

    @property
    def sizes(self) -> Mapping[Kind, tuple[int, int]]:
        """Queries and keys of each kind of attention that the model has."""
        source = 0 if self.batch.src is None else self.batch.src.size(1)
        target = 0 if self.batch.decoder_input is None else self.batch.decoder_input.size(1)
        found: dict[Kind, tuple[int, int]] = {
            "encoder_self": (source, source),
            "decoder_self": (target, target),
            "cross": (target, source),
        }
        return {kind: found[kind] for kind in self.model.kinds}

    @property
    def reals(self) -> Mapping[Kind, int]:
        """Keys of each kind that are not padding."""
        return {kind: keys if kind == "decoder_self" else self.real_source for kind, (_, keys) in self.sizes.items()}

    @cached_property
    def own(self) -> MaskPlan:
        """The model's own masks; padding is written down even where there is none, so that a formula can keep it.

        Where the layers of a kind differ, or have a mask without a name here, the mask is called `own`.
        """
        src = None if self.batch.src is None else self.batch.src[:, : self.real_source]
        found = self.model.default_masks(src, self.batch.decoder_input)
        plan = MaskPlan()
        for kind in self.model.kinds:
            sites = [site_of(kind, layer) for layer in range(len(self.model.sites_of(kind)))]
            differ = any(site in found.by_site for site in sites)
            plan = plan.with_kind(kind, self._named(found.of(kind), kind, wrapped=differ))
            for site in sites if differ else ():
                plan = plan.with_site(site, self._named(found.at(site), kind))
        return plan

    def _named(self, mask: Mask, kind: Kind, *, wrapped: bool = False) -> Mask:
        if kind != "decoder_self" and self.batch.src is not None:
            padding = key_padding([self.real_source])
            mask = padding if mask == full() else mask & padding
        return Own(mask) if wrapped or "own" in mask.spec else mask

    def labels(self, kind: Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is printed at rows (queries) and columns (keys)."""
        source = _first(self.batch.src_labels)
        if self.pads:
            source = (*source, *[self.vocabulary.label(self.model.pad_id)] * self.pads)
        target = _first(self.batch.decoder_labels)
        rows = source if kind == "encoder_self" else target
        return rows, target if kind == "decoder_self" else source

    def unknown(self, kind: Kind) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Rows and columns whose token the model has never seen."""
        source, target = _first(self.batch.unknown_src), _first(self.batch.unknown_decoder)
        rows = source if kind == "encoder_self" else target
        return rows, target if kind == "decoder_self" else source

    def padded(self, pads: int) -> Subject:
        """The same sentence with `pads` PAD tokens after it."""
        assert self.pads == 0, "pads are added to a sentence without any"
        if self.batch.src is None or pads == 0:
            return self
        pads = min(pads, self.most_pads)
        src = torch.nn.functional.pad(self.batch.src, (0, pads), value=self.model.pad_id)
        return replace(self, batch=replace(self.batch, src=src), pads=pads)


def most_pads(model: WatchedModel, batch: Batch, room: int) -> int:
    """PADs that fit behind the source; an encoder-only model would have to be scored on them, so it gets none."""
    if batch.src is None or not model.has_decoder or model.pad_id < 0:
        return 0
    return max(0, min(MOST_PADS, room - batch.src.size(1)))


@dataclass(frozen=True)
class Answer:
    """What the model writes by itself."""

    name: Literal["plain", "masked", "unmasked"]
    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        """As one reads it: tokens that bring their own blanks stand beside each other."""
        joined = "".join(self.tokens)
        return joined.replace("␣", " ").strip() if "␣" in joined else " ".join(self.tokens)


def answers(subject: Subject) -> tuple[Answer, ...]:
    """The model's own answer without PADs, and with them, with and without the padding mask."""
    if subject.batch.src is None or not subject.model.has_decoder:
        return ()
    real = subject.batch.src[:, : subject.real_source]
    found = [Answer("plain", _said(subject, real, None))]
    if subject.pads:
        own = subject.own
        in_decoder = {site: mask for site, mask in own.by_site.items() if kind_of(site) == "decoder_self"}
        unmasked = replace(own, encoder_self=full(), cross=full(), by_site=in_decoder)
        found.append(Answer("masked", _said(subject, subject.batch.src, subject.own)))
        found.append(Answer("unmasked", _said(subject, subject.batch.src, unmasked)))
    return tuple(found)


def _said(subject: Subject, src: torch.Tensor, masks: MaskPlan | None) -> tuple[str, ...]:
    limit = subject.sizes["decoder_self"][0] + ROOM
    rules = subject.rules
    ids = greedy_by(rules, subject.model, src, max_len=limit, masks=masks)[0].tolist()
    said = takewhile(lambda token: token not in rules.ends, ids)
    return tuple(subject.vocabulary.decode([token for token in said if token != subject.model.pad_id]))


def _first(of_batch: tuple[tuple[T, ...], ...]) -> tuple[T, ...]:
    return of_batch[0] if of_batch else ()
