"""E8: post-norm needs warm-up, pre-norm does not; it takes depth and a high rate to see it."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import reverse
from attnviz.language import Text

DEEP = {"n_encoder_layers": 4, "n_decoder_layers": 4}
STEPS, RATE, WARMUP = 400, 7e-3, 200


def plans(at: At) -> dict[str, Plan]:
    """Pre-norm and post-norm without warm-up, and post-norm with it."""
    return {
        "pre": reverse(at, shape=DEEP, warmup_steps=0, steps=STEPS, learning_rate=RATE),
        "post": reverse(at, shape={**DEEP, "norm": "post"}, warmup_steps=0, steps=STEPS, learning_rate=RATE),
        "post-warm": reverse(
            at, shape={**DEEP, "norm": "post"}, warmup_steps=at.steps(WARMUP), steps=STEPS, learning_rate=RATE
        ),
    }


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Exact match of the three."""
    return {name: trained.metrics().exact_match or 0.0 for name, trained in models.items()}


EXPERIMENT = Experiment(
    name="E8",
    title=Text("归一化放哪里都一样？", "Does it matter where the norm stands?"),
    claim=Text("LayerNorm 放在子层之前还是之后都一样。", "LayerNorm before or after the sublayer: no difference."),
    question=Text(
        "编码器、解码器各 4 层，高学习率，不预热：前置和后置归一化哪个学得会？",
        "4 + 4 layers, a high rate, no warm-up: does pre-norm learn, does post-norm?",
    ),
    choices=(
        Choice("both", Text("都学得会", "both learn"), (Bound("post", at_least=0.8), Bound("pre", at_least=0.8))),
        Choice(
            "pre",
            Text("只有前置；后置要预热", "only pre-norm; post-norm needs warm-up"),
            (
                Bound("pre", minus="post", at_least=0.3),
                Bound("post-warm", minus="post", at_least=0.3),
            ),
        ),
        Choice("post", Text("只有后置", "only post-norm"), (Bound("post", minus="pre", at_least=0.3),)),
    ),
    expected="pre",
    truth=Text(
        "后置归一化在一开始时靠近输出的层梯度很大，高学习率会把它们冲坏；预热让最初几步小一点。不预热就学不会。"
        "前置归一化的残差通路不被打断，各层的梯度相当。层少、学习率低时看不出差别（实验 break-it：2 层时照样学会）。",
        "At the start, post-norm's layers near the output have large gradients, and a high rate wrecks them; warm-up "
        "keeps the first steps small. Without it nothing is learned. "
        "Pre-norm leaves the residual path open, and gradients are alike in all layers. With few layers and a low rate "
        "nothing of it shows (experiment break-it: with 2 layers post-norm learns).",
    ),
    source=Source(
        "Xiong et al., On Layer Normalization in the Transformer Architecture", 2020, "https://arxiv.org/abs/2002.04745"
    ),
    recipe=Text(
        "任务：倒写。编码器 4 层、解码器 4 层，学习率 0.007，400 步，每步 64 例；预热 0 步或 200 步。",
        "Task: reverse. 4 encoder and 4 decoder layers, learning rate 0.007, 400 steps of 64 examples; warm-up over 0 "
        "or 200 steps.",
    ),
    quantities=(
        Quantity("pre", Text("前置，不预热：逐序列正确率", "pre-norm, no warm-up: exact match")),
        Quantity("post", Text("后置，不预热：逐序列正确率", "post-norm, no warm-up: exact match")),
        Quantity("post-warm", Text("后置，预热：逐序列正确率", "post-norm, warm-up: exact match")),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("pretraining", {}),
    seconds=40,
)
