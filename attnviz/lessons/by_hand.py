"""By hand: scores, √head_dim, softmax, and what a head cannot do alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.language import Text
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step
from attnviz.trace.statistics import row_entropy
from attnviz.trace.walkthrough import Variant, example, walk

ROW = 2  # "eating"


def _weights(variant: Variant) -> np.ndarray:
    found: np.ndarray = walk(replace(example("apples"), variant=variant)).steps["weights"].values
    return found.reshape(-1, found.shape[-1])


def _context() -> Numbers:
    row = _weights(Variant())[ROW]
    return {"column": int(row.argmax()), "weight": round(float(row.max()), 2)}


def _scale() -> Numbers:
    with_scale, without = (float(row_entropy(_weights(Variant(divide=divide)))[ROW]) for divide in (True, False))
    return {"with_scale": round(with_scale, 2), "without": round(without, 2)}


def _temperature() -> Numbers:
    rows = {t: _weights(Variant(temperature=t))[ROW] for t in (0.5, 1.0, 2.0)}
    return {"cold": round(float(rows[0.5].max()), 2), "warm": round(float(rows[2.0].max()), 2)}


def _summed() -> Numbers:
    two = example("two-heads")
    concat, summed = (walk(replace(two, variant=Variant(combine=combine))).steps for combine in ("concat", "sum"))
    width = {name: steps["combined"].values.shape[-1] for name, steps in (("concat", concat), ("sum", summed))}
    return {"heads": two.n_heads, **width}


LESSON = Lesson(
    name="by-hand",
    title=Text("逐步算一遍注意力", "By hand: one attention, number by number"),
    minutes=12,
    steps=(
        Step(
            page="by_hand",
            address={"what": "apples", "row": str(ROW + 1), "step": "4"},
            do=Text(
                "四个词，一个头。“吃”的查询和每个词的键相乘，得到四个分数。",
                "Four words, one head. The query of 'eating' times the key of each word gives four scores.",
            ),
            question=Question(
                Text("“吃”最看哪个词？", "Which word does 'eating' look at most?"),
                (Text("我", "I"), Text("爱", "love"), Text("吃", "eating"), Text("苹果", "apples")),
                _context,
                lambda found: int(found["column"]),
            ),
            saw=Text(
                "权重 {weight}。往下走，看它怎样从分数算出来。",
                "A weight of {weight}. Walk on to see how scores become it.",
            ),
        ),
        Step(
            page="by_hand",
            address={"what": "apples", "row": str(ROW + 1), "divide": "no"},
            do=Text("去掉除以 √head_dim 这一步。", "The division by √head_dim is left out."),
            question=Question(
                Text("这一行的权重会怎样？", "What happens to the weights of this row?"),
                (Text("更尖", "they get sharper"), Text("更平", "they get flatter"), Text("不变", "nothing")),
                _scale,
                lambda found: (
                    0
                    if float(found["without"]) < float(found["with_scale"])
                    else 1
                    if float(found["without"]) > float(found["with_scale"])
                    else 2
                ),
            ),
            saw=Text(
                "熵从 {with_scale} 到 {without} 奈特：分数的方差等于 head_dim，不除就会太尖，梯度也随之消失。",
                "The entropy goes from {with_scale} to {without} nats: scores vary by head_dim, so undivided they are "
                "too "
                "sharp, and gradients vanish.",
            ),
        ),
        Step(
            page="by_hand",
            address={"what": "apples", "row": str(ROW + 1), "temperature": "0.5"},
            do=Text("softmax 之前把分数除以温度。", "Scores are divided by a temperature before the softmax."),
            question=Question(
                Text(
                    "温度 0.5 时，最大的权重比温度 2 时……",
                    "At temperature 0.5 the largest weight is, against temperature 2, …",
                ),
                (Text("更大", "larger"), Text("更小", "smaller")),
                _temperature,
                lambda found: 0 if float(found["cold"]) > float(found["warm"]) else 1,
            ),
            saw=Text("{cold} 对 {warm}。", "{cold} against {warm}."),
        ),
        Step(
            page="by_hand",
            address={"what": "two_heads"},
            do=Text(
                "两个头，各用一半特征，但都看得到每个词。",
                "Two heads; each has half of the features, and both see every word.",
            ),
            question=Question(
                Text("两个头的输出怎样合起来？", "How are the outputs of the two heads put together?"),
                (
                    Text("相加", "added up"),
                    Text("拼接，再乘 W_O", "concatenated, then times W_O"),
                    Text("取平均", "averaged"),
                ),
                _summed,
                lambda found: 1 if found["concat"] == int(found["heads"]) * int(found["sum"]) else 0,
            ),
            saw=Text(
                "拼接后宽 {concat}，正好是 {heads} 个头；相加只剩 {sum}，再也分不清谁是谁。",
                "Concatenated they are {concat} wide, {heads} heads side by side; added only {sum}, and nobody can "
                "tell "
                "them apart any more.",
            ),
        ),
    ),
)
