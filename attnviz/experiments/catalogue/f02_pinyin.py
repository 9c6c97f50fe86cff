"""A past helps: from phrases to sentences, with few examples."""

from __future__ import annotations

from attnviz.config import Strategy, TrainConfig
from attnviz.experiments import Bound, Choice, Experiment, Source, Try
from attnviz.experiments import finetuning as tuned
from attnviz.language import Text
from attnviz.training.finetuning.found_rates import FOUND

STRATEGIES: tuple[Strategy, ...] = ("scratch", "full", "lora")
_TRAIN = TrainConfig(steps=200, batch_size=32, learning_rate=1e-3, warmup_steps=10, eval_every=0)

EXPERIMENT = Experiment(
    name="finetune-pinyin",
    title=Text("读过词语再读句子", "From phrases to sentences"),
    claim=Text(
        "预训练没有用，数据少也可以从头训练。", "Pretraining is no use: even few data train a model from scratch."
    ),
    question=Text(
        "只读过词语的模型用 256 句学读句子：比从头训练好吗？",
        "A model that read phrases only learns sentences from 256 of them: is that better than from nothing?",
    ),
    choices=(
        Choice("better", Text("好得多", "much better"), (Bound("full.new", minus="scratch.new", at_least=0.1),)),
        Choice("same", Text("一样", "the same"), (Bound("full.new", minus="scratch.new", at_most=0.1),)),
    ),
    expected="better",
    truth=Text(
        "256 句里没有的字，从头训练的模型一个也读不出，给它合适的学习率也一样；预训练过的模型早就读过。",
        "A model trained from scratch can read no character that the 256 sentences lack, at whatever rate; the "
        "pretrained one has read them.",
    ),
    source=Source("Dai & Le, Semi-supervised Sequence Learning", 2015, "https://arxiv.org/abs/1511.01432"),
    recipe=Text(
        "从“词语 → 拼音”模型开始，用 256 句训练 200 步，每步 32 句。",
        "From the model of phrases, 200 steps of 32 sentences, 256 different ones.",
    ),
    quantities=tuned.quantities(STRATEGIES),
    plans=tuned.plans(
        "pinyin-phrases", "pinyin-sentences", STRATEGIES, _TRAIN, rates=FOUND["sentences"], train_size=256
    ),
    measure=tuned.measure(),
    try_it=Try(
        "finetuning", {"start": "pinyin-phrases", "task": "pinyin-sentences", "strategy": "full", "examples": "256"}
    ),
    seconds=25,
)
