"""The page Compress."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("压缩", "Compress"),
    question=Text(
        "一个训练好的模型，能少要多少头、多少字节？", "How many heads and bytes can a trained model do without?"
    ),
    hint=Text(
        "拖动滑块剪掉头 · 权重改用一个字节 · 满意了就存下来",
        "take heads out with the slider · one byte a weight · keep the result",
    ),
    url_value=Text(
        "链接里的 {name}“{value}”这里不能用，已忽略。",
        "{name}='{value}' in the link cannot be used here; it was ignored.",
    ),
    # the claim
    claim=Text(
        "按重要性剪，{heads} 个头可以少 {out} 个：{score}还有 {left}（原来 {whole}）；随机剪掉同样多是 {random}。",
        "By importance, {out} of {heads} heads can go: {score} is {left} ({whole} before); as many at random: "
        "{random}.",
    ),
    claim_tried=Text(
        "剪掉了 {heads} 个头里的 {out} 个：{score} {whole} → {left}；随机剪掉同样多是 {random}。",
        "{out} of {heads} heads are out: {score} {whole} → {left}; as many at random: {random}.",
    ),
    claim_none=Text(
        "这个模型几乎一个头也少不得：只剪掉最不重要的 {out} 个（共 {heads} 个），{score}就从 {whole} 降到 {left}；"
        "随机剪掉同样多是 {random}。",
        "This model needs nearly every head: without the least important {out} of {heads}, {score} falls from {whole} "
        "to {left}; as many at random: {random}.",
    ),
    claim_none_tried=Text(
        "剪掉了最不重要的 {out} 个头（共 {heads} 个）：{score} {whole} → {left}；随机剪掉同样多是 {random}。",
        "The least important {out} of {heads} heads are out: {score} {whole} → {left}; as many at random: {random}.",
    ),
    claim_try=Text("剪掉这 {out} 个", "Take these {out} out"),
    claim_back=Text("放回去", "Put them back"),
    # the chart
    measuring_order=Text(
        "正在把每个头单独关掉一次，看损失变多少……", "Switching each head off once, to see what the loss becomes…"
    ),
    measuring=Text("正在测量能少掉哪些头：{done}/{all}", "Measuring which heads can go: {done} of {all}"),
    chart_title=Text("{score}，前 {count} 个验证例子", "{score}, first {count} validation examples"),
    score_exact=Text("逐序列正确率", "exact match"),
    score_tokens=Text("词元准确率", "token accuracy"),
    heads_out_of=Text("剪掉的头数（共 {heads} 个）", "heads out (of {heads})"),
    now_out=Text("现在 {out}", "now {out}"),
    order=Text("剪的次序", "Order"),
    order_importance=Text("按重要性", "by importance"),
    order_random=Text("随机", "at random"),
    heads_out=Text("剪掉几个头", "Heads out"),
    why=Text(
        "重要性：单独关掉这个头，损失升多少（Michel 等，2019）。随机曲线是三种次序的平均，阴影是最低到最高。",
        "Importance: how much the loss grows when this head alone is switched off (Michel et al. 2019). The random "
        "curve is the mean of three orders, the shade goes from the lowest to the highest.",
    ),
    # the heads
    heads_title=Text("哪些头出局", "Which heads are out"),
    heads_note=Text(
        "格子里的数是第几个被剪；斜纹是已剪掉，– 是模型里本来就已剪掉的头。",
        "The number is a head's turn; those that are out are hatched; – was gone when the model was opened.",
    ),
    site_encoder_self_attn=Text("编码器 L{layer} 自注意力", "encoder L{layer} self"),
    site_decoder_self_attn=Text("解码器 L{layer} 自注意力", "decoder L{layer} self"),
    site_decoder_cross_attn=Text("解码器 L{layer} 交叉", "decoder L{layer} cross"),
    # the numbers
    numbers_title=Text("量化：每个权重一个字节", "Quantized: one byte a weight"),
    column_float=Text("float32", "float32"),
    column_int8=Text("int8", "int8"),
    row_bytes=Text("权重的字节", "bytes of weights"),
    row_loss=Text("损失（奈特/词元）", "loss (nats per token)"),
    row_moved_mean=Text("注意力权重平均变了", "attention moved, mean"),
    row_moved_most=Text("注意力权重最多变了", "attention moved, most"),
    bytes_share=Text("int8 占 float32 的 {share}。", "int8 takes {share} of float32."),
    zeros_note=Text(
        "剪掉的头变成了 {zeros} 个 0；矩阵大小不变，所以文件不会因此变小。",
        "The heads that are out became {zeros} zeros; matrices keep their size, so that alone makes no file smaller.",
    ),
    # keeping it
    keep_title=Text("存下来", "Keep it"),
    keep_int8=Text("存为 {name}", "Keep as {name}"),
    keep_float=Text("存为 {name}", "Keep as {name}"),
    keep_help=Text(
        "写成检查点并在这里打开；所有页面都能选它", "Writes a checkpoint and opens it here; every page can pick it"
    ),
    keep_zip=Text("zip", "zip"),
    throw_away=Text("删除 {name}", "Delete {name}"),
    # one head
    pick_head=Text("看哪个头", "Head"),
    head_option=Text("{where} · H{head} · 搬动 {change}", "{where} · H{head} · moved {change}"),
    map_before=Text("{head} 压缩前", "{head} before"),
    map_after=Text("{head} 剪枝并量化后", "{head} pruned, int8"),
    map_after_pruned=Text("{head} 剪枝后", "{head} pruned"),
    map_moved=Text("{head} 变化，最大 {most}", "{head} moved, at most {most}"),
    look_note=Text(
        "两边读同一句话、写同样的输出；头按搬动的注意力排列，右图的颜色以最大的变化为满。",
        "Both read the same sentence and say the same; heads are sorted by the attention they moved, and the colours "
        "on the right are full at the largest change.",
    ),
)
