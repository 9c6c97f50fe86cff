"""Runs as a list: configs, commands, names, the trash, starts, and readers while they are written."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import SHAPE, tell, tiny_config, train, trained

import attnviz
from attnviz.data import InputError
from attnviz.runs import Library, RunConfig, RunError
from attnviz.runs import config as run_config
from attnviz.runs.commands import COMMANDS
from attnviz.runs.feed import Feed
from attnviz.runs.folder import is_id, slug
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.session import Session


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)


# ---- configs and commands -------------------------------------------------------------------------------------


def test_a_config_comes_back_from_json() -> None:
    config = tiny_config("名", probe="abc", start={"checkpoint": "reverse"}, train={"without": ("shift",)})
    assert RunConfig.from_json(config.to_json()) == config
    newer = config.to_json().replace(f'"format_version": {run_config.VERSION}', '"format_version": 99')
    with pytest.raises(RunError) as caught:
        RunConfig.from_json(newer)
    assert caught.value.code == "run_version"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 200},
        {"task": ""},
        {"shape": {"colour": 1}},
        {"device": "../cpu"},
        {"threads": -1},
        {"own_file": "../x"},
        {"own_file": "a/b"},
        {"train": {"steps": 0}},
        {"train": {"nonsense": 0}},
        {"train": []},
        {"nonsense": 1},
        {"start": "x"},
    ],
)
def test_a_bad_config_is_refused_by_entry(changes: dict[str, Any]) -> None:
    with pytest.raises(RunError):
        RunConfig.from_dict({**tiny_config().to_dict(), **changes})


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("dance", {}),
        ("play", {"n": 1}),
        ("step", {"n": 0}),
        ("step", {"n": True}),
        ("set", {}),
        ("set", {"learning_rate": float("nan")}),
        ("set", {"learning_rate": 11}),
        ("set", {"batch_size": 0}),
        ("set", {"batch_size": 2.5}),
        ("set", {"dropout": 1.0}),
        ("set", {"cross_mask": "nonsense("}),
        ("set", {"colour": 1}),
        ("speed", {"steps_per_second": 0}),
        ("device", {"device": 7}),
    ],
)
def test_a_bad_command_is_refused_before_it_is_written(tmp_path: Path, kind: str, arguments: dict[str, Any]) -> None:
    run = Library(tmp_path).create(tiny_config())
    with pytest.raises(ValueError, match=r"."):
        tell(run, kind, **arguments)
    assert run.status().pending == 0
    assert set(COMMANDS) >= {"play", "pause", "step", "phase", "set", "speed", "stop", "delete"}


def test_ids_lead_nowhere_else(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for name in ("..", "../x", "/etc", "a/b", "a\\b", "", "A", ".trash", "x" * 99, "a\0"):
        assert not is_id(name)
        with pytest.raises(RunError):
            library.open(name)
    assert all(is_id(slug(name)) for name in ("数字", "Numbers → words (zh)", "--x--", "a" * 300, ""))


# ---- the list -------------------------------------------------------------------------------------------------


def test_create_list_rename_delete_restore(tmp_path: Path) -> None:
    library = Library(tmp_path / "runs")
    assert library.list() == ()
    first = library.create(tiny_config("数字"))
    second = library.create(tiny_config("数字"))
    assert first.id != second.id
    library.rename(first.id, "other")
    assert [one.name for one in library.list()] == ["数字", "other"]
    with pytest.raises(RunError):
        library.rename(first.id, " ")
    library.delete(first.id)
    assert [one.id for one in library.list()] == [second.id]
    assert [one.id for one in library.trashed()] == [first.id]
    with pytest.raises(RunError, match="no run"):
        first.status()
    assert library.restore(first.id).name == "other"
    assert len(library.list()) == 2
    library.delete(first.id)
    third = library.create(tiny_config("数字"))
    assert third.id != first.id  # so that the deleted one can come back


def test_restart_begins_anew_and_the_old_run_can_be_had_back(tmp_path: Path) -> None:
    run = trained(tmp_path)
    library = Library(tmp_path)
    again = library.restart(run.id)
    assert (again.status().step, again.name) == (0, "tiny")
    assert [one.id for one in library.trashed()] == [run.id]
    assert library.restore(run.id).status().step == 23


def test_nothing_is_left_of_a_run_that_cannot_be_made(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for config in (
        tiny_config(task="nonsense"),
        tiny_config(task_options={"colour": 1}),
        tiny_config(shape={**SHAPE, "n_heads": 5}),
        tiny_config(start={"checkpoint": "nonsense"}),
        tiny_config(start={"run": "nonsense"}),
        tiny_config(task="user-text", task_options={}),
        tiny_config(own_file="x.txt"),
    ):
        with pytest.raises(ValueError, match=r"."):
            library.create(config)
    with pytest.raises(InputError):
        library.create(tiny_config(task="user-text", task_options={}, own_file="x.txt"), b"too little")
    assert list(tmp_path.iterdir()) == []


def test_a_run_may_begin_from_another_ones_weights_which_may_then_go(tmp_path: Path) -> None:
    library = Library(tmp_path)
    first = trained(tmp_path)
    second = library.create(tiny_config("second", start={"run": first.id, "step": 8}, train={"seed": 5}))
    wanted = first.model_at(8)[0].state_dict()
    library.delete(first.id)
    tell(second, "step", n=1)
    train(second)
    begun = second.model_at(0)[0].state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in begun.items())


def test_a_run_that_cannot_be_opened_any_more_says_why(tmp_path: Path) -> None:
    rows = "\n".join(f"{word},{word[::-1]}" for word in (f"w{i}x{i * 7}" for i in range(60)))
    config = tiny_config("mine", task="user-pairs", task_options={}, own_file="pairs.csv")
    run = Library(tmp_path).create(config, rows.encode())
    (run.folder.data / "pairs.csv").unlink()
    tell(run, "play")
    with pytest.raises(RunError):
        Session.open(run.folder)
    status = run.status()
    assert (status.state, status.pending) == ("failed", 0)
    assert status.error is not None
    assert status.error.code == "run_own_file"
    (run.folder.data / "pairs.csv").write_text(rows, encoding="utf-8")
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"


def test_load_takes_a_runs_folder(tmp_path: Path) -> None:
    run = trained(tmp_path)
    model, task = attnviz.load(run.folder.path)
    assert task.info.name == "reverse"
    kept = run.model_at(23)[0].state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    assert attnviz.watch(model, "abc").logits.ndim == 3
    with pytest.raises(RunError, match="not kept"):
        attnviz.load(Library(tmp_path).create(tiny_config()).folder.path)


@pytest.mark.parametrize(
    ("content", "where"),
    [(b"", ""), (b"[7]", ""), (b"\xff", ""), (b"{}", ""), (b"[" * 99_999, ""), (b'{"nome": 7}', "nome")],
)
def test_a_config_that_is_wrong_as_a_whole_is_wrong_nowhere_in_it(tmp_path: Path, content: bytes, where: str) -> None:
    run = Library(tmp_path).create(tiny_config())
    run.folder.config.write_bytes(content)
    with pytest.raises(RunError) as caught:
        run.folder.read_config()
    assert caught.value.code == ("run_config" if where else "run_config_file")
    assert caught.value.details.get("entry", "") == where
    assert "''" not in caught.value.text("en")
    assert "“”" not in caught.value.text("zh")


def test_a_damaged_run_is_listed_with_what_is_wrong_and_disturbs_no_other(tmp_path: Path) -> None:
    library = Library(tmp_path)
    good, torn, newer = (library.create(tiny_config(name)) for name in ("good", "torn", "newer"))
    torn.folder.config.write_text("{", encoding="utf-8")
    connection = sqlite3.connect(newer.folder.database)
    connection.execute("PRAGMA user_version=99")
    connection.commit()
    connection.close()
    (tmp_path / "not-a-run").mkdir()
    found = {one.id: one.error and one.error.code for one in library.list()}
    assert found == {good.id: None, torn.id: "run_config_file", newer.id: "run_version"}
    assert all(str(one.error) for one in library.list())


# ---- watching -------------------------------------------------------------------------------------------------


def test_readers_see_what_is_new_while_the_run_is_written(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    live = Feed(run)
    assert live.view().metrics["step"].tolist() == []
    tell(run, "play")
    session = Session.open(run.folder)
    seen: list[int] = []
    while session.work(0.0) and not session.closing:
        seen.append(len(live.view(now=True).metrics["step"]))
    session.close()
    assert seen == sorted(seen)
    for name, values in run.metrics().items():
        np.testing.assert_array_equal(live.view(now=True).metrics[name], values, err_msg=name)
