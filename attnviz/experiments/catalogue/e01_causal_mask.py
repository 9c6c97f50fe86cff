"""E1: the causal mask is no regulariser: without it the model copies what it should predict, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import RECIPE, reverse
from attnviz.language import Text


def plans(at: At) -> dict[str, Plan]:
    """The same model with and without the mask."""
    return {"masked": reverse(at), "unmasked": reverse(at, without=("causal-mask",))}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Loss on held-out examples beside what the model writes by itself."""
    masked, unmasked = (models[name].metrics() for name in ("masked", "unmasked"))
    return {
        "masked.loss": masked.loss,
        "unmasked.loss": unmasked.loss,
        "unmasked.accuracy": unmasked.token_accuracy,
        "masked.exact": masked.exact_match or 0.0,
        "unmasked.exact": unmasked.exact_match or 0.0,
    }


EXPERIMENT = Experiment(
    name="E1",
    title=Text("掩码是为了防过拟合？", "A mask against overfitting?"),
    claim=Text("掩码是用来防止过拟合的。", "A mask is there against overfitting."),
    question=Text(
        "不用因果掩码来训练：验证损失和自由生成各会怎样？",
        "Train without the causal mask: what happens to validation loss, and to free running?",
    ),
    choices=(
        Choice(
            "overfits",
            Text("过拟合：验证损失变高", "it overfits: validation loss rises"),
            (Bound("unmasked.loss", minus="masked.loss", at_least=0.02),),
        ),
        Choice(
            "cheats",
            Text("损失几乎为 0，却什么也写不对", "loss near 0, and nothing it writes is right"),
            (
                Bound("unmasked.loss", at_most=0.02),
                Bound("unmasked.exact", at_most=0.05),
                Bound("masked.exact", at_least=0.9),
            ),
        ),
        Choice(
            "same",
            Text("差不多：掩码只是锦上添花", "much the same: the mask is a refinement"),
            (Bound("unmasked.exact", at_least=0.9),),
        ),
    ),
    expected="cheats",
    truth=Text(
        "因果掩码不让第 i 个位置读到它要预测的词元。没有它，训练时答案就摆在输入里，照抄即可，损失趋于 0；"
        "自由生成时后面的词元还不存在，模型什么也没学会。这叫信息泄漏，不是过拟合。",
        "The causal mask keeps position i from reading what it must predict. Without it the answer stands in the "
        "input: "
        "copying it brings the loss to 0. When the model writes by itself the later tokens do not exist yet, and it "
        "has "
        "learned nothing else. That is leakage, not overfitting.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, 3.2.3", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=RECIPE,
    quantities=(
        Quantity("masked.loss", Text("有掩码：损失", "with the mask: loss"), "nats"),
        Quantity("unmasked.loss", Text("无掩码：损失", "without: loss"), "nats"),
        Quantity(
            "unmasked.accuracy", Text("无掩码：教师强制正确率", "without: accuracy under teacher forcing"), "share"
        ),
        Quantity(
            "masked.exact", Text("有掩码：自由生成逐序列正确率", "with the mask: free-running exact match"), "share"
        ),
        Quantity("unmasked.exact", Text("无掩码：自由生成逐序列正确率", "without: free-running exact match"), "share"),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("masks", {"model": "reverse", "kind": "decoder_self", "how": "none"}),
    seconds=20,
)
