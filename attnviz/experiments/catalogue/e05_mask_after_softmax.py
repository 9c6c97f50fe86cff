"""E5: a mask after the softmax leaks through the denominator, unless the rows are renormalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import RECIPE, reverse
from attnviz.experiments.trained import free_running, probe_for
from attnviz.language import Text
from attnviz.masks import causal
from attnviz.model.inference import inference
from attnviz.trace.application import apply_mask
from attnviz.training.objective import cross_entropy, predict

LIMIT = 256
SIZE = 11  # queries and keys of the identity's scores


def plans(at: At) -> dict[str, Plan]:
    """The mask before the softmax, and after it."""
    return {"before": reverse(at), "after": replace(reverse(at), how="after")}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Row sums, the identity after renormalising, and what both models write."""
    generator = torch.Generator().manual_seed(at.seed)
    scores = torch.randn(2, 3, SIZE, SIZE, generator=generator) * 2
    mask = causal().dense(batch=2, heads=3, queries=SIZE, keys=SIZE)
    own, after, again = (apply_mask(scores, mask, how).weights for how in ("own", "after", "after-renormalised"))
    found = {
        "after.row_least": float(after.sum(dim=-1).min()),
        "renormalised.distance": float((again - own).abs().max()),
    }
    for name, trained in models.items():
        batch = trained.batch(limit=LIMIT)
        found[f"{name}.loss"] = _loss(trained)
        found[f"{name}.exact"] = free_running(trained.model, trained.task, batch, how=trained.plan.how)
    return found


def _loss(trained: Trained) -> float:
    """Under teacher forcing, the mask applied as it was in training."""
    batch = trained.batch(limit=LIMIT)
    assert batch.targets is not None
    with inference(trained.model):
        logits = predict(trained.model, batch, probe=probe_for(trained.model, trained.plan.how))
    return cross_entropy(logits, batch.targets).nats.item()


EXPERIMENT = Experiment(
    name="E5",
    title=Text("softmax 之后再掩码？", "Mask after the softmax?"),
    claim=Text(
        "先 softmax，再把未来的权重设为 0，也是一样的。", "Softmax first, then set the future's weights to 0: the same."
    ),
    question=Text(
        "这样训练出来的模型，自由生成的逐序列正确率是多少？",
        "A model trained like that: what is its free-running exact match?",
    ),
    choices=(
        Choice("same", Text("和正确做法差不多", "much like the proper way"), (Bound("after.exact", at_least=0.8),)),
        Choice(
            "leaks",
            Text("低得多，虽然训练损失很低", "far lower, though the loss is low"),
            (
                Bound("after.exact", at_most=0.3),
                Bound("before.exact", at_least=0.9),
                Bound("renormalised.distance", at_most=1e-5),
                Bound("after.row_least", at_most=0.5),
            ),
        ),
    ),
    expected="leaks",
    truth=Text(
        "softmax 的分母已经把未来的键算进去了：每行和小于 1，少掉的部分就是未来的消息，模型学会读它。"
        "把每行重新除以自己的和，就恰好等于先掩码再 softmax。",
        "The softmax's denominator has already counted the future keys: rows sum to less than 1, and what is missing "
        "is "
        "news of the future, which the model learns to read. Dividing each row by its sum gives exactly the mask "
        "before "
        "the softmax.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need, 3.2.3", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=RECIPE,
    quantities=(
        Quantity("after.row_least", Text("之后掩码：最小的行和", "after: smallest row sum"), "weight"),
        Quantity(
            "renormalised.distance", Text("重新归一后：离正确做法多远", "renormalised: distance from proper"), "weight"
        ),
        Quantity("before.loss", Text("之前掩码：损失", "before: loss"), "nats"),
        Quantity("after.loss", Text("之后掩码：损失", "after: loss"), "nats"),
        Quantity("before.exact", Text("之前掩码：自由生成逐序列正确率", "before: free-running exact match"), "share"),
        Quantity("after.exact", Text("之后掩码：自由生成逐序列正确率", "after: free-running exact match"), "share"),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("masks", {"model": "reverse", "kind": "decoder_self", "how": "after"}),
    seconds=25,
)
