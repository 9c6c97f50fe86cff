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
    looks=Text("怎样看", "How to look"),
    looks_help=Text(
        "整词：一个词的各个片段合成一行一列（行取平均，列相加）。不看第一个词元：去掉它占的权重，每行重新归一",
        "Words: the pieces of a word become one row and column (rows averaged, columns summed). "
        "Without the first token: what it takes is left out, and every row made to sum to 1 again",
    ),
    look_words=Text("整词", "Words"),
    look_without_first=Text("不看第一个词元", "Without the first token"),
    look_between=Text("只看两段之间", "Between segments only"),
    sink=Text(
        "这个模型的 softmax 里有“汇”（sink）：平均有 {share} 的权重归它，就是画面里的最后一列 ∅。",
        "This model's softmax has a sink: it takes {share} of the weight on average, the last column, ∅.",
    ),
    picture=Text("图片", "Picture"),
    picture_disc=Text("圆", "disc"),
    picture_stripes=Text("条纹", "stripes"),
    picture_corner=Text("角", "corner"),
    picture_own=Text("您的图片", "yours"),
    picture_upload=Text("自己的图片", "Your own picture"),
    picture_caption=Text(
        "切成 {across} × {across} 块，每块是一个位置", "cut into {across} × {across} patches, each a position"
    ),
    picture_rollout=Text(
        "CLS 穿过所有层看到哪里（rollout）：越亮越多", "what CLS has of each patch through all layers (rollout)"
    ),
    picture_says=Text("模型说：", "The model says:"),
    picture_vector=Text("这个模型不说类别，只给出向量。", "This model names no classes, it gives vectors."),
    hide=Text("点词元把它藏起来，看模型怎么填", "Click a token to hide it, and see what the model puts there"),
    hide_help=Text(
        "藏起来的词元换成掩码词元（[MASK]）：掩码语言模型就是这样训练的",
        "A hidden token becomes the mask token ([MASK]): a masked language model is trained so",
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
    claim_hidden=Text(
        "猜藏起来的“{token}”最需要{head}：关掉它，概率 {before} → {after}。",
        'To find the hidden "{token}", {head} matters most: without it, its probability goes {before} → {after}.',
    ),
    claim_hidden_other=Text(
        "猜藏起来的“{token}”最需要{head}：关掉它，{before} → {after}，模型改猜“{instead}”。",
        'To find the hidden "{token}", {head} matters most: without it, {before} → {after}, and it says "{instead}".',
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
        "Heads that are off: {count}; the whole sentence {lost} nats per token.",
    ),
    worth_estimated=Text(
        "头下面的 Δ≈ 是估计（一次反向传播）；已逐个实测 {exact} / {all} 个头。",
        "Δ≈ under the heads is an estimate (one backward pass); measured one by one so far: {exact} of {all}.",
    ),
    worth_stop=Text("停止实测", "Stop measuring"),
    worth_go=Text("实测每个头", "Measure every head"),
    claim_back=Text("全部打开", "All heads on"),
    # notices
    no_reference=Text(
        "这句话没有参考答案，解码器读的是模型自己的输出。",
        "No reference is known for this text: the decoder reads the model's own output.",
    ),
)
