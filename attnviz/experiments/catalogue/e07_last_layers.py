"""E7: tuning everything wins on the new task and forgets the old one; each strategy is given its own rate."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.config import Strategy, TrainConfig
from attnviz.experiments import At, Bound, Choice, Experiment, Plan, Quantity, Source, Trained, Try
from attnviz.language import Text

STRATEGIES: tuple[Strategy, ...] = ("full", "last-layers", "head", "scratch")
RATES = (1.0, 4.0, 10.0)  # times the rate below; the best on validation counts, so that no rate is taught instead
EXAMPLES, STEPS, RATE = 128, 200, 7e-4


def plans(at: At) -> dict[str, Plan]:
    """Every strategy at every rate."""
    found = {}
    for strategy in STRATEGIES:
        for rate in RATES:
            train = TrainConfig(
                steps=at.steps(STEPS),
                batch_size=32,
                learning_rate=RATE * rate,
                warmup_steps=min(10, at.steps(STEPS)),
                eval_every=0,
                eval_examples=64,
                seed=at.seed,
            )
            finetune = {"strategy": strategy, "train_size": EXAMPLES, "data_seed": at.seed, "watch_old_task": True}
            found[f"{strategy} ×{rate:g}"] = Plan(
                task="copy", train=train, start={"checkpoint": "reverse"}, finetune=finetune
            )
    return found


def measure(models: Mapping[str, Trained], at: At) -> dict[str, float]:
    """Of each strategy the rate that does best on validation, measured on test: new task and old."""
    found = {}
    for strategy in STRATEGIES:
        mine = [models[f"{strategy} ×{rate:g}"] for rate in RATES]
        # Where several write equally well (head only: not at all), the lower loss decides.
        scored = [(trained.metrics("validation"), trained) for trained in mine]
        _, best = max(scored, key=lambda one: (one[0].exact_match or 0.0, -one[0].loss))
        old = best.old_task()
        found[f"{strategy}.new"] = best.metrics().exact_match or 0.0
        found[f"{strategy}.old"] = 0.0 if old is None else old.exact_match or 0.0
    return found


def _quantities() -> tuple[Quantity, ...]:
    names = {
        "full": Text("全量", "full"),
        "last-layers": Text("最后一层和头", "last layer and head"),
        "head": Text("仅头", "head only"),
        "scratch": Text("从头训练", "from scratch"),
    }
    return tuple(
        Quantity(f"{strategy}.{when}", Text(f"{name.zh}：{zh}", f"{name.en}: {en}"))
        for strategy, name in names.items()
        for when, zh, en in (("new", "新任务", "new task"), ("old", "旧任务", "old task"))
    )


EXPERIMENT = Experiment(
    name="E7",
    title=Text("只调最后几层？", "Tune the last layers only?"),
    claim=Text(
        "微调只需要调最后几层，前面的层已经学好了。",
        "Fine-tune the last layers only: the first ones are good already.",
    ),
    question=Text(
        "一个会倒写的模型，用 128 个例子学抄写：哪种调法学得最好？哪种还记得旧任务？",
        "A model that reverses learns to copy from 128 examples: which way learns best, and which still knows the old "
        "task?",
    ),
    choices=(
        Choice(
            "last",
            Text("只调最后一层最好", "the last layer alone does best"),
            (Bound("last-layers.new", minus="full.new", at_least=0.02),),
        ),
        Choice(
            "full",
            Text("全量最好，但旧任务忘光", "full tuning does best, and forgets the old task"),
            (
                Bound("full.new", minus="last-layers.new", at_least=0.02),
                Bound("full.new", minus="scratch.new", at_least=0.02),
                Bound("full.old", at_most=0.1),
                Bound("head.new", at_most=0.1),
            ),
        ),
        Choice(
            "scratch",
            Text("从头训练一样好", "training from scratch does as well"),
            (Bound("scratch.new", minus="full.new", at_least=-0.02),),
        ),
    ),
    expected="full",
    truth=Text(
        "同分布的新数据上，全量微调学得更多，也忘得更多（灾难性遗忘）；分布变了，先调头再调全部往往更好。"
        "每种调法都要有适合自己的学习率：都用一个学习率，比较出来的只是学习率。",
        "On new data of the same distribution full tuning learns more and forgets more; under a shift, head first and "
        "then everything is often best. Each way needs its own learning rate: with one rate for all, the comparison "
        "teaches the rate.",
    ),
    source=Source(
        "Kumar et al., Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution",
        2022,
        "https://arxiv.org/abs/2202.10054",
    ),
    recipe=Text(
        "从“倒写”模型开始，用 128 个例子学“抄写” 200 步；每种调法试三个学习率（×1、×4、×10），取验证集上最好的。",
        "From the model that reverses, 200 steps of copying on 128 examples; each way at three rates (×1, ×4, ×10), "
        "the "
        "best on validation counts.",
    ),
    quantities=_quantities(),
    plans=plans,
    measure=measure,
    try_it=Try("finetuning", {"task": "copy", "strategy": "full", "examples": "128"}),
    seconds=40,
)
