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
                "差不多，比起用全部例子训练的一个模型也没有明显的好处",
                "much alike, and neither is clearly better than one model that saw all examples",
            ),
            (
                Bound("boosting", minus="bagging", at_least=-0.03, at_most=0.03),
                Bound("single", minus="bagging", at_least=-0.06),
                Bound("single", minus="boosting", at_least=-0.06),
            ),
        ),
        Choice("bagging", Text("装袋好得多", "bagging, clearly"), (Bound("bagging", minus="boosting", at_least=0.03),)),
    ),
    expected="alike",
    truth=Text(
        "抽出来的例子里只有约 63% 是不同的，投票正好把每个成员少看的补回来。提升后面的成员只盯着难例，单独看差得多，"
        "票也更轻，合起来仍和装袋相当。一个模型的准确率随种子变化很大，五个一起投票更稳：这才是投票换来的东西。",
        "Of the drawn examples some 63 % are different; the vote makes up for what each member did not see. Boosting's "
        "later members look at hard examples, are far worse alone and count less; together they equal bagging. One "
        "model's accuracy varies much from seed to seed, that of five that vote less: that is what the vote buys.",
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
