"""Train: where the loss begins, where it ends, and what a loss does not say."""

from __future__ import annotations

import math
from functools import cache

from attnviz.data import tasks
from attnviz.language import Text
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step
from attnviz.training.baselines import baselines
from attnviz.training.checkpoint import load_manifest, shipped_folder
from attnviz.training.evaluation import evaluate
from attnviz.training.initialiser import make_model
from attnviz.training.presets import DEFAULT, PRESETS
from attnviz.training.recipes import model_config_for
from attnviz.training.schedule import learning_rate


@cache
def _untrained() -> Numbers:
    preset = PRESETS[DEFAULT]
    task = tasks.get(preset.task, **preset.task_options)
    model = make_model(model_config_for(task, **preset.shape), preset.train.seed, preset.train.initialiser).eval()
    vocabulary = len(task.tgt_vocab.tokens)
    found = evaluate(model, task, "validation", limit=64)
    return {
        "loss": round(found.loss, 2),
        "blind": round(math.log(vocabulary), 2),
        "vocabulary": vocabulary,
        "exact": round(100 * (found.exact_match or 0.0)),
    }


def _warm_up() -> Numbers:
    train = PRESETS[DEFAULT].train
    return {
        "first": f"{learning_rate(train, 1):.2g}",
        "peak": f"{train.learning_rate:.2g}",
        "steps": train.warmup_steps,
        "rises": int(learning_rate(train, 1) < learning_rate(train, train.warmup_steps)),
    }


def _trained() -> Numbers:
    # The same loss in two measures: a token is nearly always right long before a whole sequence is.
    report = load_manifest(shipped_folder() / "pinyin").metrics["test"]
    assert report.exact_match is not None
    assert report.token_accuracy is not None
    return {"tokens": round(100 * report.token_accuracy, 1), "exact": round(100 * report.exact_match, 1)}


def _bigram() -> Numbers:
    found = baselines(tasks.get("lm-en"), "test")
    report = load_manifest(shipped_folder() / "lm-en").metrics["test"]
    return {"model": round(report.loss, 2), "bigram": round(found["bigram"], 2), "unigram": round(found["unigram"], 2)}


LESSON = Lesson(
    name="train",
    title=Text("训练：损失说了什么，没说什么", "Train: what a loss says, and what it does not"),
    minutes=12,
    steps=(
        Step(
            page="pretraining",
            do=Text(
                "一个没有训练过的模型，任务：数字写成中文。还没有按“训练”。",
                "A model that has not been trained; the task: numbers written in Chinese. Train has not been pressed.",
            ),
            question=Question(
                Text("它比在词表里瞎猜强吗？", "Is it better than guessing blindly in the vocabulary?"),
                (
                    Text("强一些", "somewhat better"),
                    Text("正好一样", "exactly as good"),
                    Text("还不如瞎猜", "worse than blind"),
                ),
                _untrained,
                lambda found: (
                    2
                    if float(found["loss"]) > float(found["blind"]) + 0.1
                    else 0
                    if float(found["loss"]) < float(found["blind"]) - 0.1
                    else 1
                ),
            ),
            saw=Text(
                "损失 {loss} 奈特/词元；瞎猜是 ln {vocabulary} = {blind}。随机的权重也会很有把握，只是把握错了；"
                "训练先要学会“不知道”。",
                "A loss of {loss} nats per token; blind guessing is ln {vocabulary} = {blind}. Random weights are "
                "sure of "
                "themselves, and wrong: the first thing training learns is not to be.",
            ),
        ),
        Step(
            page="pretraining",
            do=Text(
                "按“训练”，看损失下降、头成形。学习率先升后降。",
                "Press Train; watch the loss fall and heads form. The learning rate rises first and falls later.",
            ),
            question=Question(
                Text("为什么学习率不从最大开始？", "Why does the learning rate not begin at its largest?"),
                (
                    Text(
                        "Adam 的统计量还不准，大步会乱走", "Adam's averages are not settled yet; large steps go astray"
                    ),
                    Text("为了省时间", "to save time"),
                ),
                _warm_up,
                lambda found: 0 if found["rises"] else 1,
            ),
            saw=Text(
                "前 {steps} 步从 {first} 升到 {peak}：预热。",
                "Over {steps} steps it rises from {first} to {peak}: warm-up.",
            ),
        ),
        Step(
            page="attention",
            address={"model": "pinyin", "example": "4"},
            do=Text(
                "训练好的汉字转拼音模型：在教师强制下，大多数词元是对的。",
                "The trained hanzi → pinyin model: most tokens are right under teacher forcing.",
            ),
            question=Question(
                Text(
                    "自由生成时，整句全对的比例会……",
                    "Running freely, the share of sentences that are right as a whole is …",
                ),
                (Text("更高", "higher"), Text("一样", "the same"), Text("更低", "lower")),
                _trained,
                lambda found: 2 if float(found["exact"]) < float(found["tokens"]) else 0,
            ),
            saw=Text(
                "词元准确率 {tokens}%，逐序列正确率 {exact}%：一句话里错一个就不算对。两个数要一起看。",
                "{tokens} % of the tokens, {exact} % of the sequences: one wrong token spoils a sentence. Read both "
                "numbers.",
            ),
        ),
        Step(
            page="attention",
            address={"model": "lm-en", "example": "6"},
            do=Text("英文语言模型：逐字母预测。", "The English language model predicts letter by letter."),
            question=Question(
                Text(
                    "它比只数“前一个字母”的二元模型好吗？",
                    "Is it better than a bigram model, which only counts the letter before?",
                ),
                (Text("好得多", "much better"), Text("差不多", "about as good"), Text("更差", "worse")),
                _bigram,
                lambda found: (
                    0
                    if float(found["model"]) < 0.8 * float(found["bigram"])
                    else 2
                    if float(found["model"]) > float(found["bigram"])
                    else 1
                ),
            ),
            saw=Text(
                "模型 {model}，二元 {bigram}，一元 {unigram} 奈特/字母：没有基线，一个损失说明不了什么。",
                "The model {model}, bigram {bigram}, unigram {unigram} nats a letter: without a baseline a loss says "
                "little.",
            ),
        ),
    ),
)
