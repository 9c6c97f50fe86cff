"""The page Attention."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("注意力", "Attention"),
    question=Text("每个头在看什么？关掉它，预测会变吗？", "What does each head look at? Does the prediction need it?"),
    hint=Text(
        "悬停：联动 · 点选：放大 · 开关：看损失", "hover to link · click to enlarge · switch a head off, watch the loss"
    ),
    # what the decoder is fed
    feed=Text("解码器读什么", "What the decoder reads"),
    feed_reference=Text("读参考答案", "reads reference"),
    feed_own=Text("读自己的输出", "reads own output"),
    feed_help=Text(
        "教师强制 teacher forcing：把参考答案右移一位给解码器；或让它读自己已写出的词元（自回归）",
        "Teacher forcing: the decoder is given the reference, shifted right; or it reads what it wrote itself",
    ),
    # notices
    no_reference=Text(
        "这句话没有参考答案，解码器读的是模型自己的输出。",
        "No reference is known for this text: the decoder reads the model's own output.",
    ),
)
