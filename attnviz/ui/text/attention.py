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
    # the claim
    head_of_encoder=Text("编码器 {short}（{kind}）", "encoder {short} ({kind})"),
    head_of_decoder=Text("解码器 {short}（{kind}）", "decoder {short} ({kind})"),
    attention_self_attn=Text("自注意力", "self-attention"),
    attention_cross_attn=Text("交叉注意力", "cross-attention"),
    claim=Text(
        "“{read}”之后的“{token}”最需要{head}：关掉它，概率 {before} → {after}。",
        'After "{read}", "{token}" needs {head} most: without it, its probability goes {before} → {after}.',
    ),
    claim_other=Text(
        "“{read}”之后的“{token}”最需要{head}：关掉它，{before} → {after}，模型改说“{instead}”。",
        'After "{read}", "{token}" needs {head} most: without it, {before} → {after}, and the model says "{instead}".',
    ),
    claim_none=Text(
        "这句话里没有离不开的头：影响最大的{head}关掉后，“{token}”的损失也只变 {change}。",
        'No head is indispensable here: even without {head}, the loss of "{token}" changes by only {change}.',
    ),
    claim_try=Text("关掉 {short} ▸ 损失 {change}", "Switch off {short} ▸ loss {change}"),
    claim_tried=Text(
        "{head}关掉了：“{token}”的概率 {before} → {after}，整句损失 {lost} 奈特/词元。",
        '{head} is off: "{token}" {before} → {after}; the whole sentence {lost} nats per token.',
    ),
    claim_tried_other=Text(
        "{head}关掉了：“{token}” {before} → {after}，改说“{instead}”；整句损失 {lost} 奈特/词元。",
        '{head} is off: "{token}" {before} → {after}, now "{instead}"; the whole sentence {lost} nats per token.',
    ),
    claim_off=Text(
        "关掉了 {count} 个头：整句损失 {lost} 奈特/词元。",
        "{count} heads are off: the whole sentence {lost} nats per token.",
    ),
    claim_back=Text("全部打开", "All heads on"),
    # notices
    no_reference=Text(
        "这句话没有参考答案，解码器读的是模型自己的输出。",
        "No reference is known for this text: the decoder reads the model's own output.",
    ),
)
