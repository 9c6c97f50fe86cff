"""A language model learns to label: where Chinese words begin."""

from __future__ import annotations

from attnviz.config import Strategy, TrainConfig
from attnviz.experiments import Bound, Choice, Experiment, Source, Try
from attnviz.experiments import finetuning as tuned
from attnviz.language import Text
from attnviz.training.finetuning.found_rates import FOUND

STRATEGIES: tuple[Strategy, ...] = ("full", "scratch")
_TRAIN = TrainConfig(steps=300, batch_size=48, learning_rate=2e-3, warmup_steps=20, label_smoothing=0.05, eval_every=0)

EXPERIMENT = Experiment(
    name="finetune-segmentation",
    title=Text("语言模型学分词", "A language model learns word boundaries"),
    claim=Text("语言模型只会续写。", "A language model can only continue a text."),
    question=Text(
        "中文语言模型微调后，能分清词从哪里开始吗？",
        "A language model of Chinese learns where words begin: better than Naive Bayes?",
    ),
    choices=(
        Choice(
            "yes",
            Text("能，超过朴素贝叶斯", "yes, better than Naive Bayes"),
            (Bound("full.new", at_least=0.86), Bound("full.new", minus="naive_bayes", at_least=0.02)),
        ),
        Choice("no", Text("不能", "no"), (Bound("full.new", minus="naive_bayes", at_most=0.02),)),
    ),
    expected="yes",
    truth=Text(
        "换一个输出层、微调几百步就会了。可是从头训练、用合适的学习率，也几乎一样好：标注够多时，分词靠的主要是标注，"
        "而不是续写时学到的。",
        "A new output layer and a few hundred steps are enough. But from scratch, at the rate that suits it, it goes "
        "almost as well: with this many labels it is the labels that teach where words begin, not the past.",
    ),
    source=Source(
        "Radford et al., Improving Language Understanding by Generative Pre-Training",
        2018,
        "https://openai.com/index/language-unsupervised/",
    ),
    recipe=Text(
        "从中文语言模型开始，训练 300 步，每步 48 句。", "From the Chinese language model, 300 steps of 48 sentences."
    ),
    quantities=tuned.quantities(STRATEGIES, labels=True),
    plans=tuned.plans("lm-zh", "segmentation", STRATEGIES, _TRAIN, rates=FOUND["segmentation"]),
    measure=tuned.measure(),
    try_it=Try("finetuning", {"start": "lm-zh", "task": "segmentation", "strategy": "full"}),
    seconds=60,
)
