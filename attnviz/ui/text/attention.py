"""The page Attention."""

from attnviz.ui.text import Text, table

TEXTS = table(
    title=Text("注意力", "Attention"),
    question=Text(
        "每个头在看什么？关掉它，预测会变吗？", "What does each head look at, and does the prediction need it?"
    ),
    hint=Text(
        "悬停看联动，点选放大，拨开关看损失", "Hover to link, click to enlarge, switch a head off and watch the loss"
    ),
)
