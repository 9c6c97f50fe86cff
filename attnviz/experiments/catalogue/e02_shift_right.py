"""E2: the decoder reads the target shifted right; unshifted, it reads the very token it should say."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import RECIPE, reverse
from attnviz.language import Text


def plans(at: At) -> dict[str, Plan]:
    """The same model with its input shifted and not."""
    return {"shifted": reverse(at), "unshifted": reverse(at, without=("shift",))}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Loss on held-out examples beside what the model writes by itself."""
    shifted, unshifted = (models[name].metrics() for name in ("shifted", "unshifted"))
    return {
        "shifted.loss": shifted.loss,
        "unshifted.loss": unshifted.loss,
        "shifted.exact": shifted.exact_match or 0.0,
        "unshifted.exact": unshifted.exact_match or 0.0,
    }


EXPERIMENT = Experiment(
    name="E2",
    title=Text("解码器的输入是什么？", "What does the decoder read?"),
    claim=Text(
        "解码器的输入就是编码器的隐藏状态；右移一位无关紧要。",
        "The decoder's input is the encoder's hidden state; the shift to the right is a detail.",
    ),
    question=Text(
        "因果掩码照旧，只是不右移：模型还能自由生成吗？",
        "The causal mask stays on, but nothing is shifted: can the model still write by itself?",
    ),
    choices=(
        Choice(
            "writes",
            Text("能：有因果掩码就不会泄漏", "yes: with the causal mask nothing leaks"),
            (Bound("unshifted.exact", at_least=0.9),),
        ),
        Choice(
            "cheats",
            Text("不能：损失几乎为 0，却写不出来", "no: loss near 0, and it cannot write"),
            (
                Bound("unshifted.loss", at_most=0.02),
                Bound("unshifted.exact", at_most=0.05),
                Bound("shifted.exact", at_least=0.9),
            ),
        ),
        Choice(
            "slower",
            Text("能，只是学得慢", "yes, it only learns more slowly"),
            (Bound("unshifted.loss", at_least=0.1),),
        ),
    ),
    expected="cheats",
    truth=Text(
        "解码器读的是右移一位的目标（以起始符开头）；编码器的输出作为 K 和 V 进入交叉注意力。不右移，第 i 个位置读的正"
        "是它该说的词元，"
        "而因果掩码允许看自己，所以照抄就行。",
        "The decoder reads the target shifted right, beginning with BOS; the encoder's output enters cross-attention "
        "as "
        "K and V. Unshifted, position i reads the very token it should say, and the causal mask lets a position see "
        "itself: copying is enough.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, 3.1", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=RECIPE,
    quantities=(
        Quantity("shifted.loss", Text("右移：损失", "shifted: loss"), "nats"),
        Quantity("unshifted.loss", Text("不右移：损失", "not shifted: loss"), "nats"),
        Quantity("shifted.exact", Text("右移：自由生成逐序列正确率", "shifted: free-running exact match"), "share"),
        Quantity(
            "unshifted.exact", Text("不右移：自由生成逐序列正确率", "not shifted: free-running exact match"), "share"
        ),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("decoding", {"model": "reverse"}),
    seconds=20,
)
