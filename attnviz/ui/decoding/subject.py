"""What is decoded: a model, the sentence it reads, and the tokens that its text must begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Int
from torch import Tensor

from attnviz.data import UNK, Batch, Notice
from attnviz.data.text import clean
from attnviz.data.user_file import invisible_removed
from attnviz.decoding import Rules, longest
from attnviz.errors import ForeignError
from attnviz.foreign.texts import ForeignTexts
from attnviz.model import WatchedModel
from attnviz.ui.decoding.settings import MOST
from attnviz.ui.frame.link import Remark
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.reading import Texts

PREFIX_CHARACTERS = 2000  # read of a typed prefix
NEW_TOKENS = 32  # of a language model, at first


@dataclass(frozen=True, eq=False)
class Subject:
    """A sentence ready to be decoded. `prefix` holds the forced first tokens: of a language model, the text itself."""

    model: WatchedModel
    task: Texts
    source: Batch
    rules: Rules  # its `first` is what this text begins with
    prefix: tuple[int, ...]
    prefix_labels: tuple[str, ...]  # as typed: an unknown token keeps its own characters
    notices: tuple[Notice, ...]
    remarks: tuple[Remark, ...]
    room: int  # positions that fit

    @property
    def src(self) -> Int[Tensor, "1 S"] | None:
        """What the encoder reads; None for a language model."""
        return self.source.src

    @property
    def columns(self) -> tuple[str, ...]:
        """Labels of the source, EOS included."""
        return self.source.src_labels[0] if self.source.src_labels else ()

    @property
    def unknown_columns(self) -> tuple[int, ...]:
        """Source positions of unknown tokens."""
        return self.source.unknown_src[0] if self.source.unknown_src else ()

    @property
    def usual_limit(self) -> int:
        """New tokens that are allowed when nobody says how many."""
        if self.src is None:
            return max(1, min(NEW_TOKENS, self.room - len(self.prefix)))
        return max(1, min(reading.steps_allowed(self.task, self.source, self.room), self.room) - len(self.prefix))

    def max_len(self, limit: int | None) -> int:
        """Tokens of the text, prefix included."""
        return min(self.room, len(self.prefix) + (limit or self.usual_limit))

    def label(self, token: int, position: int | None = None) -> str:
        """How a token is shown; at a forced position as it was typed."""
        if position is not None and 0 <= position < len(self.prefix) and token == self.prefix[position]:
            return self.prefix_labels[position]
        return self.task.tgt_vocab.tokens[token]

    def read(self, text: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """The tokens of a text that the decoder is to say, and what is shown of them."""
        return _typed(self.task, text)

    @property
    def start_label(self) -> str:
        """How what the decoder reads first is shown."""
        return self.source.decoder_labels[0][0] if self.src is None else self.task.tgt_vocab.label(self.rules.first)

    def labels(self, tokens: Sequence[int]) -> tuple[str, ...]:
        """How a text is shown: what was given as it was typed; pieces of one character say which piece they are."""
        kept = len(self.prefix) if tuple(tokens[: len(self.prefix)]) == self.prefix else 0
        return (*self.prefix_labels[:kept], *self.task.tgt_vocab.decode(tokens[kept:]))

    def written(self, tokens: tuple[int, ...]) -> str:
        """A text without its end token."""
        if isinstance(self.task, ForeignTexts):
            return self.task.detokenize_ids(tokens)
        labels = [self.label(token, at) for at, token in enumerate(tokens) if token not in self.rules.ends]
        return self.task.detokenize(labels)

    def fed(self, tokens: tuple[int, ...]) -> Batch:
        """The batch of one in which the decoder has read its first token and `tokens`, for any other page."""
        ids = [self.rules.first, *tokens]
        return Batch(
            src=self.src,
            decoder_input=torch.tensor([ids]),
            targets=None,
            src_labels=self.source.src_labels,
            decoder_labels=((self.start_label, *self.labels(tokens)),),
            unknown_src=self.source.unknown_src,
            pad_id=self.source.pad_id,
        )


def take_in(model: WatchedModel, task: Texts, text: str, prefix: str, *, chat: bool = False) -> Subject:
    """Encode a typed text and prefix. Raises InputError("empty") when nothing is left to read.

    `chat`: the text is a message, written as the model's own template has it, where it has one.
    """
    room = longest(model, MOST)
    notices: list[Notice] = []
    remarks: list[Remark] = []
    if len(text) > reading.MOST_CHARACTERS:
        notices.append(Notice("typed_capped", {"kept": reading.MOST_CHARACTERS, "given": len(text)}))
        text = text[: reading.MOST_CHARACTERS]
    notices += invisible_removed(text)
    rules = reading.rules_of(task)
    most = max(1, room * 3 // 4)  # of given tokens, so that there is room for new ones
    if not model.has_encoder:
        batch = _whole(task, text, most + 1, chat, notices)
        assert batch.decoder_input is not None
        first, *given = batch.decoder_input[0].tolist()
        rules, ids, labels = replace(rules, first=first), tuple(given), batch.decoder_labels[0][1:]
    else:
        batch = task.encode(text, limit=min(MOST, reading.room(model)))
        ids, labels = _typed(task, prefix[:PREFIX_CHARACTERS])
        if len(ids) > most:
            remarks.append(Remark("prefix_cut", {"kept": most, "given": len(ids)}))
        begins = rules.begins if ids[: len(rules.begins)] != rules.begins else ()
        ids = (*begins, *ids[:most])
        labels = (*map(task.tgt_vocab.label, begins), *labels[:most])
    known = isinstance(task, ForeignTexts)  # its own tokenizer has pieces for everything
    strange = [label for label, token in zip(labels, ids, strict=True) if token == UNK and not known]
    if strange := list(dict.fromkeys(strange)):
        shown = " ".join(label[:12] for label in strange[:12]) + (" …" if len(strange) > 12 else "")
        remarks.append(Remark("prefix_unknown" if batch.src is not None else "unknown", {"tokens": shown}))
    if batch.unknown_src and batch.unknown_src[0]:
        listed = list(dict.fromkeys(batch.src_labels[0][i] for i in batch.unknown_src[0]))
        shown = " ".join(label[:12] for label in listed[:12]) + (" …" if len(listed) > 12 else "")
        remarks.append(Remark("unknown", {"tokens": shown}))
    return Subject(
        model=model,
        task=task,
        source=batch,
        rules=rules,
        prefix=ids,
        prefix_labels=labels,
        notices=tuple(notices) + batch.notices,
        remarks=tuple(remarks),
        room=room,
    )


def _whole(task: Texts, text: str, limit: int, chat: bool, notices: list[Notice]) -> Batch:
    """A text that is to be gone on with; one whose template fails is read as it stands, with a notice."""
    if chat and isinstance(task, ForeignTexts):
        try:
            return task.encode_chat(text, limit=limit)
        except ForeignError as error:
            notices.append(Notice(error.code, error.details))
    return task.encode(text, limit=limit)


def _typed(task: Texts, prefix: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The tokens of a typed prefix, and what is shown of them."""
    if isinstance(task, ForeignTexts):
        read = task.tgt_vocab.read(clean(prefix).strip())
        return read.ids, read.labels
    labels = tuple(task.tokenize_target(prefix))
    return tuple(task.tgt_vocab.encode(labels)), labels
