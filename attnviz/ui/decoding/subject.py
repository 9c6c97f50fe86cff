"""What is decoded: a model, the sentence it reads, and the tokens that its text must begin with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from attnviz.data import EOS, SPECIALS, UNK, Batch, Notice, Task
from attnviz.data.user_file import invisible_removed
from attnviz.decoding import longest
from attnviz.model import WatchedModel
from attnviz.ui.decoding.settings import MOST
from attnviz.ui.frame.link import Remark
from attnviz.ui.sentence import reading

PREFIX_CHARACTERS = 2000  # read of a typed prefix
NEW_TOKENS = 32  # of a language model, at first


@dataclass(frozen=True, eq=False)
class Subject:
    """A sentence ready to be decoded. `prefix` holds the forced first tokens: of a language model, the text itself."""

    model: WatchedModel
    task: Task
    source: Batch
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

    def written(self, tokens: tuple[int, ...]) -> str:
        """A text without its end token."""
        labels = [self.label(token, at) for at, token in enumerate(tokens) if token != EOS]
        return self.task.detokenize(labels)

    def fed(self, tokens: tuple[int, ...]) -> Batch:
        """The batch of one in which the decoder has read BOS and `tokens`: what any other page can look at."""
        ids = [1, *tokens]
        return Batch(
            src=self.src,
            decoder_input=torch.tensor([ids]),
            targets=None,
            src_labels=self.source.src_labels,
            decoder_labels=((SPECIALS[1], *(self.label(token, at) for at, token in enumerate(tokens))),),
            unknown_src=self.source.unknown_src,
        )


def take_in(model: WatchedModel, task: Task, text: str, prefix: str) -> Subject:
    """Encode a typed text and prefix. Raises InputError("empty") when nothing is left to read."""
    room = longest(model, MOST)
    notices: list[Notice] = []
    remarks: list[Remark] = []
    if len(text) > reading.MOST_CHARACTERS:
        notices.append(Notice("typed_capped", {"kept": reading.MOST_CHARACTERS, "given": len(text)}))
        text = text[: reading.MOST_CHARACTERS]
    notices += invisible_removed(text)
    most = max(1, room * 3 // 4)  # of given tokens, so that there is room for new ones
    if not model.has_encoder:
        batch = task.encode(text, limit=most + 1)
        assert batch.decoder_input is not None
        ids = tuple(batch.decoder_input[0, 1:].tolist())
        labels = batch.decoder_labels[0][1:]
    else:
        batch = task.encode(text, limit=min(MOST, reading.room(model)))
        typed = task.tokenize_target(prefix[:PREFIX_CHARACTERS])
        if len(typed) > most:
            remarks.append(Remark("prefix_cut", {"kept": most, "given": len(typed)}))
        labels = tuple(typed[:most])
        ids = tuple(task.tgt_vocab.encode(labels))
    if strange := list(dict.fromkeys(label for label, token in zip(labels, ids, strict=True) if token == UNK)):
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
        prefix=ids,
        prefix_labels=labels,
        notices=tuple(notices) + batch.notices,
        remarks=tuple(remarks),
        room=room,
    )
