"""One sentence read by one model: plain functions, no Streamlit. The page shows what these return."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from attnviz.data import BOS, EOS, Batch, Notice, Task, Tokens, Vocabulary
from attnviz.data.task import ReferenceKind
from attnviz.data.user_file import invisible_removed
from attnviz.data.vocabulary import UNK
from attnviz.decoding import DecoderSession, Rules, inference, longest
from attnviz.decoding.guessed import confirmed
from attnviz.foreign.texts import ForeignTexts
from attnviz.model import SILENT, Probe, WatchedModel
from attnviz.trace import HeadsOff, Predictions, Trace, predictions, watch
from attnviz.trace.predictions import probabilities_of

Head = tuple[str, int]  # (site, head from 0)
Feed = Literal["reference", "own"]
Texts = Task | ForeignTexts  # from what people type to what a model reads
OURS = Rules(first=BOS, ends=frozenset({EOS}))
LONGEST = 512  # tokens of a sentence
TOP = 5  # tokens that a position shows
MOST_LOGITS = 2**22  # that are kept of a pass: 16 MB
MOST_CHARACTERS = 20_000  # read of a text; more could not be shown anyway


@dataclass(frozen=True)
class Output:
    """What the model says when it runs freely."""

    ids: tuple[int, ...]  # without what it begins with and its end
    end: int | None = None  # the end that it produced itself; None: it was cut

    @property
    def ended(self) -> bool:
        """Whether it came to an end by itself."""
        return self.end is not None


@dataclass(frozen=True, eq=False)
class Sentence:
    """A text as a model takes it in, with what is known about the right answer."""

    source: Batch  # decoder_input None for sequence to sequence, complete for a language model
    reference: str | None
    reference_kind: ReferenceKind | Literal["given"] | None
    output: Output | None  # None for a language model
    notices: tuple[Notice, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """One watched forward pass and what follows from it."""

    trace: Trace  # without its logits where they would take more bytes than all that is drawn of them
    feed: Feed | Literal["text", "hidden"]  # what the decoder was fed; hidden: tokens that the model has to find
    said: Predictions  # the most likely tokens at every position
    before: np.ndarray | None = None  # as its probabilities: what the intact model gives the same tokens

    @property
    def bytes(self) -> int:
        """What it takes in memory, but for small change."""
        return self.trace.logits.nbytes + sum(record.weights.nbytes for record in self.trace.records.values())


def room(model: WatchedModel, most: int = LONGEST) -> int:
    """Positions a sentence may take: what the model's table of positions holds, at most `most`."""
    return longest(model, most)


def take_in(
    model: WatchedModel, task: Texts, text: str, given: str | None = None, *, limit: int | None = None
) -> Sentence:
    """Encode a typed text and let the model run freely on it. `given` is the user's own right answer, if there is one.

    At most `limit` positions are kept (default: all that the model has room for). Raises InputError("empty") when
    nothing is left to read.
    """
    limit = limit or room(model)
    notices: list[Notice] = []
    if len(text) > MOST_CHARACTERS:
        notices.append(Notice("typed_capped", {"kept": MOST_CHARACTERS, "given": len(text)}))
        text = text[:MOST_CHARACTERS]
    notices += invisible_removed(text)
    batch = task.encode(text, limit=limit)
    notices += batch.notices
    if batch.src is None or not model.has_decoder:
        return Sentence(batch, None, None, None, tuple(notices))
    reference, kind = given, "given" if given is not None else None
    if given is None:
        found = task.answer(batch.src_labels[0][:-1])
        if found is not None:
            reference, kind = found
    steps = steps_allowed(task, batch, limit)
    guess = _wanted(task, reference, steps - 1)[0] if reference else ()
    output = free_run(model, batch, steps, rules=rules_of(task), guess=guess)
    return Sentence(batch, reference, kind, output, tuple(notices))  # type: ignore[arg-type]


def steps_allowed(task: Texts, batch: Batch, limit: int) -> int:
    """How long a free run may get: twice the source or what training showed, so that one that never stops is cut."""
    assert batch.src is not None, "a language model has nothing to run from"
    usual = 0 if isinstance(task, ForeignTexts) else task.max_tgt_len
    return min(limit, max(usual, 2 * batch.src.size(1)))


def name_of(task: Texts) -> str:
    """What sentences are kept under: models of one name read the same ones."""
    return task.kind if isinstance(task, ForeignTexts) else task.info.name


def rules_of(task: Texts) -> Rules:
    """How the texts of a model begin and end."""
    return task.rules if isinstance(task, ForeignTexts) else OURS


def free_run(
    model: WatchedModel,
    batch: Batch,
    limit: int,
    probe: Probe = SILENT,
    *,
    rules: Rules = OURS,
    guess: Sequence[int] = (),
) -> Output:
    """Greedy decoding: always the most likely token, until one that ends a text by `rules`, or `limit` tokens.

    A right `guess` of fewer tokens saves the steps.
    """
    assert batch.src is not None, "a language model has nothing to run from"
    if 0 < len(guess) < limit and (found := confirmed(model, batch.src, guess, rules, probe=probe)):
        return Output(*found)
    ids: list[int] = []
    with inference(model, tokens=limit + batch.src.numel()):
        session = DecoderSession(model, batch.src, probe=probe)
        token = rules.first
        for place in range(limit):
            logits = session.feed(torch.tensor([[token]]))[0, -1]
            token = rules.begins[place] if place < len(rules.begins) else rules.best(logits)
            if token in rules.ends:
                return Output(tuple(ids), end=token)
            ids.append(token)
    return Output(tuple(ids[: limit - 1]))


