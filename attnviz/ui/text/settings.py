"""The settings of runs: their names, why one would change them, and their values. Part of what pages with runs say."""

from attnviz.language import Text, table

TEXTS = table(
    field_objective=Text("目标 objective", "Objective"),
    why_objective=Text(
        "让模型学会什么：接着写、填空、翻译，还是修复缺段",
        "What it learns: to continue a text, fill gaps, translate, restore spans",
    ),
    field_n_decoder_layers=Text("解码器层数", "Decoder layers"),
    why_n_decoder_layers=Text(
        "两层就够看见头的分工；归纳头至少要两层", "Two suffice to see heads divide the work; induction needs two"
    ),
    field_n_encoder_layers=Text("编码器层数", "Encoder layers"),
    why_n_encoder_layers=Text(
        "0：解码器直接看源词嵌入，对齐最清楚",
        "0: the decoder looks straight at source embeddings; alignment is clearest",
    ),
    field_n_heads=Text("头数", "Heads"),
    why_n_heads=Text(
        "头分的是特征，不是句子：头多了，每个头变窄", "Heads divide features, not the sentence: more heads are narrower"
    ),
    field_d_model=Text("宽度 d_model", "Width d_model"),
    why_d_model=Text(
        "每个词元用几个数表示；64 在 CPU 上一分钟能学会数词",
        "Numbers a token is made of; 64 learns numerals in a CPU minute",
    ),
    field_d_ff=Text("前馈宽度 d_ff", "Feed-forward d_ff"),
    why_d_ff=Text("每层中间的宽度，通常是 d_model 的 2–4 倍", "Inner width of each layer, usually 2–4 × d_model"),
    field_positions=Text("位置编码", "Positions"),
    why_positions=Text(
        "没有它，注意力分不清先后（因果解码器仍能从看得见多少推出一些）",
        "Without it attention cannot tell the order; a causal decoder can infer some of it from how much it sees",
    ),
    field_norm=Text("归一化位置", "Norm"),
    why_norm=Text("前置更稳；后置需要预热", "Pre-norm is steadier; post-norm needs warm-up"),
    field_activation=Text("激活函数", "Activation"),
    why_activation=Text("GELU 比 ReLU 平滑，差别不大", "GELU is smoother than ReLU; the difference is small"),
    field_initialiser=Text("初始化", "Initialiser"),
    why_initialiser=Text("太小学不动，太大一开始就乱", "Too small: nothing moves; too large: chaos from the start"),
    field_optimizer=Text("优化器", "Optimizer"),
    why_optimizer=Text(
        "AdamW 给每个权重自己的步长，几乎不用调", "AdamW gives every weight a step of its own; hardly any tuning"
    ),
    field_schedule=Text("学习率怎样变", "Schedule"),
    why_schedule=Text("先大步找方向，最后小步收尾", "Big steps first to find the way, small ones to finish"),
    field_learning_rate=Text("学习率", "Learning rate"),
    why_learning_rate=Text(
        "最要紧的一个数：太小慢，太大发散", "The number that matters most: small is slow, large diverges"
    ),
    field_warmup_steps=Text("预热步数", "Warm-up steps"),
    why_warmup_steps=Text("开头慢慢加速，等 Adam 的统计稳下来", "Start slowly until Adam's statistics have settled"),
    field_steps=Text("总步数", "Steps"),
    why_steps=Text("学习率按它安排；可以随时停", "The schedule is laid out over it; stop whenever you like"),
    field_batch_size=Text("批大小", "Batch size"),
    why_batch_size=Text("一步看几句：大则梯度稳，小则步子快", "Sequences a step: more steady, or more steps a second"),
    field_clip_norm=Text("梯度裁剪", "Clip norm"),
    why_clip_norm=Text("梯度太长就缩短到这个数；0 = 不裁", "Longer gradients are scaled down to this; 0: never"),
    field_weight_decay=Text("权重衰减", "Weight decay"),
    why_weight_decay=Text(
        "每步把矩阵往 0 拉一点，防过拟合", "Pulls matrices towards 0 a little each step, against overfitting"
    ),
    field_l1=Text("L1", "L1"),
    why_l1=Text(
        "惩罚绝对值，让许多权重接近 0（不会恰好为 0）",
        "Penalises absolute values: many weights come close to 0, none exactly",
    ),
    field_dropout=Text("丢弃率 dropout", "Dropout"),
    why_dropout=Text(
        "训练时随机关掉一部分，逼它不靠单一线索", "Switches parts off at random, so that no single clue is relied on"
    ),
    field_label_smoothing=Text("标签平滑", "Label smoothing"),
    why_label_smoothing=Text(
        "不要求 100% 肯定，概率更可信", "Does not ask for certainty; probabilities become more honest"
    ),
    field_without=Text("去掉了", "Without"),
    without_nothing=Text("什么都不去掉", "nothing"),
    field_cross_mask=Text("叠加在交叉注意力上的掩码", "Mask laid over cross-attention"),
    cross_mask_help=Text(
        "写法同掩码页，如 window(2)、~cells(0:1)；空着就是不加",
        "Written as on the page Masks, e.g. window(2) or ~cells(0:1); empty: none",
    ),
    dropout_start=Text("同起点模型", "as in the start"),
    field_device=Text("设备", "Device"),
    device_auto=Text("自动（{device}）", "automatic ({device})"),
    device_only=Text("设备：{device}（这台机器只有它）", "Device: {device}, the only one of this machine"),
    device_new_help=Text("下一次训练用哪个设备", "Where the next run is trained"),
    field_task=Text("任务", "Task"),
    field_tokens=Text("切分", "Tokens"),
    field_source_tokens=Text("源的切分", "Source tokens"),
    field_target_tokens=Text("目标的切分", "Target tokens"),
    field_tied_embeddings=Text("共享嵌入", "Tied embeddings"),
    field_max_len=Text("最多位置数", "Positions at most"),
    field_adapter_size=Text("适配器宽度", "Adapter width"),
    field_final_learning_rate_share=Text("最后学习率的占比", "Final share of the learning rate"),
    field_cross_mask_share=Text("带交叉掩码的步占比", "Share of steps with the cross mask"),
    field_scale_scores=Text("除以 √head_dim", "÷ √head_dim"),
    scale_scores_True=Text("是", "yes"),
    scale_scores_False=Text("否", "no"),
    without_causal_mask=Text("因果掩码", "causal mask"),
    without_shift=Text("右移", "shift"),
    without_padding_mask=Text("填充掩码", "padding mask"),
    field_seed=Text("随机种子", "Seed"),
    why_seed=Text(
        "同样的种子，在同一设备、同一版本上，每个数字都一样（GPU 上不保证）",
        "The same seed gives the same numbers on the same device and version; not promised on a GPU",
    ),
    # values
    objective_causal_lm=Text("接着写（因果）", "continue a text (causal)"),
    objective_masked_lm=Text("填空（掩码）", "fill gaps (masked)"),
    objective_seq2seq=Text("序列到序列", "seq2seq"),
    objective_denoising=Text("还原片段（去噪）", "restore spans (denoising)"),
    positions_learned=Text("学习的", "learned"),
    positions_sinusoidal=Text("正弦", "sinusoidal"),
    positions_rotary=Text("旋转 RoPE", "rotary"),
    positions_none=Text("没有", "none"),
    norm_pre=Text("前置 pre-norm", "pre-norm"),
    norm_post=Text("后置 post-norm", "post-norm"),
    initialiser_default=Text("默认", "default"),
    initialiser_normal=Text("正态", "normal"),
    initialiser_xavier=Text("Xavier", "Xavier"),
    initialiser_he=Text("He", "He"),
    initialiser_too_small=Text("太小", "too small"),
    initialiser_too_large=Text("太大", "too large"),
    optimizer_adamw=Text("AdamW", "AdamW"),
    optimizer_adam=Text("Adam", "Adam"),
    optimizer_momentum=Text("SGD + 动量", "SGD + momentum"),
    optimizer_sgd=Text("SGD", "SGD"),
    schedule_cosine=Text("余弦", "cosine"),
    schedule_linear=Text("线性", "linear"),
    schedule_constant=Text("不变", "constant"),
)
