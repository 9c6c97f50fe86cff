"""After tuning: checkpoints, cards, changed heads, races, and the one way from a plan to a tuner."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fine_tuning_starts import TRAIN, prepared, start, symbols, tuner

import attnviz
from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import tasks
from attnviz.data.tasks.labels import LabelTask
from attnviz.model.inference import inference
from attnviz.training import checkpoint, evaluate
from attnviz.training.build import build_trainer
from attnviz.training.finetuning.attention_change import attention_change
from attnviz.training.finetuning.labels import label_report, majority_report, naive_bayes_report
from attnviz.training.finetuning.model_card import Measured, model_card
from attnviz.training.finetuning.race import RaceResult, RaceStep, entries, race, table
from attnviz.training.finetuning.saving import save_merged
from attnviz.training.finetuning.spread import Spread
from attnviz.training.finetuning.tuner import FineTuner, tune
from attnviz.training.objective import predict


@pytest.mark.parametrize("strategy", ["full", "head", "lora", "adapter"])
def test_a_saved_model_says_what_the_tuned_one_says(strategy: str, tmp_path: Path) -> None:
    run = tuner(strategy)
    list(run.run())
    names = set(dict(run.model.named_parameters()))
    manifest = save_merged(tmp_path / "tuned", run, name="tuned")
    assert set(dict(run.model.named_parameters())) == names  # the tuner goes on with what it had
    model, task = attnviz.load(tmp_path / "tuned")
    batch = run.task.collate(run.task.split("test")[:3])
    with inference(run.model):
        torch.testing.assert_close(predict(model, batch), predict(run.model, batch), atol=1e-5, rtol=1e-5)
    assert task.tgt_vocab == run.task.tgt_vocab
    read = checkpoint.load_manifest(tmp_path / "tuned")
    assert read.finetune is not None
    assert FineTuneConfig.from_dict(read.finetune["config"]) == run.finetune
    assert read.finetune["start"] == "reverse"
    assert read.metrics["test"] == manifest.metrics["test"] == evaluate(model, run.task, "test")
    again = tune(prepared(strategy, begin=_start_of(tmp_path / "tuned")), replace(TRAIN, steps=2))  # and further
    assert again.step_number == 2


def _start_of(path: Path) -> Any:
    from attnviz.training.start import from_checkpoint

    return from_checkpoint(str(path))


@pytest.mark.parametrize(("kind", "backbone"), [("lm", "decoder"), ("lm", "encoder"), ("labels", "auto")])
def test_a_saved_labelling_model_labels_again(kind: str, backbone: str, tmp_path: Path) -> None:
    task = tasks.get("sentiment-zh", size=101, form="encoder")
    run = FineTuner(prepared("full", task, start(kind), backbone=backbone), replace(TRAIN, steps=2))
    list(run.run())
    save_merged(tmp_path / "labels", run, name="labels")
    model, again = attnviz.load(tmp_path / "labels")
    text = task.examples[0]
    batch, expected = again.encode(text), run.task.encode(text)
    with inference(run.model), inference(model):
        torch.testing.assert_close(predict(model, batch), predict(run.model, expected))


def test_a_card_says_where_a_model_comes_from_and_holds_no_markup_of_people() -> None:
    run = tuner("lora")
    metrics = {"test": evaluate(run.model, run.task, "test")}
    for language, words in (("en", ("Licence", "Exact match")), ("zh", ("许可", "逐序列正确率"))):
        name = "<script>alert(1)</script> [x](y) | *b*\n# h"
        found = Measured(new=metrics, old=metrics["test"], old_before=metrics["test"])
        card = model_card(run, found, name=name, language=language)  # type: ignore[arg-type]
        for word in (*words, "MIT", "lora", str(len(run.task.split("train"))), "reverse", "learning_rate", "lora_rank"):
            assert word in card, word
        assert f"| {metrics['test'].examples:,} | {metrics['test'].loss:.4f} |" in card
        assert "adapter_size" not in card  # it had nothing to act on
        assert "unfreeze_every" not in card
        assert "<script>" not in card
        assert "[x](y)" not in card
        rows = [line for line in card.splitlines() if line.startswith("|")]
        assert {line.replace("\\|", "").count("|") for line in rows} == {3, 6}  # two tables, no row broken


def test_the_card_of_a_labelling_model_has_precision_recall_and_f1_beside_the_baselines() -> None:
    task = tasks.get("sentiment-zh", size=101, form="encoder")
    run = FineTuner(prepared("full", task, start("labels")), replace(TRAIN, steps=2))
    assert isinstance(run.task, LabelTask)
    reports = {
        "model": label_report(run.merged_model(), run.task, "test"),
        "bayes": naive_bayes_report(run.task, "test"),
        "majority": majority_report(run.task, "test"),
    }
    card = model_card(run, Measured(new={"test": evaluate(run.model, run.task, "test")}, labels=reports), name="x")
    for title, report in zip(
        ("This model", "Naive Bayes", "Always the commonest class"), reports.values(), strict=True
    ):
        s = report.scores
        figures = (s.accuracy, s.macro_precision, s.macro_recall, s.macro_f1)
        assert f"| {title} | {' | '.join(f'{value:.3f}' for value in figures)} |" in card
    for i, label in enumerate(run.task.labels):
        assert f"| {run.task.title(label, 'en')} | {reports['model'].scores.precision[i]:.3f} |" in card
    assert "Exact match" not in card


def test_a_changed_head_is_where_training_was() -> None:
    run = tuner("last-layers", replace(TRAIN, steps=20, learning_rate=0.05))
    batch = run.task.encode("abcde", "abcde")
    same = attention_change(run.prepared.before, run.merged_model(), batch)
    assert all(head.change == 0 for head in same.heads)
    list(run.run())
    change = attention_change(run.prepared.before, run.merged_model(), batch)
    assert [head.change for head in change.heads] == sorted((head.change for head in change.heads), reverse=True)
    assert len(change.heads) == len(run.model.sites) * 3
    for head in change.heads:
        assert 0 <= head.change <= 1
        assert (head.change > 0) == head.site.startswith("decoder.1."), head
        difference = change.difference[head.site][0, head.head]
        assert head.change == pytest.approx(float(np.abs(difference).sum(-1).mean() / 2), abs=1e-6)
        np.testing.assert_allclose(difference.sum(axis=-1), 0, atol=1e-5)
        assert change.of(head.site, head.head) == head.change
    with pytest.raises(ValueError, match="differ"):
        attention_change(run.prepared.before, prepared("full", begin=start("reverse", 2)).model, batch)


def test_a_race_is_the_same_start_data_and_seeds_for_all() -> None:
    chosen = entries(("full", "head"), train_size=29, watch_old_task=True)
    found = list(race(start(), symbols(), chosen, replace(TRAIN, steps=3), seeds=(1, 4), limit=5))
    steps = [one for one in found if isinstance(one, RaceStep)]
    results = [one for one in found if isinstance(one, RaceResult)]
    assert [step.done for step in steps] == list(range(1, 13))
    assert {step.total for step in steps} == {12}
    assert [(r.entry, r.seed) for r in results] == [("full", 1), ("head", 1), ("full", 4), ("head", 4)]
    first = {(s.entry, s.seed): s.record.loss for s in steps if s.record.step == 1}
    assert first["full", 1] == pytest.approx(first["head", 1], abs=1e-5)  # one batch, one model, one dropout
    rows = table(results)
    assert [row.entry for row in rows] == ["full", "head"]
    for row in rows:
        mine = [r.new.exact_match for r in results if r.entry == row.entry]
        assert row.score.values == tuple(mine)
        assert row.old_score is not None
        assert json.loads(json.dumps(row.to_dict()))["trained"] == row.cost.trained


def test_spread() -> None:
    assert Spread((1.0, 2.0, 4.0)).sd == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert Spread((3.0,)).sd == 0
    assert Spread.of([None, None]) is None
    assert str(Spread((0.5, 0.7))) == "0.600 ± 0.141"


# ---- from a plan to a tuner


@dataclass(frozen=True)
class Plan:
    """What a run's config looks like to the factory."""

    task: str = "copy"
    task_options: dict[str, Any] = field(default_factory=lambda: {"size": 101, "symbols": 7, "max_length": 5})
    shape: dict[str, Any] = field(default_factory=dict)
    train: TrainConfig = TRAIN
    start: dict[str, Any] | None = None
    finetune: dict[str, Any] | None = field(default_factory=lambda: {"strategy": "lora", "lora_rank": 3})


def test_the_factory_makes_a_tuner_of_a_plan_that_fine_tunes() -> None:
    run = build_trainer(Plan(), start=start())
    assert isinstance(run, FineTuner)
    assert [record.loss for record in run.run()] == [record.loss for record in tuner("lora").run()]
    assert not isinstance(build_trainer(Plan(finetune=None)), FineTuner)
    for wrong, match in (
        (Plan(shape={"d_model": 6}), "d_model"),
        (Plan(finetune={"strategy": "x"}), "strategy"),
        (Plan(finetune={"x": 1}), "no field"),
    ):
        with pytest.raises(ValueError, match=match):
            build_trainer(wrong, start=start())
    with pytest.raises(ValueError, match="start"):
        build_trainer(Plan())
