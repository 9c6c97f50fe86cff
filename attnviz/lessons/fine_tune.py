"""Fine-tune: how little can be trained, what LoRA is at the start, and what a new vocabulary costs."""

from __future__ import annotations

from functools import cache

import torch

from attnviz.config import FineTuneConfig
from attnviz.data import tasks
from attnviz.language import Text
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step
from attnviz.training.finetuning.prepare import Prepared, prepare
from attnviz.training.start import from_checkpoint

START, TASK = "reverse", "copy"


@cache
def _prepared(strategy: str) -> Prepared:
    config = FineTuneConfig(strategy=strategy, train_size=128)  # type: ignore[arg-type]
    return prepare(from_checkpoint(START), tasks.get(TASK), config)


def _share(strategy: str) -> float:
    return 100 * _prepared(strategy).cost().trained_share


def _shares() -> Numbers:
    return {name.replace("-", "_"): round(_share(name), 1) for name in ("full", "lora", "head", "last-layers")}


def _start() -> Numbers:
    prepared = _prepared("lora")
    batch = prepared.task.collate(prepared.task.split("test")[:8])
    with torch.inference_mode():
        now = prepared.model.eval()(batch.src, batch.decoder_input)
        before = prepared.before(batch.src, batch.decoder_input)
    return {"moved": f"{float((now - before).abs().max()):.1g}", "same": int(torch.equal(now, before))}


def _frozen() -> Numbers:
    plans = _prepared("head").plans
    trained = [plan.name for plan in plans if plan.trains_from is not None]
    return {"count": len(trained), "all": len(plans), "named": ", ".join(trained[:2])}


LESSON = Lesson(
    name="fine-tune",
    title=Text("微调：动多少，忘多少", "Fine-tune: how much moves, how much is forgotten"),
    minutes=12,
    steps=(
        Step(
            page="finetuning",
            address={"preset": "reverse-copy", "strategy": "lora"},
            do=Text(
                "从会倒序的模型出发，学复制。策略：LoRA，只在旁边加两个小矩阵。",
                "From a model that reverses to one that copies. The strategy: LoRA, which adds two small matrices "
                "beside.",
            ),
            question=Question(
                Text("LoRA 训练多少参数？", "What share of the parameters does LoRA train?"),
                (Text("全部", "all of them"), Text("约一半", "about half"), Text("不到 15%", "less than 15 %")),
                _shares,
                lambda found: 2 if float(found["lora"]) < 15 else 1 if float(found["lora"]) < 75 else 0,
            ),
            saw=Text(
                "LoRA {lora}%，只动输出头 {head}%，最后一层和头 {last_layers}%，全量 {full}%。",
                "LoRA {lora} %, head only {head} %, last layer and head {last_layers} %, full {full} %.",
            ),
        ),
        Step(
            page="finetuning",
            address={"preset": "reverse-copy", "strategy": "lora"},
            do=Text("还没有走一步。LoRA 的 B 矩阵从 0 开始。", "No step is taken yet. LoRA's matrix B begins at 0."),
            question=Question(
                Text("加上 LoRA 的一刻，输出变了多少？", "How much does the output change the moment LoRA is added?"),
                (Text("一点不变", "not at all"), Text("变了一些", "somewhat")),
                _start,
                lambda found: 0 if found["same"] else 1,
            ),
            saw=Text(
                "最大差 {moved}：LoRA 起步时就是原来的模型。",
                "The largest difference is {moved}: LoRA begins as the old model.",
            ),
        ),
        Step(
            page="finetuning",
            address={"preset": "reverse-copy", "strategy": "head"},
            do=Text(
                "只动输出头。按“训练”，看它学不学得会复制。",
                "The head only. Press Train and see whether it learns to copy.",
            ),
            question=Question(
                Text("所有张量里，哪些在动？", "Which of all the tensors train?"),
                (
                    Text("只有输出层的", "only those of the output layer"),
                    Text("一半", "half of them"),
                    Text("全部", "all"),
                ),
                _frozen,
                lambda found: 0 if int(found["count"]) <= 2 else 2 if found["count"] == found["all"] else 1,
            ),
            saw=Text(
                "{all} 个里的 {count} 个：{named}。其余一位也不变，所以旧任务靠旧头还在。",
                "{count} of {all}: {named}. The rest stays bit for bit, so the old task is still there behind its old "
                "head.",
            ),
        ),
    ),
)
