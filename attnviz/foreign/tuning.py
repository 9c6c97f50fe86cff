"""Fine-tuning a model from elsewhere in a process of its own, watched: `python -m attnviz.foreign.tuning FOLDER`.

The folder holds the order; what happens is written beside it: a line a step, now and then what the model says and how
far its attention has moved, and in the end the tuned weights and whether the base is still what it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from attnviz.data.batch import Batch
from attnviz.errors import ForeignError, InputError
from attnviz.foreign import library
from attnviz.foreign.fitting import WholeModel, refuse_what_does_not_fit
from attnviz.foreign.lora import ForeignLoRA
from attnviz.foreign.texts import ForeignTexts
from attnviz.foreign.texts_to_learn import batches_of, says, written
from attnviz.trace import watch

ORDER, STEPS, LOOKS, DONE, PROBLEM, SAVED = (
    "order.json", "steps.jsonl", "looks.jsonl", "done.json", "problem.json", "tuned",
)  # fmt: skip
LOOKS_AT = 20  # looks in a whole training
LOOKED_AT = 64  # tokens whose attention is watched
How = Literal["lora", "full"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What shall be trained, and how."""

    path: str  # the model's folder
    name: str
    lines: tuple[str, ...]
    prompt: str  # what the model is asked before, meanwhile and after
    how: How = "lora"
    rank: int = 4
    alpha: float = 8.0
    steps: int = 40
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}; it must be at least 1")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate is {self.learning_rate}; it must be above 0")


@dataclass(frozen=True)
class Look:
    """The model at some step: what it says to the prompt, and how far each site's weights have moved on average."""

    step: int
    said: str
    moved: Mapping[str, float]


def write_order(order: Order, folder: Path) -> None:
    """Leave an order in a folder, for the process to find."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ORDER).write_text(json.dumps(asdict(order), ensure_ascii=False), encoding="utf-8")


def read_order(folder: Path) -> Order:
    """The order that was left there."""
    values = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    return Order(**{**values, "lines": tuple(values["lines"])})


def work(folder: Path) -> None:
    """Do what the order in the folder says; what goes wrong is written down."""
    try:
        tune(read_order(folder), folder)
    except InputError as error:
        _write(folder / PROBLEM, {"code": error.code, "details": error.details})


def tune(order: Order, folder: Path) -> None:
    """Open the model, train, look, save. Raises InputError for what cannot be learned from, ForeignError else."""
    about = library.look(order.path)
    refuse_what_does_not_fit(order.name, about.parameters, about.parameters if order.how == "full" else 0)
    model, texts = library.open_model(order.path)
    if texts is None or "finetune" not in model.can:
        raise ForeignError("foreign_no_tuning", name=order.name)
    batches = batches_of(texts, order.lines)
    answer = written(model, texts, order.prompt) if model.has_encoder and model.has_decoder else ()
    looked_at = _looked_at(texts, order.prompt, answer)
    base = watch(model, looked_at, taps=())
    _append(folder / LOOKS, asdict(Look(0, says(model, texts, order.prompt), dict.fromkeys(model.sites, 0.0))))
    tuner: ForeignLoRA | WholeModel = (
        ForeignLoRA(model, rank=order.rank, alpha=order.alpha, seed=order.seed)
        if order.how == "lora"
        else WholeModel(model)
    )
    every = max(1, order.steps // LOOKS_AT)
    begin = time.monotonic()
    for step in tuner.train(batches, steps=order.steps, learning_rate=order.learning_rate):
        _append(folder / STEPS, {**asdict(step), "seconds": time.monotonic() - begin})
        if step.step % every == 0 or step.step == order.steps:
            now = watch(model, looked_at, taps=())
            moved = {site: float(np.abs(now[site].weights - base[site].weights).mean()) for site in model.sites}
            _append(folder / LOOKS, asdict(Look(step.step, says(model, texts, order.prompt), moved)))
    same = None
    if isinstance(tuner, ForeignLoRA):
        with tuner.off():
            same = bool(np.array_equal(watch(model, looked_at, taps=()).logits, base.logits))
    tuner.save(folder / SAVED)
    _write(folder / DONE, {"trained": tuner.trained, "base_same": same})


def _looked_at(texts: ForeignTexts, prompt: str, answer: Sequence[int]) -> Batch:
    """What the attention is watched on all the time: the prompt, and what an encoder–decoder said to it at first."""
    batch = texts.encode(prompt, limit=LOOKED_AT)
    if texts.kind != "seq2seq":
        return batch
    return texts.with_target(batch.src, batch.src_labels[0], answer[:LOOKED_AT], ended=False)


def _append(path: Path, values: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(values, ensure_ascii=False) + "\n")


def _write(path: Path, values: Mapping[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(values, ensure_ascii=False, default=str), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the app stays quick
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    work(Path(sys.argv[1]))
