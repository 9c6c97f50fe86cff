"""The page Pretraining without a browser: both languages, data, choices, a run from start to list, bad input."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import app_driver
import numpy as np
import pytest
import streamlit
import torch
from app_driver import html, ran
from hypothesis import given
from hypothesis import strategies as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from attnviz.config import TrainConfig
from attnviz.data import tasks
from attnviz.data.byte_pairs import BytePairs
from attnviz.language import LANGUAGES
from attnviz.runs import Library, RunConfig
from attnviz.runs.work.session import Session
from attnviz.ui.pretraining import choices as choosing
from attnviz.ui.pretraining import data_picture, preparation
from attnviz.ui.pretraining.choices import Choices, OwnFile
from attnviz.ui.pretraining.presets import PRESETS
from attnviz.ui.runs import chosen_run, driving
from attnviz.ui.runs.chosen_run import ChosenRun
from attnviz.ui.text import Words, words

opened = partial(app_driver.opened, "pretraining")

TINY: dict[str, Any] = {"d_model": 16, "n_heads": 2, "d_ff": 16, "n_encoder_layers": 1, "n_decoder_layers": 1}
STEPS = 12


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of runs, and no worker: what a worker would do the test does itself."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    # Torch aborts a process that ends while another thread is still counting.
    monkeypatch.setattr("attnviz.ui.runs.library._Counting._count", lambda self, task: None)
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)


def make(root: Path, name: str = "numbers", **train: Any) -> str:
    """A tiny run, paused at step 0."""
    config = TrainConfig(steps=STEPS, batch_size=8, warmup_steps=2, eval_every=4, eval_examples=8, **train)
    return Library(root).create(RunConfig(name=name, task="reverse", shape=TINY, train=config)).id


def train(root: Path, run: str, *commands: str) -> None:
    """Do what the run was told, as a worker would, in this process."""
    one = Library(root).open(run)
    for command in commands:
        one.send(command)
    session = Session.open(one.folder)
    while session.work(5.0) and not session.closing:
        pass
    session.close()


def components(at: AppTest) -> list[str]:
    return [element.proto.id for element in at.get("bidi_component")]


def press(at: AppTest, key: str) -> AppTest:
    (button,) = [button for button in at.button if button.key == key]
    return ran(button.click().run())


def said(language: str) -> tuple[Words, Words]:
    return words("pretraining", language), words("runs", language)  # type: ignore[arg-type]


# ---- the page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_opens_on_a_preset_ready_to_play_with_heads_on_screen(root: Path, language: str) -> None:
    at = opened(lang=language)
    t, common = said(language)
    assert t("question") in html(at)
    assert t("outlook") in html(at)
    assert common("state_new") in html(at)
    assert any(name.endswith("run-stage") for name in components(at))
    assert any(name.endswith("run-time") for name in components(at))
    assert not list(root.iterdir())  # looking makes no run


def test_play_makes_a_run_of_what_was_chosen_and_tells_it_to_play(root: Path) -> None:
    at = opened(lang="en")
    (heads,) = [box for box in at.selectbox if str(box.key).startswith("pretraining:n_heads")]
    ran(heads.set_value(2).run())
    press(at, "run-play")
    (one,) = Library(root).list()
    run = Library(root).open(one.id)
    assert run.config.shape["n_heads"] == 2
    assert run.config.task == PRESETS[next(iter(PRESETS))].task
    assert one.status is not None
    assert one.status.state == "waiting"  # a worker would begin now
    assert at.session_state["chosen-run:pretraining"] == ChosenRun(one.id)
    assert "field" not in one.name
    for _ in range(2):
        press(opened(lang="en"), "run-play")
    task = PRESETS[next(iter(PRESETS))].task
    title = tasks.info(task).title["en"]
    assert {run.name for run in Library(root).list()} == {one.name, title, f"{title} (2)"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_trained_run_shows_curves_samples_numbers_and_its_heads(root: Path, language: str) -> None:
    run = make(root)
    train(root, run, "play")
    at = opened(lang=language, run=run)
    _, t = said(language)
    assert f"{STEPS}<i>/{STEPS}</i>" in html(at)
    assert t("state_finished") in html(at)
    assert len([name for name in components(at) if "pretraining-curves" in name]) == 2
    assert t("read_only") in html(at)  # who comes by the link watches
    assert not [button for button in at.button if button.key == "run-play"]
    press(at, "run-take")
    assert [button for button in at.button if button.key == "run-play"]
    panel = next(group for group in at.get("button_group") if str(group.key).startswith("pretraining-panel"))
    ran(panel.set_value("samples").run())
    assert t("samples_history") in html(at)


def test_a_step_is_walked_through_by_phase(root: Path) -> None:
    run = make(root)
    train(root, run)
    at = press(opened(lang="en", run=run), "run-take")
    press(at, "run-phase")
    for _ in range(5):
        Library(root).open(run).send("phase")
    train(root, run)
    ran(at.run())
    body = html(at)
    t = said("en")[1]
    assert t("ph_moved_most") in body
    group = [group for group in at.get("button_group") if str(group.key).startswith("phase-of")]
    ran(group[0].set_value("gradients").run())
    assert "✓" in html(at)
    assert t("ph_autograd") in html(at)


def test_a_link_to_a_run_that_is_not_here_is_said_and_the_page_opens(root: Path) -> None:
    at = opened(lang="en", run="../../etc")
    assert "is not on this machine" in html(at)
    assert any(name.endswith("run-stage") for name in components(at))


def test_breaking_forks_the_run_and_puts_both_beside_each_other(root: Path) -> None:
    run = make(root)
    train(root, run, "play")
    at = press(opened(lang="en", run=run), "run-take")
    panel = next(group for group in at.get("button_group") if str(group.key).startswith("pretraining-panel"))
    ran(panel.set_value("break").run())
    t, _ = said("en")
    assert t("break_no_shift_watch") not in html(at), "the answer does not stand under the question"
    assert all(button.disabled for button in at.button if str(button.key).startswith("break-"))
    guess = next(group for group in at.get("button_group") if str(group.key).startswith("break-prediction"))
    ran(guess.set_value("worse").run())
    library = Library(root)
    before = library.open(run).status()
    press(at, "break-no-shift")
    assert library.open(run).status() == before, "the run that was paused stays so"
    assert t("break_no_shift_watch") in html(at)
    broken = next(one for one in Library(root).list() if one.id != run)
    assert Library(root).open(broken.id).config.train.without == ("shift",)
    assert broken.parent is not None
    assert broken.parent["run"] == run
    train(root, broken.id)
    ran(at.run())
    assert said("en")[1]("without_shift") in html(at)
    assert len(at.get("plotly_chart")) == 2  # the heads of two runs
    assert len([name for name in components(at) if "compare-" in name]) == 3


def test_who_watches_by_a_link_changes_no_run_in_the_list(root: Path) -> None:
    run, other = make(root, name="first"), make(root, name="second")
    at = opened(lang="en", view="list", run=run)
    assert at.session_state["chosen-run:pretraining"] == ChosenRun(run, controls=False)
    assert all(button.disabled for button in at.button if str(button.key).startswith(("delete-", "resume-")))
    assert said("en")[1]("list_watching") in html(at)
    press(at, f"open-{other}")
    assert at.session_state["chosen-run:pretraining"] == ChosenRun(other, controls=False)


def test_list_rename_delete_and_undo(root: Path) -> None:
    run = make(root, name="first")
    at = opened(lang="en", view="list")
    assert "first" in html(at)
    (name,) = [field for field in at.text_input if str(field.key).startswith(f"name-{run}")]
    name.set_value("<i>second</i>")
    press(at, f"save-{run}")
    assert "&lt;i&gt;second&lt;/i&gt;" in html(at)
    press(at, f"delete-{run}")
    assert not Library(root).list()
    press(at, "run-undo")
    assert [one.id for one in Library(root).list()] == [run]


def hostile() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../evil.py", "raise SystemExit")
    return file.getvalue()


@pytest.mark.parametrize("content", [b"not a zip", hostile()], ids=["broken", "hostile"])
def test_a_bad_zip_is_refused_with_a_sentence(root: Path, content: bytes) -> None:
    at = opened(lang="en", view="list")
    (upload,) = at.get("file_uploader")
    ran(upload.set_value(("run.zip", content, "application/zip")).run())
    assert "av-error" in html(at)
    assert "zip" in html(at)
    assert not [path for path in root.rglob("*") if "evil" in path.name]
    assert not Library(root).list()


def test_a_zip_that_was_read_is_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the server nor by the sentence that refuses it, whose traceback would hold it."""
    held: list[MemoryUploadedFileManager] = []
    add = MemoryUploadedFileManager.add_file

    def added(manager: MemoryUploadedFileManager, session: str, file: UploadedFileRec) -> None:
        held.append(manager)
        add(manager, session, file)

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", added)
    good = Library(root).export_zip(make(root))
    for content in (b"not a zip", good):
        at = opened(lang="en", view="list")
        (upload,) = at.get("file_uploader")
        at = ran(upload.set_value(("run.zip", content, "application/zip")).run())
        assert held
        assert not any(files for manager in held for files in manager.file_storage.values())
        kept = [at.session_state[name] for name in ("run-zip", "run-zip-refused") if name in at.session_state]
        assert not [one for one in kept if isinstance(one, Exception)]
        assert not any(one.getvalue() for one in kept if isinstance(one, UploadedFile))
        held.clear()
    assert len(Library(root).list()) == 2


