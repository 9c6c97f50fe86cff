"""E16: cross-attention need not point at the aligned word: the encoder may have carried it elsewhere."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np

from attnviz.config import TrainConfig
from attnviz.data import Task
from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.language import Text
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.trace import watch
from attnviz.training import checkpoint
from attnviz.training.alignment import AlignmentCounter
from attnviz.training.objective import cross_entropy

SHIPPED = {"zero": "pinyin", "two": "pinyin-2enc"}
LIMIT = 200
STEPS = 500


def plans(at: At) -> dict[str, Plan]:
    """Two encoder layers, trained as usual: nothing keeps it from pointing at the aligned character."""
    train = TrainConfig(
        steps=at.steps(STEPS),
        batch_size=64,
        learning_rate=3e-3,
        warmup_steps=min(100, at.steps(STEPS)),
        eval_every=0,
        eval_examples=64,
        seed=at.seed,
    )
    return {
        "plain": Plan(task="pinyin-sentences", shape={"n_encoder_layers": 2, "n_decoder_layers": 1}, train=train),
    }


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Where the heads of three models point, on test sentences that the seed draws."""
    found: dict[str, float] = {}
    for name, shipped in SHIPPED.items():
        model, task, _ = checkpoint.load(shipped)
        found |= {f"{name}.{what}": value for what, value in _figures(model, task, at.seed).items()}
    plain = models["plain"]
    found |= {f"plain.{what}": value for what, value in _figures(plain.model, plain.task, at.seed).items()}
    return found


def _figures(model: Transformer, task: Task, seed: int) -> dict[str, float]:
    pairs = random.Random(seed).sample(list(task.split("test")), LIMIT)
    batch = task.collate(pairs)
    assert batch.targets is not None
    counter = AlignmentCounter(model, task)
    with inference(model):
        loss = cross_entropy(counter.forward(batch, pairs), batch.targets)
    alignment = counter.result()
    assert alignment is not None, "each character has its syllable"
    entropy = np.nanmean(watch(model, batch).statistics("cross").entropy, axis=1)  # (L, H), over the examples
    layer, head = np.unravel_index(int(entropy.argmin()), entropy.shape)
    sharpest = model.sites_of("cross")[int(layer)], int(head)
    return {
        "accuracy": loss.correct / loss.tokens,
        "best": alignment.of(alignment.best_head),
        "sharpest": alignment.of(sharpest),
    }


EXPERIMENT = Experiment(
    name="E16",
    title=Text("交叉注意力指向对应的词？", "Cross-attention points at the aligned word?"),
    claim=Text(
        "交叉注意力越尖锐，就越指着对应的词。",
        "The sharper cross-attention is, the more surely it points at the aligned word.",
    ),
    question=Text(
        "两个模型读拼音一样准，一个有 2 层编码器，一个没有：两个都指着正在读的那个字吗？",
        "Two models read pinyin equally well, one with 2 encoder layers, one with none: do both point at the character "
        "being read?",
    ),
    choices=(
        Choice("both", Text("都指着", "both do"), (Bound("zero.best", at_least=0.9), Bound("two.best", at_least=0.9))),
        Choice(
            "zero",
            Text(
                "没有编码器的指着，另一个指着别处，一样准", "the one without; the other points elsewhere, as accurate"
            ),
            (
                Bound("zero.best", at_least=0.95),
                Bound("two.best", at_most=0.6),
                Bound("two.accuracy", minus="zero.accuracy", at_least=-0.03),
            ),
        ),
        Choice("neither", Text("都不指着", "neither does"), (Bound("zero.best", at_most=0.6),)),
    ),
    expected="zero",
    truth=Text(
        "编码器把各个位置的消息混在一起：一个字的消息可以存在邻座。没有编码器就只能看着那个字本身。照平常的办法训练，"
        "2 层编码器的模型多半也还指着那个字；"
        "但训练时只要常常不许看它，消息就搬走，准确率不变。所以图上指着哪里，不等于模型用了哪个字。",
        "An encoder mixes positions: what a character says may be kept next door. Without an encoder one can only "
        "look at "
        "the character itself. Trained as usual, a model with 2 encoder layers mostly still points at it; but if in "
        "training it often may not look there, the information moves house, and accuracy stays. Where a map points is "
        "not which character was used.",
    ),
    source=Source(
        "Pruthi et al., Learning to Deceive with Attention-Based Explanations; see also Ferrando & Costa-jussà 2021",
        2020,
        "https://arxiv.org/abs/1909.07913",
    ),
    recipe=Text(
        "自带的两个“汉字 → 拼音”模型（无编码器；2 层编码器，训练时常常不许看正在读的字），各 200 个测试句；"
        "另照平常的办法训练一个 2 层编码器的模型 500 步。",
        "The two shipped hanzi → pinyin models (no encoder; 2 encoder layers, in training often not allowed to look at "
        "the character being read), 200 test sentences each; and a model with 2 encoder layers trained as usual for "
        "500 "
        "steps.",
    ),
    quantities=tuple(
        Quantity(f"{model}.{what}", Text(f"{zh}：{what_zh}", f"{en}: {what_en}"))
        for model, zh, en in (
            ("zero", "无编码器", "no encoder"),
            ("two", "2 层编码器，训练时受阻", "2 encoder layers, hindered"),
            ("plain", "2 层编码器，照常训练", "2 encoder layers, as usual"),
        )
        for what, what_zh, what_en in (
            ("accuracy", "读音正确率", "accuracy"),
            ("best", "最对准的头指着那个字", "the best head points at the character"),
            ("sharpest", "最尖锐的头指着那个字", "the sharpest head points at it"),
        )
    ),
    plans=plans,
    measure=measure,
    try_it=Try("attention", {"model": "pinyin-2enc", "kind": "cross"}),
    seconds=25,
)
