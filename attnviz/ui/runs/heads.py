"""What the heads of a run look at, at one kept step, on a sentence of one's own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.language import Language
from attnviz.masks import kind_of
from attnviz.model import Transformer, heads_of
from attnviz.trace import HeadsOff, watch
from attnviz.training.regime import broken_batch, broken_masks
from attnviz.training.samples import samples_of
from attnviz.ui.attention import views
from attnviz.ui.attention.picture import AttentionPicture, KindPicture
from attnviz.ui.attention.stage import attention_stage, stage_state
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.frame.shared_link import SharedLink
from attnviz.ui.runs.timeline import Moment
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.reading import Head, Picture, Sentence
from attnviz.ui.text import Words


@dataclass(frozen=True)
class ModelKey:
    """A model as caches know it: a run (or a plan that was not played yet) and a step."""

    scope: str
    step: int


@dataclass(frozen=True, eq=False)
class Watched:
    """A model of one moment: its weights, its task, and what it is trained without."""

    key: ModelKey
    model: Transformer
    task: Task
    without: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reading:
    """A sentence as the model of one moment reads it."""

    sentence: Sentence
    picture: Picture
    kinds: tuple[KindPicture, ...]
    wrote: str | None = None  # of a model that continues or fills in, or was trained without something
    text: str = ""  # as it was typed


def read(watched: Watched, text: str, language: Language, off: Collection[Head] = ()) -> Reading | None:
    """The reading; everybody who asks the same shares it. None after a sentence that says why there is none."""
    heads = reading.known_heads(watched.model, off)
    try:
        return _read(watched.key, text, watched.without, heads, watched)
    except InputError as error:
        notice(explain(error, language), "warning")
        return None


@st.cache_resource(show_spinner=False, max_entries=48)
def _read(key: ModelKey, text: str, without: tuple[str, ...], off: tuple[Head, ...], _watched: Watched) -> Reading:
    model, task = _watched.model, _watched.task
    sentence = reading.take_in(model, task, text)
    picture = watch_as_trained(model, task, sentence, without, off)
    kinds = views.kind_pictures(picture, {})
    plain = sentence.output is not None and not without
    wrote = () if plain else samples_of(model, task, [text], without=without)
    return Reading(sentence, picture, kinds, wrote[0].output if wrote else None, text)


def watch_as_trained(
    model: Transformer, task: Task, sentence: Sentence, without: Collection[str] = (), off: Collection[Head] = ()
) -> Picture:
    """Watch a model as it is trained: less the masks, or the shift, that it is trained without."""
    batch, feed = reading.fed(model, task, sentence, "reference")
    batch = broken_batch(batch, without)
    trace = watch(
        model,
        batch,
        masks=broken_masks(model, batch, without),
        interventions=[HeadsOff(off)] if off else [],
        sites=model.sites,
    )
    return reading.picture_of(trace, feed, task.tgt_vocab)


def on_stage(watched: Watched, text: str, language: Language, *, key: str) -> Reading | None:
    """The reading that the stage with this key is about to show, with the heads that are switched off there."""
    return read(watched, text, language, stage_state(key, watched.key.scope).heads_off)


def draw_stage(
    found: Reading, watched: Watched, language: Language, *, key: str, name: str, moment: Moment | None = None
) -> None:
    """Every head on one canvas, the chosen one large. Which is chosen stays with the browser, also when time moves.

    `moment` may ask for another.
    """
    switches = stage_state(key, watched.key.scope)
    off = reading.known_heads(watched.model, switches.heads_off)
    asked = shared_link.now()
    if moment is not None and moment.head is not None and moment.head[0] in watched.model.sites:
        site, head = moment.head
        kind = kind_of(site)
        asked = SharedLink(kind=kind, layer=watched.model.sites_of(kind).index(site) + 1, head=head + 1)
    drawn = picture(found, watched, language, name=name, asked=asked, off=off, seq=switches.seq)
    drawn = replace(drawn, again=moment.asked if moment is not None else "")
    attention_stage(drawn, key=key)


def picture(
    found: Reading,
    watched: Watched,
    language: Language,
    *,
    name: str,
    asked: SharedLink | None = None,
    off: tuple[Head, ...] = (),
    seq: int = 0,
) -> AttentionPicture:
    """What the stage draws. It opens at what `asked` says and keeps the address up to date, where that is given."""
    model = watched.model
    layers: dict[str, int] = {kind: len(model.sites_of(kind)) for kind in model.kinds}
    made = views.stage_picture(
        found.kinds,
        asked=(asked or SharedLink()).fitted(model.kinds, layers, heads_of(model)),
        best=None,
        heads_off=off,
        seq=seq,
        scope=watched.key.scope,
        name=name,
        language=language,
    )
    return replace(made, mirror_url=asked is not None)


def verdict_line(found: Reading, task: Task, t: Words) -> str:
    """One line: what the model writes by itself, and whether that is right."""
    sentence = found.sentence
    if sentence.output is None:
        return _line(t, found.wrote) if found.wrote is not None else ""
    output = views.written(task, sentence.output) if found.wrote is None else found.wrote
    verdict = ""
    if sentence.reference is not None:
        right = task.tokenize_target(output) == task.tokenize_target(sentence.reference)
        wanted = sentence.reference
        if isinstance(task, LabelTask):
            wanted = named_labels(task, wanted, t.language)
        word = t("probe_right") if right else t("probe_wrong", wanted=shortened(wanted, 60))
        verdict = f'<span class="{"rn-good" if right else "rn-bad"}">{"✓" if right else "✗"} {escape(word)}</span>'
    if isinstance(task, LabelTask):
        return _line(t, named_labels(task, output, t.language), verdict, by="probe_labels")
    ending = "" if sentence.output.ended or found.wrote is not None else f"<i>{escape(t('probe_unending'))}</i>"
    return _line(t, output, ending + verdict)


def named_labels(task: LabelTask, labels: str, language: Language) -> str:
    """Labels by the names that people know them by."""
    return " · ".join(task.title(label, language) for label in task.tokenize_target(labels))


def _line(t: Words, output: str, after: str = "", *, by: str = "probe_said") -> str:
    return (
        f'<div class="rn-said"><small>{escape(t(by))}</small>'
        f'<b dir="auto">{escape(shortened(output, 80)) or "∅"}</b>{after}</div>'
    )
