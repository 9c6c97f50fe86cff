"""The settings of fine-tuning: one row a field of FineTuneConfig."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from attnviz.language import Text
from attnviz.settings.choices import Augmentation, Backbone, LoRATarget, NewTokens, Strategy
from attnviz.settings.setting import Setting, by_name

FINETUNING: Mapping[str, Setting] = by_name(
    Setting(
        name="strategy",
        kind="choice",
        label=Text("策略：训练哪些参数", "Strategy: what trains"),
        values=get_args(Strategy),
    ),
    Setting(
        name="backbone",
        kind="choice",
        label=Text("用起点的哪一部分", "Which part goes on"),
        help=Text("打标签时可只用编码器或解码器", "For labels, the encoder or the decoder alone may go on"),
        values=get_args(Backbone),
    ),
    Setting(
        name="new_tokens",
        kind="choice",
        label=Text("没见过的词元", "Unknown tokens"),
        help=Text("起点模型的词表里没有的字", "What the start's vocabulary lacks"),
        values=get_args(NewTokens),
    ),
    Setting(
        name="last_layers",
        kind="whole",
        label=Text("最后几层 k", "Last layers k"),
        help=Text("从输出往下数", "Counted from the output down"),
        least=1,
        most=256,
        within=(1, 12),
    ),
    Setting(
        name="layer_decay",
        kind="real",
        label=Text("每层系数", "Rate per layer"),
        help=Text("1 = 和全量一样；0.5 = 每层减半", "1: as full; 0.5: half with every layer"),
        above=True,
        within=(0.05, 1.0),
        step=0.05,
    ),
    Setting(
        name="unfreeze_every",
        kind="whole",
        label=Text("每隔几步放开", "Steps a stage"),
        help=Text("每一阶段训练这么多步", "Each stage trains for so many steps"),
        least=1,
        most=10_000_000,
        within=(1, 100_000),
        step=25,
    ),
    Setting(
        name="unfreeze_blocks",
        kind="whole",
        label=Text("每次放开几层", "Blocks a stage"),
        help=Text("0 = 头之后全部一起放开", "0: after the head, all at once"),
        most=256,
        within=(0, 12),
    ),
    Setting(
        name="lora_rank",
        kind="whole",
        label=Text("秩 rank r", "Rank r"),
        help=Text("小路有多宽；8 通常够", "How wide the detour is; 8 is mostly enough"),
        least=1,
        most=16_384,
        within=(1, 256),
    ),
    Setting(
        name="lora_alpha",
        kind="real",
        label=Text("α", "α"),
        help=Text("小路乘以 α/r 再加上去", "The detour counts α/r times"),
        above=True,
        most=1_000_000,
        within=(0.5, 1024.0),
        step=4.0,
        digits=1,
    ),
    Setting(
        name="lora_targets",
        kind="names",
        label=Text("加在哪些投影旁", "Beside which projections"),
        values=get_args(LoRATarget),
    ),
    Setting(
        name="adapter_size",
        kind="whole",
        label=Text("适配器宽度", "Adapter width"),
        help=Text("瓶颈有多窄", "How narrow the bottleneck is"),
        least=1,
        most=16_384,
        within=(1, 512),
        step=4,
    ),
    Setting(
        name="dropout",
        kind="real",
        label=Text("丢弃率 dropout", "Dropout"),
        help=Text(
            "训练时随机关掉一部分，逼它不靠单一线索",
            "Switches parts off at random, so that no single clue is relied on",
        ),
        below=True,
        optional=True,
        within=(0.0, 0.9),
        step=0.05,
    ),
    Setting(
        name="train_size",
        kind="whole",
        label=Text("用多少训练例子", "Training examples"),
        most=1_000_000_000,
    ),
    Setting(
        name="augmentation",
        kind="choice",
        label=Text("数据增强", "Augmentation"),
        help=Text("改动例子而答案仍然正确", "Changes examples so that the answer stays right"),
        values=get_args(Augmentation),
    ),
    Setting(
        name="augmentation_share",
        kind="real",
        label=Text("改动的比例", "Share changed"),
        help=Text("每一轮有多少例子被改", "How many of an epoch's examples are changed"),
        above=True,
        within=(0.05, 1.0),
        step=0.05,
    ),
    Setting(
        name="patience",
        kind="whole",
        label=Text("早停：耐心", "Early stopping"),
        help=Text(
            "验证损失连续这么多次评估不降就停；0 = 不停",
            "Ends after so many evaluations without a lower validation loss; 0: never",
        ),
        most=1_000_000,
        within=(0, 1000),
    ),
    Setting(
        name="folds",
        kind="whole",
        label=Text("几折", "Folds"),
        most=1000,
    ),
    Setting(
        name="fold",
        kind="whole",
        label=Text("第几折", "Fold"),
        most=1000,
    ),
    Setting(
        name="data_seed",
        kind="whole",
        label=Text("抽样种子", "Data seed"),
        help=Text("决定抽到哪些例子、怎样分折", "Decides which examples are used and how folds are made"),
        most=2**63 - 1,
        within=(0, 2**31 - 1),
    ),
    Setting(
        name="watch_old_task",
        kind="flag",
        label=Text("同时看旧任务", "Watch the old task"),
    ),
)
