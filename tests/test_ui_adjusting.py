"""Changing a run on the way: every control sends its own setting, a mask that is none is refused in words."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.config import TrainConfig
from attnviz.errors import said
from attnviz.runs import Library, RunConfig

APP = Path(__file__).resolve().parents[1] / "app.py"
SHAPE = {"d_model": 8, "n_heads": 2, "d_ff": 11, "n_encoder_layers": 1, "n_decoder_layers": 1}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that no worker trains."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    monkeypatch.setattr("attnviz.ui.runs.library._Counting._count", lambda self, task: None)
    config = RunConfig(
        name="small",
        task="reverse",
        task_options={"size": 101, "symbols": 3, "min_length": 2, "max_length": 5},
        shape=SHAPE,
        train=TrainConfig(steps=7, batch_size=5, warmup_steps=0),
    )
    return Library(tmp_path).create(config).id


def opened(run: str, language: str) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.switch_page("pages/pretraining.py")
    at.query_params["run"], at.query_params["lang"] = run, language
    at.run()
    (take,) = [button for button in at.button if button.key == "run-take"]
    take.click().run()
    assert not at.exception
    return at


def field(at: AppTest, kind: str, key: str) -> Any:
    (found,) = [one for one in getattr(at, kind) if str(one.key).startswith(key)]
    return found


def commands(run: str) -> list[tuple[str, dict[str, Any]]]:
    """What stands in the run's folder for a worker to carry out."""
    with closing(sqlite3.connect(Library().open(run).folder.path / "run.sqlite")) as connection:
        found = connection.execute("SELECT kind, arguments FROM commands ORDER BY id").fetchall()
    return [(kind, dict(json.loads(arguments))) for kind, arguments in found]


def sent(run: str) -> dict[str, Any]:
    """The settings of the only command."""
    ((kind, arguments),) = commands(run)
    assert kind == "set"
    return arguments


def test_a_speed_is_sent_once_even_when_nobody_hears_it(run: str) -> None:
    at = opened(run, "en")
    for wanted in ("1", "20"):
        field(at, "selectbox", "run-speed").set_value(wanted).run()
        at.run()
    assert commands(run) == [("speed", {"steps_per_second": 1.0}), ("speed", {"steps_per_second": 20.0})]


def test_another_device_is_asked_for_once_even_when_nobody_hears_it(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attnviz.ui.runs.adjusting.available", lambda: ("cuda:0", "cpu"))
    at = opened(run, "en")
    for wanted in ("cuda:0", "cpu", "cuda:0"):
        field(at, "selectbox", "adjust-device").set_value(wanted).run()
        at.run()
        assert not at.exception
    assert commands(run) == [("device", {"device": wanted}) for wanted in ("cuda:0", "cpu", "cuda:0")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_changed_is_sent_and_nothing_else(run: str, language: str) -> None:
    at = opened(run, language)
    field(at, "number_input", "adjust-dropout").set_value(0.25).run()
    field(at, "multiselect", "adjust-without").set_value(["causal-mask"]).run()
    field(at, "text_input", "adjust-mask").set_value(" ~window(2) ").run()
    field(at, "button", "adjust-send").click().run()
    assert not at.exception
    assert sent(run) == {"dropout": 0.25, "without": ["causal-mask"], "cross_mask": "~window(2)"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_mask_that_is_none_is_refused_in_words(run: str, language: str) -> None:
    at = opened(run, language)
    field(at, "text_input", "adjust-mask").set_value("window(2) & & full").run()
    assert not at.exception
    wrong = said("mask_expected", {"position": 13, "found": "&"}, language)  # type: ignore[arg-type]
    assert wrong in unescape("\n".join(element.proto.body for element in at.get("html")))
    assert field(at, "button", "adjust-send").disabled


def test_the_device_of_the_next_run_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    monkeypatch.setattr("attnviz.ui.runs.library._Counting._count", lambda self, task: None)
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.switch_page("pages/pretraining.py")
    at.run()
    device = field(at, "selectbox", "run-device")
    assert device.value == "auto"
    device.set_value("cpu").run()
    field(at, "button", "run-play").click().run()
    (one,) = Library(tmp_path).list()
    assert Library(tmp_path).open(one.id).config.device == "cpu"
