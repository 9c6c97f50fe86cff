"""E10: heads are concatenated, then W_O; they split the features, and every head sees every position."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from attnviz.config import ModelConfig
from attnviz.experiments import At, Bound, Choice, Experiment, Quantity, Source, Trained, Try
from attnviz.language import Text
from attnviz.model import MultiHeadAttention, merge_heads

TOKENS, D_MODEL, HEADS = 7, 24, 3


class _Heads:
    """A probe that keeps the heads' outputs."""

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: torch.Tensor) -> torch.Tensor:
        if name == "head_output":
            self.kept = value
        return value


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Swap two heads, summed and concatenated; then change the first token and see which heads move."""
    config = ModelConfig(architecture="decoder-only", vocab_size=5, d_model=D_MODEL, n_heads=HEADS, n_encoder_layers=0)
    generator = torch.Generator().manual_seed(at.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(at.seed)
        layer = MultiHeadAttention(config, "decoder.0.self_attn").eval()
    x = torch.randn(1, TOKENS, D_MODEL, generator=generator)
    disturbed = x.clone()
    disturbed[:, 0] = torch.randn(1, D_MODEL, generator=generator)

    def heads(states: torch.Tensor) -> torch.Tensor:
        probe = _Heads()
        with torch.no_grad():
            layer(states, probe=probe)
        return probe.kept  # (1, H, T, D)

    before, after = heads(x), heads(disturbed)
    swapped = before[:, [1, 0, *range(2, HEADS)]]
    with torch.no_grad():
        joined = (layer.out_proj(merge_heads(before)) - layer.out_proj(merge_heads(swapped))).abs().max()
    summed = (before.sum(dim=1) - swapped.sum(dim=1)).abs().max()
    moved = (after - before)[:, :, 1:].abs().amax(dim=(0, 3))  # (H, T − 1): at the positions that stayed as they were
    return {
        "summed.swapped": float(summed),
        "joined.swapped": float(joined),
        "heads.moved": float((moved > 1e-4).all(dim=1).float().mean()),
        "moved.least": float(moved.amin()),
    }


EXPERIMENT = Experiment(
    name="E10",
    title=Text("头相加，各看一段？", "Heads are summed, each sees a part?"),
    claim=Text(
        "多头注意力把各头的结果相加；每个头负责句子的一段。",
        "Multi-head attention adds up its heads; each head looks after a part of the sentence.",
    ),
    question=Text(
        "只换掉第一个词元，别处的输出会在几个头里变？",
        "Replace the first token only: in how many heads do the other positions' outputs change?",
    ),
    choices=(
        Choice(
            "one", Text("一个头：管那一段的", "in one: the one for that part"), (Bound("heads.moved", at_most=0.5),)
        ),
        Choice(
            "all",
            Text("每一个头", "in every head"),
            (
                Bound("heads.moved", at_least=1.0),
                Bound("summed.swapped", at_most=1e-6),
                Bound("joined.swapped", at_least=0.01),
            ),
        ),
    ),
    expected="all",
    truth=Text(
        "头拆分的是特征，不是位置：每个头都看见全句，只是用自己的 head_dim 个特征。结果拼接起来再乘 W_O，所以交换两个"
        "头会改变输出；"
        "要是相加，交换就什么也不变，头也就无从分工。",
        "Heads split features, not positions: each sees the whole sentence through its own head_dim features. They are "
        "concatenated and multiplied by W_O, so swapping two heads changes the output; were they summed, nothing would "
        "change and heads could not divide the work.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, 3.2.2", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=Text(
        "7 个随机词元、d_model 24、3 个头的一层注意力；不训练。",
        "One attention layer over 7 random tokens, d_model 24, 3 heads; no training.",
    ),
    quantities=(
        Quantity("summed.swapped", Text("相加：交换两个头后的变化", "summed: change when two heads swap"), "change"),
        Quantity("joined.swapped", Text("拼接再乘 W_O：交换后的变化", "concatenated, then W_O: change"), "change"),
        Quantity(
            "heads.moved",
            Text("换第一个词元：每个位置都变了的头", "first token replaced: heads that moved everywhere"),
            "share",
        ),
        Quantity("moved.least", Text("其中最小的变化", "the smallest of these changes"), "change"),
    ),
    measure=measure,
    try_it=Try("by_hand", {"what": "two_heads"}),
)
