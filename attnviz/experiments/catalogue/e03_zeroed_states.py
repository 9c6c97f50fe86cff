"""E3: a mask sets scores to −∞; multiplying hidden states by it leaves every blocked key its e⁰."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from attnviz.config import ModelConfig
from attnviz.experiments import At, Bound, Choice, Experiment, Quantity, Source, Trained, Try
from attnviz.language import Text
from attnviz.masks import causal
from attnviz.model import MultiHeadAttention
from attnviz.trace.application import apply_mask

TOKENS, D_MODEL, HEADS = 7, 48, 3  # odd sizes: an axis that was swapped would show


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Random hidden states through a new attention layer, the causal mask applied in both ways."""
    generator = torch.Generator().manual_seed(at.seed)
    config = ModelConfig(architecture="decoder-only", vocab_size=5, d_model=D_MODEL, n_heads=HEADS, n_encoder_layers=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(at.seed)
        layer = MultiHeadAttention(config, "decoder.0.self_attn")
    x = torch.randn(1, TOKENS, D_MODEL, generator=generator)
    mask = causal().dense(batch=1, heads=HEADS, queries=TOKENS, keys=TOKENS)
    with torch.no_grad():
        q, k = (p(x).view(1, TOKENS, HEADS, -1).transpose(1, 2) for p in (layer.q_proj, layer.k_proj))
        scores = q @ k.transpose(-2, -1) * layer.scale
        zeroed = apply_mask(scores, mask, "hidden").weights
        proper = apply_mask(scores, mask, "own").weights
    blocked = ~mask
    some = blocked.any(dim=-1)  # the last query may see every key: nothing of it is blocked
    shares = zeroed.masked_fill(mask, 0.0).sum(dim=-1)[some]
    return {
        "zeroed.mean": float(shares.mean()),
        "zeroed.least": float(shares.min()),
        "zeroed.most": float(shares.max()),
        "proper": float(proper[blocked].abs().max()),
    }


EXPERIMENT = Experiment(
    name="E3",
    title=Text("掩码乘在隐藏状态上？", "A mask multiplies hidden states?"),
    claim=Text(
        "掩码就是把被屏蔽的词元的隐藏状态乘以 0。",
        "A mask multiplies the hidden states of blocked tokens by 0.",
    ),
    question=Text(
        "把被屏蔽的键清零之后，它们还会得到多少注意力权重？",
        "Once blocked keys are zeroed, how much attention do they still get?",
    ),
    choices=(
        Choice(
            "none",
            Text("一点也没有：0", "none at all: 0"),
            (Bound("zeroed.most", at_most=1e-6),),
        ),
        Choice(
            "some",
            Text("不少：一成以上", "a good deal: more than a tenth"),
            (Bound("zeroed.mean", at_least=0.1), Bound("proper", at_most=0.0)),
        ),
        Choice(
            "little",
            Text("有一点，但不到一成", "a little, but less than a tenth"),
            (Bound("zeroed.mean", at_most=0.1),),
        ),
    ),
    expected="some",
    truth=Text(
        "零向量的分数是 0，而 e⁰ = 1：softmax 照样分给它一份权重。掩码要在 softmax 之前把分数设为 −∞，e 的负无穷次方才"
        "是 0。",
        "A zero vector's score is 0, and e⁰ = 1: softmax gives it a share all the same. A mask sets the score to −∞ "
        "before the softmax; only e to the −∞ is 0.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, 3.2.3", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=Text(
        "7 个随机词元、3 个头的一层注意力，因果掩码用两种办法施加；不训练。",
        "One attention layer with 3 heads over 7 random tokens, the causal mask applied in both ways; no training.",
    ),
    quantities=(
        Quantity(
            "zeroed.mean", Text("清零：被屏蔽的键得到的权重（平均）", "zeroed: weight on blocked keys, mean"), "weight"
        ),
        Quantity("zeroed.least", Text("清零：最少的一行", "zeroed: the row with the least"), "weight"),
        Quantity("zeroed.most", Text("清零：最多的一行", "zeroed: the row with the most"), "weight"),
        Quantity("proper", Text("设为 −∞：最大的被屏蔽权重", "set to −∞: largest blocked weight"), "weight"),
    ),
    measure=measure,
    try_it=Try("masks", {"model": "reverse", "kind": "decoder_self", "how": "hidden"}),
)
