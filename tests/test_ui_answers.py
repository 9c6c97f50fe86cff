"""Every widget of every page keeps the answer it was given: a page that writes its keys must hear what was answered."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from app_driver import opened
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.runs import Library, RunConfig
from attnviz.runs.work.session import Session
from attnviz.settings import FINETUNING
from attnviz.ui.by_hand import link as by_hand
from attnviz.ui.decoding import link as decoding
from attnviz.ui.fields import link as fields
from attnviz.ui.finetuning import link as finetuning
from attnviz.ui.frame import navigation
from attnviz.ui.masks import link as masks
from attnviz.ui.neuron import link as neuron
from attnviz.ui.pretraining import link as pretraining

TINY: dict[str, Any] = {"d_model": 16, "n_heads": 2, "d_ff": 16, "n_encoder_layers": 1, "n_decoder_layers": 1}
# What tells the views of a page apart in its address, and the views.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "attention": ("", ()),
    "masks": ("what", masks.WHATS),
    "by_hand": ("what", by_hand.WHATS),
    "decoding": ("view", decoding.VIEWS),
    "pictures": ("view", fields.VIEWS),
    "graphs": ("view", fields.VIEWS),
    "pretraining": ("view", pretraining.VIEWS),
    "finetuning": ("view", finetuning.VIEWS),
    "compress": ("", ()),
    "neuron": ("view", neuron.VIEWS),
    "experiments": ("", ()),
    "lessons": ("", ()),
}
VIEWS: list[tuple[str, dict[str, str]]] = [
    ("attention", {"model": "reverse"}),
    *(("masks", {"model": "reverse", "what": what}) for what in masks.WHATS),
    *(("by_hand", {"what": what, "model": "reverse"}) for what in by_hand.WHATS),
    *(("decoding", {"model": "reverse", "view": "steps", "strategy": way}) for way in ("greedy", "sample", "beam")),
    ("decoding", {"model": "reverse", "view": "forcing"}),
    ("decoding", {"model": "reverse", "view": "cache"}),
    *(("pictures", {"view": view}) for view in fields.VIEWS),
    *(("graphs", {"view": view}) for view in fields.VIEWS),
    *(("pretraining", {"view": view}) for view in pretraining.VIEWS),
    *(("finetuning", {"view": view}) for view in finetuning.VIEWS),
    ("compress", {"model": "reverse"}),
    *(("neuron", {"view": view}) for view in neuron.VIEWS),
    ("experiments", {}),
    ("experiments", {"experiment": "E3", "guess": "some"}),
    ("lessons", {}),
    *(("finetuning", {"view": "tune", "strategy": way}) for way in FINETUNING["strategy"].values),
]


def test_every_view_of_every_page_is_asked_and_by_its_own_name() -> None:
    assert {entry.name for entry in navigation.PAGES} == set(PAGES)
    for page, (key, views) in PAGES.items():
        asked = {query[key] for name, query in VIEWS if name == page and key in query}
        assert asked == set(views), page
        assert page in {name for name, _ in VIEWS}


def other_number(one: Any) -> Any:
    return one.value + one.step if one.value + one.step <= one.max else one.value - one.step


def other_option(one: Any) -> Any:
    """Of the labels another one."""
    return next((option for option in one.options if option != shown(one)), None)


def other_size(one: Any) -> Any:
    """Sliders are answered by value; ours hold whole numbers."""
    label = other_option(one)
    return None if label is None else int(label.replace(",", ""))


# What can be answered, how else, and what then stands there.
KINDS: dict[str, Callable[[Any], Any]] = {
    "selectbox": other_option,
    "select_slider": other_size,
    "number_input": other_number,
    "text_input": lambda one: f"{one.value} ab".strip(),
    "text_area": lambda one: f"{one.value} ab".strip(),
    "toggle": lambda one: not one.value,
    "checkbox": lambda one: not one.value,
}


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is trained or counted here."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    monkeypatch.setattr("attnviz.ui.runs.library._Counting._count", lambda self, task: None)
    monkeypatch.setattr("attnviz.ui.finetuning.tuned_models._Measuring._measure", lambda self, *given: None)
    yield
    st.cache_resource.clear()


def found(at: AppTest, kind: str, name: str) -> Any:
    """The widget of that name, whichever took its place when its value changed otherwise."""
    return next((one for one in at.get(kind) if str(one.key).split("~")[0] == name), None)


def shown(one: Any) -> Any:
    """What stands in the widget, in the form in which an answer is given."""
    return one.format_func(one.value) if hasattr(one, "format_func") and hasattr(one, "options") else one.value


def answer(at: AppTest, kind: str, key: str) -> tuple[Any, Any] | None:
    """What was answered, and what stands there afterwards; None where nothing else can be answered."""
    one = found(at, kind, key)
    if one is None or getattr(one, "disabled", False):
        return None
    wanted = KINDS[kind](one)
    if wanted is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one.set_value(wanted).run()
    assert not at.exception, [error.value for error in at.exception]
    after = found(at, kind, key)
    return None if after is None else (wanted, after.value if kind == "select_slider" else shown(after))


def cases() -> Iterator[Any]:
    """Of the strategies of fine-tuning, whose forms differ by a few fields, all but one only when asked for."""
    for page, query in VIEWS:
        rare = query.get("strategy", "lora") not in ("lora", "greedy", "sample", "beam")
        yield pytest.param(page, query, id="-".join((page, *query.values())), marks=pytest.mark.slow if rare else [])


@pytest.mark.parametrize(("page", "query"), list(cases()))
def test_an_answer_stays_until_another_is_given(page: str, query: dict[str, str]) -> None:
    if query.get("view") in ("compare", "list"):
        two_runs(page)
    assert not forgotten_by(page, query, [])


def two_runs(page: str) -> list[str]:
    """Runs that have not begun, of the kind that a page shows."""
    config: dict[str, Any] = {"task": "reverse", "train": TrainConfig(steps=3, batch_size=8, warmup_steps=1)}
    if page == "finetuning":
        config |= {"start": {"checkpoint": "reverse"}, "finetune": FineTuneConfig(train_size=7).to_dict()}
    else:
        config["shape"] = TINY
    made = [Library().create(RunConfig(name=f"run {i}", **config)).id for i in range(2)]
    for run in made:
        Session.open(Library().open(run).folder).close()
    return made


@pytest.mark.parametrize("panel", ["curves", "samples", "phases", "break"])
def test_answers_about_a_run_stay(panel: str) -> None:
    config = TrainConfig(steps=9, batch_size=8, warmup_steps=1, eval_every=2, eval_examples=8)
    run = Library().create(RunConfig(name="run", task="reverse", shape=TINY, train=config))
    run.send("step", n=3)
    session = Session.open(run.folder)
    while session.work(5.0) and not session.closing:
        pass
    session.close()

    def to_panel(at: AppTest) -> None:
        next(button for button in at.button if button.key == "run-take").click().run()
        found(at, "button_group", "pretraining-panel:en").set_value(panel).run()

    assert not forgotten_by("pretraining", {"run": run.id}, [to_panel])


def forgotten_by(page: str, query: dict[str, str], first: list[Callable[[AppTest], None]]) -> dict[str, Any]:
    """Answer every widget, one after the other; those that show another answer than the one they were given."""

    def arrived() -> AppTest:
        at = opened(page, lang="en", **query)
        for step in first:
            step(at)
        return at

    at = arrived()
    asked = [(kind, str(one.key).split("~")[0]) for kind in KINDS for one in at.get(kind) if one.key]
    assert asked or at.get("button_group") or page == "lessons"  # races and folds ask by pills and segments only
    forgotten = {}
    for kind, key in asked:
        if found(at, kind, key) is None:
            at = arrived()  # an answer before took the widget away
        seen = answer(at, kind, key)
        if seen is not None and seen[0] != seen[1]:
            forgotten[key] = seen
    return forgotten


def test_the_runs_that_are_compared_are_those_that_were_picked() -> None:
    config = TrainConfig(steps=3, batch_size=8, warmup_steps=1)
    made = [Library().create(RunConfig(name=f"run {i}", task="reverse", shape=TINY, train=config)).id for i in range(3)]
    for run in made:
        Session.open(Library().open(run).folder).close()
    at = opened("pretraining", lang="en", view="compare")
    pick = found(at, "multiselect", "compare-pick:en")
    for wanted in (made[:1], made[1:], made[::-1]):
        pick.set_value(wanted).run()
        pick = found(at, "multiselect", "compare-pick:en")
        assert pick.value == wanted


@pytest.mark.parametrize(
    ("query", "group", "more"),
    [({"strategy": "lora"}, "ft-targets:en", "k_proj"), ({"view": "race"}, "ft-entries:en", "adapter")],
    ids=["lora", "race"],
)
def test_pills_stay_chosen(query: dict[str, str], group: str, more: str) -> None:
    at = opened("finetuning", lang="en", **query)
    pills = found(at, "button_group", group)
    wanted = [*pills.value, more]
    assert more not in pills.value
    pills.set_value(wanted).run()
    assert sorted(found(at, "button_group", group).value) == sorted(wanted)


@pytest.mark.parametrize(("view", "group"), [("race", "ft-seeds:en"), ("folds", "ft-k:en")])
def test_segments_stay_chosen(view: str, group: str) -> None:
    at = opened("finetuning", lang="en", view=view)
    segments = found(at, "button_group", group)
    other = next(one for one in segments.options if one != segments.value)
    segments.set_value(other).run()
    assert found(at, "button_group", group).value == other


def default(one: Any) -> Any:
    """What a browser shows that draws the widget for the first time, in the form of its value."""
    given = one.proto.default
    if one.type in ("selectbox", "select_slider", "multiselect", "button_group"):
        places = [given] if isinstance(given, int) else [int(place) for place in given]
        options = [getattr(option, "content", option) for option in one.options]
        labels = [options[place] for place in places]
        return sorted(labels) if one.type in ("multiselect", "button_group") else labels[0]
    return given


def stands(one: Any) -> Any:
    """What the widget shows, with labels where it has options."""
    if one.type in ("multiselect", "button_group"):
        values = one.value if isinstance(one.value, list) else [one.value]
        return sorted(one.format_func(value) for value in values)
    return shown(one) if one.type != "select_slider" else one.format_func(one.value)


@pytest.mark.slow
def test_a_browser_that_draws_a_widget_anew_shows_what_it_holds_and_nothing_is_pushed() -> None:
    """A push replaces what somebody is typing just then, and is lost where its run gives way to another."""
    for page, query in VIEWS:
        at = opened(page, lang="en", **query)
        for kind in ("text_input", "number_input", "selectbox"):
            for one in at.get(kind)[:1]:
                if not one.disabled and (wanted := KINDS[kind](one)) is not None:
                    one.set_value(wanted).run()
        for button in [button for button in at.button if str(button.key).startswith("example:")][-1:]:
            button.click().run()
        if "shown" not in at.session_state:
            continue  # a page without such a widget
        held = {f"{name}~{turn}" if turn else name for name, (turn, _) in at.session_state["shown"].items()}
        drawn = [one for kind in (*KINDS, "button_group", "multiselect") for one in at.get(kind)]
        assert held & {one.key for one in drawn}
        for one in drawn:
            assert not getattr(one.proto, "set_value", False), (page, one.key)
            assert one.key not in held or default(one) == stands(one), (page, one.key)


def test_what_a_replaced_widget_said_before_is_no_answer() -> None:
    """A browser may say it again with the next click, and from another page; the newer choice stays."""
    at = opened("attention", lang="en", model="reverse")
    field = at.text_input(key="sentence:reverse")
    field.set_value("gfed")
    old = WidgetStates(widgets=[one for one in at._tree.get_widget_states().widgets if one.HasField("string_value")])
    at.run()
    examples = [button for button in at.button if str(button.key).startswith("example:")]
    examples[1].click().run()
    now = found(at, "text_input", "sentence:reverse").value
    assert now != "gfed"
    at._run(old)
    assert not at.exception
    assert found(at, "text_input", "sentence:reverse").value == now
    for there in ("masks", "attention"):
        at.switch_page(f"pages/{there}.py")
        at._run(old)
        assert not at.exception
        assert found(at, "text_input", "sentence:reverse").value == now


def test_a_run_is_made_of_what_was_answered_last() -> None:
    """A number that is typed and left by a click on the button arrives together with the click."""
    at = opened("pretraining", lang="en")
    at.number_input(key="pretraining:learning_rate:en").set_value(0.0123)
    next(one for one in at.button if one.key == "run-one_step").click().run()
    (made,) = Library().list()
    assert Library().open(made.id).config.train.learning_rate == 0.0123


@pytest.mark.parametrize(("page", "button"), [("pretraining", "back-to-preset"), ("finetuning", "ft-back")])
def test_back_to_the_defaults_takes_back_what_was_being_typed(page: str, button: str) -> None:
    at = opened(page, lang="en")
    name = f"{page}:steps:en"
    before = found(at, "number_input", name).value
    found(at, "number_input", name).set_value(556).run()
    found(at, "number_input", name).set_value(555)
    next(one for one in at.button if one.key == button).click().run()
    assert found(at, "number_input", name).value == before != 555
    assert not [one for one in at.button if one.key == button]


def test_the_last_projection_cannot_be_turned_off() -> None:
    at = opened("finetuning", lang="en", strategy="lora")
    for left in (["q_proj"], []):
        found(at, "button_group", "ft-targets:en").set_value(left).run()
    assert found(at, "button_group", "ft-targets:en").value == ["q_proj"]
