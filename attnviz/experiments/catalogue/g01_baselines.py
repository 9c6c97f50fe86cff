"""Four LSTMs and a Transformer on one task: what attention was invented for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.experiments.baseline import reverse
from attnviz.language import Text

RECURRENT = ("lstm", "lstm-encoder-decoder", "lstm-additive", "lstm-dot")
STEPS = 800
# Learning-rate by kind: LSTMs take a higher one, and every model gets one that suits it.
_RATE, _WARMUP = 5e-3, 50


def plans(at: At) -> dict[str, Plan]:
    """Five models, as many steps and examples each."""
    found = {}
    for architecture in RECURRENT:
        plan = reverse(at, steps=STEPS, learning_rate=_RATE, warmup_steps=_WARMUP)
        found[architecture] = replace(plan, shape={"architecture": architecture, "dropout": 0.0})
    return {**found, "transformer": reverse(at, steps=STEPS)}


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """What each writes by itself, and how many parameters it does it with."""
    found = {}
    for name, trained in models.items():
        found[f"{name}.exact"] = trained.metrics().exact_match or 0.0
        found[f"{name}.parameters"] = float(sum(parameter.numel() for parameter in trained.model.parameters()))
    return found


_NAMES = {
    "lstm": Text("只有 LSTM 解码器", "LSTM decoder alone"),
    "lstm-encoder-decoder": Text("LSTM 编码器–解码器", "LSTM encoder–decoder"),
    "lstm-additive": Text("加上加性注意力", "with additive attention"),
    "lstm-dot": Text("加上点积注意力", "with dot-product attention"),
    "transformer": Text("Transformer", "Transformer"),
}

EXPERIMENT = Experiment(
    name="baselines",
    title=Text("没有注意力行不行？", "Does it take attention?"),
    claim=Text("序列到序列的任务有 LSTM 就够了。", "An LSTM is all that sequence to sequence needs."),
    question=Text(
        "五个模型学同一个任务：哪一步让它几乎全对？",
        "Five models learn one task: which step makes it nearly perfect?",
    ),
    choices=(
        Choice(
            "encoder",
            Text("加上编码器就够了", "adding the encoder is enough"),
            (Bound("lstm-encoder-decoder.exact", at_least=0.95),),
        ),
        Choice(
            "attention",
            Text("加上注意力", "adding attention"),
            (
                Bound("lstm.exact", at_most=0.02),
                Bound("lstm-encoder-decoder.exact", at_most=0.9),
                Bound("lstm-additive.exact", at_least=0.93),
                Bound("lstm-dot.exact", at_least=0.93),
                Bound("transformer.exact", at_least=0.93),
            ),
        ),
        Choice(
            "transformer",
            Text("只有 Transformer 才行", "only the Transformer"),
            (Bound("transformer.exact", minus="lstm-dot.exact", at_least=0.1),),
        ),
    ),
    expected="attention",
    truth=Text(
        "只有解码器的 LSTM 看不到源句，只能猜；编码器–解码器要把整句塞进一个向量，句子越长越糊；"
        "加上注意力，每一步都能回头看源句，问题就解决了。Transformer 把循环也去掉，于是可以并行。",
        "A decoder alone cannot see the source and must guess. An encoder–decoder has to squeeze all of it into one "
        "vector, the longer the vaguer. With attention every step may look back at the source, and that settles it. "
        "The "
        "Transformer drops the recurrence as well, and so can work in parallel.",
    ),
    source=Source(
        "Bahdanau, Cho, Bengio, Neural Machine Translation by Jointly Learning to Align and Translate",
        2015,
        "https://arxiv.org/abs/1409.0473",
    ),
    recipe=Text(
        "任务：把 3–8 个字母倒过来写（共 20 种字母）；d_model 64，800 步，每步 64 例；LSTM 各 1 层，学习率 0.005。",
        "Task: write 3–8 letters (of 20) in reverse; d_model 64, 800 steps of 64 examples; LSTMs of 1 layer, learning "
        "rate 0.005.",
    ),
    quantities=(
        *(
            Quantity(f"{name}.exact", Text(f"{title.zh}：逐序列正确率", f"{title.en}: exact match"))
            for name, title in _NAMES.items()
        ),
        *(
            Quantity(f"{name}.parameters", Text(f"{title.zh}：参数", f"{title.en}: parameters"), "number")
            for name, title in _NAMES.items()
        ),
    ),
    plans=plans,
    measure=measure,
    try_it=Try("pretraining"),
    seconds=30,
)
