"""Texts to learn from, as batches of a model from elsewhere, and what it says to a text."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.data.batch import Batch
from attnviz.decoding import Decoding
from attnviz.errors import InputError
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.texts import ForeignTexts
from attnviz.model.inference import inference

LONGEST = 128  # tokens of a text that are learned from
MOST = 2_000  # texts
HIDDEN = 7  # of a masked model every so manyth token is hidden, another one in every text
SAID = 24  # tokens that are written to a prompt


def batches_of(texts: ForeignTexts, lines: Sequence[str]) -> tuple[Batch, ...]:
    """A batch a line: a text to be continued; a source and a target with a tab between; or a text with tokens hidden.

    Raises InputError where no line can be learned from.
    """
    found = [batch for number, line in enumerate(lines[:MOST]) if (batch := _batch(texts, line, number)) is not None]
    if not found:
        raise InputError("no_lessons")
    return tuple(found)


def _batch(texts: ForeignTexts, line: str, number: int) -> Batch | None:
    if not line.strip():
        return None
    if texts.kind == "seq2seq":
        source, tab, target = line.partition("\t")
        if not (tab and source.strip() and target.strip()):
            return None
        return texts.encode(source, target, limit=LONGEST)
    if texts.kind == "lm":
        batch = texts.encode(line, limit=LONGEST)
        return batch if batch.n_scored else None
    if texts.kind == "masked-lm":
        return _hidden(texts, line, number)
    return None


def _hidden(texts: ForeignTexts, line: str, number: int) -> Batch | None:
    whole = texts.encode(line, limit=LONGEST)
    assert whole.src is not None, "a masked model reads a source"
    places = [place for place in range(whole.src.size(1)) if texts.may_hide(whole, place)]
    return texts.hidden(whole, places[number % min(HIDDEN, len(places)) :: HIDDEN]) if places else None


def says(model: ForeignModel, texts: ForeignTexts, prompt: str) -> str:
    """What a model makes of a prompt: how it goes on, what it answers, or what it puts where its mask token stands."""
    if not model.has_decoder:
        batch = texts.encode(prompt, limit=LONGEST)
        assert batch.src is not None, "an encoder reads a source"
        with inference(model):
            best = model(batch.src)[0].argmax(dim=-1)
        said = zip(batch.src[0].tolist(), best.tolist(), strict=True)
        return texts.detokenize_ids([new if token == texts.tgt_vocab.mask_id else token for token, new in said])
    return texts.detokenize_ids(written(model, texts, prompt))


def written(model: ForeignModel, texts: ForeignTexts, prompt: str) -> tuple[int, ...]:
    """The tokens that a decoder writes to a prompt: greedily, the text that it goes on with in front."""
    batch = texts.encode(prompt, limit=LONGEST)
    rules, prefix = texts.rules, list(texts.rules.begins)
    first = rules.first
    if batch.src is None:
        assert batch.decoder_input is not None, "a decoder alone reads the text"
        first, *prefix = batch.decoder_input[0].tolist()
    length = len(prefix) + SAID if model.room is None else min(model.room, len(prefix) + SAID)
    decoding = Decoding(
        model, batch.src, bos_id=first, eos_id=rules.ends, max_len=length, prefix=prefix, alternatives=1
    )
    return tuple(step.token for step in decoding)
