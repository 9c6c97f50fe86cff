"""All eight strategies side by side: from reversing to copying."""

from __future__ import annotations

from attnviz.config import Strategy, TrainConfig
from attnviz.experiments import Bound, Choice, Experiment, Source, Try
from attnviz.experiments import finetuning as tuned
from attnviz.language import Text
from attnviz.training.finetuning.found_rates import FOUND

STRATEGIES: tuple[Strategy, ...] = (
    "scratch",
    "full",
    "head",
    "last-layers",
    "layer-decay",
    "gradual",
    "lora",
    "adapter",
)
# Scratch would catch up with full tuning at a rate four times as high: with enough of the right steps, 128 examples of
# so simple a task are enough without any past. E7 gives every strategy the rate that suits it.
_FEW = TrainConfig(steps=200, batch_size=32, learning_rate=7e-4, warmup_steps=10, eval_every=0)

EXPERIMENT = Experiment(
    name="finetune-reverse-copy",
    title=Text("八种微调并排", "Eight ways to fine-tune"),
    claim=Text("怎么微调都差不多。", "How one fine-tunes makes little difference."),
    question=Text(
        "会倒写的模型用 128 个例子学抄写：学到多少，忘了多少？",
        "A model that reverses learns to copy from 128 examples: what is gained, what is forgotten?",
    ),
    choices=(
        Choice(
            "differ",
            Text(
                "差别很大：全量学得最多也忘光，仅头学不会但不忘",
                "a lot: full learns most and forgets, head only neither",
            ),
            (
                Bound("full.new", at_least=0.55),
                Bound("head.new", at_most=0.05),
                Bound("scratch.new", at_most=0.2),
                Bound("full.old", at_most=0.05),
                Bound("head.old", at_least=0.9),
            ),
        ),
        Choice("alike", Text("差不多", "little"), (Bound("full.new", minus="head.new", at_most=0.1),)),
    ),
    expected="differ",
    truth=Text(
        "能变的参数越多，新任务学得越多，旧任务忘得越快；只训练头，编码器和注意力都没变，学不会新的次序，旧任务还在。",
        "The more numbers may move, the more is learned of the new task and the faster the old one goes; with the head "
        "alone, attention stays as it was: no new order can be learned, and the old task is still there.",
    ),
    source=Source(
        "McCloskey & Cohen, Catastrophic Interference in Connectionist Networks",
        1989,
        "https://doi.org/10.1016/S0079-7421(08)60536-8",
    ),
    recipe=Text(
        "从“倒写”模型开始，用 128 个例子学“抄写” 200 步，每步 32 例。",
        "From the model that reverses, 200 steps of 32 examples of copying, 128 different ones.",
    ),
    quantities=tuned.quantities(STRATEGIES),
    plans=tuned.plans("reverse", "copy", STRATEGIES, _FEW, rates=FOUND["reverse-copy"], train_size=128),
    measure=tuned.measure(),
    try_it=Try("finetuning", {"task": "copy", "strategy": "full", "examples": "128"}),
    seconds=20,
)
