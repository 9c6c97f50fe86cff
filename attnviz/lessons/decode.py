"""Decode: what goes into the decoder, what a temperature does, what a wrong token costs, and what a beam gains."""

from __future__ import annotations

import math
from functools import cache

import torch

from attnviz.data import BOS, EOS
from attnviz.decoding import BeamOptions, Choice, ForcingComparison, beam_search, chances, compare_forcing
from attnviz.language import Text
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step
from attnviz.lessons.reading import batch_of, model_of

MODEL, EXAMPLE = "pinyin", 1
ERRING, WRONG = "numbers-zh", "零"  # the model that is made to err, and what it writes first then


def _first_input() -> Numbers:
    batch = batch_of(MODEL, EXAMPLE)
    assert batch.decoder_input is not None
    assert batch.targets is not None
    shifted = bool((batch.decoder_input[0, 1:] == batch.targets[0, :-1]).all())
    tokens = model_of(MODEL)[1].tgt_vocab.tokens
    return {
        "first": tokens[int(batch.decoder_input[0, 0])],
        "begins": int(batch.decoder_input[0, 0] == BOS),
        "shifted": int(shifted),
    }


def _temperatures() -> Numbers:
    model, _ = model_of(MODEL)
    batch = batch_of(MODEL, EXAMPLE)
    assert batch.decoder_input is not None
    with torch.inference_mode():
        logits = model(batch.src, batch.decoder_input)[:, 4]
    found = {}
    for name, temperature in (("cold", 0.5), ("plain", 1.0), ("hot", 2.0)):
        choice = Choice(method="sample", temperature=temperature)
        found[name] = round(float(chances(logits, batch.decoder_input, choice).max()), 2)
    return found


@cache
def _compared(wrong: bool) -> ForcingComparison:
    model, task = model_of(ERRING)
    batch = batch_of(ERRING, EXAMPLE)
    assert batch.targets is not None
    mistakes = {0: task.tgt_vocab.encode([WRONG])[0]} if wrong else None
    targets = batch.targets[0].tolist()
    return compare_forcing(model, batch.src, targets, bos_id=BOS, eos_id=EOS, max_len=32, mistakes=mistakes)


def _mistake() -> Numbers:
    found = _compared(True)
    free = sum(position.correct for position in found.free)
    return {"teacher": found.teacher_correct, "free": free, "count": len(found.teacher)}


def _beam() -> Numbers:
    model, _ = model_of(MODEL)
    batch = batch_of(MODEL, EXAMPLE)
    scores = {}
    for name, beams in (("greedy", 1), ("beam", 4)):
        *_, last = beam_search(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=32, options=BeamOptions(beams=beams))
        scores[name] = last.nodes[last.best].score
    return {name: round(score, 3) for name, score in scores.items()} | {
        "better": int(scores["beam"] > scores["greedy"] + 1e-6),
        "worse": int(scores["beam"] < scores["greedy"] - 1e-6),
        "times": round(math.exp(scores["beam"] - scores["greedy"]), 2),
    }


LESSON = Lesson(
    name="decode",
    title=Text("解码：一个词元接一个词元", "Decode: one token after the other"),
    minutes=10,
    steps=(
        Step(
            page="decoding",
            address={"model": MODEL, "example": str(EXAMPLE)},
            hides=frozenset({"examples"}),
            do=Text(
                "还没有写出任何词元。按“下一个词元”之前先猜。",
                "Nothing is written yet. Guess before you press 'Next token'.",
            ),
            question=Question(
                Text("解码器读进的第一个词元是什么？", "What is the first token that the decoder reads?"),
                (
                    Text("编码器的输出", "the encoder's output"),
                    Text("起始符 <s>", "<s>, the beginning"),
                    Text("第一个正确答案", "the first right answer"),
                ),
                _first_input,
                lambda found: 1 if found["begins"] else 2,
            ),
            saw=Text(
                "是 {first}：解码器的输入是目标右移一位；编码器的输出从交叉注意力进来，作为 K 和 V。",
                "{first}: the decoder's input is the target shifted right; the encoder's output comes in through "
                "cross-attention, as K and V.",
            ),
        ),
        Step(
            page="decoding",
            address={"model": MODEL, "example": str(EXAMPLE), "strategy": "sample", "temperature": "2"},
            hides=frozenset({"examples"}),
            do=Text("按概率抽取，温度 2。", "Tokens are drawn, at temperature 2."),
            question=Question(
                Text(
                    "温度升高，第 5 步最可能的词元的机会……",
                    "At a higher temperature the most likely fifth token is drawn …",
                ),
                (Text("变大", "more often"), Text("变小", "less often"), Text("不变", "as often")),
                _temperatures,
                lambda found: (
                    0
                    if float(found["hot"]) > float(found["plain"])
                    else 1
                    if float(found["hot"]) < float(found["plain"])
                    else 2
                ),
            ),
            saw=Text(
                "温度 0.5：{cold}；1：{plain}；2：{hot}。",
                "At 0.5: {cold}; at 1: {plain}; at 2: {hot}.",
            ),
        ),
        Step(
            page="decoding",
            address={"model": ERRING, "example": str(EXAMPLE), "view": "forcing"},
            hides=frozenset({"examples"}),
            do=Text(
                "数字写成中文，教师强制与自由生成并排。第一个词元被故意写错。",
                "Numbers in Chinese words, teacher forcing and free running side by side. The first token is written "
                "wrong on "
                "purpose.",
            ),
            question=Question(
                Text(
                    "一个错词元，教师强制下会错几个位置？",
                    "With one wrong token, how many positions are wrong under teacher forcing?",
                ),
                (Text("0 个", "none"), Text("1 个", "one"), Text("后面全错", "all that follow")),
                _mistake,
                lambda found: min(2, int(found["count"]) - int(found["teacher"])),
            ),
            saw=Text(
                "教师强制：{teacher}/{count} 正确，它接着读参考答案；自由生成：{free}/{count}，它接着读自己的错。",
                "Teacher forcing: {teacher}/{count} right, for it reads the reference on; free running: "
                "{free}/{count}, "
                "for it reads its own mistake.",
            ),
        ),
        Step(
            page="decoding",
            address={"model": MODEL, "example": str(EXAMPLE), "strategy": "beam", "beams": "4"},
            hides=frozenset({"examples"}),
            do=Text("束搜索同时留住 4 条路。", "Beam search keeps four paths at once."),
            question=Question(
                Text("最好的一条比贪心更可能吗？", "Is the best path more likely than the greedy one?"),
                (Text("更可能", "more likely"), Text("一样", "the same"), Text("更不可能", "less likely")),
                _beam,
                lambda found: 0 if found["better"] else 2 if found["worse"] else 1,
            ),
            saw=Text(
                "对数概率：贪心 {greedy}，束搜索 {beam}。这句话里概率之比是 {times}；模型有把握时，贪心已经够了。",
                "Log probability: greedy {greedy}, beam {beam}, a ratio of {times} in this sentence; where a model is "
                "sure, "
                "greedy is enough.",
            ),
        ),
    ),
)