# ---- data ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_data_tab_shows_every_step_of_a_sentence(root: Path, language: str) -> None:
    at = opened(lang=language, view="data")
    t, _ = said(language)
    body = html(at)
    for key in ("step_raw", "step_clean", "step_tokens", "step_ids", "step_one_hot", "step_bag", "step_embedding"):
        assert t(key) in body
    assert t("split_disjoint") in body
    assert at.dataframe


def test_an_own_file_becomes_the_data_and_a_bad_one_is_said(root: Path) -> None:
    at = opened(lang="en", view="data")
    (upload,) = at.get("file_uploader")
    ran(upload.set_value(("tiny.txt", b"too short", "text/plain")).run())
    assert "at least 300 are needed" in html(at)
    text = "".join(f"line {n} says {n * n}\n" for n in range(200)).encode()
    at = opened(lang="en", view="data")
    (upload,) = at.get("file_uploader")
    ran(upload.set_value(("mine.txt", text, "text/plain")).run())
    assert "mine.txt" in html(at) or "mine.txt" in str(at.session_state[choosing.KEPT])
    assert said("en")[0]("split_disjoint") in html(at)
    (tokens,) = [group for group in at.get("button_group") if str(group.key).startswith("own-data-tokens")]
    ran(tokens.set_value("byte-pairs").run())
    assert at.session_state[choosing.KEPT].own.options == {"tokens": "byte-pairs"}
    at = opened(lang="en")
    at.session_state[choosing.KEPT] = replace(Choices(), own=OwnFile("mine.txt", text, "byte-pairs"))
    press(ran(at.run()), "run-play")
    (one,) = Library(root).list()
    train(root, one.id, "step")
    numbers = html(ran(at.run()))
    assert "There is no task" not in numbers
    assert 'data-number="loss"' in numbers


