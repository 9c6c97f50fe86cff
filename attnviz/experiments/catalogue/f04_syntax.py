"""A language model of prose learns to label programs, character by character."""

from __future__ import annotations

from attnviz.config import Strategy, TrainConfig
from attnviz.experiments import Bound, Choice, Experiment, Source, Try
from attnviz.experiments import finetuning as tuned
from attnviz.language import Text
from attnviz.training.finetuning.found_rates import FOUND

STRATEGIES: tuple[Strategy, ...] = ("full", "scratch")
_TRAIN = TrainConfig(steps=250, batch_size=32, learning_rate=2e-3, warmup_steps=20, label_smoothing=0.05, eval_every=0)

EXPERIMENT = Experiment(
    name="finetune-syntax",
    title=Text("语言模型学 Python 语法", "A language model learns Python syntax"),
    claim=Text("微调只能做和预训练一样的文字。", "Fine-tuning works only on text like that of pretraining."),
    question=Text(
        "读过英文说明的语言模型，能学会 Python 源代码里每个字符是什么吗？",
        "A language model of English documentation learns what each character of Python source is: how well?",
    ),
    choices=(
        Choice(
            "well",
            Text("很好：九成五以上", "well: more than 95 %"),
            (Bound("full.new", at_least=0.95), Bound("full.new", minus="naive_bayes", at_least=0.02)),
        ),
        Choice("badly", Text("不好", "badly"), (Bound("full.new", at_most=0.95),)),
    ),
    expected="well",
    truth=Text(
        "英文说明和源代码共用字母、标点和许多词，几百步就够把它们重新分门别类。从头训练、用合适的学习率，差几个百分点："
        "大部分是标注教的，预训练再添一点。",
        "Documentation and programs share letters, punctuation and many words; a few hundred steps sort them anew. "
        "From scratch, at the rate that suits it, some points are missing: labels teach most, the past the rest.",
    ),
    source=Source(
        "Howard & Ruder, Universal Language Model Fine-tuning for Text Classification",
        2018,
        "https://arxiv.org/abs/1801.06146",
    ),
    recipe=Text(
        "从英文语言模型开始，训练 250 步，每步 32 段。", "From the English language model, 250 steps of 32 passages."
    ),
    quantities=tuned.quantities(STRATEGIES, labels=True),
    plans=tuned.plans("lm-en", "python-syntax", STRATEGIES, _TRAIN, rates=FOUND["syntax"]),
    measure=tuned.measure(),
    try_it=Try("finetuning", {"start": "lm-en", "task": "python-syntax", "strategy": "full"}),
    seconds=120,
)
