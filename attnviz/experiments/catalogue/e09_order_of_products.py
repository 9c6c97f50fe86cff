"""E9: softmax(QKᵀ/√d)·V, and neither softmax(Q·K·V) nor softmax(QKᵀW + VW)."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from attnviz.experiments import At, Bound, Choice, Experiment, Quantity, Source, Trained, Try
from attnviz.language import Text
from attnviz.model import explicit_attention

TOKENS, HEAD_DIM = 7, 5


class _Weights:
    """A probe that keeps the weights."""

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: torch.Tensor) -> torch.Tensor:
        if name == "weights":
            self.kept = value
        return value


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Change V only, and see whose weights move; count the numbers that a row of "weights" has."""
    generator = torch.Generator().manual_seed(at.seed)
    q, k, v, other = (torch.randn(1, 1, TOKENS, HEAD_DIM, generator=generator) for _ in range(4))
    to_keys = torch.randn(TOKENS, TOKENS, generator=generator)
    values_to_keys = torch.randn(HEAD_DIM, TOKENS, generator=generator)

    def proper(values: torch.Tensor) -> torch.Tensor:
        probe = _Weights()
        explicit_attention(q, k, values, probe=probe)
        return probe.kept

    def additive(values: torch.Tensor) -> torch.Tensor:
        return (q @ k.transpose(-2, -1) @ to_keys + values @ values_to_keys).softmax(dim=-1)

    elementwise = (q * k * v).softmax(dim=-1)
    return {
        "proper.columns": float(proper(v).size(-1)),
        "elementwise.columns": float(elementwise.size(-1)),
        "proper.moved": float((proper(v) - proper(other)).abs().max()),
        "additive.moved": float((additive(v) - additive(other)).abs().max()),
        "elementwise.moved": float((elementwise - (q * k * other).softmax(dim=-1)).abs().max()),
    }


EXPERIMENT = Experiment(
    name="E9",
    title=Text("softmax(Q·K·V)？", "softmax(Q·K·V)?"),
    claim=Text(
        "注意力就是 softmax(Q·K·V)，或者 softmax(QKᵀW + VW)。",
        "Attention is softmax(Q·K·V), or softmax(QKᵀW + VW).",
    ),
    question=Text("只改 V，不改 Q 和 K：注意力权重会变吗？", "Change V only, not Q or K: do the weights move?"),
    choices=(
        Choice(
            "no",
            Text("不变；只有那两个错的公式会变", "no; only those of the two wrong formulas do"),
            (
                Bound("proper.moved", at_most=0.0),
                Bound("additive.moved", at_least=0.05),
                Bound("elementwise.moved", at_least=0.05),
                Bound("proper.columns", at_least=TOKENS, at_most=TOKENS),
                Bound("elementwise.columns", at_least=HEAD_DIM, at_most=HEAD_DIM),
            ),
        ),
        Choice("yes", Text("会变", "yes"), (Bound("proper.moved", at_least=1e-6),)),
    ),
    expected="no",
    truth=Text(
        "softmax(QKᵀ/√d)·V：权重只由查询和键决定，n×n，每行和为 1；V 只是被加权的内容。"
        "逐元素相乘得到 n×d，一行里没有“每个键一个权重”；QKᵀW + VW 让内容决定去看谁。",
        "softmax(QKᵀ/√d)·V: weights come from queries and keys alone, n×n, each row sums to 1; V is what is averaged. "
        "The element-wise product is n×d, with no weight for each key; in QKᵀW + VW the content decides where to look.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, eq. 1", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=Text(
        "7 个词元、head_dim 5 的随机 Q、K、V，三个公式；不训练。",
        "Random Q, K, V of 7 tokens with head_dim 5, in all three formulas; no training.",
    ),
    quantities=(
        Quantity(
            "proper.columns", Text("对的公式：一行的权重数（词元数 7）", "right: weights a row (7 tokens)"), "number"
        ),
        Quantity(
            "elementwise.columns",
            Text("逐元素：一行的数（head_dim 5）", "element-wise: numbers a row (head_dim 5)"),
            "number",
        ),
        Quantity("proper.moved", Text("对的公式：改 V 后权重的变化", "right: weights moved by V"), "weight"),
        Quantity("additive.moved", Text("QKᵀW + VW：改 V 后权重的变化", "QKᵀW + VW: weights moved by V"), "weight"),
        Quantity("elementwise.moved", Text("逐元素：改 V 后的变化", "element-wise: moved by V"), "weight"),
    ),
    measure=measure,
    try_it=Try("by_hand", {"what": "apples"}),
)
