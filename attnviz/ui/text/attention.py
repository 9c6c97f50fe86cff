"""The page Attention."""

from attnviz.ui.text import Text, table

TEXTS = table(
    title=Text("注意力", "Attention"),
    question=Text("每个头在看什么？关掉它，预测会变吗？", "What does each head look at? Does the prediction need it?"),
    hint=Text(
        "悬停：联动 · 点选：放大 · 开关：看损失", "hover to link · click to enlarge · switch a head off, watch the loss"
    ),
    # models
    depth_both=Text("编码器 {encoder} 层 + 解码器 {decoder} 层", "{encoder} encoder + {decoder} decoder layers"),
    depth_decoder=Text("解码器 {decoder} 层", "{decoder} decoder layers"),
    depth_encoder=Text("编码器 {encoder} 层", "{encoder} encoder layers"),
    model_unreadable=Text("⚠ {name}（读不出来）", "⚠ {name} (cannot be read)"),
    model_failed=Text(
        "模型“{name}”打不开：{why} 请换一个模型。", "The model “{name}” cannot be opened: {why} Pick another one."
    ),
    no_models=Text(
        "没有找到任何模型：assets/checkpoints 是空的。用 attnviz train 可以再训练一个。",
        "No model was found: assets/checkpoints is empty. `attnviz train` makes one.",
    ),
    heads=Text("{layers} 层 × {heads} 头", "{layers} × {heads} heads"),
    size=Text("{parameters} 个参数，训练 {minutes} 分钟", "{parameters} parameters, trained for {minutes} minutes"),
    # sentence
    sentence=Text("句子", "Sentence"),
    sentence_placeholder=Text("输入一句话，按 Enter", "Type a sentence, press Enter"),
    examples=Text("例句", "Examples"),
    own=Text("自己的", "Your own"),
    own_help=Text("长文本，或自己的文件", "A long text, or a file of your own"),
    own_text=Text("长文本（最多 {limit} 个词元）", "A longer text (up to {limit} tokens)"),
    own_file=Text(
        "文件：.txt 每行一句；.csv 两列：句子、参考答案",
        "File: .txt, one sentence a line; .csv: sentence, reference",
    ),
    own_pick=Text("文件里的句子", "Sentences of the file"),
    own_none=Text("选一句…", "Pick one…"),
    own_read=Text("读到 {count} 句。", "{count} sentences were read."),
    own_only_first=Text("列表只显示前 {count} 句。", "The list shows the first {count}."),
    # what the decoder is fed
    feed=Text("解码器读什么", "What the decoder reads"),
    feed_reference=Text("读参考答案", "reads the reference"),
    feed_own=Text("读自己的输出", "reads its own output"),
    feed_help=Text(
        "教师强制 teacher forcing：把参考答案右移一位给解码器；或让它读自己已写出的词元（自回归）",
        "Teacher forcing: the decoder is given the reference, shifted right; or it reads what it wrote itself",
    ),
    # notices
    no_reference=Text(
        "这句话没有参考答案，解码器读的是模型自己的输出。",
        "No reference is known for this text: the decoder reads the model's own output.",
    ),
    unknown=Text(
        "模型没见过 {tokens}，记作 <unk>，图中有标记。",
        "The model has never seen {tokens}: read as <unk>, and marked in the picture.",
    ),
    longer=Text(
        "句子有 {given} 个词元，训练时最长 {trained} 个：结果可能不可靠。",
        "{given} tokens; the longest in training had {trained}: the result may be unreliable.",
    ),
)
