"""What is walked through: a worked example, or one attention of a loaded model on a sentence."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch

from attnviz.data import UNK, Batch, Notice
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.by_hand import head_setup_of
from attnviz.foreign.texts import ForeignTexts
from attnviz.language import Language
from attnviz.model import WatchedModel, heads_of
from attnviz.trace.walkthrough import HeadSetup, Setup, example, setup_of
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.models import Loaded
from attnviz.ui.sentence.opened import Opened
from attnviz.ui.sentence.reading import Feed

LONGEST = 64  # tokens that are still walked through; longer texts are cut, with a notice
MOST_NUMBERS = 5_000_000  # that travel to the browser; wider feed-forward networks are left out, with a notice
EXAMPLES = {"apples": "apples", "two_heads": "two-heads"}  # choice of the page → worked example


@dataclass(frozen=True)
class Asked:
    """A sentence as the page asks for it; everything that its numbers depend on, but for the site."""

    text: str
    given: str | None = None  # people's own right answer
    feed: Feed = "reference"
    decoder_input: tuple[int, ...] | None = None  # BOS first; from another page
    labels: tuple[str, ...] = ()


def worked(name: str, language: Language) -> Setup:
    """The worked example behind a choice of the page."""
    return example(EXAMPLES[name], language)


def room(model: WatchedModel) -> int:
    """Positions that a typed sentence may take here."""
    return min(reading.room(model), LONGEST)


def read(loaded: Loaded | Opened, asked: Asked) -> tuple[Batch, tuple[Notice, ...]]:
    """The sentence as the model reads it, with what people should know. InputError where nothing is left to read."""
    model, task = loaded.model, loaded.task
    if asked.decoder_input is not None and not model.has_encoder:
        return with_decoder_input(Batch(None, None, None, pad_id=_pad(loaded)), asked, loaded), ()
    # What another page opened is taken as it was there, so that the numbers are the same.
    limit = reading.room(model) if asked.decoder_input is not None else room(model)
    sentence = reading.take_in(model, task, asked.text, asked.given, limit=limit)
    batch, _ = reading.fed(model, task, sentence, asked.feed)
    if asked.decoder_input is not None and model.has_decoder:
        batch = with_decoder_input(batch, asked, loaded)
    return batch, sentence.notices


def with_decoder_input(batch: Batch, asked: Asked, loaded: Loaded | Opened) -> Batch:
    """The batch with the decoder reading what another page said; ids outside the vocabulary count as unknown."""
    vocabulary = loaded.task.tgt_vocab
    known = isinstance(loaded.task, ForeignTexts)  # its own tokenizer has pieces for everything
    ids = [token if 0 <= token < len(vocabulary) else 0 if known else UNK for token in asked.decoder_input or ()]
    ids = ids[: reading.room(loaded.model)]
    own = tuple(vocabulary.decode(ids))
    labels = asked.labels if len(asked.labels) == len(ids) else own
    return dataclasses.replace(
        batch,
        decoder_input=torch.tensor([ids]),
        targets=None,
        scored=None,
        decoder_labels=(labels,),
        target_labels=(),
        unknown_decoder=(tuple(i for i, token in enumerate(ids) if token == UNK and not known),),
    )


def _pad(loaded: Loaded | Opened) -> int | None:
    """What fills up rows of ours; a text of a model from elsewhere is not filled up."""
    return None if isinstance(loaded, Opened) else loaded.model.pad_id


def attention_at(loaded: Loaded | Opened, batch: Batch, site: str) -> Setup | HeadSetup:
    """One attention of the model on this batch."""
    if isinstance(loaded.model, ForeignModel):
        return head_setup_of(loaded.model, batch, site)
    return setup_of(loaded.model, batch, site)


@dataclass(frozen=True)
class Unknown:
    """Tokens that the model has never seen, by their places on both axes of an attention."""

    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()


def unknown_at(batch: Batch, site: str) -> Unknown:
    """Where unknown tokens stand among the queries and the keys of a site."""
    source, decoder = (each[0] if each else () for each in (batch.unknown_src, batch.unknown_decoder))
    if site.startswith("encoder"):
        return Unknown(source, source)
    return Unknown(decoder, source if site.endswith("cross_attn") else decoder)


def narrowed(setup: Setup | HeadSetup) -> Setup | HeadSetup:
    """Without the feed-forward network, or from Q, K and V on, where matrices are too large to be shown."""
    if sum(array.size for array in setup.numbers().values()) <= MOST_NUMBERS:
        return setup
    if isinstance(setup, HeadSetup):
        return setup.from_projections_on()
    return dataclasses.replace(setup, feed_forward=None)


def first_site(loaded: Loaded | Opened) -> tuple[str, int]:
    """Where a model opens: the head that points best where that is known, else the last attention's first head."""
    best = loaded.best_head
    if best is not None and best[0] in loaded.model.sites and best[1] < heads_of(loaded.model):
        return best
    return loaded.model.sites[-1], 0
