"""The page Fine-tuning: what it shows is what the library counts, in both languages; bad input becomes a sentence."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import app_driver
import numpy as np
import pytest
import streamlit as st
from app_driver import all_notices, html

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import tasks
from attnviz.errors import FineTuneError
from attnviz.language import LANGUAGES
from attnviz.model import Transformer
from attnviz.model.lora import plain_copy, plain_weights
from attnviz.model.parts import parts
from attnviz.runs import Library, RunConfig, database
from attnviz.runs.creation import fill_folder
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.session import Session
from attnviz.settings import FINETUNING
from attnviz.training.checkpoint import every_shipped
from attnviz.training.finetuning.freezing import TensorPlan
from attnviz.training.finetuning.lora_file import load_lora
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.finetuning.presets import PRESETS
from attnviz.training.finetuning.spread import Spread
from attnviz.training.start import from_checkpoint
from attnviz.ui.finetuning import (
    drawing,
    entry_figures,
    folds,
    groups,
    link,
    measured,
    race_picture,
    saving,
    tuned_models,
)
from attnviz.ui.finetuning.choices import Choices, OwnFile, that_fit
from attnviz.ui.finetuning.confusion import chosen_cell, confusion_figure
from attnviz.ui.finetuning.form import TASKS
from attnviz.ui.finetuning.picture import size_of
from attnviz.ui.finetuning.task_measures import EXACT
from attnviz.ui.frame.link import read
from attnviz.ui.runs.library import feed
from attnviz.ui.sentence.models import Loaded, ModelKey
from attnviz.ui.text import texts, words

opened = partial(app_driver.opened, "finetuning")

TINY = TrainConfig(steps=2, batch_size=3, learning_rate=1e-3, warmup_steps=1, eval_every=2, eval_examples=5, seed=3)


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of runs for each test, and no thread left that still measures."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    started: list[tuned_models._Measuring] = []
    begin = tuned_models._Measuring.__init__

    def noted(self: tuned_models._Measuring, *given: Any) -> None:
        started.append(self)
        begin(self, *given)

    monkeypatch.setattr(tuned_models._Measuring, "__init__", noted)
    monkeypatch.setattr(measured, "LIMIT", 5)
    monkeypatch.setattr(measured, "WRITTEN", 3)
    yield
    until = time.monotonic() + 120
    while not all(one.done for one in started) and time.monotonic() < until:
        time.sleep(0.02)
    st.cache_resource.clear()


def tune(strategy: str, train: TrainConfig = TINY, **finetune: Any) -> None:
    """A run that was trained for two steps, without a worker."""
    config = FineTuneConfig(strategy=strategy, train_size=7, **finetune)  # type: ignore[arg-type]
    made = RunConfig(
        name=strategy, task="copy", train=train, start={"checkpoint": "reverse"}, finetune=config.to_dict()
    )
    library = Library()
    (library.root / strategy).mkdir(parents=True)
    fill_folder(library.root / strategy, made)
    run = library.open(strategy)
    with database.changing(run.folder.database) as connection:
        connection.execute("INSERT INTO commands (kind, arguments, time) VALUES ('play', '{}', 0)")
    session = Session.open(run.folder, device="cpu", threads=1)
    while run.status().state != "finished":
        session.work(1.0)
        session.settle(now=True)
    session.close()


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short runs."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_RUNS", str(root))
        patch.setattr(StepRecorder, "look", lambda self: None)
        tune("full")
        tune("head", data_seed=1)
        tune("lora", lora_rank=3)
    return root


@pytest.fixture
def trained(trained_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three runs are those of this machine: full, head and lora."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(trained_folder))


# ---- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_with_what_would_train(language: str) -> None:
    at = opened(lang=language)
    t = words("finetuning", language)
    config = FineTuneConfig(train_size=128)
    cost = prepare(from_checkpoint("reverse"), tasks.get("copy"), config).cost()
    shown = html(at)
    assert t("question") in shown
    assert f"{cost.trained:,}" in shown
    assert size_of(cost.bytes) in shown
    assert "decoder.1.cross_attn.q_proj.weight" in shown
    assert any(button.key == "run-play" and not button.disabled for button in at.button)
    assert not all_notices(at)


def test_switching_the_language_keeps_the_choices() -> None:
    at = opened(lang="zh", strategy="lora", examples="64")
    at.query_params["lang"] = "en"
    next(one for one in at.number_input if "r" in one.label and one.value == 8).set_value(5).run()
    kept: Choices = at.session_state["finetuning-choices"]
    assert (kept.finetune.strategy, kept.finetune.lora_rank, kept.finetune.train_size) == ("lora", 5, 64)


def test_a_link_full_of_nonsense_gets_a_sentence_for_each_and_the_page_stays() -> None:
    at = opened(
        lang="en", preset="💥", start="<b>", task="../..", strategy="best", examples="-1", run="nowhere", view="x"
    )
    said = all_notices(at)
    for name in ("preset", "start", "task", "strategy", "examples"):
        assert f"{name}=" in said
    assert "&lt;b&gt;" in said
    assert "<b>" not in said
    assert "nowhere" in said
    assert any(button.key == "run-play" for button in at.button)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text\nonly\ntexts\n" * 9, "label"),
        ("".join(f"word {i},same\n" for i in range(40)), "same"),
        ("".join(f"word {i},label {i}\n" for i in range(10_000)), "10000"),
        ("\x00\x01\x02", "text file"),
    ],
    ids=["labels missing", "one class", "10,000 classes", "no text"],
)
def test_a_bad_file_gets_a_sentence_and_the_form_stays(content: str, said: str) -> None:
    at = opened(lang="en", preset="own")
    at.session_state["finetuning-choices"] = Choices(preset="own", own=OwnFile("mine.csv", content.encode()))
    at.run()
    assert said in all_notices(at)
    assert any(button.key == "ft-own-drop" for button in at.button)
    assert not at.exception


def test_which_models_fit_is_said_without_reading_any_of_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(key: ModelKey) -> Loaded:
        raise AssertionError(key)

    monkeypatch.setattr("attnviz.ui.sentence.models._loaded", read)
    assert {"dates", "reverse"} <= set(that_fit(Choices(start_chosen="pinyin", task_chosen="copy")))
    by_letters = that_fit(Choices(start_chosen="pinyin", task_chosen="sentiment-en"))
    assert {"lm-en", "questions"} & set(by_letters)  # each reads them its own way


def test_a_model_that_does_not_know_the_text_gets_a_sentence() -> None:
    at = opened(lang="zh", task="segmentation")
    assert "reverse" in all_notices(at)
    assert "%" in all_notices(at)
    assert words("finetuning", "zh")("that_fit", models="").strip() in all_notices(at)
    assert "中文语言模型" in all_notices(at).split("合适的起点")[1]
    assert any(button.key == "run-play" for button in at.button)


def test_a_start_of_another_architecture_gets_a_sentence_in_words() -> None:
    said = all_notices(opened(lang="en", start="lm-zh", task="copy"))
    assert "a decoder only" in said
    assert "one sequence becomes another" in said
    assert "seq2seq" not in said


def test_english_texts_are_read_by_letters_where_the_start_reads_letters() -> None:
    at = opened(lang="en", start="lm-en", task="sentiment-en")
    assert not all_notices(at)
    choices: Choices = at.session_state["finetuning-choices"]
    assert choices.task_options == {"tokens": "characters"}
    own = replace(choices, task_chosen="", own=OwnFile("mine.csv", b"text,label\n", "labels"))
    assert own.task_options["tokens"] == "characters"


@pytest.mark.parametrize(("kind", "start"), [("pairs", "reverse"), ("labels", "lm-en")])
def test_a_file_of_ones_own_is_tuned_on(kind: str, start: str) -> None:
    words_of = [f"{a}{b}{c}d" for a in "bcdf" for b in "gh" for c in "jklmnpst"]
    second = (lambda word: word[::-1]) if kind == "pairs" else (lambda word: "early" if word < "d" else "late")
    data = "".join(f"{word},{second(word)}\n" for word in words_of)
    at = opened(lang="en", start=start)
    at.session_state["finetuning-choices"] = replace(
        at.session_state["finetuning-choices"], own=OwnFile("mine.csv", data.encode(), kind)
    )
    at.run()
    assert not at.exception
    assert not all_notices(at)
    next(button for button in at.button if button.key == "run-ten_steps").click().run()
    assert not all_notices(at)
    (made,) = Library().list()
    run = Library().open(made.id)
    options = run.config.task_options
    assert {value for name, value in options.items() if "tokens" in name} == {"characters"}
    assert (options["separator"], options["source"], options["target"]) == ("comma", 1, 2)  # read as it was shown
    session = Session.open(run.folder)
    session.work(0.1)
    session.settle(now=True)
    assert run.status().step > 0
    session.close()


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finished_run_shows_gain_loss_drift_and_results(language: str) -> None:
    run = "full"
    found = tuned_models.tuned(run, 2)
    at = opened(lang=language, run=run)
    shown = html(at)
    exact = Library().open(run).metrics()["exact_match"][-1]
    assert f"{100 * exact:.0f}%" in shown
    moved = next(one.relative for one in found.drift if one.part == "decoder.1.self_attn")
    assert f"Δ{100 * moved:.2g}%" in shown
    at.session_state["ft-shown"] = "results"
    at.run()
    assert words("finetuning", language)("row_after", task=found.task.info.title[language]) in html(at)
    for name in ("change", "heads", "save"):
        at.session_state["ft-shown"] = name
        at.run()
        assert not at.exception
        assert not all_notices(at) or name == "save"


# ---- links -----------------------------------------------------------------------------------------------------------


def test_what_the_address_says_is_read_back() -> None:
    for preset in PRESETS:
        for strategy in FINETUNING["strategy"].values:
            choices = Choices(preset=preset).with_value("strategy", strategy).with_value("train_size", 31)
            said = {name: str(value) for name, value in link.parameters(choices).items() if value is not None}
            found = read(link.NEXT, said)
            assert (link.chosen(found, Choices()), found.refused) == (choices, ())


def test_presets_name_what_there_is() -> None:
    for preset in PRESETS.values():
        assert preset.start in every_shipped()
        assert preset.task in (*TASKS, *tasks.field_names(), "")
        assert f"preset_{preset.name.replace('-', '_')}" in texts("finetuning")


# ---- the drawing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", FINETUNING["strategy"].values)
def test_every_tensor_is_drawn_once_and_as_what_it_does(strategy: str) -> None:
    config = FineTuneConfig(strategy=strategy, train_size=11, unfreeze_every=7)  # type: ignore[arg-type]
    ready = prepare(from_checkpoint("reverse"), tasks.get("copy"), config)
    t = words("finetuning", "en")
    for step in (0, 7):
        drawn = drawing.draw(parts(ready.model), ready.plans, step, t)
        said = re.findall(r'<b class="ft-[ts] ft-(\w+)[^"]*"[^>]* title="([^" ]+) ', drawn)
        assert sorted(name for _, name in said) == sorted(plan.name for plan in ready.plans)
        assert {name: state for state, name in said} == {plan.name: plan.state(step) for plan in ready.plans}


def test_a_tensor_says_its_share_of_the_learning_rate() -> None:
    plan = TensorPlan("decoder.0.self_attn.q_proj.weight", "decoder.0.self_attn", 2, (5, 7), "kept", 0, 0.49)
    assert "×0.49" in drawing.told(plan, 0, words("finetuning", "en"))
    assert "5×7 = 35" in drawing.told(plan, 0, words("finetuning", "en"))


# ---- confusion matrix, race, saving ----------------------------------------------------------------------------------


def test_a_click_on_the_confusion_matrix_finds_its_cell() -> None:
    counts = np.array([[5, 2, 0], [1, 7, 3], [0, 0, 11]])
    figure = confusion_figure(counts, ["a", "b", "c"], truth="is", called="called", dark=False)
    cells, points = figure.data
    np.testing.assert_allclose(cells.z, counts / counts.sum(axis=1, keepdims=True))
    for x, y, (_, _, text) in zip(points.x, points.y, points.customdata, strict=True):
        cell = chosen_cell({"selection": {"points": [{"x": x, "y": y}]}}, 3)
        assert cell is not None
        assert text == str(counts[cell])
        assert cells.text[cell] == (str(counts[cell]) if counts[cell] else "")
    broken: tuple[Any, ...] = (
        None,
        {},
        {"selection": {"points": []}},
        {"selection": {"points": [{"x": 9, "y": 0}]}},
        "nonsense",
    )
    for event in broken:
        assert chosen_cell(event, 3) is None


@pytest.mark.usefixtures("trained")
def test_a_race_is_summed_up_over_its_seeds() -> None:
    made = [groups.Member(name, name, seed, 3 + seed, 7, 11) for seed, name in enumerate(("full", "head"))]
    group = groups.Group("race-1", "race", "mine", 0.0, tuple(made))
    views = {member.run: feed(member.run).view() for member in made}
    found = entry_figures.figures_of_entries(group, views, EXACT, EXACT)
    assert [one.entry for one in found] == ["full", "head"]
    assert found[0].old is not None
    assert found[0].old.mean == views["full"].last("old_exact_match")
    both = groups.Group("race-1", "race", "mine", 0.0, tuple(groups.Member(m.run, "x", m.seed, 1, 1, 1) for m in made))
    (one,) = entry_figures.figures_of_entries(both, views, EXACT, EXACT)
    assert one.loss is not None
    assert one.loss == Spread.of(view.last("validation_loss") for view in views.values())
    course = entry_figures.courses(both, views, "validation_loss")["x"]
    values = [view.metrics["validation_loss"][np.isfinite(view.metrics["validation_loss"])] for view in views.values()]
    np.testing.assert_allclose(course.mean, np.mean(values, axis=0))
    np.testing.assert_allclose(course.sd, np.std(values, axis=0, ddof=1))
    table = race_picture.table(found, str.upper, words("finetuning", "en"), seeds=2, labels=False)
    assert "FULL" in table
    assert "HEAD" in table


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("language", LANGUAGES)
def test_races_and_folds_are_drawn(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "LIMIT", 5)
    folder = Library().root / groups.FOLDER
    folder.mkdir(exist_ok=True)
    for kind, entries in (("race", ("full", "head")), ("folds", ("0", "1"))):
        members = [
            {"run": run, "entry": entry, "seed": 0, "trained": 3, "parameters": 7, "size": 11}
            for run, entry in zip(("full", "head"), entries, strict=True)
        ]
        group = {"id": f"{kind}-1", "kind": kind, "name": "mine", "created": 0.0, "members": members}
        (folder / f"{kind}-1.json").write_text(json.dumps(group), encoding="utf-8")
    at = opened(lang=language, view="race")
    old = Library().open("head").metrics()["old_exact_match"][-1]
    assert f"{100 * old:.1f}%" in html(at)
    assert any(button.key == "ft-race-start" for button in at.button)
    assert re.search(r'data-estimate="race">[^<]*15 (×|runs|次)', html(at)), "how long it takes is said before"
    assert "data-unsearched" not in html(at)  # every strategy has a rate that was searched for this task
    at.session_state["finetuning-choices"] = Choices(preset="reverse-copy", task_chosen="sort")
    at.run()
    assert "data-unsearched" in html(at)
    at.session_state["finetuning-view"] = "folds"
    at.run()
    next(button for button in at.button if button.key == "ft-ensemble").click().run()
    assert 'data-table="ensemble"' in html(at)
    assert not at.exception
    assert not all_notices(at)


def test_a_race_with_one_seed_speaks_of_no_spread() -> None:
    t = words("finetuning", "en")
    for seeds, spread in ((1, False), (3, True)):
        table = race_picture.table([], {}, t, seeds=seeds, labels=False)
        assert ("±" in table) == spread


def test_groups_that_are_broken_are_passed_over(tmp_path: Path) -> None:
    folder = Library().root / groups.FOLDER
    folder.mkdir(parents=True)
    (folder / "race-1.json").write_text("{", encoding="utf-8")
    (folder / "race-2.json").write_text('{"members": 3}', encoding="utf-8")
    assert groups.every("race") == ()
    assert groups.read("../race-1") is None


def test_a_run_that_stopped_early_is_shown_with_its_best_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)
    worse = replace(TINY, steps=9, learning_rate=5.0, warmup_steps=0, eval_every=1)
    tune("full", train=worse, patience=2)
    last = Library().open("full").kept_steps()[-1]
    found = tuned_models.tuned("full", last)
    assert found.tuner.stopped_early
    for name, value in found.tuner.best.items():
        np.testing.assert_array_equal(found.model.state_dict()[name].numpy(), value.numpy())


@pytest.mark.usefixtures("trained")
def test_a_lora_goes_out_and_comes_back_and_another_shape_is_refused(tmp_path: Path) -> None:
    narrow = tuned_models.tuned("lora", 2)
    content = saving.lora_zip(narrow)
    assert set(zipfile.ZipFile(io.BytesIO(content)).namelist()) == {"lora.json", "lora.safetensors"}
    saving.unpack(content, tmp_path)
    base = plain_copy(narrow.prepared.before)
    load_lora(tmp_path, base, narrow.task.tgt_vocab)
    for name, value in plain_weights(narrow.tuner.model).items():
        np.testing.assert_allclose(plain_weights(base)[name].numpy(), value.numpy(), atol=1e-6)
    stranger = Transformer(replace(base.config, d_model=32))
    before = {name: value.clone() for name, value in stranger.state_dict().items()}
    with pytest.raises(FineTuneError) as refused:
        load_lora(tmp_path, stranger)
    assert refused.value.code == "lora_shape"
    assert all((before[name] == value).all() for name, value in stranger.state_dict().items())
    for broken in (b"", b"PK nonsense", saving._zipped(tmp_path)[:100]):
        with pytest.raises(FineTuneError) as caught:
            saving.unpack(broken, tmp_path)
        assert caught.value.code == "lora_file"
    assert saving.lora_problem(narrow) is None
