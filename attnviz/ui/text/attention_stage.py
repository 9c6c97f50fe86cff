"""Every sentence of the attention stage; {braces} are filled in by the browser."""

from attnviz.language import Text, table
from attnviz.ui.text.downloads import TEXTS as DOWNLOADS

TEXTS = table(
    stage=Text("注意力画面", "Attention stage"),
    loading=Text("正在准备画面……", "Preparing the picture…"),
    working=Text("正在重新计算……", "Computing…"),
    broken=Text("这幅画面读不出来，请刷新页面。", "This picture could not be read. Please reload the page."),
    # kinds of attention
    kinds=Text("注意力种类", "Kind of attention"),
    kind_encoder_self=Text("编码器自注意力", "Encoder self-attention"),
    kind_decoder_self=Text("解码器自注意力", "Decoder self-attention"),
    kind_cross=Text("交叉注意力", "Cross-attention"),
    about_encoder_self=Text("源句的每个词元看源句的所有词元", "Each source token looks at the whole source"),
    about_decoder_self=Text(
        "目标的每个位置只看自己和之前（因果掩码）", "Each target position looks at itself and before (causal mask)"
    ),
    about_cross=Text(
        "目标的每个位置看源句；又称交互注意力、编码器-解码器注意力",
        "Each target position looks at the source; also called encoder–decoder attention",
    ),
    # the grid
    grid_title=Text("每层每头", "Layers × heads"),
    grid_hint=Text("行 = 层，列 = 头 · 悬停联动，点选放大", "Row = layer, column = head · hover links, click enlarges"),
    keys_hint=Text(
        "方向键 移动 · Enter 选中，再按进入 · 空格 开关 · Esc 离开",
        "Arrows move · Enter chooses, again enters · Space switches · Esc leaves",
    ),
    head_short=Text("L{layer} H{head}", "L{layer} H{head}"),
    head_label=Text("第 {layer} 层，头 {head}，{statistics}", "Layer {layer}, head {head}, {statistics}"),
    switch_label=Text("第 {layer} 层头 {head} 的开关", "Switch of layer {layer} head {head}"),
    switch_turn_off=Text(
        "点击关掉这个头（输出置零），看预测怎么变",
        "Turn this head off (its output becomes zero) and see the prediction change",
    ),
    switch_turn_on=Text("点击重新打开这个头", "Turn this head on again"),
    off=Text("已关", "off"),
    all_on=Text("全部打开", "All on"),
    # the chosen head
    head_title=Text("第 {layer} 层 · 头 {head}", "Layer {layer} · head {head}"),
    matrix_label=Text(
        "注意力矩阵，{rows} 行（查询）{columns} 列（键）。方向键移动，Enter 固定，Shift+Enter 把几行加起来，Esc 返回。",
        "Attention matrix, {rows} rows (queries), {columns} columns (keys). Arrows move, Enter pins, Shift+Enter adds "
        "rows up, Esc leaves.",
    ),
    queries=Text("查询 query", "query"),
    keys=Text("键 key", "key"),
    views=Text("画法", "View"),
    view_matrix=Text("矩阵", "Matrix"),
    view_lines=Text("连线", "Lines"),
    view_both=Text("两者", "Both"),
    view_mask=Text("掩码", "Mask"),
    scales=Text("色标", "Scale"),
    scale_linear=Text("线性", "Linear"),
    scale_sqrt=Text("平方根", "√ root"),
    scale_row=Text("按行最大", "Row max"),
    scale_linear_hint=Text("颜色 = 权重", "Colour = weight"),
    scale_sqrt_hint=Text("颜色 = √权重，小的权重也看得见", "Colour = √weight: small weights become visible"),
    scale_row_hint=Text("颜色 = 权重 ÷ 本行最大", "Colour = weight ÷ largest of its row"),
    zoom_in=Text("放大", "Zoom in"),
    zoom_out=Text("缩小", "Zoom out"),
    zoom_reset=Text("还原", "Reset zoom"),
    zoom_hint=Text("滚轮缩放 · 拖动平移 · 双击还原", "Wheel zooms · drag pans · double-click resets"),
    # the legend
    visible=Text("□ 可见 visible", "□ visible"),
    leak=Text("屏蔽的格子仍有权重：泄漏", "Blocked, yet it has weight: a leak"),
    sink=Text("∅ 汇 sink（不是词元）", "∅ sink (no token)"),
    sink_hint=Text(
        "这个模型每个头有一个“汇”sink：softmax 里多出的一格，分走权重却什么也不带来。加上这一列，每行为 1",
        "Each head of this model has a sink, one more place in its softmax, whose weight brings nothing. With this "
        "column every row sums to 1",
    ),
    unknown=Text("未登录词元（模型没见过）", "Unknown token (the model has never seen it)"),
    # statistics
    statistics=Text("这个头的统计", "This head in numbers"),
    entropy=Text("熵 entropy", "Entropy"),
    entropy_short=Text("熵", "Entropy"),
    entropy_hint=Text(
        "各行权重的平均熵；0 = 只看一个词元，条 = 占最大值 ln S 的比例",
        "Mean over rows; 0 = looks at one token only; the bar is the share of the largest, ln S",
    ),
    mean_distance=Text("平均距离", "Mean distance"),
    mean_distance_hint=Text(
        "查询与所看的键平均相隔几个词元（按权重）", "Tokens between a query and what it looks at, weighted"
    ),
    previous=Text("看前一个", "On previous"),
    previous_hint=Text("落在前一个位置的权重", "Weight on the position before"),
    first=Text("看第一个", "On first"),
    first_hint=Text("落在第一个位置的权重", "Weight on the first position"),
    same=Text("看同一个", "On same"),
    same_hint=Text("落在同一位置的权重", "Weight on the same position"),
    induction=Text("归纳", "Induction"),
    induction_hint=Text(
        "同一词元以前出现过时，落在它当时后一个词元上的权重（归纳头 induction head）",
        "Where the token stood before: weight on what followed it then (induction head)",
    ),
    estimate_sign=Text("≈", "≈"),
    estimate_hint=Text("估计：一次反向传播", "An estimate, by one backward pass"),
    sort_by=Text("按什么排序", "What to sort by"),
    delta_loss=Text("Δ损失", "Δloss"),
    head_tiny=Text("H{head}", "H{head}"),
    layer_tiny=Text("L{layer}", "L{layer}"),
    delta_loss_tiny=Text("Δ", "Δ"),
    delta_loss_short=Text("Δ损失", "Δloss"),
    delta_loss_hint=Text(
        "只关掉这个头，损失变化多少（奈特/词元）：越大，模型越依赖它",
        "How much the loss moves when only this head is off (nats per token): the larger, the more it matters",
    ),
    mean_short=Text("句", "mean"),
    worth_token=Text("词元 {token}", "token {token}"),
    worth_sentence=Text("整句", "sentence"),
    worth_token_hint=Text(
        "头下面写：关掉它，这个词元的概率和损失怎样变；在下面的预测里或行标签上选词元",
        "Under a head: this token's probability and loss without it; choose a token below or by the label of its row",
    ),
    worth_sort=Text("排序", "Sort"),
    worth_sort_hint=Text(
        "按左边所选从大到小排列各头", "Heads in the order of what is chosen beside, the largest first"
    ),
    worth_needed=Text("哪个头最重要？", "Which head matters?"),
    nats=Text("奈特", "nats"),
    tokens=Text("词元", "tokens"),
    pending=Text("…", "…"),
    # the readout
    readout_idle=Text("把鼠标放在词元或格子上", "Point at a token or a cell"),
    readout_more=Text("按住 Shift 点几行，把它们加起来看", "Hold Shift and click rows to add them up"),
    readout_next=Text("读到 {row}，预测 {next}", "after {row}, predicting {next}"),
    rest=Text("其余", "rest"),
    dead_row=Text("整行屏蔽，权重全为 0", "the whole row is blocked, all weights are 0"),
    nobody=Text("没有查询能看到它", "no query may look at it"),
    position=Text("位置 {position}", "position {position}"),
    **DOWNLOADS,
    download_json=Text("下载所有头的数字 JSON", "Download all heads' numbers as JSON"),
)
