"""One hour: what do masks do? Each way to get a mask wrong, predicted first, and what a model makes of it."""

from __future__ import annotations

from attnviz.language import Text
from attnviz.lessons import decode, mask
from attnviz.lessons.hour import experiment, with_note
from attnviz.lessons.lesson import Lesson

LESSON = Lesson(
    name="hour-masks",
    title=Text("一小时：掩码做什么？", "One hour: what do masks do?"),
    minutes=60,
    steps=(
        with_note(
            mask.LESSON.steps[0],
            Text(
                "6 分钟。先约定：行是查询，列是键，斜纹是屏蔽。",
                "6 minutes. Agree first: a row is a query, a column a key, hatched is blocked.",
            ),
        ),
        experiment(
            "E1",
            Text("不用因果掩码来训练，会怎样？", "Train without the causal mask: what happens?"),
            Text(
                "8 分钟。揭晓后让学生解释：损失几乎为 0，为什么却什么也写不出？",
                "8 minutes. Afterwards let them explain: the loss is nearly 0, so why can it write nothing?",
            ),
        ),
        with_note(
            decode.LESSON.steps[0],
            Text(
                "5 分钟。按几次“下一个词元”，看输入怎样一格一格右移。",
                "5 minutes. Press Next token a few times and watch the input shift.",
            ),
        ),
        experiment(
            "E2",
            Text("有因果掩码，但目标不右移，行不行？", "With the causal mask, but without the shift: does it do?"),
            Text(
                "6 分钟。和上一个实验是同一种泄漏：答案就在输入里。",
                "6 minutes. The same leak as before: the answer stands in the input.",
            ),
        ),
        with_note(
            mask.LESSON.steps[1],
            Text(
                "5 分钟。让学生先说出会泄漏到哪几行，再看。",
                "5 minutes. Let them name the rows that it leaks into, then look.",
            ),
        ),
        experiment(
            "E3",
            Text("把隐藏状态乘以 0，算不算掩码？", "Multiply hidden states by 0: is that a mask?"),
            Text("6 分钟。在黑板上写 e⁰ = 1。", "6 minutes. Write e⁰ = 1 on the board."),
        ),
        with_note(
            mask.LESSON.steps[2],
            Text(
                "5 分钟。每一行加起来看看，不要急着说结论。",
                "5 minutes. Add up a row before anybody concludes anything.",
            ),
        ),
        experiment(
            "E5",
            Text("先 softmax 再置零，训练出来的模型会写吗？", "Softmax first, zeros after: can such a model write?"),
            Text(
                "6 分钟。重点是分母：它已经看过未来。",
                "6 minutes. The point is the denominator: it has seen the future.",
            ),
        ),
        experiment(
            "E4",
            Text("测试时多加几个填充符，会怎样？", "A few more PADs at test time: what happens?"),
            Text(
                "7 分钟。屏蔽的是 PAD 的键，不是 PAD 的查询。之后点“自己试试”，把填充改成 0 再看。",
                "7 minutes. PAD keys are masked, not PAD queries. Then try it yourself and set the padding to 0.",
            ),
        ),
        experiment(
            "E6",
            Text("加 −1e9 和设为 −∞ 一样吗？", "Is adding −1e9 the same as −∞?"),
            Text(
                "6 分钟。给写代码的班：半精度训练时这是真的会遇到的错误。",
                "6 minutes. For a class that writes code: in half precision this is a mistake one really meets.",
            ),
        ),
    ),
)
