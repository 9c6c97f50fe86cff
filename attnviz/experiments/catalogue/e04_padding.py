"""E4: padding is not harmless: unmasked, a few PADs beside a longer neighbour spoil what the model writes."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import reverse
from attnviz.experiments.trained import free_running
from attnviz.language import Text
from attnviz.training.regime import broken_masks, with_more_padding

ROOM = 24  # positions: the longest source and 12 PADs fit
FEW, MANY = 4, 12
LIMIT = 256


def plans(at: At) -> dict[str, Plan]:
    """A model that masks padding, and one that never did. Batches hold equal lengths, so both rarely meet a PAD."""
    room = {"max_len": ROOM}
    return {"masked": reverse(at, shape=room), "unmasked": reverse(at, shape=room, without=("padding-mask",))}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Exact match with more and more PADs behind every source."""
    found = {}
    for name, trained in models.items():
        for pads in (0, FEW, MANY):
            batch = with_more_padding(trained.batch(limit=LIMIT), ROOM, pads)
            masks = broken_masks(trained.model, batch, trained.plan.train.without)
            found[f"{name}.{pads}"] = free_running(trained.model, trained.task, batch, masks=masks)
    return found


EXPERIMENT = Experiment(
    name="E4",
    title=Text("填充无害？", "Padding is harmless?"),
    claim=Text("填充符 PAD 只是占位，对结果没有影响。", "PAD only fills up rows; it changes nothing."),
    question=Text(
        "不屏蔽填充，测试时每句后面加 12 个 PAD：逐序列正确率还剩多少？",
        "Padding is not masked, and 12 PADs are added behind every source: how much exact match is left?",
    ),
    choices=(
        Choice("all", Text("几乎不变", "nearly all of it"), (Bound("unmasked.12", at_least=0.8),)),
        Choice(
            "none",
            Text("几乎没有了", "hardly any"),
            (Bound("unmasked.12", at_most=0.3), Bound("masked.12", at_least=0.9)),
        ),
        Choice("half", Text("大约一半", "about half"), (Bound("unmasked.12", at_least=0.3, at_most=0.8),)),
    ),
    expected="none",
    truth=Text(
        "PAD 也有嵌入、键和值，softmax 会分给它权重；短句和长句同批时就出错。要屏蔽的是作为键的 PAD（不是作为查询的 "
        "PAD）。",
        "PAD has an embedding, keys and values like any token, and the softmax gives it weight; a short sentence "
        "beside "
        "a long one goes wrong. What must be masked is PAD as a key (not as a query).",
    ),
    source=Source("Rush, The Annotated Transformer (Batches and Masking)", 2018, "https://aclanthology.org/W18-2509"),
    recipe=Text(
        "基线模型（位置表 24 格）训练 600 步，屏蔽或不屏蔽填充；测试时每句后面加 0、4、12 个 PAD，256 个测试例。",
        "The baseline model (24 positions), 600 steps, with and without the padding mask; at test 0, 4 or 12 PADs "
        "behind "
        "every source; 256 test examples.",
    ),
    quantities=(
        Quantity("masked.0", Text("屏蔽，加 0 个", "masked, 0 added"), "share"),
        Quantity("masked.4", Text("屏蔽，加 4 个", "masked, 4 added"), "share"),
        Quantity("masked.12", Text("屏蔽，加 12 个", "masked, 12 added"), "share"),
        Quantity("unmasked.0", Text("不屏蔽，加 0 个", "not masked, 0 added"), "share"),
        Quantity("unmasked.4", Text("不屏蔽，加 4 个", "not masked, 4 added"), "share"),
        Quantity("unmasked.12", Text("不屏蔽，加 12 个", "not masked, 12 added"), "share"),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("masks", {"model": "reverse", "example": "1", "kind": "cross", "pads": "4", "how": "none"}),
    seconds=25,
)
