"""E13: Var(q·k) = head_dim, so without √head_dim the softmax has no choice left; in training a large head shows it."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import reverse
from attnviz.language import Text

DIMS = (16, 64, 1024)
KEYS, QUERIES = 16, 512
WIDE = {"d_model": 256, "n_heads": 1}
STEPS, RATE = 400, 1e-3


def plans(at: At) -> dict[str, Plan]:
    """One head of 256, with and without the division."""
    return {
        "scaled": reverse(at, shape=WIDE, steps=STEPS, learning_rate=RATE),
        "unscaled": reverse(at, shape={**WIDE, "scale_scores": False}, steps=STEPS, learning_rate=RATE),
    }


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Entropy of softmax over random scores at growing head_dim, and what two trained models write."""
    generator = torch.Generator().manual_seed(at.seed)
    found = {}
    for dim in DIMS:
        q = torch.randn(QUERIES, dim, generator=generator)
        k = torch.randn(KEYS, dim, generator=generator)
        products = q @ k.T
        found[f"variance.{dim}"] = float(products.var()) / dim
        found[f"unscaled.{dim}"] = _entropy(products)
        found[f"scaled.{dim}"] = _entropy(products * dim**-0.5)
    for name, trained in models.items():
        found[f"{name}.exact"] = trained.metrics().exact_match or 0.0
    return found


def _entropy(scores: torch.Tensor) -> float:
    return float(torch.special.entr(scores.softmax(dim=-1)).sum(dim=-1).mean())


EXPERIMENT = Experiment(
    name="E13",
    title=Text("√head_dim 只是细节？", "Is √head_dim a detail?"),
    claim=Text("分数除以 √head_dim 只是个细节。", "Dividing scores by √head_dim is a detail."),
    question=Text(
        "一个 256 维的头，不除以 √head_dim：还学得会吗？",
        "One head of 256 features, no division by √head_dim: does it still learn?",
    ),
    choices=(
        Choice(
            "same",
            Text("学得会，没有差别", "yes, no difference"),
            (Bound("unscaled.exact", minus="scaled.exact", at_least=-0.1),),
        ),
        Choice(
            "stuck",
            Text("几乎学不会：softmax 一开始就饱和了", "hardly: the softmax is saturated from the start"),
            (
                Bound("scaled.exact", minus="unscaled.exact", at_least=0.3),
                Bound("unscaled.1024", at_most=0.3),
                Bound("scaled.1024", at_least=2.0),
            ),
        ),
        Choice(
            "better",
            Text("学得更好：注意力更尖锐", "it learns better: sharper attention"),
            (Bound("unscaled.exact", minus="scaled.exact", at_least=0.1),),
        ),
    ),
    expected="stuck",
    truth=Text(
        "q 和 k 的分量方差为 1 时，q·k 的方差就是 head_dim：维数越大分数越悬殊，softmax 变成独热，梯度几乎为 0。"
        "除以 √head_dim 使方差回到 1。head_dim 只有 16 时训练看不出差别，所以这里用一个 256 维的头。",
        "When q and k have entries of variance 1, q·k has variance head_dim: the larger it is, the further scores lie "
        "apart; the softmax becomes one-hot and its gradient vanishes. Dividing by √head_dim brings the variance back "
        "to "
        "1. At a head_dim of 16 training shows nothing of it, hence one head of 256 here.",
    ),
    source=Source(
        "Vaswani et al., Attention Is All You Need, 3.2.1, footnote 4", 2017, "https://arxiv.org/abs/1706.03762"
    ),
    recipe=Text(
        "随机的 q、k，16 个键，head_dim 16、64、1024；再训练两个 d_model 256、1 个头的基线模型 400 步。",
        "Random q and k, 16 keys, head_dim 16, 64, 1024; and two baseline models with d_model 256 and 1 head, 400 "
        "steps.",
    ),
    quantities=(
        *(
            Quantity(
                f"variance.{dim}",
                Text(f"head_dim {dim}：q·k 的方差除以 head_dim", f"head_dim {dim}: variance of q·k by head_dim"),
                "number",
            )
            for dim in DIMS
        ),
        *(
            Quantity(
                f"unscaled.{dim}", Text(f"head_dim {dim}，不除：熵", f"head_dim {dim}, not divided: entropy"), "nats"
            )
            for dim in DIMS
        ),
        *(
            Quantity(f"scaled.{dim}", Text(f"head_dim {dim}，除：熵", f"head_dim {dim}, divided: entropy"), "nats")
            for dim in DIMS
        ),
        Quantity("scaled.exact", Text("除：逐序列正确率", "divided: exact match")),
        Quantity("unscaled.exact", Text("不除：逐序列正确率", "not divided: exact match")),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("by_hand", {"what": "apples", "divide": "no"}),
    seconds=45,
)
