"""What pages with runs share: reading a run once for all, series, time line, marks, samples, seats, comparison."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.config import ModelConfig, TrainConfig
from attnviz.data import tasks
from attnviz.data.tasks.catalogue import INFOS
from attnviz.runs import Event, RunConfig, RunStatus, Sample
from attnviz.runs.feed import Feed, RunView, joined
from attnviz.runs.status import State
from attnviz.ui.pretraining import form as pretraining_form
from attnviz.ui.runs import comparison, curves, samples, series
from attnviz.ui.runs.chart import Line, payload
from attnviz.ui.runs.console import numbers
from attnviz.ui.runs.library import _Counting
from attnviz.ui.runs.marks import marks_of, where_of
from attnviz.ui.runs.polling import Audience, pause
from attnviz.ui.runs.timeline.timeline import Moment, Told, read_choice, read_moment
from attnviz.ui.text import texts, words

T = words("runs", "en")


def status(**values: Any) -> RunStatus:
    return RunStatus(**{"state": "running", "step": 0, "steps": 100, **values})


def table(steps: list[int]) -> dict[str, np.ndarray]:
    at = np.array(steps)
    return {
        "step": at,
        "loss": 8.0 / (1.0 + at),
        "validation_loss": np.where(at % 5 == 0, 4.0 / (1.0 + at), np.nan),
        "exact_match": np.where(at % 5 == 0, at / 100, np.nan),
    }


def view(steps: list[int], **values: Any) -> RunView:
    config = RunConfig(name="numbers", task="numbers-zh", train=TrainConfig(steps=100))
    given_values = {"samples": (), "events": (), "kept": (0,), "config": config, **values}
    return RunView(id="numbers", status=status(step=steps[-1] if steps else 0), metrics=table(steps), **given_values)


class FakeRun:
    """A run that counts how often it is read."""

    id = "fake"
    config = RunConfig(name="fake", task="reverse")

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.reads = self.woken = 0
        self.state: State = "running"

    def status(self) -> RunStatus:
        self.reads += 1
        return status(step=len(self.steps), state=self.state)

    def metrics(self, since: int = 0) -> dict[str, np.ndarray]:
        return table([step for step in self.steps if step > since])

    def samples(self, since: int = -1) -> list[Sample]:
        return [Sample(step, 0, "a", f"out {step}", "b") for step in self.steps if step % 3 == 0 and step > since]

    def events(self, since: int = 0) -> list[Event]:
        return [Event(step, step, "set") for step in self.steps if step > since]

    def kept_steps(self) -> list[int]:
        return [0]

    def wake(self) -> None:
        self.woken += 1


# ---- reading once for all --------------------------------------------------------------------------------------


@given(st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=12))
def test_reading_in_pieces_gives_what_reading_at_once_gives(pieces: list[int]) -> None:
    run, now = FakeRun(), [0.0]
    feed = Feed(run, clock=lambda: now[0])
    for piece in pieces:
        run.steps += range(len(run.steps) + 1, len(run.steps) + 1 + piece)
        now[0] += 10
        seen = feed.view()
    for name, values in run.metrics().items():
        np.testing.assert_array_equal(seen.metrics[name], values)
    assert list(seen.samples) == run.samples()
    assert list(seen.events) == run.events()


def test_a_run_whose_worker_is_gone_is_woken_and_ever_less_often_when_that_does_not_help() -> None:
    run, now = FakeRun(), [0.0]
    feed = Feed(run, clock=lambda: now[0])

    def watched(seconds: int) -> int:
        before = run.woken
        for _ in range(seconds):
            now[0] += 1
            feed.view()
        return run.woken - before

    assert watched(20) == 0  # it runs
    run.state = "waiting"
    assert watched(2) == 0  # a worker that is being started needs a moment
    assert watched(3) == 1
    assert watched(100) <= 5  # it dies again and again: after 6, 12, 24 … seconds
    run.state, run.steps = "running", [1, 2]
    watched(3)
    run.state = "waiting"
    assert watched(6) == 1  # it got on in between: as soon as the first time
    run.state = "paused"
    assert watched(60) == 0


def test_forty_sessions_cost_one_read_and_a_new_version_means_something_new() -> None:
    run, now = FakeRun(), [0.0]
    run.steps = [1, 2, 3]
    feed = Feed(run, clock=lambda: now[0])
    first = feed.view()
    assert all(feed.view() is first for _ in range(40))
    assert run.reads == 1
    now[0] += 5
    assert feed.view().version == first.version
    run.steps.append(4)
    now[0] += 5
    assert feed.view().version > first.version


def test_a_class_costs_no_more_than_a_few_browsers() -> None:
    now = [0.0]
    audience = Audience(clock=lambda: now[0])
    assert [audience.look(str(n)) for n in (1, 2, 2, 3)] == [1, 2, 2, 3]
    now[0] += 60
    assert audience.look("4") == 1  # the others have gone
    for watching in (1, 6, 40):
        assert watching / pause(True, watching) <= 6.0 + 1e-9
    assert pause(False, 1) > pause(True, 1)


def test_a_column_that_appears_later_is_missing_before() -> None:
    before, fresh = table([1, 2, 3]), {**table([4, 5]), "bleu": np.array([0.1, 0.2])}
    both = joined(before, fresh, since=3)
    assert both["step"].tolist() == [1, 2, 3, 4, 5]
    assert np.isnan(both["bleu"][:3]).all()
    assert both["bleu"][3:].tolist() == [0.1, 0.2]


@given(st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=80))
def test_the_past_of_a_run_holds_nothing_later(length: int, step: int) -> None:
    whole = view(
        list(range(1, length + 1)),
        samples=tuple(Sample(at, 0, "a", "b", None) for at in range(0, length, 7)),
        events=tuple(Event(at, at, "set") for at in range(1, length)),
    )
    past = whole.until(step)
    assert (past.metrics["step"] <= step).all()
    assert all(one.step <= step for one in (*past.samples, *past.events))
    assert len(past.metrics["step"]) == min(step, length)
    assert whole.until(None) is whole


# ---- series ------------------------------------------------------------------------------------------------------


@given(st.integers(min_value=1, max_value=997), st.integers(min_value=2, max_value=53))
def test_thinning_keeps_the_last_step_and_the_mean_of_equal_parts(length: int, points: int) -> None:
    steps = np.arange(1, length + 1)
    at, values = series.thinned(steps, np.full(length, 2.5), points)
    assert len(at) <= points
    assert at[-1] == length
    np.testing.assert_allclose(values, 2.5)
    assert (np.diff(at) > 0).all()


def test_missing_values_are_left_out_of_a_curve() -> None:
    at, values = series.column(view(list(range(1, 14))), "validation_loss")
    assert at.tolist() == [5.0, 10.0]
    assert np.isfinite(values).all()


@pytest.mark.parametrize(("seconds", "key"), [(3, "seconds_left"), (300, "minutes_left"), (9000, "hours_left")])
def test_time_left_is_said_in_fitting_units(seconds: float, key: str) -> None:
    found = series.left(seconds)
    assert found is not None
    assert found[0] == key
    assert series.left(float("nan")) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (2.5, "2.5"), (0.0196, "0.0196"), (1234.5, "1,234"), (1e-5, "1.0e-5"), (float("nan"), "NaN")],
)
def test_numbers_are_short(value: float, said: str) -> None:
    assert curves.number(value) == said


def test_a_curve_over_many_sizes_gets_a_logarithmic_axis_without_what_it_cannot_show() -> None:
    drawn = series.losses(view(list(range(1, 100))))
    assert curves.spread(drawn)
    at = np.arange(3.0)
    line = Line("loss", (at, np.array([0.0, 2.0, np.nan])))
    sent = payload([line], baselines={"b": 0.0}, at=2, mark="step 2", log=True, share=False, height=100, label="l")
    assert sent["lines"][0]["points"] == [(1.0, 2.0)]
    assert sent["baselines"] == []
    json.dumps(sent, allow_nan=False)


def test_the_csv_has_every_step_and_nothing_for_what_was_not_measured() -> None:
    rows = curves.csv(view([1, 2, 5])).splitlines()
    assert rows[0].split(",")[:2] == ["step", "loss"]
    assert len(rows) == 4
    assert rows[1].endswith(",,")
    assert rows[3].split(",")[0] == "5"


def test_baselines_are_counted_beside_the_page_and_have_names_of_curves() -> None:
    counting = _Counting(tasks.get("reverse"))
    counting.thread.join(60)
    assert set(counting.found) == {"curve_unigram", "curve_bigram"}
    assert all(value > 0 for value in counting.found.values())
    assert all(name in texts("runs") for name in counting.found)


# ---- strip, time line, marks, samples ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_strip_says_state_step_and_loss(language: str) -> None:
    said = numbers(words("runs", language), view([1, 2, 3, 4, 5]))  # type: ignore[arg-type]
    assert words("runs", language)("state_running") in said  # type: ignore[arg-type]
    assert "5<i>/100</i>" in said
    assert "1.33" in said


NO_CHOICES = [
    None,
    {},
    {"chosen": 7},
    {"chosen": {"scope": "other", "step": 4}},
    {"chosen": {"scope": "a", "step": 5}},
    {"chosen": {"scope": "a", "step": True}},
    {"chosen": {"scope": "a", "step": "4"}},
]


@pytest.mark.parametrize("sent", NO_CHOICES)
def test_a_choice_that_is_no_kept_step_of_this_run_follows_the_run(sent: object) -> None:
    assert read_choice(sent, "a", (0, 1, 4)) is None


def test_a_kept_step_is_taken() -> None:
    assert read_choice({"chosen": {"scope": "a", "step": 4}}, "a", (0, 1, 4)) == 4
    assert read_choice({"chosen": {"scope": "a", "step": 0}}, "a", (0, 1, 4)) == 0


def test_what_a_link_asked_for_counts_until_something_else_is_chosen() -> None:
    assert read_choice(None, "a", (0, 1, 4), first=1) == 1
    assert read_choice({"chosen": {"scope": "b", "step": 0}}, "a", (0, 1, 4), first=1) == 1
    assert read_choice({"chosen": {"scope": "a", "step": None}}, "a", (0, 1, 4), first=1) is None
    assert read_choice(None, "a", (0, 1, 4), first=3) is None


def test_marks_name_the_head_and_what_it_became() -> None:
    events = (
        Event(1, 64, "head", {"site": "decoder.1.self_attn", "head": 2, "kind": "previous-token", "became": True}),
        Event(2, 32, "head", {"site": "encoder.0.self_attn", "head": 0, "kind": "diagonal", "became": True}),
        Event(3, 90, "head", {"site": "encoder.0.self_attn", "head": 0, "kind": "diagonal", "became": False}),
        Event(4, 10, "set", {"learning_rate": 0.1}),
    )
    found = marks_of(view([1], events=events), T)
    assert [mark.step for mark in found] == [32, 64]
    assert "L2 H3" in found[1].label
    assert T("mark_previous_token") in found[1].label
    assert where_of("decoder.1.cross_attn", 2) == "L2 H3"


def test_samples_are_those_of_the_last_time_not_later_than_the_step() -> None:
    known = tuple(Sample(step, 0, "12", said, "x") for step, said in [(0, ""), (5, "y"), (10, "y"), (20, "x")])
    run = view([1], samples=known)
    assert [one.output for one in samples.at_step(run, 12)] == ["y"]
    assert [one.output for one in samples.at_step(run, None)] == ["x"]
    assert [(one.step, one.output) for one in samples.history(run, "12", None)] == [(20, "x"), (5, "y"), (0, "")]
    assert [one.step for one in samples.history(run, "12", 7)] == [5, 0]


def test_what_a_model_writes_is_text_whatever_it_looks_like() -> None:
    nasty = Sample(1, 0, "<b>", "<script>alert(1)</script>", "&")
    shown = samples.table([nasty], T) + samples.story([nasty], T)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


# ---- comparison ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_runs_differ_in_has_a_name(language: Language) -> None:
    t = words("runs", language)
    of_the_task = {"architecture", "src_vocab_size", "vocab_size", "pad_id", "n_labels"}
    names = {one.name for kind in (ModelConfig, TrainConfig) for one in fields(kind)} | set(pretraining_form.FIELDS)
    names |= {"task", "tokens", "source_tokens", "target_tokens"}
    for name in names - of_the_task - set(comparison.UNIMPORTANT):
        assert comparison._setting(name, t) != name
    assert comparison._value("task", "reverse", t) == INFOS["reverse"].title[language]


def test_only_settings_that_differ_are_listed() -> None:
    one = view([1])
    other = view([1], config=replace(one.config, train=TrainConfig(steps=100, without=("causal-mask",))))
    assert comparison.different([one, other]) == ["without"]
    assert comparison.different([one, one]) == []
    said = comparison.verdicts([one, other], {one.id: comparison.named("A", "<b>")}, T)
    assert T("without_causal_mask") in said
    assert "&lt;b&gt;" in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_comparison_of_fine_tuned_runs_says_strategy_and_what_is_forgotten(language: Language) -> None:
    t = words("runs", language)

    def tuned(strategy: str, *, left: float) -> RunView:
        start = {"checkpoint": "reverse"}
        seen = view([1, 5], config=RunConfig(name="n", task="copy", start=start, finetune={"strategy": strategy}))
        return replace(seen, metrics={**seen.metrics, "old_exact_match": np.array([np.nan, left])})

    one, other = tuned("full", left=0.25), tuned("lora", left=0.75)
    said = comparison.verdicts([one, other], {}.fromkeys([one.id], "n"), t)
    names = words("finetuning", language)
    for wanted in (names("strategy_full"), names("strategy_lora"), t("compare_old"), "25%", "75%"):
        assert wanted in said
    alike = comparison.verdicts([one, one], {}.fromkeys([one.id], "n"), t)
    assert names("strategy_full") in alike
    assert t("compare_same") in alike
    plain = comparison.verdicts([view([1]), view([1])], {}.fromkeys([one.id], "n"), t)
    assert t("compare_old") not in plain


# ---- sentences ----------------------------------------------------------------------------------------------------


# ---- a head and its step together ----------------------------------------------------------------------------

HEAD = ("decoder.1.cross_attn", 2)


def sent(step: int | None, *, click: int = 0, head: tuple[str, int] | None = None) -> dict[str, Any]:
    return {"chosen": {"scope": "a", "step": step, "head": head and [*head], "click": click}}


def test_clicking_a_birth_asks_for_its_step_and_its_head() -> None:
    assert read_moment(sent(4, click=7, head=HEAD), None, "a", (0, 4)) == Moment(4, HEAD, "click 7")
    assert read_moment(sent(0, click=7, head=HEAD), None, "a", (0, 4)) == Moment(0, HEAD, "click 7")  # dragged on
    assert read_moment(sent(4, click=7, head=HEAD), None, "b", (0, 4)) == Moment(None)
    assert read_moment(sent(4), None, "a", (0, 4)) == Moment(4)


def test_what_the_page_asks_for_holds_until_the_browser_asks_for_more() -> None:
    told = Told("a", 4, HEAD, after=sent(0), number=3)
    assert read_moment(sent(0), told, "a", (0, 4)) == Moment(4, HEAD, "told 3")
    assert read_moment(sent(None), told, "a", (0, 4)) == Moment(None, HEAD, "told 3")  # dragged: the head stays
    other = ("decoder.0.self_attn", 1)
    assert read_moment(sent(4, click=9, head=other), told, "a", (0, 4)) == Moment(4, other, "click 9")
    assert read_moment(sent(0), told, "b", (0, 4)) == Moment(None)
    assert read_moment(sent(0), Told("a", 3, None, sent(0), 1), "a", (0, 4)) == Moment(None)  # no kept step


@pytest.mark.parametrize("junk", [{"head": 3}, {"head": ["a"]}, {"head": ["a", -1], "click": 1}, {"head": [1, "a"]}])
def test_heads_that_are_none_are_ignored(junk: dict[str, Any]) -> None:
    assert read_moment({"chosen": {"scope": "a", "step": 4, **junk}}, None, "a", (4,)) == Moment(4)
