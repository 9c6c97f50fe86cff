"""The settings of a model's shape: one row a field of ModelConfig."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from attnviz.language import Text
from attnviz.settings.choices import Activation, Architecture, Norm, Positions
from attnviz.settings.setting import Setting, by_name

MODEL: Mapping[str, Setting] = by_name(
    Setting(
        name="architecture",
        kind="choice",
        label=Text("结构", "Architecture"),
        help=Text("不选就用适合任务的；lstm…… 是对照", "Default: what fits the task; lstm… are baselines"),
        option="--architecture",
        values=get_args(Architecture),
    ),
    Setting(
        name="src_vocab_size",
        kind="whole",
        label=Text("源词表大小", "Source vocabulary"),
        most=1_000_000,
    ),
    Setting(
        name="vocab_size",
        kind="whole",
        label=Text("词表大小", "Vocabulary"),
        least=1,
        most=1_000_000,
    ),
    Setting(
        name="d_model",
        kind="whole",
        label=Text("宽度 d_model", "Width d_model"),
        help=Text(
            "每个词元用几个数表示；64 在 CPU 上一分钟能学会数词",
            "Numbers a token is made of; 64 learns numerals in a CPU minute",
        ),
        least=1,
        most=16_384,
        offered=(16, 32, 64, 96, 128, 192, 256),
        option="--d-model",
    ),
    Setting(
        name="n_heads",
        kind="whole",
        label=Text("头数", "Heads"),
        help=Text(
            "头分的是特征，不是句子：头多了，每个头变窄",
            "Heads divide features, not the sentence: more heads are narrower",
        ),
        least=1,
        most=1_024,
        offered=(1, 2, 4, 8, 16),
        option="--heads",
    ),
    Setting(
        name="n_encoder_layers",
        kind="whole",
        label=Text("编码器层数", "Encoder layers"),
        help=Text(
            "0：解码器直接看源词嵌入，对齐最清楚",
            "0: the decoder looks straight at source embeddings; alignment is clearest",
        ),
        least=0,
        most=256,
        within=(0, 8),
        option="--encoder-layers",
    ),
    Setting(
        name="n_decoder_layers",
        kind="whole",
        label=Text("解码器层数", "Decoder layers"),
        help=Text(
            "两层就够看见头的分工；归纳头至少要两层", "Two suffice to see heads divide the work; induction needs two"
        ),
        least=0,
        most=256,
        within=(1, 8),
        option="--decoder-layers",
    ),
    Setting(
        name="d_ff",
        kind="whole",
        label=Text("前馈宽度 d_ff", "Feed-forward d_ff"),
        help=Text("每层中间的宽度，通常是 d_model 的 2–4 倍", "Inner width of each layer, usually 2–4 × d_model"),
        least=1,
        most=65_536,
        offered=(32, 64, 128, 256, 384, 512, 1024),
        option="--d-ff",
    ),
    Setting(
        name="max_len",
        kind="whole",
        label=Text("最多位置数", "Positions at most"),
        help=Text(
            "位置表有多少行：序列最长多少个词元", "Rows of the table of positions: tokens of the longest sequence"
        ),
        least=1,
        most=65_536,
        option="--max-len",
    ),
    Setting(
        name="dropout",
        kind="real",
        label=Text("丢弃率 dropout", "Dropout"),
        help=Text(
            "训练时随机关掉一部分，逼它不靠单一线索",
            "Switches parts off at random, so that no single clue is relied on",
        ),
        most=1,
        below=True,
        within=(0.0, 0.9),
        step=0.05,
        option="--dropout",
        settable=True,
    ),
    Setting(
        name="norm",
        kind="choice",
        label=Text("归一化位置", "Norm"),
        help=Text("前置更稳；后置需要预热", "Pre-norm is steadier; post-norm needs warm-up"),
        values=get_args(Norm),
        option="--norm",
    ),
    Setting(
        name="positions",
        kind="choice",
        label=Text("位置编码", "Positions"),
        help=Text(
            "没有它，注意力分不清先后（因果解码器仍能从看得见多少推出一些）",
            "Without it attention cannot tell the order; a causal decoder can infer some of it from how much it sees",
        ),
        values=get_args(Positions),
        option="--positions",
    ),
    Setting(
        name="activation",
        kind="choice",
        label=Text("激活函数", "Activation"),
        help=Text("GELU 比 ReLU 平滑，差别不大", "GELU is smoother than ReLU; the difference is small"),
        values=get_args(Activation),
        option="--activation",
    ),
    Setting(
        name="tied_embeddings",
        kind="flag",
        label=Text("共享嵌入", "Tied embeddings"),
    ),
    Setting(
        name="scale_scores",
        kind="flag",
        label=Text("除以 √head_dim", "÷ √head_dim"),
    ),
    Setting(
        name="pad_id",
        kind="whole",
        label=Text("填充词元的编号", "Number of the padding token"),
        most=1_000_000,
    ),
    Setting(
        name="n_labels",
        kind="whole",
        label=Text("标签数", "Labels"),
        most=1_000_000,
    ),
    Setting(
        name="adapter_size",
        kind="whole",
        label=Text("适配器宽度", "Adapter width"),
        most=16_384,
    ),
    Setting(
        name="picture_size",
        kind="whole",
        label=Text("图片边长", "Picture size"),
        help=Text("正方形图片的边长，像素", "Pixels that a square picture is high and wide"),
        most=4_096,
    ),
    Setting(
        name="picture_channels",
        kind="whole",
        label=Text("颜色通道", "Channels"),
        help=Text("1 是灰度，3 是彩色", "1: grey, 3: colour"),
        most=4,
    ),
    Setting(
        name="patch_size",
        kind="whole",
        label=Text("小块边长", "Patch size"),
        help=Text(
            "图片切成多大的小块，像素；要能整除图片边长",
            "Pixels that a patch is high and wide; it divides the picture's",
        ),
        most=4_096,
        option="--patch-size",
    ),
)