def fed(model: WatchedModel, task: Texts, sentence: Sentence, feed: Feed) -> tuple[Batch, Feed | Literal["text"]]:
    """The batch with its decoder input: the reference where wanted and known, else the model's own output."""
    source = sentence.source
    if sentence.output is None:
        return source, "text"
    if feed == "reference" and sentence.reference:
        ids, target = _wanted(task, sentence.reference, room(model) - 1)
        if ids:
            return _with_target(task, source, ids, target, end=task.tgt_vocab.eos_id), "reference"
    ids = list(sentence.output.ids)
    return _with_target(task, source, ids, task.tgt_vocab.decode(ids), end=sentence.output.end), "own"


def _wanted(task: Texts, reference: str, most: int) -> tuple[list[int], list[str]]:
    if isinstance(task, ForeignTexts):
        read = task.tgt_vocab.read(reference)
        return list(read.ids[:most]), list(read.labels[:most])
    target = task.tokenize_target(reference)[:most]
    return task.tgt_vocab.encode(target), target


def _with_target(task: Texts, source: Batch, ids: list[int], tokens: list[str], *, end: int | None) -> Batch:
    vocabulary, first = task.tgt_vocab, rules_of(task).first
    last = vocabulary.pad_id or 0 if end is None else end
    unknown = isinstance(vocabulary, Vocabulary)
    return Batch(
        src=source.src,
        decoder_input=torch.tensor([[first, *ids]]),
        targets=torch.tensor([[*ids, last]]),
        scored=torch.tensor([[True] * len(ids) + [end is not None]]),
        src_labels=source.src_labels,
        decoder_labels=((vocabulary.label(first), *tokens),),
        target_labels=((*tokens, "" if end is None else vocabulary.label(end)),),
        unknown_src=source.unknown_src,
        unknown_decoder=(tuple(i + 1 for i, token in enumerate(ids) if unknown and token == UNK),),
        notices=source.notices,
        pad_id=source.pad_id,
    )


def look(model: WatchedModel, task: Texts, sentence: Sentence, feed: Feed) -> Picture:
    """Watch the intact model on a sentence."""
    batch, what = fed(model, task, sentence, feed)
    hidden = isinstance(task, ForeignTexts) and not model.has_decoder and batch.targets is not None
    found = "hidden" if hidden else what
    return picture_of(watch(model, batch, sites=model.sites, taps=()), found, task.tgt_vocab)


def picture_of(trace: Trace, feed: Feed | Literal["text", "hidden"], vocabulary: Tokens) -> Picture:
    """What is drawn of a pass: of logits the most likely tokens."""
    said = predictions(trace.logits, vocabulary, TOP, targets=trace.targets, scored=trace.scored)
    if trace.logits.size > MOST_LOGITS:
        trace = replace(trace, logits=trace.logits[..., :0].copy())
    return Picture(trace, feed, said)


class _Listener:
    """Keeps nothing, but is there: attention then comes to the same numbers as when it was watched, to the last bit."""

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        return value


def look_without(model: WatchedModel, task: Texts, picture: Picture, heads: Collection[Head]) -> Picture:
    """The same input with heads switched off; weights of later layers may change too."""
    batch, logits = picture.trace.batch, picture.trace.logits
    trace = watch(model, batch, interventions=[HeadsOff(heads)], sites=model.sites, taps=())
    found = picture_of(trace, picture.feed, task.tgt_vocab)
    if not logits.size:  # they were too many to be kept
        logits = watch(model, batch, sites=(), interventions=[_Listener()]).logits
    return replace(found, before=probabilities_of(logits, found.said.ids))


def output_without(model: WatchedModel, task: Texts, sentence: Sentence, heads: Collection[Head]) -> Output | None:
    """What the model says freely with heads switched off; None for a language model."""
    if sentence.output is None:
        return None
    steps = steps_allowed(task, sentence.source, room(model))
    guess = sentence.output.ids if sentence.output.ended else ()
    return free_run(model, sentence.source, steps, HeadsOff(heads), rules=rules_of(task), guess=guess)


def known_heads(model: WatchedModel, heads: Collection[Head]) -> tuple[Head, ...]:
    """Those of `heads` that the model has: what comes from a browser is not to be trusted.

    None where heads cannot be switched off.
    """
    if "ablate" not in model.can:
        return ()
    return tuple(sorted({(s, h) for s, h in heads if s in model.sites and 0 <= h < model.heads(s)}))


def unknown_tokens(batch: Batch) -> tuple[str, ...]:
    """The different tokens of its first sequence that the model has never seen, in order."""
    found: dict[str, None] = {}
    for labels, positions in ((batch.src_labels, batch.unknown_src), (batch.decoder_labels, batch.unknown_decoder)):
        if labels and positions:
            found.update(dict.fromkeys(labels[0][i] for i in positions[0]))
    return tuple(found)
