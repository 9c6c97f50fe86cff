"""E6: −1e9 is not −∞: half precision ends at −65504, and a fully blocked row is something else each time."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

from attnviz.experiments import At, Bound, Choice, Experiment, Quantity, Source, Trained, Try
from attnviz.language import Text
from attnviz.trace.application import apply_mask

QUERIES, KEYS, HEAD_DIM, BLOCKED = 5, 7, 11, 2  # query 2 may see nothing


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """One fully blocked row among ordinary ones, the mask applied in every way and precision."""
    generator = torch.Generator().manual_seed(at.seed)
    q, k, v = (torch.randn(1, 1, n, HEAD_DIM, generator=generator) for n in (QUERIES, KEYS, KEYS))
    scores = q @ k.transpose(-2, -1) * HEAD_DIM**-0.5
    mask = torch.ones(1, 1, QUERIES, KEYS, dtype=torch.bool)
    mask[..., BLOCKED, :] = False
    plain = scores.double().softmax(dim=-1)[..., BLOCKED, :]

    def row(how: str, dtype: torch.dtype) -> torch.Tensor:
        weights: torch.Tensor = apply_mask(scores.to(dtype), mask, how).weights[..., BLOCKED, :]  # type: ignore[arg-type]
        return weights.double()

    fused = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return {
        "fp32.uniform": float((row("-1e9", torch.float32) - 1 / KEYS).abs().max()),
        "fp64.unmasked": float((row("-1e9", torch.float64) - plain).abs().max()),
        "fp16.overflows": float(torch.tensor(-1e9).to(torch.float16).isinf()),
        "infinity.nan": float(row("-inf", torch.float32).isnan().float().mean()),
        "own.zero": float(row("own", torch.float32).abs().max()),
        "sdpa.zero": float(fused[..., BLOCKED, :].abs().max()),
    }


EXPERIMENT = Experiment(
    name="E6",
    title=Text("加 −1e9 就是 −∞？", "Is −1e9 the same as −∞?"),
    claim=Text("掩码加 −1e9 和设为 −∞ 总是一样。", "Adding −1e9 is always the same as setting −∞."),
    question=Text(
        "如果一行的键全被屏蔽，加 −1e9 之后这一行的权重是什么？",
        "If every key of a row is blocked, what are its weights after adding −1e9?",
    ),
    choices=(
        Choice("zero", Text("全是 0", "all 0"), (Bound("fp32.uniform", at_least=1 / KEYS - 1e-6),)),
        Choice(
            "depends",
            Text("看精度：有时平均分，有时像没有掩码", "it depends on the precision: even, or as if unmasked"),
            (
                Bound("fp32.uniform", at_most=1e-6),
                Bound("fp64.unmasked", at_most=1e-6),
                Bound("fp16.overflows", at_least=1.0),
                Bound("infinity.nan", at_least=1.0),
                Bound("own.zero", at_most=0.0),
                Bound("sdpa.zero", at_most=0.0),
            ),
        ),
        Choice("nan", Text("NaN", "NaN"), ()),
    ),
    expected="depends",
    truth=Text(
        "fp32 里 −1e9 把分数本身吞掉了，整行变成平均分；fp64 还留着分数，整行等于没有掩码的 softmax；fp16 只到 "
        "−65504，−1e9 就是 −∞。"
        "全是 −∞ 的行是 0/0 = NaN；torch 的 SDPA（和这里）给它 0。",
        "In fp32, −1e9 swallows the score: the row becomes even. fp64 still holds the score: the row is the unmasked "
        "softmax. fp16 ends at −65504, so there −1e9 is −∞. A row of −∞ is 0/0 = NaN; torch's SDPA, and this project, "
        "give it 0.",
    ),
    source=Source("Micikevicius et al., Mixed Precision Training, 3", 2018, "https://arxiv.org/abs/1710.03740"),
    recipe=Text(
        "5 个查询、7 个键的随机分数，其中一行全被屏蔽；fp16、fp32、fp64；不训练。",
        "Random scores of 5 queries and 7 keys, one row fully blocked, in fp16, fp32 and fp64; no training.",
    ),
    quantities=(
        Quantity("fp32.uniform", Text("fp32 加 −1e9：离平均分多远", "fp32, −1e9: distance from even"), "weight"),
        Quantity(
            "fp64.unmasked",
            Text("fp64 加 −1e9：离无掩码的 softmax 多远", "fp64, −1e9: distance from unmasked"),
            "weight",
        ),
        Quantity("fp16.overflows", Text("fp16：−1e9 变成 −∞（1 = 是）", "fp16: −1e9 becomes −∞ (1 = yes)"), "number"),
        Quantity("infinity.nan", Text("−∞ 加普通 softmax：NaN 的比例", "−∞ and plain softmax: share of NaN"), "share"),
        Quantity("own.zero", Text("这里的做法：最大的权重", "as done here: largest weight"), "weight"),
        Quantity("sdpa.zero", Text("torch SDPA：最大的输出", "torch SDPA: largest output"), "change"),
    ),
    measure=measure,
    try_it=Try("masks", {"model": "reverse", "kind": "decoder_self", "how": "-1e9", "precision": "fp64"}),
)
