"""The page Neuron."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("神经元", "Neuron"),
    question=Text(
        "一个神经元怎样学？信号怎样穿过许多层？", "How does one neuron learn, and how do signals pass many layers?"
    ),
    hint=Text("点一下走一步，每个数都在", "one click, one step, every number on screen"),
    url_value=Text(
        "链接里的 {name}“{value}”这里不能用，已忽略。",
        "{name}='{value}' in the link cannot be used here; it was ignored.",
    ),
    view=Text("看什么", "View"),
    view_one=Text("一个神经元", "One neuron"),
    view_activations=Text("激活函数", "Activations"),
    view_layers=Text("穿过许多层", "Through layers"),
    view_heads=Text("头数与代价", "Heads and cost"),
    activation=Text("激活函数", "Activation"),
    # one neuron
    data_label=Text("学什么", "What to learn"),
    data_or=Text("或 OR", "OR"),
    data_and=Text("与 AND", "AND"),
    data_xor=Text("异或 XOR", "XOR"),
    rate=Text("学习率", "Learning rate"),
    step_one=Text("走一步", "1 step"),
    steps=Text("走 {count} 步", "{count} steps"),
    restart=Text("从头来", "Start over"),
    enough=Text("已经走了 {most} 步，到此为止；可以从头来。", "That was step {most}, the last one here; start over."),
    claim_down=Text(
        "走了 {step} 步，损失是 {loss}；沿着梯度再走一步，变成 {next}。",
        "After step {step} the loss is {loss}; one more step along the gradient makes it {next}.",
    ),
    claim_up=Text(
        "走了 {step} 步，损失是 {loss}；再走一步反而变成 {next}：学习率太大，走过头了。",
        "After step {step} the loss is {loss}; one more step makes it {next}, which is worse: the rate is too large.",
    ),
    claim_rest=Text(
        "走了 {step} 步，损失是 {loss}；再走一步还是 {next}：梯度几乎是 0，停在这里了。",
        "After step {step} the loss is {loss} and one more step leaves it at {next}: the gradient is next to nothing.",
    ),
    claim_broken=Text(
        "走了 {step} 步，损失大得数不过来了：学习率太大。",
        "After step {step} the loss is beyond numbers: the rate is too large.",
    ),
    step_title=Text("第 {step} 步的四个例子", "The four examples at step {step}"),
    part_forward=Text("① 前向", "① forward"),
    part_loss=Text("② 损失", "② loss"),
    part_gradient=Text("③ 梯度", "③ gradient"),
    mean_of=Text("{what} 的平均", "mean {what}"),
    part_update=Text(
        "④ 更新：每个权重减去 η × 梯度，η = {rate}", "④ update: each weight less η × gradient, η = {rate}"
    ),
    loss_line=Text(
        "损失 L = ½(a−y)² 的平均 = {loss} → 更新后 {next}", "Loss L = mean of ½(a−y)² = {loss} → {next} after"
    ),
    on_curve=Text("四个例子在曲线上（实心 y=1，空心 y=0）", "Examples on f (filled: y = 1)"),
    loss_so_far=Text("到现在为止的损失", "Loss so far"),
    # activations
    claim_slope=Text(
        "sigmoid 最陡的地方斜率也只有 {most}：往回穿过 {layers} 层，梯度最多剩 {most}^{layers} = {left}。",
        "Where it is steepest, sigmoid has a slope of {most}: back through {layers} layers at most "
        "{most}^{layers} = {left} of a gradient is left.",
    ),
    claim_slope_try=Text("真的穿过 8 层看看", "Send a signal through 8 layers"),
    largest_slope=Text("最大斜率", "largest slope"),
    activations_note=Text(
        "f 是激活值，f′ 是斜率：反向传播时，梯度每过一层就乘一次 f′。ReLU 和 GELU 往右不会变平。",
        "f is the activation, f′ its slope: going back, a gradient is multiplied by f′ at every layer. ReLU and GELU "
        "never level off to the right.",
    ),
    # layers
    layer=Text("层", "layer"),
    chart_forward=Text("前向：激活值的标准差", "forward: standard deviation of activations"),
    chart_backward=Text("反向：梯度的标准差", "back: standard deviation of gradients"),
    first_layer=Text("第 1 层", "layer 1"),
    last_layer=Text("第 {layers} 层", "layer {layers}"),
    ratio=Text("末层 ÷ 首层", "last ÷ first"),
    ratio_back=Text("梯度 首 ÷ 末", "gradient first ÷ last"),
    init_default=Text("torch 默认", "torch's default"),
    init_normal=Text("正态 0.02", "normal 0.02"),
    init_xavier=Text("Xavier", "Xavier"),
    init_he=Text("He", "He"),
    init_too_small=Text("太小", "too small"),
    init_too_large=Text("太大", "too large"),
    layers_note=Text(
        "8 层，每层 128 个神经元，输入是标准正态噪声，种子 0。越平越好：信号既不消失也不爆炸。“太大”看上去平，"
        "其实每个神经元都顶到了头，斜率是 0（看右边的梯度）。",
        "8 layers of 128 neurons, standard normal noise as input, seed 0. Flat is good: a signal neither dies nor "
        "blows up. “Too large” looks flat with sigmoid and tanh, yet every neuron is at its end, where the slope is 0 "
        "(see the gradients).",
    ),
    claim_layers=Text(
        "{activation}：用 {best} 初始化，第 {layers} 层的标准差是第 1 层的 {ratio} 倍"
        "（梯度往回剩 {back}）；用{worst}是 {least}（梯度剩 {least_back}）。",
        "{activation}: with {best}, layer {layers} spreads {ratio} times layer 1 (gradients going back: {back}); with "
        "{worst} it is {least} ({least_back}).",
    ),
    claim_layers_try=Text("换成 {activation}", "The same with {activation}"),
    # heads
    score_exact=Text("逐序列正确率", "exact match"),
    heads_axis=Text("头数（d_model 都是 64）", "heads (d_model is 64 throughout)"),
    claim_heads=Text(
        "{best} 个头（head_dim {best_dim}）做对 {best_score}；{last} 个头（head_dim {last_dim}）做对 {last_score}，"
        "参数一样多，一步的时间却是 {time} 倍，权重占的内存是 {memory} 倍。",
        "{best} heads (head_dim {best_dim}) get {best_score} right; {last} heads (head_dim {last_dim}) get "
        "{last_score} with as many parameters, {time} times the time a step and {memory} times the memory for weights.",
    ),
    claim_heads_try=Text("在这台机器上计时", "Time it on this machine"),
    timing=Text("正在计时，几秒钟……", "Timing, some seconds…"),
    column_heads=Text("头数", "heads"),
    column_time=Text("一步的时间（4 个头为 1）", "time a step (4 heads: 1)"),
    column_here=Text("这台机器", "this machine"),
    column_bytes=Text("注意力权重（KiB/批）", "weights (KiB a batch)"),
    heads_note=Text(
        "实验 E11 的记录：倒写任务，各训练 400 步，种子 {seeds}，{date}；阴影是种子之间的最低到最高。"
        "头再多，参数一个不多；多出来的是权重矩阵的内存和时间，而 head_dim 变小。",
        "Recorded by experiment E11: reversing, 400 steps each, seeds {seeds}, {date}; the shade goes from the lowest "
        "seed to the highest. More heads are not one parameter more; what grows is memory and time for the weights, "
        "and what shrinks is head_dim.",
    ),
)
