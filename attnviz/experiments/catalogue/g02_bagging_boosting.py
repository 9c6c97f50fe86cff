"""Bagging and boosting: several models of one set of examples, alike or each mending the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.language import Text
from attnviz.training.finetuning.committees import Way, accuracy, called, committee, together
from attnviz.training.finetuning.ensemble import Member
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.start import from_checkpoint

START, TASK, MEMBERS, STEPS = "pinyin-2enc", "hsk-topic", 5, 120
_TRAIN = TrainConfig(steps=STEPS, batch_size=32, learning_rate=1e-3, warmup_steps=20, eval_every=0)
WAYS: tuple[Way, ...] = ("bagging", "boosting")


def plans(at: At) -> dict[str, Plan]:
    """One model; the members of the committees are trained like it, on drawn examples."""
    train = replace(_TRAIN, steps=at.steps(STEPS), warmup_steps=min(20, at.steps(STEPS)), seed=at.seed)
    finetune = {"strategy": "full", "data_seed": at.seed}
    return {"single": Plan(task=TASK, train=train, start={"checkpoint": START}, finetune=finetune)}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Accuracy on the test split of the one model, of each committee, and of its members alone."""
    single = models["single"]
    task = single.task
    assert isinstance(task, LabelTask), "topics are labels"
    start, pairs = from_checkpoint(START), task.split("test")

    def train(drawn: Task, seed: int) -> Member:
        prepared = prepare(start, drawn, FineTuneConfig(strategy="full", data_seed=at.seed), seed=seed)
        tuner = FineTuner(prepared, replace(single.plan.train, seed=seed))
        for _ in tuner.run():
            pass
        return Member(tuner.merged_model(), tuner.task)

    found = {"single": accuracy(called(Member(single.model, task), pairs), task, pairs)}
    for way in WAYS:
        joined = list(committee(train, task, way=way, members=MEMBERS, seed=at.seed))
        alone = [accuracy(called(one.member, pairs), task, pairs) for one in joined]
        found[way] = accuracy(together(joined, pairs, len(task.labels)), task, pairs)
        found[f"{way}.alone"] = sum(alone) / len(alone)
        found[f"{way}.last"] = alone[-1]
        found[f"{way}.members"] = float(len(joined))
        found[f"{way}.error"] = joined[-1].error
    return found


EXPERIMENT = Experiment(
    name="ensembles",
    title=Text("装袋还是提升？", "Bagging or boosting?"),
    claim=Text(
        "提升总比装袋强，因为它专门补前一个模型的错。", "Boosting beats bagging: it mends what the last one had wrong."
    ),
    question=Text(
        "给句子分主题：五个模型一起投票，装袋（各抽各的例子）和提升（专挑前一个错的例子）谁更准？",
        "Topics of sentences, five models vote: who is better, bagging (each draws its examples) or boosting (those "
        "that the last had wrong)?",
    ),
    choices=(
        Choice(
            "boosting", Text("提升好得多", "boosting, clearly"), (Bound("boosting", minus="bagging", at_least=0.03),)
        ),
        Choice(
            "alike",
            Text(
                "差不多，都不如用全部例子训练的一个模型",
                "much alike, and neither beats one model that saw all examples",
            ),
            (
                Bound("boosting", minus="bagging", at_least=-0.03, at_most=0.03),
                Bound("single", minus="bagging", at_least=0.0),
                Bound("single", minus="boosting", at_least=0.0),
            ),
        ),
        Choice("bagging", Text("装袋好得多", "bagging, clearly"), (Bound("bagging", minus="boosting", at_least=0.03),)),
    ),
    expected="alike",
    truth=Text(
        "抽出来的例子里只有约 63% 是不同的，所以每个成员都不如用全部例子训练的模型，投票只能补回一部分。提升后面的成员"
        "只盯着难例，单独看更差，票也更轻。例子少、每个成员练得短，两种都不划算。",
        "Of the drawn examples some 63 % are different, so every member is worse than a model that saw them all, and "
        "the vote makes up for a part of it. Boosting's later members look at hard examples, are worse alone and "
        "count less. With few examples and short training neither pays.",
    ),
    source=Source("Zhu, Zou, Rosset, Hastie, Multi-class AdaBoost", 2009, "https://doi.org/10.4310/SII.2009.v2.n3.a8"),
    recipe=Text(
        "从“汉字 → 拼音（2 层编码器）”开始，HSK 句子主题，每个成员训练 120 步；装袋和提升各五个成员，同样的设置。",
        "From the model of pinyin with 2 encoder layers, topics of HSK sentences, 120 steps a member; five members "
        "each for bagging and boosting, with equal settings.",
    ),
    quantities=(
        Quantity("single", Text("一个模型：准确率", "one model: accuracy")),
        Quantity("bagging", Text("装袋：一起投票", "bagging: together")),
        Quantity("bagging.alone", Text("装袋：成员单独的平均", "bagging: members alone, mean")),
        Quantity("bagging.last", Text("装袋：最后一个成员", "bagging: last member alone")),
        Quantity("bagging.members", Text("装袋：成员数", "bagging: members"), "number"),
        Quantity("bagging.error", Text("装袋：最后一个成员在训练集上的错误", "bagging: training error of the last")),
        Quantity("boosting", Text("提升：一起投票", "boosting: together")),
        Quantity("boosting.alone", Text("提升：成员单独的平均", "boosting: members alone, mean")),
        Quantity("boosting.last", Text("提升：最后一个成员", "boosting: last member alone")),
        Quantity("boosting.members", Text("提升：成员数", "boosting: members"), "number"),
        Quantity("boosting.error", Text("提升：最后一个成员的加权错误", "boosting: weighted error of the last")),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("finetuning", {"view": "folds", "start": START, "task": TASK, "strategy": "full"}),
    seconds=120,
)