@given(st.text(max_size=80))
def test_byte_pairs_put_together_are_the_text(text: str) -> None:
    pairs = BytePairs.learn(["the cat sat on the mat", "that hat"] * 20, 60)
    text = text.replace("▁", "").replace("\0", "")
    assert "".join(pairs.encode(text)) == text


def test_byte_pairs_join_the_commonest_neighbours_first() -> None:
    pairs = BytePairs.learn(["abab cdab"] * 30, 40)
    assert pairs.merges(1) == ["ab"]
    with pytest.raises(ValueError, match="no text"):
        BytePairs.learn(["  ", ""], 10)


def test_one_hot_times_w_is_the_row_of_w_and_the_bag_forgets_the_order() -> None:
    task = tasks.get("reverse")
    assert task.src_vocab is not None
    table = torch.randn(len(task.src_vocab), 7, generator=torch.Generator().manual_seed(3))
    tokens = task.tokenize("abcab")
    found = preparation.vectors(tokens, task.src_vocab, table)
    np.testing.assert_array_equal(found.embedding, table[list(found.ids)].numpy())
    assert found.error < 1e-6
    assert preparation.vectors(tokens[::-1], task.src_vocab, table).bag == found.bag


def test_no_example_stands_in_two_splits() -> None:
    assert preparation.splits(tasks.get("numbers-zh")).in_two == 0


