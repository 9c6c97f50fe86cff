"""One hour: what is attention? From four words by hand to what a map of a trained model does and does not tell."""

from __future__ import annotations

from attnviz.language import Text
from attnviz.lessons import by_hand, look
from attnviz.lessons.hour import experiment, with_note
from attnviz.lessons.lesson import Lesson

LESSON = Lesson(
    name="hour-attention",
    title=Text("一小时：注意力是什么？", "One hour: what is attention?"),
    minutes=60,
    steps=(
        with_note(
            by_hand.LESSON.steps[0],
            Text(
                "8 分钟。先让每人在纸上给四个词排个次序，再点选。答完逐步走完一遍：分数、softmax、加权和。",
                "8 minutes. Let everybody rank the four words on paper, then choose. Afterwards walk down once: "
                "scores, softmax, weighted sum.",
            ),
        ),
        experiment(
            "E9",
            Text(
                "公式里 Q、K、V 的次序重要吗？举手表决，点得票最多的。",
                "Does the order of Q, K and V matter? Raise hands; press what most of you say.",
            ),
            Text(
                "6 分钟。揭晓后问：为什么 n×n 才能叫“谁看谁”？",
                "6 minutes. Then ask: why must it be n×n to say who looks at whom?",
            ),
        ),
        with_note(
            by_hand.LESSON.steps[1],
            Text(
                "5 分钟。回到四个词，看同一行的数怎样变尖。",
                "5 minutes. Back to the four words: watch one row get sharper.",
            ),
        ),
        with_note(
            by_hand.LESSON.steps[3],
            Text(
                "5 分钟。让学生指出哪几列属于哪个头。",
                "5 minutes. Let them point at the columns that belong to each head.",
            ),
        ),
        experiment(
            "E10",
            Text("头相加还是拼接？每个头各看一段吗？", "Are heads summed, and does each look after a part?"),
            Text(
                "6 分钟。很多人会选“一个头”。让猜错的人自己念出“其实是这样”。",
                "6 minutes. Many say one head. Let those who were wrong read out what is true.",
            ),
        ),
        with_note(
            look.LESSON.steps[0],
            Text(
                "7 分钟。第一次看训练好的模型。让学生先指着屏幕说，再点选。",
                "7 minutes. The first trained model. Let them point at the screen first, then choose.",
            ),
        ),
        with_note(
            look.LESSON.steps[1],
            Text(
                "6 分钟。按下“关掉”按钮之前，再问一次有没有人改主意。",
                "6 minutes. Before the head is switched off ask whether anybody has changed their mind.",
            ),
        ),
        experiment(
            "E12",
            Text("图越尖锐，这个头就越重要吗？", "The sharper the map, the more a head matters?"),
            Text(
                "7 分钟。这是本课的重点：图说的是“看哪里”，消融说的是“要不要紧”。有时间就在这里运行一个种子。",
                "7 minutes. The heart of this hour: a map says where a head looks, ablation says whether it matters. "
                "With time to spare, run one seed here.",
            ),
        ),
        with_note(
            look.LESSON.steps[2],
            Text(
                "5 分钟。和刚才那个模型的图对比：准确率几乎一样。",
                "5 minutes. Compare it with the model before: nearly the same accuracy.",
            ),
        ),
        experiment(
            "E14",
            Text("不告诉模型词元的次序，它自己知道吗？", "Does a model know the order of tokens by itself?"),
            Text(
                "5 分钟。收尾：注意力本身不分先后，位置是加进去的。",
                "5 minutes. To end with: attention itself knows no order; positions are added.",
            ),
        ),
    ),
)
