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
# Every strategy has the rate that suits it, scratch included: at one rate for all the rate would be taught instead.
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
                "仅头学不会，旧任务还剩大半；其余都学得会，也都忘光",
                "head only learns nothing and keeps much of the old; the others learn, and forget all of it",
            ),
            (
                Bound("full.new", at_least=0.55),
                Bound("lora.new", at_least=0.5),
                Bound("head.new", at_most=0.05),
                Bound("full.old", at_most=0.05),
                Bound("lora.old", at_most=0.05),
                Bound("head.old", at_least=0.25),
            ),
        ),
        Choice("alike", Text("差不多", "little"), (Bound("full.new", minus="head.new", at_most=0.1),)),
    ),
    expected="differ",
    truth=Text(
        "每种微调都用同样的小搜索找到合适的学习率，从头训练也一样。这样一来，只要注意力能变，新的次序就学得会，旧的就没了；"
        "连从头训练也追上来不少，因为任务简单。只训练头，注意力没变，学不会新的次序，旧任务还剩大半。",
        "Each strategy has the rate that the same small search found for it, scratch included. Then whatever may move "
        "attention learns the new order and loses the old one; even from scratch much is learned, for the task is "
        "simple. With the head alone, attention stays as it was: no new order, and much of the old task is left.",
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
