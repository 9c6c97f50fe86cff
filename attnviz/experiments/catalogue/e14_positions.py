"""E14: attention is permutation-equivariant: without positions a model cannot tell the order of its input."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import RECIPE, reverse
from attnviz.language import Text
from attnviz.model.inference import inference


def plans(at: At) -> dict[str, Plan]:
    """With learned positions, and without any."""
    return {"learned": reverse(at), "none": reverse(at, shape={"positions": "none"})}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Exact match; and how far the encoder of each is from permuting its output as its input was permuted."""
    found = {}
    generator = torch.Generator().manual_seed(at.seed)
    for name, trained in models.items():
        found[f"{name}.exact"] = trained.metrics().exact_match or 0.0
        batch = trained.batch(limit=1)
        assert batch.src is not None
        order = torch.randperm(batch.src.size(1), generator=generator)
        with inference(trained.model):
            there, permuted = trained.model.encode(batch.src), trained.model.encode(batch.src[:, order])
        found[f"{name}.equivariance"] = float((there[:, order] - permuted).abs().max())
    return found


EXPERIMENT = Experiment(
    name="E14",
    title=Text("位置不用教？", "Positions come for free?"),
    claim=Text("词元按顺序输入，模型自然知道位置。", "Tokens come in order, so the model knows their positions."),
    question=Text(
        "去掉位置编码，模型还能把字母倒过来写吗？",
        "Without positional encoding, can the model still write letters in reverse?",
    ),
    choices=(
        Choice("yes", Text("能", "yes"), (Bound("none.exact", at_least=0.8),)),
        Choice(
            "no",
            Text("几乎不能", "hardly ever"),
            (
                Bound("none.exact", at_most=0.2),
                Bound("learned.exact", at_least=0.9),
                Bound("none.equivariance", at_most=1e-4),
            ),
        ),
        Choice("half", Text("一半左右", "about half the time"), (Bound("none.exact", at_least=0.2, at_most=0.8),)),
    ),
    expected="no",
    truth=Text(
        "注意力对排列是等变的：输入换个顺序，输出只是跟着换，分不出谁在前。顺序要靠位置编码给。"
        "（解码器的因果掩码漏出一点顺序，所以不是一点也不会。）",
        "Attention is permutation-equivariant: permute its input and its output is permuted with it, so nothing says "
        "who "
        "came first. Positions must be given. (The decoder's causal mask gives away a little of the order.)",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, 3.5", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=RECIPE,
    quantities=(
        Quantity("learned.exact", Text("有位置编码：逐序列正确率", "with positions: exact match")),
        Quantity("none.exact", Text("没有：逐序列正确率", "without: exact match")),
        Quantity(
            "learned.equivariance",
            Text("有位置编码：离等变多远", "with positions: distance from equivariance"),
            "change",
        ),
        Quantity("none.equivariance", Text("没有：离等变多远", "without: distance from equivariance"), "change"),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("pretraining", {}),
    seconds=20,
)
