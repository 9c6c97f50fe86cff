"""E15: `nn.MultiheadAttention` takes (T, B, C): on (B, T, C) it attends across the batch."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from attnviz.experiments import At, Bound, Choice, Experiment, Quantity, Source, Trained, Try
from attnviz.language import Text

BATCH, TOKENS, D_MODEL, HEADS = 5, 7, 12, 3


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Change sample 3 and see whether sample 0 moves, with and without `batch_first`."""
    generator = torch.Generator().manual_seed(at.seed)
    x = torch.randn(BATCH, TOKENS, D_MODEL, generator=generator)
    disturbed = x.clone()
    disturbed[3] = torch.randn(TOKENS, D_MODEL, generator=generator)
    found = {}
    for name, batch_first in (("default", False), ("batch_first", True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(at.seed)
            layer = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=batch_first).eval()
        with torch.no_grad():
            (before, weights), (after, _) = (layer(y, y, y) for y in (x, disturbed))
        found[f"{name}.moved"] = float((after[0] - before[0]).abs().max())
        found[f"{name}.keys"] = float(weights.size(-1))
    return found


EXPERIMENT = Experiment(
    name="E15",
    title=Text("nn.MultiheadAttention 直接用？", "nn.MultiheadAttention just works?"),
    claim=Text(
        "把 (批, 长度, 特征) 的张量交给 nn.MultiheadAttention 就行。",
        "Hand nn.MultiheadAttention a (batch, length, features) tensor and it just works.",
    ),
    question=Text(
        "按默认设置，只改第 3 个样本，第 0 个样本的输出会变吗？",
        "With its defaults, change sample 3 only: does sample 0's output move?",
    ),
    choices=(
        Choice(
            "yes",
            Text("会：它在批的方向上做注意力", "yes: it attends across the batch"),
            (
                Bound("default.moved", at_least=1e-3),
                Bound("batch_first.moved", at_most=0.0),
                Bound("default.keys", at_least=BATCH, at_most=BATCH),
                Bound("batch_first.keys", at_least=TOKENS, at_most=TOKENS),
            ),
        ),
        Choice(
            "no",
            Text("不会：样本互不相干", "no: samples know nothing of each other"),
            (Bound("default.moved", at_most=0.0),),
        ),
    ),
    expected="yes",
    truth=Text(
        "默认的 batch_first=False 把第一个轴当作长度：(B, T, C) 的每个“句子”就成了同一位置的 B 个样本，形状却毫无怨言。"
        "写 batch_first=True，或者先转置。",
        "The default batch_first=False takes the first axis for the length: of (B, T, C) each “sentence” is then the "
        "batch's B samples at one position, and no shape complains. Say batch_first=True, or transpose first.",
    ),
    source=Source(
        "PyTorch documentation, torch.nn.MultiheadAttention (batch_first since 1.9)",
        2021,
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html",
    ),
    recipe=Text(
        "torch 自己的一层，5 个样本、7 个词元、3 个头；不训练。",
        "torch's own layer, 5 samples, 7 tokens, 3 heads; no training.",
    ),
    quantities=(
        Quantity("default.moved", Text("默认：样本 0 的变化", "default: change of sample 0"), "change"),
        Quantity(
            "batch_first.moved",
            Text("batch_first=True：样本 0 的变化", "batch_first=True: change of sample 0"),
            "change",
        ),
        Quantity("default.keys", Text("默认：一行的键数（批大小 5）", "default: keys a row (batch of 5)"), "number"),
        Quantity(
            "batch_first.keys",
            Text("batch_first=True：一行的键数（长度 7）", "batch_first=True: keys a row (length 7)"),
            "number",
        ),
    ),
    measure=measure,
    try_it=Try("by_hand", {"what": "shapes"}),
)
