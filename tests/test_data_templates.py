"""Question, dialogue, summary: the rule gives the answer, and a program without a model does not, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnviz.config import TrainConfig
from attnviz.data import InputError, tasks
from attnviz.data.tasks.templates import TemplateTask
from attnviz.training.build import build_trainer
from attnviz.training.evaluation import evaluate
from attnviz.training.recipes import RECIPES, Recipe

NAMES = ("questions", "dialogue", "summary")


def task_of(name: str, language: str) -> TemplateTask:
    task = tasks.get(name, language=language)
    assert isinstance(task, TemplateTask)
    return task


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_the_rule_gives_every_target_and_a_simple_program_does_not(name: str, language: str) -> None:
    task = task_of(name, language)
    for pair in task.split("test"):
        text = task.detokenize_source(pair.source)
        assert tuple(task.tokenize(text)) == pair.source
        said = task.reference(text)
        assert said is not None
        assert tuple(task.tokenize_target(said)) == pair.target
    assert task.simple_exact_match("test") < 0.6
    assert task.info.synthetic


def test_the_last_sentence_about_somebody_counts() -> None:
    zh, en = task_of("questions", "zh"), task_of("questions", "en")
    assert zh.reference("小明在厨房。小红在花园。小明在学校。小明在哪里？") == "学校"
    assert zh.simple("小明在厨房。小红在花园。小明在哪里？") == "花园"
    assert en.reference("tom is in the kitchen . ann is in the park . where is tom ?") == "kitchen"
    assert zh.reference("小明在厨房。小红在哪里？") is None
    assert zh.reference("小明在厨房。") is None


def test_summaries_keep_order_and_turns_are_answered() -> None:
    zh = task_of("summary", "zh")
    assert zh.reference("！记得带伞。猫在睡觉。！车晚点了。") == "记得带伞。车晚点了。"
    assert zh.reference("猫在睡觉。") is None
    assert task_of("dialogue", "zh").reference("对了，我喜欢茶") == "我也喜欢茶"
    assert task_of("dialogue", "en").reference("where is ann") == "i have not seen ann"
    assert task_of("dialogue", "zh").reference("今天几号") is None
    with pytest.raises(InputError):
        tasks.get("dialogue", language="fr")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_a_model_beats_the_simple_program(name: str) -> None:
    shape = {"n_encoder_layers": 2, "dropout": 0.0}
    train = TrainConfig(steps=800, batch_size=64, learning_rate=3e-3, warmup_steps=100, eval_every=0, seed=1)
    recipe = Recipe(name=name, task=name, shape=shape, train=train)
    if name == "questions":  # for long it only guesses among the places that were named; at step 1500 it has them
        recipe = replace(RECIPES[name], train=replace(RECIPES[name].train, steps=2500, eval_every=0))
    trainer = build_trainer(recipe)
    list(trainer.run())
    found = evaluate(trainer.model, trainer.task, "test").exact_match
    assert found is not None
    assert found > task_of(name, "zh").simple_exact_match("test") + 0.3
