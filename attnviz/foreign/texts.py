"""From what people type to what a model from elsewhere reads, and back."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch

from attnviz.data.batch import Batch
from attnviz.data.text import clean
from attnviz.decoding import Rules
from attnviz.errors import InputError, Notice
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.chat import chat_ids
from attnviz.foreign.facts import numbers_in
from attnviz.foreign.tokens import ForeignTokens

EXAMPLES = (
    "The animal did not cross the street because it was too tired.",
    "When Mary and John went to the store, John gave a drink to Mary.",
    "one two three four one two three",
    "银行里有行人。",
)
HIDING = ("The capital of France is [MASK].", "The [MASK] sat on the mat.", *EXAMPLES[:2])
_FIRST, _LATER = re.compile(r"^(␣?.+) 1/\d$"), re.compile(r"^.+ [2-9]/\d$")
Kind = Literal["seq2seq", "lm", "masked-lm", "sentence"]


class ForeignTexts:
    """What a task is to our models: batches from texts, and texts from what was said. It has no data to train on."""

    def __init__(self, model: ForeignModel, tokenizer: Any) -> None:
        start = (
            getattr(model.config, "decoder_start_token_id", None) if model.has_encoder and model.has_decoder else None
        )
        if model.has_encoder and model.has_decoder:
            self.tgt_vocab = ForeignTokens(tokenizer, model.vocab_size, bos_id=start, side="target")
            self.read_vocab = ForeignTokens(tokenizer, model.src_vocab_size, side="source")
        else:
            self.tgt_vocab = self.read_vocab = ForeignTokens(tokenizer, model.vocab_size, bos_id=start)
        self.src_vocab = self.read_vocab if model.has_encoder else None
        self._room = model.max_len
        self._decodes = model.has_decoder
        self._encodes = model.has_encoder
        self._said: Any = getattr(model.net, "generation_config", None)
        self._says_tokens = "loss" in model.can
        separator = getattr(tokenizer, "sep_token_id", None)
        model.separator = separator if isinstance(separator, int) else None

    @property
    def kind(self) -> Kind:
        """What the model is made for."""
        if self._decodes:
            return "seq2seq" if self._encodes else "lm"
        return "masked-lm" if self._says_tokens and self.tgt_vocab.mask_id is not None else "sentence"

    @property
    def max_src_len(self) -> int:
        """Positions that fit."""
        return self._room

    @property
    def max_tgt_len(self) -> int:
        """Positions that fit."""
        return self._room

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one; at most `limit` positions are kept, and a notice says what was cut.

        A decoder alone reads the whole text and is scored on every next token of it. A masked model is scored where
        the text holds its mask token and `target` is the whole text: at those places only. Raises InputError("empty").
        """
        limit = min(limit or self._room, self._room)
        text = clean(text)
        if not text.strip():
            raise InputError("empty")
        source = self.read_vocab.framed(text)
        ids, labels, notices = self._fit(source.ids, source.labels, limit)
        if not self._encodes:
            return self._language_model(ids, labels, notices)
        src = torch.tensor([ids])
        if not self._decodes:
            targets, scored = self._hidden(ids, target, limit)
            return Batch(
                src=src,
                decoder_input=None,
                targets=targets,
                scored=scored,
                src_labels=(labels,),
                notices=notices,
                pad_id=None,
            )
        if target is None:
            return Batch(src=src, decoder_input=None, targets=None, src_labels=(labels,), notices=notices, pad_id=None)
        said = self.tgt_vocab.read(clean(target))
        wanted, _, more = self._fit(said.ids, said.labels, limit - 1)
        return self.with_target(src, labels, wanted, notices + more, ended=True)

    def with_target(
        self,
        src: torch.Tensor | None,
        src_labels: Sequence[str],
        wanted: Sequence[int],
        notices: tuple[Notice, ...] = (),
        *,
        ended: bool,
    ) -> Batch:
        """The batch whose decoder reads `wanted` behind its first token, and is scored on it (and its end)."""
        first, end = self.tgt_vocab.bos_id or 0, self.tgt_vocab.eos_id or 0
        decoder = [first, *wanted]
        labels = self.tgt_vocab.labels(decoder)
        return Batch(
            src=src,
            decoder_input=torch.tensor([decoder]),
            targets=torch.tensor([[*wanted, end]]),
            scored=torch.tensor([[True] * len(wanted) + [ended]]),
            src_labels=(tuple(src_labels),) if src is not None else (),
            decoder_labels=(labels,),
            target_labels=((*labels[1:], self.tgt_vocab.label(end) if ended else ""),),
            notices=notices,
            pad_id=None,
        )

    @property
    def rules(self) -> Rules:
        """How a text begins and ends, as the model's makers say beside its weights."""
        tokens, said = self.tgt_vocab, self._said
        own = frozenset() if tokens.eos_id is None else frozenset({tokens.eos_id})
        never = {row[0] for row in getattr(said, "bad_words_ids", None) or () if len(row) == 1}
        return Rules(
            first=tokens.bos_id or 0,
            ends=frozenset(numbers_in(getattr(said, "eos_token_id", None))) or own,
            begins=tuple(numbers_in(getattr(said, "forced_bos_token_id", None))) if self._encodes else (),
            never=frozenset(never | numbers_in(getattr(said, "suppress_tokens", None))),
        )

    @property
    def has_chat(self) -> bool:
        """Whether it was made to answer messages, and says how they are written."""
        return self.kind == "lm" and bool(getattr(self.tgt_vocab.tokenizer, "chat_template", None))

    def encode_chat(self, text: str, *, limit: int | None = None) -> Batch:
        """A batch of one: `text` as a message of a person, as the model's own template writes it, ready to be answered.

        Raises InputError("empty"), and ForeignError where the template cannot be used.
        """
        text = clean(text)
        if not text.strip():
            raise InputError("empty")
        ids = chat_ids(self.tgt_vocab.tokenizer, text)
        kept, labels, notices = self._fit(ids, self.tgt_vocab.labels(ids), min(limit or self._room, self._room))
        return self._language_model(kept, labels, notices)

    @property
    def hides(self) -> bool:
        """Whether tokens can be hidden from the model, which then says what stands there."""
        return self.kind == "masked-lm"

    def hidden(self, batch: Batch, places: Collection[int]) -> Batch:
        """The same batch with the mask token at these places, scored there on what stood there; places that hold a
        special token, or lie outside, stay as they are. Where the text itself holds the mask token nobody knows what
        is right, and nothing is scored."""
        assert batch.src is not None, "what hides tokens reads a source"
        assert self.tgt_vocab.mask_id is not None, "asked for by `hides`"
        ids = batch.src[0].tolist()
        chosen = [place for place in places if self.may_hide(batch, place)]
        src = batch.src.clone()
        src[0, chosen] = self.tgt_vocab.mask_id
        scored = torch.zeros_like(src, dtype=torch.bool)
        scored[0, chosen] = True
        if not (src == self.tgt_vocab.mask_id).any():
            return batch
        shown = tuple(
            self.tgt_vocab.label(self.tgt_vocab.mask_id) if place in chosen else label
            for place, label in enumerate(batch.src_labels[0])
        )
        wanted = (batch.src_labels[0],)
        return replace(
            batch, src=src, src_labels=(shown,), targets=torch.tensor([ids]), scored=scored, target_labels=wanted
        )

    def may_hide(self, batch: Batch, place: int) -> bool:
        """Whether a token of the text stands there."""
        assert batch.src is not None, "what hides tokens reads a source"
        return 0 <= place < batch.src.size(1) and int(batch.src[0, place]) not in self.tgt_vocab.special_ids

    @property
    def examples(self) -> tuple[str, ...]:
        """Texts to begin with: they ask for what heads are known for."""
        if self.kind == "masked-lm":
            return tuple(text.replace("[MASK]", self.tgt_vocab.raw(self.tgt_vocab.mask_id or 0)) for text in HIDING)
        return EXAMPLES

    def answer(self, source: Sequence[str]) -> None:
        """Nobody knows the right answer."""
        return

    def tokenize_target(self, text: str) -> list[str]:
        """Labels of a target's tokens."""
        return list(self.tgt_vocab.read(clean(text)).labels)

    def detokenize(self, tokens: Sequence[str]) -> str:
        """Text of labels: of the pieces of a character the first says it."""
        return (
            "".join(_LATER.sub("", _FIRST.sub(r"\1", token)) for token in tokens).replace("␣", " ").replace("⏎", "\n")
        )

    def tokenize(self, text: str) -> list[str]:
        """Labels of a text's tokens."""
        return list(self.read_vocab.read(clean(text)).labels)

    def detokenize_ids(self, ids: Sequence[int]) -> str:
        """Text of token numbers."""
        return self.tgt_vocab.text(ids)

    def words(self, ids: Sequence[int], *, read: bool = False) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Which word each token belongs to, and the words; of what is `read` or, else, written."""
        vocabulary = self.read_vocab if read else self.tgt_vocab
        numbers, labels = vocabulary.words(ids), vocabulary.labels(ids)
        together = [
            [label for label, at in zip(labels, numbers, strict=True) if at == word] for word in sorted(set(numbers))
        ]
        return numbers, tuple(self._word(pieces) for pieces in together)

    def _word(self, pieces: Sequence[str]) -> str:
        if len(pieces) == 1:
            return pieces[0]
        joined = self.detokenize([pieces[0], *(piece.removeprefix("##") for piece in pieces[1:])])
        return joined.strip().replace(" ", "␣") or "".join(pieces)

    def _language_model(self, ids: tuple[int, ...], labels: tuple[str, ...], notices: tuple[Notice, ...]) -> Batch:
        first = self.tgt_vocab.bos_id
        if first is not None and ids[0] != first and first in self.tgt_vocab.special_ids and len(ids) < self._room:
            ids, labels = (first, *ids), (self.tgt_vocab.label(first), *labels)
        return Batch(
            src=None,
            decoder_input=torch.tensor([ids]),
            targets=torch.tensor([[*ids[1:], 0]]),
            scored=torch.tensor([[True] * (len(ids) - 1) + [False]]),
            decoder_labels=(labels,),
            target_labels=((*labels[1:], ""),),
            notices=notices,
            pad_id=None,
        )

    def _hidden(
        self, ids: tuple[int, ...], target: str | None, limit: int
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        if target is None:
            return None, None
        whole, _, _ = self._fit(*_pair(self.tgt_vocab.framed(clean(target))), limit)
        if len(whole) != len(ids):
            raise InputError("label_count", given=len(whole), need=len(ids))
        return torch.tensor([whole]), torch.tensor([[token == self.tgt_vocab.mask_id for token in ids]])

    @staticmethod
    def _fit(
        ids: tuple[int, ...], labels: tuple[str, ...], limit: int
    ) -> tuple[tuple[int, ...], tuple[str, ...], tuple[Notice, ...]]:
        if not ids:
            raise InputError("empty")
        if len(ids) <= limit:
            return ids, labels, ()
        return ids[:limit], labels[:limit], (Notice("cut", {"kept": limit, "given": len(ids)}),)


def _pair(reading: Any) -> tuple[tuple[int, ...], tuple[str, ...]]:
    return reading.ids, reading.labels
