"""The six buttons of "Break it" on the page Pretraining, at the size that a run there has: what each really does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.trained import free_running
from attnviz.language import Text
from attnviz.training.breakages import BREAKAGES
from attnviz.training.presets import PRESETS
from attnviz.training.regime import broken_masks, with_more_padding

PRESET = "reverse"
ROOM, PADS, LIMIT = 24, 12, 256  # positions; PADs behind every source, as beside a longer neighbour; examples
WHOLE = "whole"
TITLES: Mapping[str, Text] = {
    WHOLE: Text("什么也不少", "nothing left out"),
    "no-causal-mask": Text("没有因果掩码", "no causal mask"),
    "no-shift": Text("没有右移", "no shift"),
    "no-padding-mask": Text("没有填充掩码", "no padding mask"),
    "no-positions": Text("没有位置编码", "no positions"),
    "no-scaling": Text("不除以 √head_dim", "no ÷ √head_dim"),
    "post-norm-no-warmup": Text("后置归一化、没有预热", "post-norm, no warm-up"),
}


def plans(at: At) -> dict[str, Plan]:
    """The preset, and with one thing left out."""
    preset = PRESETS[PRESET]
    shape = {**preset.shape, "max_len": ROOM}
    steps = at.steps(preset.train.steps)
    warmup = min(preset.train.warmup_steps, steps)
    train = replace(preset.train, seed=at.seed, steps=steps, warmup_steps=warmup, eval_every=0)
    found = {WHOLE: Plan(task=preset.task, shape=shape, train=train)}
    for name, breakage in BREAKAGES.items():
        changed, how = breakage.applied(shape, train)
        found[name] = Plan(task=preset.task, shape=changed, train=how)
    return found


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Validation loss, what is written freely, and what is left of it with PADs behind every source."""
    found = {}
    for name, trained in models.items():
        metrics = trained.metrics("validation", LIMIT)
        found[f"{name}.loss"] = metrics.loss
        found[f"{name}.exact"] = metrics.exact_match or 0.0
    for name in (WHOLE, "no-padding-mask"):
        trained = models[name]
        batch = with_more_padding(trained.batch("validation", LIMIT), ROOM, PADS)
        masks = broken_masks(trained.model, batch, trained.plan.train.without)
        found[f"{name}.padded"] = free_running(trained.model, trained.task, batch, masks=masks)
    return found


EXPERIMENT = Experiment(
    name="break-it",
    title=Text("少一样就学不会？", "Does every part matter?"),
    claim=Text("Transformer 的每一样都缺不得。", "Leave one thing out of a Transformer, and it learns nothing."),
    question=Text(
        "小模型，学倒写：六样里少哪一样，它照样学得会？",
        "A small model learns to reverse: without which of six things does it learn all the same?",
    ),
    choices=(
        Choice(
            "none",
            Text("哪一样都不行", "without none of them"),
            (Bound("no-scaling.exact", at_most=0.5), Bound("post-norm-no-warmup.exact", at_most=0.5)),
        ),
        Choice(
            "two",
            Text(
                "不除以 √head_dim、后置归一化不预热：这么小，照样学会",
                "without √head_dim, and post-norm without warm-up: so small, it learns",
            ),
            (
                Bound("whole.exact", at_least=0.9),
                Bound("no-scaling.exact", at_least=0.6),
                Bound("post-norm-no-warmup.exact", at_least=0.6),
                Bound("no-causal-mask.exact", at_most=0.05),
                Bound("no-causal-mask.loss", at_most=0.05),
                Bound("no-shift.exact", at_most=0.05),
                Bound("no-shift.loss", at_most=0.05),
                Bound("no-positions.exact", at_most=0.2),
                Bound("no-padding-mask.exact", at_most=0.8),
                Bound("no-padding-mask.padded", at_most=0.3),
                Bound("whole.padded", at_least=0.9),
            ),
        ),
        Choice("all", Text("少哪一样都行", "without any of them"), (Bound("no-positions.exact", at_least=0.6),)),
    ),
    expected="two",
    truth=Text(
        "没有因果掩码或右移，损失很低，自由生成却全错；没有位置编码，分不清次序；没有填充掩码，"
        "自由生成错一半，旁边补上更多 PAD 就更错。"
        "√head_dim 和预热要等头更宽、层更多、学习率更高时才要紧：见 E13 和 E8。",
        "Without the causal mask or the shift the loss is low and free running fails; without positions there is no "
        "order; without the padding mask half of it goes wrong, and more with more PADs. √head_dim and warm-up "
        "matter once heads are wider, layers more and rates higher: see E13 and E8.",
    ),
    source=Source("Vaswani et al., Attention Is All You Need", 2017, "https://arxiv.org/abs/1706.03762"),
    recipe=Text(
        "“预训练”页的预设“倒序”，800 步，一次少一样；填充：每句后面加 12 个 PAD。",
        "The preset Reverse of the page Pretraining, 800 steps, one thing left out at a time; padding: 12 PADs behind "
        "every source.",
    ),
    quantities=(
        *(
            one
            for name, title in TITLES.items()
            for one in (
                Quantity(f"{name}.loss", Text(f"{title.zh}：验证损失", f"{title.en}: validation loss"), "nats"),
                Quantity(
                    f"{name}.exact",
                    Text(f"{title.zh}：自由生成的逐序列正确率", f"{title.en}: free-running exact match"),
                ),
            )
        ),
        Quantity("whole.padded", Text("什么也不少：加 12 个 PAD 之后", "nothing left out: with 12 PADs")),
        Quantity("no-padding-mask.padded", Text("没有填充掩码：加 12 个 PAD 之后", "no padding mask: with 12 PADs")),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("pretraining", {}),
    seconds=110,
)
