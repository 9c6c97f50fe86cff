"""The page Masks. {braces} of the texts that the browser is handed are filled in there."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("掩码", "Masks"),
    question=Text(
        "谁能看谁？改一个格子，注意力、预测和损失会怎样？",
        "Who may look at whom? Change a cell, and see attention, prediction and loss move",
    ),
    hint=Text("点或拖动格子，全部数字随之更新", "Click or drag; every number follows"),
    # strip
    view=Text("做什么", "What to do"),
    view_paint=Text("画掩码", "Paint"),
    view_investigate=Text("查影响", "Investigate"),
    view_help=Text(
        "画掩码：改格子，看一个头、预测和损失；查影响：每个头变了多少，谁能影响谁，换一种施加方式，加 PAD",
        "Paint: change cells, see one head, prediction and loss. Investigate: how far each head moved, who can "
        "influence whom, other ways of applying it, PADs",
    ),
    what=Text("看什么", "What to look at"),
    what_sentence=Text("真实句子", "a sentence"),
    what_tokens=Text("长序列", "a long sequence"),
    what_help=Text(
        "长序列：随机权重的解码器，最长 512 个词元，用来看大掩码和感受野",
        "A long sequence: a decoder with random weights, up to 512 tokens, for large masks and receptive fields",
    ),
    length=Text("词元数", "Tokens"),
    practice=Text(
        "随机权重（未训练）· {layers} 层 × {heads} 头 · {tokens} 个词元",
        "random weights (untrained) · {layers} × {heads} heads · {tokens} tokens",
    ),
    url_mask=Text(
        "链接里的掩码 {name} 用不了，已忽略：{why}", "The mask {name} in the link cannot be used and was ignored: {why}"
    ),
    url_value=Text(
        "链接里的 {name}“{value}”这里没有，已忽略。", "There is no {name} '{value}' as the link says; it was ignored."
    ),
    long_link=Text(
        "这个掩码太长，放不进链接；请下载 CSV 或 NPY 来分享。",
        "This mask is too long for a link; download it as CSV or NPY to share it.",
    ),
    computing=Text("正在计算……", "Computing…"),
    # target
    kinds=Text("哪种注意力", "Kind of attention"),
    kind_encoder_self=Text("编码器自注意力", "Encoder self"),
    kind_decoder_self=Text("解码器自注意力", "Decoder self"),
    kind_cross=Text("交叉注意力", "Cross"),
    short_encoder_self=Text("编码器", "Encoder"),
    short_decoder_self=Text("解码器", "Decoder"),
    short_cross=Text("交叉", "Cross"),
    about_encoder_self=Text("源句的词元互相看", "Encoder self-attention: source tokens look at source tokens"),
    about_decoder_self=Text(
        "目标的词元互相看，通常只看前面",
        "Decoder self-attention: target tokens look at target tokens, usually backwards only",
    ),
    about_cross=Text(
        "目标看源句；又称交叉注意力、编码器-解码器注意力",
        "Cross-attention: the target looks at the source; also called encoder–decoder attention",
    ),
    target=Text("改", "Change"),
    layer=Text("哪一层", "Which layer"),
    head=Text("哪个头", "Which head"),
    all_layers=Text("全部层", "all layers"),
    all_heads=Text("全部头", "all heads"),
    layer_number=Text("第 {number} 层", "layer {number}"),
    head_number=Text("头 {number}", "head {number}"),
    head_name=Text("第 {layer} 层 · 头 {head}", "layer {layer} · head {head}"),
    edits=Text("与模型自带掩码不同之处", "Masks that differ from the model's own"),
    drop=Text("撤掉：{where} 恢复模型自带的掩码", "Take back: {where} gets the model's own mask again"),
    own_differ=Text("{kind}，各层自带的掩码：{layers}", "{kind}, masks of the model's own: {layers}"),
    own_join=Text("；", "; "),
    # how
    how=Text("施加", "Apply"),
    how_help=Text("掩码怎样施加", "How the mask is applied"),
    how_own=Text("softmax 前 −∞（空行得 0）", "−∞ first (empty row: 0)"),
    how__inf=Text("softmax 前 −∞（空行得 NaN）", "−∞ first (empty row: NaN)"),
    how__1e9=Text("softmax 前加 −1e9", "−1e9 added before softmax"),
    how_after=Text("softmax 后置零", "zeroed after softmax"),
    how_after_renormalised=Text("softmax 后置零再归一", "zeroed after softmax, renormalised"),
    how_hidden=Text("乘到隐藏状态上", "multiplied into hidden states"),
    how_none=Text("不施加", "not at all"),
    how_absent=Text("按模型自己的方式施加", "as the model applies it"),
    how_absent_help=Text(
        "不能换方式和精度：这个模型的 softmax 里还有“汇”（sink），或者它不是按 fp32 计算的",
        "No other way or number format here: this model's softmax has a sink beside the keys, or it is not in fp32",
    ),
    precision=Text("数值精度", "Number format"),
    precision_fp16=Text("fp16", "fp16"),
    precision_bf16=Text("bf16", "bf16"),
    precision_fp32=Text("fp32", "fp32"),
    precision_fp64=Text("fp64", "fp64"),
    about_fp16=Text("半精度：最大 65504，−1e9 溢出成 −∞", "half: ends at 65504, −1e9 overflows to −∞"),
    about_bf16=Text("bfloat16：范围同单精度，精度低", "bfloat16: the range of single precision, few digits"),
    about_fp32=Text("单精度：模型自己的精度", "single: the model's own"),
    about_fp64=Text("双精度：−1e9 旁边仍能分辨分数", "double: still tells scores apart beside −1e9"),
    undo_help=Text("撤销（Ctrl+Z）", "Undo (Ctrl+Z)"),
    redo_help=Text("重做（Ctrl+Y）", "Redo (Ctrl+Y)"),
    reset=Text("还原", "Reset"),
    reset_help=Text("全部恢复成模型自带的掩码（可撤销）", "Everything back to the model's own masks (can be undone)"),
    # formula
    formula=Text("掩码公式", "The mask's formula"),
    formula_text=Text(
        "公式，可直接改：& 与，| 或，~ 非；位置从 0 数",
        "The formula, editable: & and, | or, ~ not; positions count from 0",
    ),
    add_term=Text("加一项", "Add a term"),
    remove_term=Text("去掉这一项", "Remove this term"),
    bracket=Text("括号里的", "what is in brackets"),
    use_alone=Text("只用它", "use it alone"),
    join_help=Text("∧ 与：两者都可见；∨ 或：其一可见。点击切换", "∧ both visible; ∨ either visible. Click to switch"),
    not_help=Text("取反：可见 ↔ 屏蔽", "Negate: visible ↔ blocked"),
    **{
        "and": Text("与：都可见才可见", "and: visible where both are"),
        "or": Text("或：其一可见就可见", "or: visible where either is"),
        "not": Text("非", "not"),
    },
    name_own=Text("自带", "own"),
    name_full=Text("全可见", "full"),
    name_causal=Text("因果", "causal"),
    name_padding=Text("填充", "key padding"),
    name_both=Text("因果 ∧ 填充", "causal ∧ padding"),
    name_window=Text("滑窗", "window"),
    name_prefix=Text("前缀", "prefix"),
    name_global=Text("全局词元", "global"),
    name_dilated=Text("空洞", "dilated"),
    name_random=Text("随机", "random"),
    name_documents=Text("分文档", "documents"),
    name_graph=Text("图邻接", "graph"),
    name_heads=Text("只限这些头", "heads"),
    name_cells=Text("手绘", "painted"),
    about_own=Text("每层用模型自带的掩码", "in each layer the model's own mask"),
    about_full=Text("人人可见", "everybody sees everything"),
    about_causal=Text("只看自己和前面", "itself and what stands before"),
    about_padding=Text("看不见 PAD", "PADs are hidden"),
    about_both=Text("解码器常用", "usual in a decoder"),
    about_window=Text("自己和两侧各 w − 1 个词元", "itself and w − 1 tokens on each side"),
    about_prefix=Text("前 n 个人人可见，其余因果", "first n for all, the rest causal"),
    about_global=Text("选中的看全部、被全部看", "chosen tokens see and are seen"),
    about_dilated=Text("每隔几个看一个", "every second, third … token"),
    about_random=Text("按概率随机可见", "visible by chance"),
    about_documents=Text("只看同一篇文档", "the same document only"),
    about_graph=Text("只看图上的邻居", "neighbours in a graph"),
    about_heads=Text("只在这些头里可见", "visible in these heads only"),
    about_cells=Text("您画的格子", "the cells you painted"),
    arguments_padding=Text("每个样本的真实长度", "real length of each example"),
    arguments_window=Text("窗口 w：|q−k| < w", "w: |q−k| < w"),
    arguments_prefix=Text("前缀长度 n", "prefix length n"),
    arguments_global=Text("全局词元的位置（从 0 数）", "positions of global tokens (from 0)"),
    arguments_dilated=Text("个数,间隔", "count,step"),
    arguments_random=Text("概率,种子", "share,seed"),
    arguments_documents=Text("每个位置属于第几篇", "document number of each position"),
    arguments_graph=Text("边：0:1,1:2", "edges: 0:1,1:2"),
    arguments_heads=Text("头的编号（从 0 数）", "heads (from 0)"),
    # painting
    paint_title=Text("掩码 Mask", "Mask"),
    paint_hint=Text(
        "点击或拖动；点标签先屏蔽整行、整列，再点恢复",
        "Click or drag; a label blocks its row or column, again: as it was",
    ),
    paint_keys=Text(
        "键盘：方向键移动，空格改格子，R 改整行，C 改整列，Shift 加方向键涂抹，Ctrl+Z 撤销",
        "Keyboard: arrows move, Space paints, R the row, C the column, Shift with arrows drags, Ctrl+Z undoes",
    ),
    key_visible=Text("可见", "visible"),
    key_blocked=Text("屏蔽", "blocked"),
    key_painted=Text("已改", "changed"),
    paint_label=Text(
        "掩码矩阵，{rows} 行（查询）{columns} 列（键）。方向键移动，空格改格子，R 改整行，C 改整列，"
        "Shift 加方向键涂抹。",
        "Mask matrix, {rows} rows (queries), {columns} columns (keys). Arrows move, Space paints, R the row, C the "
        "column, Shift with arrows drags.",
    ),
    cell_said=Text(
        "第 {row} 行 {query}，第 {column} 列 {key}：{state}", "Row {row} {query}, column {column} {key}: {state}"
    ),
    visible=Text("□ 可见", "□ visible"),
    blocked=Text("■ 屏蔽", "■ blocked"),
    differs=Text("与模型自带的不同", "differs from the model's own"),
    zoom_in=Text("放大（Ctrl + 滚轮）", "Zoom in (Ctrl + wheel)"),
    zoom_out=Text("缩小", "Zoom out"),
    zoom_reset=Text("看全部", "See all of it"),
    # the computation
    flow_title=Text("一个头怎样算", "One head's computation"),
    look_help=Text("看哪个头", "Which head to look at"),
    scores=Text("分数", "Scores"),
    masked_scores=Text("掩码后", "Masked"),
    weights=Text("权重", "Weights"),
    own_weights=Text("原权重", "Own mask"),
    output=Text("输出", "Output"),
    prediction=Text("预测", "Prediction"),
    flow_own=Text(
        "QKᵀ/√d → 屏蔽处换成 −∞ → softmax：屏蔽处权重恰为 0",
        "QKᵀ/√d → blocked cells become −∞ → softmax: a blocked weight is exactly 0",
    ),
    flow__inf=Text(
        "同上，但整行屏蔽时 0/0 = NaN，并一路传下去", "As usual, but a fully blocked row is 0/0 = NaN, and it spreads"
    ),
    flow__1e9=Text(
        "屏蔽处加 −1e9：整行屏蔽时不是 0。fp32、bf16 得到均匀分布，"
        "fp64 得到没有掩码的 softmax，fp16 装不下 −1e9，得到 NaN",
        "−1e9 is added: a fully blocked row is not 0, but uniform in fp32 and bf16, "
        "the unmasked softmax in fp64, and NaN in fp16, which cannot hold −1e9",
    ),
    flow_after=Text(
        "先 softmax 再置零：行和小于 1，分母仍然看到了被屏蔽的键",
        "Softmax first, then zeroes: rows sum to less than 1, and the denominator has read the blocked keys",
    ),
    flow_after_renormalised=Text(
        "先 softmax 再置零、再除以行和：又对了", "Softmax, zeroes, divided by the row's sum: right again"
    ),
    flow_hidden=Text(
        "被屏蔽的词元变成零向量：分数是 0，e⁰ = 1，仍占去权重",
        "Blocked tokens become zero vectors: their score is 0, e⁰ = 1, and they still take weight",
    ),
    flow_none=Text("掩码没有用上：谁都看得见", "The mask is not used: everybody sees everything"),
    row_of=Text("第 {row} 行 {token}", "row {row} {token}"),
    keys_shown=Text("显示 {all} 个键中的 {shown} 个", "{shown} of {all} keys shown"),
    dead_zero=Text("整行屏蔽：权重全为 0", "The whole row is blocked: all weights are 0"),
    dead_leaks=Text(
        "整行屏蔽，权重却不为 0：看到了被屏蔽的内容！", "Fully blocked, yet it has weight: it reads what is blocked!"
    ),
    dead_nan=Text("整行屏蔽：0/0 = NaN", "The whole row is blocked: 0/0 = NaN"),
    sum_nan=Text("NaN 从别处传了过来", "NaN arrived from elsewhere"),
    sum_sink=Text("其余 {share} 归“汇”sink：谁也不看", "the remaining {share} goes to the sink: at nobody"),
    sum_wrong=Text(
        "行和不是 1：输出不再是加权平均", "The row does not sum to 1: the output is no longer a weighted average"
    ),
    # outcome
    outcome_title=Text("预测与损失", "Prediction and loss"),
    outcome_reference=Text("解码器读参考答案；损失：奈特/词元", "The decoder reads the reference; nats per token"),
    outcome_own=Text("解码器读自己原来的输出，损失对着它算", "It reads its own former output; the loss is against it"),
    outcome_text=Text("每个词元由前面的预测；损失：奈特/词元", "Each token from those before; nats per token"),
    outcome_hidden=Text(
        "每个位置上最可能的词元；没有标准答案，所以没有损失",
        "The most likely token at every position; nobody knows what is right, so there is no loss",
    ),
    outcome_vector=Text(
        "这个模型不预测词元，只给出整段文本的向量；它转过多少，写在上面的结论里",
        "This model predicts no tokens but a vector of the whole text; how far it turns is said above",
    ),
    outcome_none=Text("未训练的模型，没有标准答案", "An untrained model; nothing is right or wrong"),
    loss=Text("损失", "Loss"),
    tokens_label=Text("各位置的预测，方向键选择", "The prediction at each position; arrows choose"),
    step_hint=Text("读到 {read}：原来预测 {own}，现在预测 {now}", "After {read}: predicted {own}, now {now}"),
    top_at=Text("读到 {read} 之后", "After {read}"),
    own_short=Text("原掩码", "own mask"),
    now_short=Text("现在", "now"),
    # heads
    heads_title=Text("每个头变了多少", "How much each head moved"),
    heads_most=Text(
        "最多：{kind} L{layer} H{head}，{moved} 的权重挪了地方",
        "Most: {kind} L{layer} H{head}, {moved} of its weight moved",
    ),
    heads_none=Text("与模型自带的掩码完全一样", "Exactly as under the model's own masks"),
    head_moved=Text(
        "{kind} L{layer} H{head}：{moved} 的权重挪了地方；点击细看",
        "{kind} L{layer} H{head}: {moved} of its weight moved; click to look",
    ),
    # reach
    reach_title=Text("谁能影响谁", "Who can influence whom"),
    reach_all=Text(
        "行 = 输出，列 = 输入；数 = 换掉该输入时 logit 的最大变化",
        "Row = output, column = input; number = largest change of a logit when that input is replaced",
    ),
    reach_some=Text(
        "行 = 输出，列 = 输入；只测了最先泄漏的输入",
        "Row = output, column = input; only the first leaking inputs were measured",
    ),
    reach_none=Text(
        "行 = 输出，列 = 输入；沿可见格子逐层推得",
        "Row = output, column = input; followed through visible cells, layer by layer",
    ),
    reach_long=Text(
        "行 = 输出，列 = 输入；沿可见格子逐层推得（太长，只实测第一处泄漏）",
        "Row = output, column = input; followed through visible cells (so long that only the first leak is measured)",
    ),
    reach_structure=Text(
        "行 = 编码器输出，列 = 源词元；沿可见格子逐层推得",
        "Row = encoder output, column = source token; followed through visible cells",
    ),
    one_layer=Text("一层的掩码", "One layer's mask"),
    all_layers_through=Text("穿过所有层", "Through all layers"),
    measure=Text("全部实测", "Measure all"),
    measure_help=Text(
        "逐个换掉每个输入，看每个输出动多少", "Replace every input in turn and see how far each output moves"
    ),
    field_title=Text("感受野：一层一层看过去", "Receptive field, layer by layer"),
    field_backward=Text(
        "“{token}”（第 {position} 行）每过一层能看到谁 · 指向最下面一排，可反向查看",
        "What '{token}' (row {position}) sees after each layer · point at the lowest row for the reverse",
    ),
    field_forward=Text(
        "“{token}”（第 {position} 个输入）每过一层影响到谁",
        "Whom '{token}' (input {position}) has reached after each layer",
    ),
    inputs=Text("输入", "inputs"),
    # verdicts
    verdict_leak=Text(
        "第 {row} 行（{row_token}）看到了未来：第 {token} 个词元（{key_token}）",
        "Row {row} ({row_token}) sees the future: token {token} ({key_token})",
    ),
    leak_amount=Text("实测：换掉它，logit 最多变 {amount}", "replacing it moves a logit by {amount}"),
    leak_still=Text("通路是开的，但换掉它没有动到这一行", "the path is open, yet replacing it moved nothing"),
    leak_answer=Text("那正是它要预测的答案", "that is the answer it has to predict"),
    leak_unused=Text(
        "损失反而升了：它带着掩码训练，没学过偷看",
        "the loss rose: trained with the mask, it never learned to use a leak",
    ),
    leak_more=Text("看到未来的行：{rows}", "rows that see the future: {rows}"),
    verdict_try=Text("让第 {row} 行看到第 {column} 个词元 ▸", "Let row {row} see token {column} ▸"),
    verdict_back=Text("撤回 ▸ 损失 {loss}", "Take it back ▸ loss {loss}"),
    verdict_back_plain=Text("撤回", "Take it back"),
    verdict_nan=Text(
        "NaN：{all} 个预测里有 {broken} 个算不出来", "NaN: {broken} of {all} predictions cannot be computed"
    ),
    verdict_dead=Text(
        "第 {rows} 行什么也看不到（从第 {layer} 层起）", "Nothing at all is seen by row {rows} (from layer {layer} on)"
    ),
    verdict_padding=Text("{outputs} 个输出看到了 PAD", "{outputs} outputs see PADs"),
    verdict_vector=Text("文本向量转了：1 − cos = {amount}", "the text's vector has turned: 1 − cos = {amount}"),
    verdict_moved=Text("{all} 个头里有 {count} 个变了", "{count} of {all} heads moved"),
    verdict_causal=Text("没有一行看到未来", "No row sees the future"),
    verdict_encoder=Text("与模型自带的掩码一致", "As under the model's own mask"),
    verdict_changed=Text("与模型自带的掩码不同", "Not as under the model's own mask"),
    # padding
    padding_title=Text("加 PAD 试试", "Add PADs"),
    padding_try=Text(
        "在句尾加几个 PAD，看看答案会不会变", "Add a few PADs after the sentence: does the answer change?"
    ),
    padding_hint=Text("模型自己写出的答案，用自带的掩码", "What the model writes by itself, under its own masks"),
    pads_less=Text("少一个 PAD", "one PAD less"),
    pads_more=Text("多一个 PAD", "one PAD more"),
    answer_plain=Text("不加 PAD", "no PADs"),
    answer_masked=Text("有填充掩码", "with padding mask"),
    answer_unmasked=Text("无填充掩码", "without it"),
    # take away
    take_title=Text("带走", "Take it away"),
    take_csv=Text("↓ CSV", "↓ CSV"),
    take_npy=Text("↓ NPY", "↓ NPY"),
    take_png=Text("↓ PNG", "↓ PNG"),
    take_load=Text("载入 CSV / NPY", "Load CSV / NPY"),
    take_show_code=Text("代码", "Code"),
    take_copy=Text("复制", "Copy"),
    take_csv_help=Text("0 = 屏蔽，1 = 可见，每行一个查询", "0 = blocked, 1 = visible, one line a query"),
    take_npy_help=Text("NumPy 布尔数组，True = 可见", "A NumPy array of booleans, True = visible"),
    take_png_help=Text("掩码图", "A picture of the mask"),
    take_load_help=Text(
        "这样大小的矩阵：1 可见、0 屏蔽；或 0 可见、-inf 屏蔽。nn.MultiheadAttention 的掩码相反，请存 ~mask",
        "A matrix of this size: 1 visible, 0 blocked; or 0 visible, -inf blocked. "
        "A mask of nn.MultiheadAttention is the opposite: save ~mask",
    ),
    take_show_code_help=Text("可运行的程序：PyTorch 的三种注意力", "Programs that run: torch's three attentions"),
    take_copy_help=Text("复制代码", "Copy the code"),
    copied=Text("已复制", "Copied"),
    copy_failed=Text("请选中后按 Ctrl+C", "Select it and press Ctrl+C"),
    file_too_large=Text(
        "文件有 {given} 字节，最多读取 {limit} 字节。", "The file has {given} bytes; at most {limit} are read."
    ),
    apis=Text("哪种接口", "Which interface"),
    api_sdpa=Text("SDPA", "SDPA"),
    api_flex=Text("FlexAttention", "FlexAttention"),
    api_mha=Text("nn.MultiheadAttention（极性相反）", "nn.MultiheadAttention (opposite polarity)"),
)
