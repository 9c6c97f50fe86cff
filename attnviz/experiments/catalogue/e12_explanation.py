"""E12: whether attention explains is contested; what a head is worth is measured by switching it off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import RECIPE, reverse
from attnviz.language import Text
from attnviz.trace import watch
from attnviz.trace.ablation import head_effects

LIMIT = 256


def plans(at: At) -> dict[str, Plan]:
    """The baseline."""
    return {"model": reverse(at)}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Switch every head off, one at a time, and compare what is lost with how sharp the head's map looks."""
    model = models["model"].model
    batch = models["model"].batch(limit=LIMIT)
    trace = watch(model, batch)
    sharpness: dict[tuple[str, int], float] = {}
    for kind in trace.kinds:
        entropy = np.nanmean(trace.statistics(kind).entropy, axis=1)  # (L, H), over the examples
        for layer, site in enumerate(trace.sites_of(kind)):
            sharpness |= {(site, head): -float(entropy[layer, head]) for head in range(model.config.n_heads)}
    effects = head_effects(model, batch)
    whole = models["model"].metrics(limit=LIMIT).exact_match or 0.0
    left = [whole + effect.exact_match for effect in effects]
    sharp = [sharpness[effect.site, effect.head] for effect in effects]
    sharpest = int(np.argmax(sharp))
    return {
        "whole": whole,
        "off.least": min(left),
        "off.most": max(left),
        "off.sharpest": left[sharpest],
        "correlation": abs(rank_correlation(sharp, [-value for value in left])),
    }


def rank_correlation(one: list[float], other: list[float]) -> float:
    """Spearman's ρ; equal values share their mean rank. 0 where one side does not vary."""

    def ranks(values: list[float]) -> np.ndarray:
        array = np.asarray(values)
        return np.array([(array < value).sum() + ((array == value).sum() - 1) / 2 for value in array])

    a, b = ranks(one), ranks(other)
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


EXPERIMENT = Experiment(
    name="E12",
    title=Text("注意力就是解释？", "Attention is the explanation?"),
    claim=Text(
        "注意力图越尖锐，这个头就越重要；看图就知道模型为什么这样回答。",
        "The sharper a head's map, the more it matters: the map tells why the model answers as it does.",
    ),
    question=Text(
        "逐个关掉每个头：损失多少，能从注意力图的尖锐程度看出来吗？",
        "Switch every head off, one at a time: can you tell from its map what is lost?",
    ),
    choices=(
        Choice(
            "tells",
            Text("能：越尖锐损失越大", "yes: the sharper, the more is lost"),
            (Bound("correlation", at_least=0.8),),
        ),
        Choice(
            "no",
            Text("看不准：有的头关掉几乎没事，有的一关就坏", "not reliably: some heads hardly matter, some are vital"),
            (
                Bound("off.most", minus="off.least", at_least=0.2),
                Bound("correlation", at_most=0.8),
            ),
        ),
        Choice(
            "equal",
            Text("每个头都一样重要", "all heads matter alike"),
            (Bound("off.most", minus="off.least", at_most=0.05),),
        ),
    ),
    expected="no",
    truth=Text(
        "有争议：权重说的是信息从哪里来、占多少，不是输出因此怎样变。要知道一个头有多要紧，就把它关掉再量（消融）。",
        "It is contested: weights say where information comes from and how much of it, not how the output depends on "
        "it. "
        "To know what a head is worth, switch it off and measure (ablation).",
    ),
    source=Source(
        "Jain & Wallace, Attention is not Explanation; Wiegreffe & Pinter, Attention is not not Explanation",
        2019,
        "https://arxiv.org/abs/1902.10186",
    ),
    recipe=RECIPE,
    quantities=(
        Quantity("whole", Text("完整的模型：逐序列正确率", "the whole model: exact match")),
        Quantity("off.least", Text("关掉最要紧的头之后", "without the head that matters most")),
        Quantity("off.most", Text("关掉最无关的头之后", "without the head that matters least")),
        Quantity("off.sharpest", Text("关掉最尖锐的头之后", "without the head with the sharpest map")),
        Quantity(
            "correlation",
            Text("尖锐与损失的秩相关（绝对值）", "rank correlation of sharpness and loss (absolute)"),
            "correlation",
        ),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("attention", {"model": "reverse", "kind": "cross"}),
    seconds=12,
)
