"""Settings as pages with runs say them: names from the table of settings, and names of their values."""

from attnviz.language import Text, table
from attnviz.settings import FINETUNING, MODEL, TRAINING

_SETTINGS = {**FINETUNING, **TRAINING, **MODEL}

TEXTS = table(
    **{f"field_{name}": row.label for name, row in _SETTINGS.items()},
    without_nothing=Text("什么都不去掉", "nothing"),
    dropout_start=Text("同起点模型", "as in the start"),
    field_device=Text("设备", "Device"),
    device_auto=Text("自动（{device}）", "automatic ({device})"),
    device_only=Text("设备：{device}（这台机器只有它）", "Device: {device}, the only one of this machine"),
    device_new_help=Text("下一次训练用哪个设备", "Where the next run is trained"),
    field_task=Text("任务", "Task"),
    field_tokens=Text("切分", "Tokens"),
    field_source_tokens=Text("源的切分", "Source tokens"),
    field_target_tokens=Text("目标的切分", "Target tokens"),
    scale_scores_True=Text("是", "yes"),
    scale_scores_False=Text("否", "no"),
    without_causal_mask=Text("因果掩码", "causal mask"),
    without_shift=Text("右移", "shift"),
    without_padding_mask=Text("填充掩码", "padding mask"),
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
