"""Tasks whose answer is a label: one for each token, or one for the whole text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

from attnviz.data.batch import Batch, Pair, collate_pairs, pad, unknown_positions
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.vocabulary import BOS, EOS, PAD, SPECIALS, Vocabulary
from attnviz.errors import InputError, Notice
from attnviz.language import Language, Text, same

Form = Literal["encoder", "decoder", "sequence"]
FORMS: tuple[Form, ...] = ("encoder", "decoder", "sequence")


class LabelTask(Task):
    """Labels as seen by three kinds of model; the option `form` says which.

    "encoder": src = tokens + EOS, every position sees every other; the label of a text is read at EOS.
    "decoder": decoder_input = BOS + tokens, a position sees those before it; the label of a text is read at its end.
    "sequence": an encoder–decoder writes the labels one after the other.
    Labels stand in `tgt_vocab` behind the specials, so that PAD marks positions that are not scored.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0, "form": "encoder"}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {"form": FORMS}
    titles: ClassVar[Mapping[str, Text]] = {}  # label → its name in zh and en

    unscored: ClassVar[str] = ""  # what stands in a pair where a token's label is not asked for

    @property
    def per_token(self) -> bool:
        """Whether every token has a label of its own."""
        return self.info.kind == "tagging"

    @property
    def form(self) -> Form:
        """The kind of model that reads the batches."""
        form: Form = self.options["form"]
        return form

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of their numbers; number 0 here is number 4 in `tgt_vocab`."""
        return self.tgt_vocab.tokens[len(SPECIALS) :]

    def title(self, label: str, language: Language) -> str:
        """A label's name on screen; its own where it has no other."""
        return self.titles.get(label, same(label))[language]

    @cached_property
    def known(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """The labels that the data give, by source."""
        return {pair.source: pair.target for share in self._splits.values() for pair in share}

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        labels = self.known.get(tuple(source))
        return None if labels is None else (self.detokenize(labels), "exact")

    def reference(self, text: str) -> str | None:
        return super().reference(text) if text.strip() else None

    def tokenize_target(self, text: str) -> list[str]:
        """Labels divided by spaces; the label of a whole text may hold spaces itself."""
        return text.split() if self.per_token else [text]

    def detokenize(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def alignment(self, pair: Pair) -> tuple[int | None, ...] | None:
        return tuple(range(len(pair.source))) if self.per_token else None

    @cached_property
    def max_tgt_len(self) -> int:
        return self.max_src_len if self.per_token else 2

    # ---- batches ----------------------------------------------------------------------------------------

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one from typed text; `target` holds its labels as `reference` gives them.

        Raises InputError: "empty", or "label_count" when there is not one label for each token.
        """
        if not text.strip():
            raise InputError("empty")
        source, notices = self._cut(self.tokenize(text), (limit or self.max_src_len) - 1, "cut")
        if not source:
            raise InputError("empty")
        labels = None if target is None else self.tokenize_target(target)
        if labels is not None and self.per_token:
            labels = labels[: len(source)] if notices else labels
            if len(labels) != len(source):
                raise InputError("label_count", given=len(labels), need=len(source))
        return self._collated([source], None if labels is None else [labels], notices)

    def collate(self, pairs: Sequence[Pair]) -> Batch:
        return self._collated([pair.source for pair in pairs], [pair.target for pair in pairs])

    def _collated(
        self,
        sources: Sequence[Sequence[str]],
        targets: Sequence[Sequence[str]] | None,
        notices: tuple[Notice, ...] = (),
    ) -> Batch:
        assert self.src_vocab is not None
        if self.form == "sequence" and targets is not None:
            pairs = [Pair(tuple(source), tuple(target)) for source, target in zip(sources, targets, strict=True)]
            return collate_pairs(pairs, self.src_vocab, self.tgt_vocab, notices=notices)
        decoder = self.form == "decoder"
        ids = [self.src_vocab.encode(source) for source in sources]
        rows = [[BOS, *row] if decoder else [*row, EOS] for row in ids]
        shown = tuple((SPECIALS[BOS], *source) if decoder else (*source, SPECIALS[EOS]) for source in sources)
        unknown = tuple(unknown_positions(row) for row in rows)
        scored = (
            None
            if targets is None
            else [self._placed(labels, len(row)) for labels, row in zip(targets, rows, strict=True)]
        )
        tensors: dict[str, Any] = (
            {"src": None, "decoder_input": pad(rows), "decoder_labels": shown, "unknown_decoder": unknown}
            if decoder
            else {"src": pad(rows), "decoder_input": None, "src_labels": shown, "unknown_src": unknown}
        )
        return Batch(
            **tensors,
            targets=None if scored is None else pad([self._numbers(row) for row in scored]),
            target_labels=() if scored is None else tuple(map(tuple, scored)),
            notices=notices,
        )

    def _placed(self, labels: Sequence[str], length: int) -> list[str]:
        """The labels at the positions where they are read, "" elsewhere."""
        if not self.per_token:
            return [""] * (length - 1) + list(labels)
        return ["", *labels] if self.form == "decoder" else [*labels, ""]

    def _numbers(self, row: Sequence[str]) -> list[int]:
        return [PAD if label in ("", self.unscored) else self.tgt_vocab.id(label) for label in row]


def label_vocabulary(labels: Sequence[str]) -> Vocabulary:
    """The specials and the labels in their order."""
    return Vocabulary((*SPECIALS, *labels))
