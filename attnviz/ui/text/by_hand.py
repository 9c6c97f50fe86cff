"""The page By hand. {braces} of the texts that the browser is handed are filled in there."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("逐步计算", "By hand"),
    question=Text("一个权重从哪里来？", "Where does a single weight come from?"),
    hint=Text(
        "空格：下一步 · ←：上一步 · 悬停：看算式 · 双击：改数字",
        "space: next step · ←: back · hover: the arithmetic · double-click: change a number",
    ),
    # strip
    what=Text("算什么", "What to compute"),
    what_apples=Text("我爱吃苹果 · 4 词元", "I love eating apples"),
    what_two_heads=Text("我爱你 · 2 头", "I love you · 2 heads"),
    what_shapes=Text("形状不合的例子", "Wrong shapes"),
    what_model=Text("真实模型的任何一个头", "Any head of a model"),
    site=Text("哪一层注意力", "Which attention"),
    claim_divided=Text(
        "“{row}”最看“{column}”：权重 {now}；不除以 √head_dim 会是 {other}。",
        '"{row}" looks at "{column}" most: {now}; without dividing by √head_dim it would be {other}.',
    ),
    claim_divided_try=Text("去掉 ÷√head_dim ▸ {other}", "Leave out ÷√head_dim ▸ {other}"),
    claim_undivided=Text(
        "没有除以 √head_dim：“{row}”对“{column}”的权重是 {now}，除了就是 {other}。",
        'Without ÷√head_dim: "{row}" gives "{column}" {now}; divided it is {other}.',
    ),
    claim_undivided_try=Text("恢复 ÷√head_dim", "Divide again"),
    site_encoder_self_attn=Text("编码器第 {layer} 层 · 自注意力", "encoder {layer} · self-attention"),
    site_decoder_self_attn=Text("解码器第 {layer} 层 · 自注意力", "decoder {layer} · self-attention"),
    site_decoder_cross_attn=Text("解码器第 {layer} 层 · 交叉注意力", "decoder {layer} · cross-attention"),
    prefix_given=Text(
        "解码器读的是解码页给出的 {count} 个词元；换句子或换模型后恢复。",
        "The decoder reads the {count} tokens that the Decoding page gave; another sentence or model ends this.",
    ),
    too_wide=Text(
        "这个模型太宽：前馈网络的矩阵不显示，注意力完整。",
        "This model is very wide: its feed-forward matrices are left out; the attention is all here.",
    ),
    too_wide_head=Text(
        "这个模型太宽：从 Q、K、V 开始，投影矩阵不显示。",
        "This model is very wide: the walk begins at Q, K and V, without the matrices that make them.",
    ),
    from_qkv=Text(
        "这个模型怎样得到 Q、K、V，从外面看不清：从它们开始算。",
        "How this model makes Q, K and V cannot be told from outside: the walk begins with them.",
    ),
    no_walk=Text(
        "这个模型只给出注意力图，不给出算出它们的数。",
        "This model shows its maps only, not the numbers that they are made of.",
    ),
    opening_unknown=Text(
        "模型“{model}”或其中的“{site}”这里没有，已按本页原来的设置显示。",
        "There is no model '{model}' with '{site}' here; the page is shown as it was.",
    ),
    url_value=Text(
        "链接里的 {name}“{value}”这里不能用，已忽略。",
        "{name}='{value}' in the link cannot be used here; it was ignored.",
    ),
    # steps
    steps=Text("步骤", "Steps"),
    back=Text("上一步（← 或退格）", "Back (← or Backspace)"),
    forward=Text("下一步（空格）", "Next (space)"),
    step_of=Text("第 {number} 步，共 {count} 步", "Step {number} of {count}"),
    stage_input=Text("输入 X", "Input X"),
    stage_memory=Text("输入 M", "Memory M"),
    rail_mix=Text("权重 · V", "A · V"),
    rail_feed_forward=Text("前馈", "FFN"),
    stage_norm=Text("层归一化", "LayerNorm"),
    stage_project=Text("Q, K, V", "Q, K, V"),
    stage_rotate=Text("旋转位置", "Rotate"),
    stage_products=Text("QKᵀ", "QKᵀ"),
    stage_scale=Text("÷ √d", "÷ √d"),
    stage_mask=Text("掩码", "Mask"),
    stage_softmax=Text("softmax", "softmax"),
    stage_mix=Text("权重 · V", "weights · V"),
    stage_combine=Text("合并各头", "Join heads"),
    stage_output=Text("· W_O", "· W_O"),
    stage_residual=Text("残差", "Residual"),
    stage_feed_forward=Text("前馈网络", "Feed-forward"),
    about_input=Text(
        "每一行是一个词元的向量，有 d_model 个数。", "Each row is the vector of one token, d_model numbers long."
    ),
    about_memory=Text(
        "交叉注意力（又称交互注意力、编码器-解码器注意力）：X 来自解码器，给出 Q；M 是编码器的输出，给出 K 和 V。",
        "X comes from the decoder and gives Q; M is the encoder's output and gives K and V.",
    ),
    about_norm=Text(
        "每一行减去均值，除以标准差，再乘 γ、加 β（如有）。",
        "From each row take its mean, divide by its standard deviation, then times γ, plus β where there are any.",
    ),
    about_norm_rms=Text(
        "RMSNorm：每一行除以均方根（不减均值），再乘 γ。",
        "RMSNorm: each row divided by the root of its mean square (no mean is taken off), then times γ.",
    ),
    stage_norm_rms=Text("RMSNorm", "RMSNorm"),
    about_input_qkv=Text(
        "从这里开始：这个头得到的查询 Q、键 K 和值 V。",
        "The walk begins here: the queries Q, keys K and values V that this head is given.",
    ),
    about_project_groups=Text(
        "{heads} 个头共用 {groups} 组键和值（GQA）：相邻 {each} 个头的 K、V 相同。",
        "{heads} heads share {groups} sets of keys and values (GQA): every {each} heads in a row have the same ones.",
    ),
    about_project=Text(
        "同一个 X 乘三个矩阵：Q 是“我在找什么”，K 是“我是什么”，V 是“我带来什么”。",
        "The same X times three matrices: Q what I look for, K what I am, V what I bring.",
    ),
    about_project_cross=Text(
        "X 给出 Q：“我在找什么”；M 给出 K：“我是什么”，和 V：“我带来什么”。",
        "X gives Q, what I look for; M gives K, what I am, and V, what I bring.",
    ),
    about_rotate=Text(
        "每一对特征按所在位置转一个角度：相对距离进入点积。",
        "Each pair of features is turned by its position, so that distance enters the products.",
    ),
    partners=Text("每个特征换成它的另一半，一半变号", "every feature's partner, one of two with its sign turned"),
    about_products=Text(
        "Q 的一行点乘 K 的一行：这两个词元有多合得来。一行是一个查询，一列是一个键。",
        "A row of Q times a row of K: how well two tokens match. A row is a query, a column a key.",
    ),
    about_scale=Text(
        "除以 √head_dim = {root}：维数再大，分数也不会大到让 softmax 饱和。",
        "Divided by √head_dim = {root}, so that wide heads do not push the softmax to its ends.",
    ),
    about_scale_off=Text(
        "这里关掉了 √head_dim：分数保持原样。",
        "√head_dim is switched off here: the scores stay as they are.",
    ),
    about_scale_own=Text(
        "乘 {scaling}：这个模型不除以 √head_dim。",
        "Times {scaling}: this model does not divide by √head_dim.",
    ),
    about_scale_cap=Text(
        "软上限：{cap}·tanh(x/{cap}) 让分数不超过 ±{cap}。",
        "Soft cap: {cap}·tanh(x/{cap}) keeps scores within ±{cap}.",
    ),
    about_scale_bias=Text("B 是按相对位置加到分数上的偏置。", "B is a bias by position that is added to the scores."),
    about_softmax_sink=Text(
        "每个头有一个汇 sink：它分走一份注意力却什么也不带来，所以一行加起来小于 1。",
        "Each head has a sink: it takes a share of the attention and brings nothing: a row sums to less than 1.",
    ),
    about_mask=Text(
        "□ 可见：分数保留；■ 屏蔽：分数变成 −∞，softmax 后正好是 0。",
        "□ visible: the score stays; ■ blocked: it becomes −∞, which the softmax turns into exactly 0.",
    ),
    about_mask_after=Text(
        "掩码放到 softmax 之后：这一步分数不变。",
        "The mask comes after the softmax: the scores stay as they are in this step.",
    ),
    about_softmax=Text(
        "每个数取 e 的幂，再除以一行之和：每行是一份加起来为 1 的注意力。",
        "e to the power of each number, divided by the row's sum: each row shares out an attention of 1.",
    ),
    about_softmax_after=Text(
        "屏蔽的权重事后改成 0：行和小于 1，而被屏蔽的分数仍在分母里，泄漏了未来。",
        "Blocked weights become 0 afterwards: rows sum to less than 1, and what is blocked is still in the divisor.",
    ),
    about_softmax_after_renormalised=Text(
        "事后改成 0，再除以行和：结果与先掩码完全相同。",
        "Set to 0 afterwards and divided by the row's sum: the same as masking first.",
    ),
    about_mix=Text(
        "按权重把各个 V 的行加起来：这就是这个头为每个词元取回的内容。",
        "The rows of V added up by weight: what this head brings back for each token.",
    ),
    about_combine=Text(
        "各头的输出并排放好，又是 d_model 宽。", "The outputs of the heads side by side: d_model wide again."
    ),
    about_combine_sum=Text(
        "这里把各头相加：只剩 head_dim 宽，谁是哪个头再也分不清。",
        "Here the heads are added up: only head_dim wide, and no telling which head said what.",
    ),
    about_output=Text("乘 W_O，让各头的内容彼此混合。", "Times W_O, which lets what the heads brought mix."),
    about_residual=Text(
        "原来的输入加回来：子层只添加，不替换。",
        "What came in is added back: the sublayer adds to it, it does not replace it.",
    ),
    about_feed_forward=Text(
        "每个词元各自走一个两层网络：放宽，激活，收回。",
        "Each token alone goes through two layers: widen, activate, narrow.",
    ),
    # axes
    axis_query=Text("查询", "queries"),
    axis_key=Text("键", "keys"),
    axis_feature=Text("特征", "features"),
    axis_head_feature=Text("头内特征", "head features"),
    axis_hidden=Text("隐藏单元", "hidden units"),
    axis_one=Text("1", "1"),
    row_sum=Text("Σ", "Σ"),
    row_sum_about=Text("一行权重之和", "The sum of the row"),
    of_head=Text("头 {head}", "head {head}"),
    part_shown=Text("{from}–{to} / {count}", "{from}–{to} of {count}"),
    earlier=Text("往前", "Earlier"),
    later=Text("往后", "Later"),
    cell_label=Text("{name} 第 {row} 行第 {column} 列：{value}", "{name}, row {row}, column {column}: {value}"),
    matrix_label=Text("矩阵 {name}，{shape}", "Matrix {name}, {shape}"),
    # arithmetic
    why_given=Text("给定的数", "a given number"),
    why_edited=Text("手工填入的数", "put in by hand"),
    why_was=Text("原来 {value}", "was {value}"),
    why_blocked_row=Text("整行都被屏蔽：没有可分的注意力", "the whole row is blocked: there is nothing to share out"),
    # editing
    edit_cell=Text("新数值", "New number"),
    edit_help=Text(
        "输入后按 Enter；留空则恢复计算值；Esc 取消",
        "Enter to take it; empty brings the computed number back; Esc to leave it",
    ),
    number_unreadable=Text(
        "“{given}”不是数。可以写 0.5、−1.25、1/3 或 1e-3；原来的数没有变。",
        "'{given}' is not a number. Write 0.5, −1.25, 1/3 or 1e-3; the number stays as it was.",
    ),
    number_nan=Text("NaN 不是数，不能填；原来的数没有变。", "NaN is not a number; the number stays as it was."),
    number_beyond=Text(
        "“{given}”超出范围：可用 {low} 到 {high}；原来的数没有变。",
        "'{given}' is out of range: {low} to {high} can be used; the number stays as it was.",
    ),
    mask_value=Text(
        "掩码里只能填 1（□ 可见）或 0（■ 屏蔽），“{given}”不行。",
        "A mask holds only 1 (□ visible) or 0 (■ blocked); '{given}' cannot stand there.",
    ),
    too_many_edits=Text(
        "已改了 {most} 个格子，到上限了；请先恢复一些。",
        "{most} cells are changed already, which is the limit; bring some back first.",
    ),
    edits_count=Text("改了 {count} 处", "{count} changed"),
    changed_note=Text("▲ 手工改的　△ 跟着变的", "▲ by hand　△ followed"),
    undo=Text("撤销 Ctrl+Z", "Undo Ctrl+Z"),
    redo=Text("重做 Ctrl+Y", "Redo Ctrl+Y"),
    reset=Text("全部恢复", "Reset"),
    computing=Text("正在计算……", "Computing…"),
    visible=Text("□ 可见", "□ visible"),
    blocked=Text("■ 屏蔽", "■ blocked"),
    # switches
    head=Text("头", "Head"),
    head_of=Text("头 {head} / {count}", "head {head} of {count}"),
    divide=Text("÷ √head_dim", "÷ √head_dim"),
    norm=Text("层归一化放在哪里", "Where the norm stands"),
    norm_post=Text("后置归一化 post", "post-norm"),
    norm_pre=Text("前置归一化 pre", "pre-norm"),
    norm_none=Text("不归一化", "no norm"),
    combine=Text("各头怎样合并", "How the heads are joined"),
    combine_concat=Text("各头拼接 concat", "concat heads"),
    combine_sum=Text("各头相加 sum", "sum heads"),
    mask=Text("掩码放在 softmax 的哪一边", "Which side of the softmax the mask is on"),
    mask_before=Text("先掩码，再 softmax", "mask → softmax"),
    mask_after=Text("先 softmax，再掩码", "softmax → mask"),
    mask_after_renormalised=Text("softmax，掩码，再 ÷Σ", "softmax → mask → ÷Σ"),
    temperature=Text("温度", "temperature"),
    view=Text("怎么看", "View"),
    view_one=Text("一步一屏", "one step"),
    view_all=Text("全部步骤", "all steps"),
    digits=Text("小数位数", "Decimals"),
    # code
    code=Text("PyTorch 代码", "In PyTorch"),
    code_copy=Text("复制", "Copy"),
    code_copied=Text("已复制", "Copied"),
    code_download=Text("↓ .py", "↓ .py"),
    code_numbers=Text("↓ numbers", "↓ numbers"),
    code_file=Text(
        "矩阵太大，代码从 numbers.safetensors 读取。", "The matrices are large: the code loads numbers.safetensors."
    ),
    # wrong shapes
    shapes_title=Text("能不能相乘？", "Can these be multiplied?"),
    shapes_about=Text(
        "左边的列数必须等于右边的行数。用 − + 改形状，看哪里冲突、怎样修好。",
        "The columns on the left must equal the rows on the right. Change the shapes with − +, and see what clashes.",
    ),
    shapes_0=Text("忘了转置：Q · K", "The transpose was forgotten: Q · K"),
    shapes_1=Text("d_model 不一致：X · W_Q", "Another d_model: X · W_Q"),
    shapes_2=Text("另一句话的 V：A · V", "Values of another sentence: A · V"),
    shapes_3=Text("没有拼接各头：head · W_O", "The heads were not concatenated: head · W_O"),
    shapes_clash=Text(
        "左边有 {columns} 列，右边有 {rows} 行：{columns} ≠ {rows}，不能相乘。",
        "{columns} columns meet {rows} rows: {columns} ≠ {rows}, there is no product.",
    ),
    shapes_transpose=Text("把 {name} 转置就对了：{fixed}", "Transpose {name}: {fixed}"),
    shapes_none=Text(
        "转置也没用：要让 {columns} 与 {rows} 相等。", "No transpose helps: {columns} and {rows} must agree."
    ),
    shapes_fine=Text("可以相乘：得到 {rows}×{columns}。", "It fits: the product is {rows}×{columns}."),
    shapes_torch=Text("PyTorch 说", "PyTorch says"),
    shapes_rows=Text("{name} 的行数", "rows of {name}"),
    shapes_columns=Text("{name} 的列数", "columns of {name}"),
    shapes_fewer=Text("减 1", "one fewer"),
    shapes_more=Text("加 1", "one more"),
    shapes_heads=Text("头数要整除 d_model", "The heads must divide d_model"),
    shapes_heads_clash=Text(
        "d_model = {d_model}，{heads} 个头：{d_model} ÷ {heads} 不是整数，分不开。",
        "d_model {d_model} with {heads} heads: {d_model} ÷ {heads} is no whole number, it cannot be split.",
    ),
    shapes_heads_fine=Text(
        "d_model = {d_model}，{heads} 个头：每个头 {head_dim} 维。",
        "d_model {d_model}, {heads} heads: {head_dim} wide each.",
    ),
    shapes_d_model=Text("d_model", "d_model"),
    shapes_n_heads=Text("头数", "heads"),
)
