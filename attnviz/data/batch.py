"""Pairs of token sequences, and batches of them as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnviz.data.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary
from attnviz.errors import Notice

Labels = tuple[tuple[str, ...], ...]
Positions = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Pair:
    """One example as token strings; a language model's has no source."""

    source: tuple[str, ...]
    target: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """What the model reads and what it should say. Rows are filled up at their end.

    Sequence to sequence: src = source + EOS, decoder_input = BOS + target, targets = target + EOS.
    Language model: src is None, decoder_input = BOS + text shifted right, targets = text.
    Where `scored` is False nothing is scored, whatever stands in `targets`; where nobody says, filling is not scored.
    Labels are what a screen prints: unpadded, with specials; an
    unknown token keeps its own characters there, and its position is listed in `unknown_*`.
    """

    src: Int[Tensor, "B S"] | None
    decoder_input: Int[Tensor, "B T"] | None
    targets: Int[Tensor, "B T"] | None
    src_labels: Labels = ()
    decoder_labels: Labels = ()
    target_labels: Labels = ()
    unknown_src: Positions = ()
    unknown_decoder: Positions = ()
    notices: tuple[Notice, ...] = ()
    scored: Bool[Tensor, "B T"] | None = None  # None with targets: made of them, False at `pad_id`
    pad_id: int | None = PAD  # what rows are filled up with; None: every number is a token
    pixels: Float[Tensor, "B ..."] | None = None  # a picture, or sound, in the place of `src`

    def __post_init__(self) -> None:
        if self.targets is None:
            object.__setattr__(self, "scored", None)
        elif self.scored is None:
            everything = torch.ones_like(self.targets, dtype=torch.bool)
            object.__setattr__(self, "scored", everything if self.pad_id is None else self.targets != self.pad_id)
        elif self.scored.size() != self.targets.size():
            shapes = f"{tuple(self.scored.size())}, targets {tuple(self.targets.size())}"
            raise ValueError(f"scored has shape {shapes}; they must be the same")

    @property
    def size(self) -> int:
        """Number of examples B."""
        rows = self.source if self.source is not None else self.decoder_input
        return 0 if rows is None else rows.size(0)

    @property
    def positions(self) -> int:
        """Positions that a pass over it computes; 0 where nobody knows before it: of pictures."""
        read = (self.src, self.decoder_input)
        return 0 if self.pixels is not None else sum(x.numel() for x in read if x is not None)

    @property
    def source(self) -> Tensor | None:
        """What an encoder reads: tokens, or a picture."""
        return self.src if self.pixels is None else self.pixels

    @property
    def n_scored(self) -> int:
        """Number of target tokens that are scored."""
        return 0 if self.scored is None else int(self.scored.sum())

    def to(self, device: torch.device | str) -> Batch:
        """The same batch with its tensors on a device."""
        device = torch.device(device)
        tensors = (self.src, self.decoder_input, self.targets, self.scored, self.pixels)
        if all(x is None or x.device == device for x in tensors):
            return self

        def move(x: Tensor | None) -> Tensor | None:
            if x is None:
                return None
            if x.device.type == "cpu" and device.type == "cuda":
                x = x.pin_memory()  # only from pinned memory does a GPU fetch by itself, while others go on
            return x.to(device, non_blocking=True)

        return replace(
            self,
            src=move(self.src),
            decoder_input=move(self.decoder_input),
            targets=move(self.targets),
            scored=move(self.scored),
            pixels=move(self.pixels),
        )


def pad(rows: Sequence[Sequence[int]]) -> Int[Tensor, "B T"]:
    """Stack rows of numbers, filled up with PAD at the end."""
    width = max(map(len, rows))
    filled = [row if len(row) == width else [*row, *[PAD] * (width - len(row))] for row in rows]
    return torch.from_numpy(np.array(filled, dtype=np.int64))  # torch reads lists in three times the time


def unknown_positions(ids: Sequence[int]) -> tuple[int, ...]:
    """Where the unknown tokens are."""
    return tuple(i for i, token in enumerate(ids) if token == UNK) if UNK in ids else ()


def collate_pairs(
    pairs: Sequence[Pair], src_vocab: Vocabulary, tgt_vocab: Vocabulary, *, notices: tuple[Notice, ...] = ()
) -> Batch:
    """A sequence-to-sequence batch with targets."""
    src = [[*src_vocab.encode(pair.source), EOS] for pair in pairs]
    tgt = [tgt_vocab.encode(pair.target) for pair in pairs]
    decoder = [[BOS, *ids] for ids in tgt]
    return Batch(
        src=pad(src),
        decoder_input=pad(decoder),
        targets=pad([[*ids, EOS] for ids in tgt]),
        src_labels=tuple((*pair.source, SPECIALS[EOS]) for pair in pairs),
        decoder_labels=tuple((SPECIALS[BOS], *pair.target) for pair in pairs),
        target_labels=tuple((*pair.target, SPECIALS[EOS]) for pair in pairs),
        unknown_src=tuple(unknown_positions(ids) for ids in src),
        unknown_decoder=tuple(unknown_positions(ids) for ids in decoder),
        notices=notices,
    )


def collate_sources(
    sources: Sequence[Sequence[str]], src_vocab: Vocabulary, *, notices: tuple[Notice, ...] = ()
) -> Batch:
    """A sequence-to-sequence batch whose targets are not known."""
    src = [[*src_vocab.encode(source), EOS] for source in sources]
    return Batch(
        src=pad(src),
        decoder_input=None,
        targets=None,
        src_labels=tuple((*source, SPECIALS[EOS]) for source in sources),
        unknown_src=tuple(unknown_positions(ids) for ids in src),
        notices=notices,
    )


def collate_windows(windows: Sequence[Sequence[str]], vocab: Vocabulary) -> Batch:
    """A language-model batch: every token of a window is predicted from those before it."""
    ids = [vocab.encode(window) for window in windows]
    decoder = [[BOS, *row[:-1]] for row in ids]
    return Batch(
        src=None,
        decoder_input=pad(decoder),
        targets=pad(ids),
        decoder_labels=tuple((SPECIALS[BOS], *window[:-1]) for window in windows),
        target_labels=tuple(map(tuple, windows)),
        unknown_decoder=tuple(map(unknown_positions, decoder)),
    )


def collate_prompt(tokens: Sequence[str], vocab: Vocabulary, *, notices: tuple[Notice, ...] = ()) -> Batch:
    """One text for a language model to continue: all of it is read; after the last token nothing is scored."""
    ids = vocab.encode(tokens)
    decoder = [BOS, *ids]
    return Batch(
        src=None,
        decoder_input=pad([decoder]),
        targets=pad([[*ids, PAD]]),
        decoder_labels=((SPECIALS[BOS], *tokens),),
        target_labels=((*tokens, ""),),
        unknown_decoder=(unknown_positions(decoder),),
        notices=notices,
    )