def test_what_people_type_is_escaped_wherever_it_is_shown() -> None:
    nasty = '<img src=x onerror="alert(1)">'
    assert "<img" not in data_picture.raw(nasty) + data_picture.chips(list(nasty), list(nasty))


# ---- choices -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_preset_can_be_built_and_is_named(preset: str) -> None:
    chosen = Choices(preset=preset)
    config = choosing.model_config(chosen, choosing.task_of(chosen))
    assert config.d_model % config.n_heads == 0
    assert words("pretraining", "zh")(f"preset_{preset.replace('-', '_')}")


def test_going_back_to_the_presets_value_is_no_change() -> None:
    start = Choices()
    rate = start.value("learning_rate")
    changed = start.with_value("learning_rate", 0.5).with_value("n_heads", 2)
    assert changed.train.learning_rate == 0.5
    assert changed.shape["n_heads"] == 2
    assert changed.with_value("learning_rate", rate).changed == {"n_heads": 2}


def test_a_files_name_leads_nowhere() -> None:
    assert choosing.plain_name("../../a\\b:c.txt") == ".._.._a_b_c.txt"
    assert choosing.plain_name("x" * 300 + ".csv").endswith(".csv")


def test_a_csv_becomes_pairs_and_a_text_a_language_model() -> None:
    assert OwnFile("a.csv", b"").task == "user-pairs"
    assert OwnFile("A.TXT", b"").task == "user-text"
    assert Choices(own=OwnFile("a.txt", b"x", "words")).task_options == {"tokens": "words"}


def commands_of(root: Path, run: str) -> list[str]:
    with sqlite3.connect(Library(root).open(run).folder.database) as connection:
        return [row[0] for row in connection.execute("SELECT kind FROM commands ORDER BY id")]


def test_a_step_that_was_pressed_is_not_lost_when_the_page_is_drawn_anew(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As happens in the moment in which a run comes to rest."""
    run = make(root)
    at = press(opened(lang="en", run=run), "run-take")
    again = [True]
    look = driving.view_of

    def interrupted(*given: Any) -> Any:
        if again:
            again.pop()
            streamlit.rerun()
        return look(*given)

    monkeypatch.setattr(driving, "view_of", interrupted)
    press(at, "run-one_step")
    assert not again
    assert commands_of(root, run) == ["step"]


def test_the_browser_that_controlled_a_run_controls_it_after_loading_the_page_anew(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(root)
    monkeypatch.setattr(chosen_run, "browser", lambda: "mine")
    at = opened(lang="en", run=run)
    assert at.session_state["chosen-run:pretraining"] == ChosenRun(run, controls=False)
    press(at, "run-take")
    assert opened(lang="en", run=run).session_state["chosen-run:pretraining"] == ChosenRun(run)
    for other in ("yours", None):
        monkeypatch.setattr(chosen_run, "browser", lambda other=other: other)
        assert opened(lang="en", run=run).session_state["chosen-run:pretraining"] == ChosenRun(run, controls=False)


def test_a_browser_is_known_by_the_token_under_the_mask() -> None:
    def cookie(mask: bytes, token: bytes = b"sixteen letters!") -> str:
        hidden = bytes(one ^ mask[place % 4] for place, one in enumerate(token))
        return f"2|{mask.hex()}|{hidden.hex()}|1700000000"

    known = chosen_run.digest_of(cookie(b"\1\2\3\4"))
    assert known is not None
    assert chosen_run.digest_of(cookie(b"\5\6\7\x08")) == known
    assert chosen_run.digest_of(cookie(b"\1\2\3\4", b"another browser!")) != known
    for odd in ("", "2|x|y|z", "2||00|1", "1|00|00|1", "2|01020304|00|1"):
        assert chosen_run.digest_of(odd) is None
