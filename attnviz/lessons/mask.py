"""Masks: what a causal mask keeps from whom, what one open cell gives away, and how far a window reaches."""

from __future__ import annotations

import numpy as np

from attnviz import masks
from attnviz.language import Text
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step
from attnviz.lessons.reading import batch_of, model_of
from attnviz.masks import Mask, MaskPlan
from attnviz.trace import MaskApplication, Reach, reach, watch

MODEL, EXAMPLE = "lm-en", 2
QUERY, KEY = 2, 5  # the cell that is opened
SITE = "decoder.0.self_attn"


def _reach(mask: Mask) -> Reach:
    return reach(model_of(MODEL)[0], batch_of(MODEL, EXAMPLE), masks=MaskPlan(decoder_self=mask))


def _last(mask: Mask) -> np.ndarray:
    return _reach(mask).of_outputs("decoder")


def _future(seen: np.ndarray) -> np.ndarray:
    """Which cells of what is seen lie in the future of their row."""
    rows = np.arange(len(seen))
    found: np.ndarray = seen & (rows[None] > rows[:, None])
    return found


def _causal() -> Numbers:
    seen = _last(masks.causal())
    future = int(_future(seen).sum())
    return {"future": future, "past": int(seen.sum()) - future, "tokens": len(seen)}


def _opened() -> Numbers:
    seen = _last(masks.causal() | masks.cells([(QUERY, KEY)]))
    leaking = np.flatnonzero(_future(seen).any(axis=1))
    return {
        "rows": len(leaking),
        "listed": ", ".join(str(row + 1) for row in leaking),
        "row": QUERY + 1,
        "key": KEY + 1,
    }


def _after() -> Numbers:
    trace = watch(model_of(MODEL)[0], batch_of(MODEL, EXAMPLE), interventions=[MaskApplication("after")])
    sums = trace[SITE].weights[0].sum(axis=-1)
    return {"least": round(float(sums.min()), 2), "most": round(float(sums.max()), 2)}


def _window() -> Numbers:
    seen = _last(masks.causal() & masks.sliding_window(2))
    return {"sees": int(seen[-1].sum()), "tokens": len(seen), "layers": len(model_of(MODEL)[0].sites)}


LESSON = Lesson(
    name="mask",
    title=Text("掩码：谁能看见谁", "Mask: who may see whom?"),
    minutes=10,
    steps=(
        Step(
            page="masks",
            address={"model": MODEL, "example": str(EXAMPLE), "kind": "decoder_self", "how": "own", "view": "paint"},
            hides=frozenset({"examples"}),
            do=Text(
                "一个语言模型逐字预测下一个字母。斜纹的格子是被屏蔽的：行不许看列。",
                "A language model predicts every next letter. Hatched cells are blocked: the row may not see the "
                "column.",
            ),
            question=Question(
                Text("因果掩码挡住了什么？", "What does the causal mask block?"),
                (Text("过去", "the past"), Text("未来", "the future"), Text("填充符", "padding")),
                _causal,
                lambda found: 1 if found["future"] == 0 and int(found["past"]) > 0 else 0,
            ),
            saw=Text(
                "{tokens} 个词元里，输出能读到的未来格子：{future} 个；过去和自己的：{past} 个。它防的不是过拟合，"
                "而是偷看答案。",
                "Of {tokens} tokens, cells of the future that any output can read: {future}; of the past and itself: "
                "{past}. It does not fight overfitting; it keeps the answer out of sight.",
            ),
        ),
        Step(
            page="masks",
            address={
                "model": MODEL,
                "example": str(EXAMPLE),
                "kind": "decoder_self",
                "mask.decoder_self": f"causal | cells({QUERY}:{KEY})",
                "view": "investigate",
            },
            hides=frozenset({"examples"}),
            do=Text(
                "在第 3 行打开一个未来的格子（第 6 个词元），所有层都一样。",
                "One cell of the future is opened in row 3 (token 6), in every layer.",
            ),
            question=Question(
                Text("现在哪些输出知道了未来？", "Which outputs know something of the future now?"),
                (
                    Text("只有第 3 行", "row 3 only"),
                    Text("第 3 行和它后面的几行", "row 3 and some rows after it"),
                    Text("所有行", "all rows"),
                ),
                _opened,
                lambda found: 0 if found["rows"] == 1 else 2 if found["rows"] == _causal()["tokens"] else 1,
            ),
            saw=Text(
                "{rows} 行泄漏：第 {listed} 行。下一层里，后面的行读第 {row} 行，它已经看过第 {key} 个词元。",
                "{rows} rows leak: {listed}. In the next layer the rows after it read row {row}, which has seen token "
                "{key}.",
            ),
        ),
        Step(
            page="masks",
            address={
                "model": MODEL,
                "example": str(EXAMPLE),
                "kind": "decoder_self",
                "how": "after",
                "view": "investigate",
            },
            hides=frozenset({"examples"}),
            do=Text(
                "同一个因果掩码，但在 softmax 之后才把格子置零。",
                "The same causal mask, but the cells are set to zero after the softmax.",
            ),
            question=Question(
                Text("每一行权重之和是多少？", "What does each row of weights sum to?"),
                (Text("都是 1", "always 1"), Text("1 或更小", "1 or less"), Text("大于 1", "more than 1")),
                _after,
                lambda found: 2 if float(found["most"]) > 1.005 else 0 if float(found["least"]) > 0.995 else 1,
            ),
            saw=Text(
                "从 {least} 到 {most}：分母仍然看到了被屏蔽的键，泄漏了未来。要再除以行和才对。",
                "From {least} to {most}: the denominator has still read the blocked keys and gives the future away. "
                "Only "
                "dividing by the sum of the row mends it.",
            ),
        ),
        Step(
            page="masks",
            address={
                "model": MODEL,
                "example": str(EXAMPLE),
                "kind": "decoder_self",
                "mask.decoder_self": "causal & window(2)",
                "view": "investigate",
            },
            hides=frozenset({"examples"}),
            do=Text(
                "滑窗 2：每一行只看自己和前一个词元。模型有 4 层。",
                "A window of 2: every row sees itself and the token before. The model has four layers.",
            ),
            question=Question(
                Text("最后一个输出一共能读到几个词元？", "How many tokens can the last output read in all?"),
                (Text("2 个", "2"), Text("5 个", "5"), Text("全部", "all of them")),
                _window,
                lambda found: {2: 0, 5: 1}.get(int(found["sees"]), 2),
            ),
            saw=Text(
                "{sees} 个（共 {tokens} 个）：每过一层，视野多 1 个，{layers} 层就是 1 + {layers}。",
                "{sees} of {tokens}: each layer adds one, so {layers} layers see 1 + {layers}.",
            ),
        ),
    ),
)
