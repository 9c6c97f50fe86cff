"""`attnviz bench`: ratios of things timed in turns, as a table and as JSON; what cannot run says why."""

from __future__ import annotations

import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from attnviz.bench import browser
from attnviz.bench.figures import Figure, Options, Skipped, compared, in_turns, medians, paired
from attnviz.bench.growth import ACTS, AXES, growth, series
from attnviz.bench.page import keep
from attnviz.bench.rows import GROUPS
from attnviz.cli import bench
from attnviz.cli.main import main


def test_both_sides_are_timed_in_turns() -> None:
    calls: list[str] = []
    times = medians({"a": lambda: calls.append("a"), "b": lambda: (calls.append("b"), time.sleep(0.003))}, 3)
    assert calls == ["a", "b"] * 4  # the first round is not counted
    assert times["b"] >= 3
    figure = compared(times, "b", "a", name="n", what="w", against="x", aim=0.5)
    assert figure.ratio == pytest.approx(times["b"] / times["a"])
    assert figure.reached is False


@pytest.mark.parametrize(
    ("ratio", "smaller", "reached"), [(1.4, True, True), (1.6, True, False), (1.4, False, False), (1.6, False, True)]
)
def test_an_aim_has_a_direction(ratio: float, smaller: bool, reached: bool) -> None:
    times = {"milliseconds": ratio, "base_milliseconds": 1.0}
    figure = Figure(name="n", ratio=ratio, what="w", against="x", aim=1.5, smaller_is_better=smaller, **times)
    assert figure.reached is reached
    assert figure.to_dict()["reached"] is reached
    assert figure.met is None


def test_a_pair_is_compared_turn_by_turn() -> None:
    times = {"a": [1.0, 4.0, 9.0], "b": [2.0, 4.0, 3.0]}
    described = {"name": "n", "what": "w", "against": "x", "must": 1.0}
    slower, faster = paired(times, "a", "b", **described), paired(times, "a", "b", speed=True, **described)
    assert slower.ratio == pytest.approx(1.0)  # the median of 1/2, 1, 3
    assert faster.ratio == pytest.approx(1.0)
    assert slower.met
    assert faster.met
    assert paired({"a": [3.0], "b": [1.0]}, "a", "b", **described).met is False
    assert paired({"a": [3.0], "b": [1.0]}, "a", "b", speed=True, **described).met is False


def test_cpu_time_does_not_count_waiting() -> None:
    """By this thread's clock: a process's counts what threads of other tests do meanwhile."""

    def work() -> None:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass

    variants = {"sleep": lambda: time.sleep(0.02), "work": work}
    spent = in_turns(variants, 2, clock=time.thread_time)
    assert [len(spent[name]) for name in variants] == [2, 2]
    assert max(spent["sleep"]) < 0.01
    assert min(spent["work"]) >= 0.02
    assert min(in_turns(variants, 2)["sleep"]) >= 0.02  # as passing time does


def test_a_missed_must_is_the_commands_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = {"what": "w", "against": "x", "milliseconds": 3.0, "base_milliseconds": 1.0, "ratio": 3.0}

    def rows(must: float) -> list[Figure]:
        return [Figure(name="slow", must=must, aim=1.0, **one)]

    monkeypatch.setattr(bench, "group", lambda name: lambda options: rows(2.0))
    assert main(["bench", "heads"]) == 1
    assert "missed: slow" in capsys.readouterr().out
    assert main(["bench", "heads", "--json"]) == 1
    assert main(["bench", "heads", "--quick"]) == 0  # a smoke test judges nothing
    monkeypatch.setattr(bench, "group", lambda name: lambda options: rows(3.5))
    assert main(["bench", "heads"]) == 0  # an aim that is missed is no failure


def test_json_holds_the_machine_and_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "heads", "cache", "--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"torch", "streamlit", "cores"} <= set(found["machine"])
    names = {one["name"]: one for one in found["figures"]}
    assert {"head-importance", "cache/64"} <= set(names)
    for one in names.values():
        assert one["ratio"] > 0
        assert one["milliseconds"] > 0


def test_the_table_names_what_counts_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "heads", "--quick"]) == 0
    said = capsys.readouterr().out
    assert "one forward pass" in said
    assert "head-importance" in said


def test_an_unknown_benchmark_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "nonsense"]) == 2
    assert "attention, cache, heads, threads, paint" in capsys.readouterr().err


def test_without_a_browser_it_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "find_spec", lambda name: None)
    (skipped,) = browser.paint(Options(quick=True))
    assert isinstance(skipped, Skipped)
    assert "playwright" in skipped.why
    assert main(["bench", "paint"]) == 0
    assert "skipped" in capsys.readouterr().out
    assert main(["bench", "paint", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"] == [{"name": "paint", "why": skipped.why}]


@pytest.mark.browser
def test_a_painted_cell_is_timed_in_a_real_browser() -> None:
    if shutil.which("chromium") is None and "ATTNVIZ_REQUIRE_BROWSER" not in os.environ:
        pytest.skip("no Chromium")
    with ThreadPoolExecutor(1) as elsewhere:  # this thread may already be driving the browser of other tests
        figures = elsewhere.submit(lambda: list(browser.paint(Options(quick=True)))).result()
    assert [one.name for one in figures] == ["paint/32", "paint/256"]
    for one in figures:
        assert isinstance(one, Figure)
        assert 0 < one.milliseconds < 60_000


def test_every_benchmark_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in GROUPS)


def test_rows_whose_peer_or_device_is_missing_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "gpu", "loss", "--quick", "--nanogpt", "nowhere"]) == 0
    said = capsys.readouterr().out
    assert "gpu: skipped, needs a GPU" in said
    assert "seconds-to-loss/nanogpt: skipped, needs a checkout of nanoGPT" in said


def test_figures_are_kept_by_name_and_the_page_says_how_they_came_about(tmp_path: Path) -> None:
    slow = Figure(name="slow", ratio=3.0, what="a | b", against="x", milliseconds=3.0, base_milliseconds=1.0, must=2.0)
    grown = [
        replace(slow, name=f"growth/{axis}/{act}/{size}", must=None, milliseconds=float(size))
        for axis in ("length", "heads")
        for act in ("forward", "train")
        for size in (3, 11)
    ]
    machine = bench.machine()
    keep(tmp_path, [slow, Skipped("gpu", "needs a GPU")], command="attnviz bench heads", machine=machine)
    keep(tmp_path, [replace(slow, ratio=1.5), *grown], command="attnviz bench growth", machine=machine)
    kept = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))
    assert kept["slow"]["ratio"] == 1.5
    assert len(kept) == 2 + len(grown)
    text = (tmp_path / "speed.md").read_text(encoding="utf-8")
    assert "| slow | 1.5 | ≤ 2 ✓ |" in text
    assert "a \\| b" in text
    assert "needs a GPU" in text
    assert text.count("`attnviz bench") == 2 + 2  # how it is measured, and both runs
    assert str(machine["torch"]) in text
    chart = (tmp_path / "speed-growth.svg").read_text(encoding="utf-8")
    assert chart.count("<circle") == len(grown)
    ElementTree.fromstring(chart)


def test_growth_measures_each_axis_from_its_smallest_size() -> None:
    found = [one for one in growth(Options(quick=True)) if isinstance(one, Figure)]
    assert {axis: set(acts) for axis, acts in series(found).items()} == {axis: set(ACTS) for axis in AXES}
    for one in found:
        _, axis, _, size = one.name.split("/")
        assert (one.ratio == 1.0) == (int(size) == AXES[axis][0])
