"""A Vision Transformer that knows the digits 0 to 4 learns 5 to 9 from a hundred pictures."""

from __future__ import annotations

from attnviz.config import Strategy, TrainConfig
from attnviz.experiments import Bound, Choice, Experiment, Source, Try
from attnviz.experiments import finetuning as tuned
from attnviz.language import Text
from attnviz.training.finetuning.found_rates import FOUND

STRATEGIES: tuple[Strategy, ...] = ("scratch", "full", "head", "last-layers")
_TRAIN = TrainConfig(steps=100, batch_size=32, learning_rate=1e-3, warmup_steps=10, eval_every=0)

EXPERIMENT = Experiment(
    name="finetune-digits",
    title=Text("微调看图：0–4 → 5–9", "Fine-tuning on pictures: 0–4 → 5–9"),
    claim=Text("新的类别只要换一个头。", "New classes only need a new head."),
    question=Text(
        "认识 0–4 的模型用 100 张图学 5–9：只训练头，够吗？",
        "A model that knows 0–4 learns 5–9 from 100 pictures: is a new head enough?",
    ),
    choices=(
        Choice(
            "more",
            Text("不够：全量好得多；但仅头一点不忘", "no: full is far better, but the head alone forgets nothing"),
            (Bound("full.new", minus="head.new", at_least=0.1), Bound("head.old", at_least=0.95)),
        ),
        Choice("enough", Text("够了", "yes"), (Bound("full.new", minus="head.new", at_most=0.1),)),
    ),
    expected="more",
    truth=Text(
        "旧的头看的是分开 0–4 的特征，只有一部分也分得开 5–9；让身体跟着动，新类别学得好得多，旧任务忘一些。"
        "仅头不碰身体，所以旧任务原样还在。",
        "The body sees what tells 0 to 4 apart, and only part of that tells 5 to 9 apart. If it may move, the new "
        "digits are learned far better and some of the old ones are lost; with the head alone the body, and the old "
        "task, stay as they were.",
    ),
    source=Source(
        "Yosinski et al., How transferable are features in deep neural networks?",
        2014,
        "https://arxiv.org/abs/1411.1792",
    ),
    recipe=Text(
        "从只认 0–4 的模型开始，用 100 张 5–9 的图训练 100 步，每步 32 张。",
        "From the model of 0 to 4, 100 steps of 32 pictures, 100 different ones of 5 to 9.",
    ),
    quantities=tuned.quantities(STRATEGIES, labels=True),
    plans=tuned.plans(
        "digits-low",
        "digits",
        STRATEGIES,
        _TRAIN,
        rates=FOUND["digits-high"],
        task_options={"digits": "5-9"},
        train_size=100,
        last_layers=1,
    ),
    measure=tuned.measure(),
    try_it=Try("finetuning", {"preset": "digits-high", "strategy": "full"}),
    seconds=20,
)
