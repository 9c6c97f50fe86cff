"""Fine-tunings that are ready to play: a start, a task, a strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attnviz.config import FineTuneConfig, Strategy, TrainConfig
from attnviz.training.finetuning.found_rates import FOUND, USUAL

LARGEST_RATE = 0.02  # ten times the largest rate of a plan: beyond it nothing was searched
_QUICK = TrainConfig(steps=200, batch_size=32, learning_rate=7e-4, warmup_steps=10, eval_every=20, eval_examples=200)
_TEXT = replace(_QUICK, steps=300, learning_rate=1e-3, eval_every=30, eval_examples=120)
_LABELS = replace(
    _QUICK, steps=300, batch_size=48, learning_rate=2e-3, warmup_steps=20, label_smoothing=0.05, eval_every=30
)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One of them. `start` is a shipped model; `task` "" waits for a file of people's own."""

    name: str
    start: str
    task: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    train: TrainConfig = _QUICK
    finetune: FineTuneConfig = field(default_factory=FineTuneConfig)
    rates: Mapping[Strategy, float] = field(default_factory=lambda: USUAL)  # by strategy, times train's rate


_ALL = (
    Preset(
        name="reverse-copy",
        start="reverse",
        task="copy",
        finetune=FineTuneConfig(train_size=128),
        rates=FOUND["reverse-copy"],
    ),
    Preset(
        name="formal",
        start="numbers-zh",
        task="numbers-formal",
        train=_TEXT,
        finetune=FineTuneConfig(train_size=256),
        rates=FOUND["formal"],
    ),
    Preset(
        name="sentences",
        start="pinyin-phrases",
        task="pinyin-sentences",
        train=replace(_TEXT, learning_rate=1e-3),
        finetune=FineTuneConfig(train_size=256),
        rates=FOUND["sentences"],
    ),
    Preset(
        name="traditional",
        start="pinyin",
        task="traditional",
        train=replace(_TEXT, learning_rate=2e-3),
        finetune=FineTuneConfig(train_size=4096),
        rates=FOUND["traditional"],
    ),
    Preset(name="segmentation", start="lm-zh", task="segmentation", train=_LABELS, rates=FOUND["segmentation"]),
    Preset(
        name="syntax",
        start="lm-en",
        task="python-syntax",
        train=replace(_LABELS, steps=250, batch_size=32, eval_every=25, eval_examples=100),
        rates=FOUND["syntax"],
    ),
    Preset(
        name="topic",
        start="pinyin-2enc",
        task="hsk-topic",
        train=replace(_LABELS, learning_rate=1e-3),
        rates=FOUND["topic"],
    ),
    Preset(
        name="sentiment",
        start="lm-zh",
        task="sentiment-zh",
        train=replace(_LABELS, steps=200, eval_every=20),
        rates=FOUND["sentiment"],
    ),
    Preset(
        name="digits-high",
        start="digits-low",
        task="digits",
        task_options={"digits": "5-9"},
        train=replace(_QUICK, steps=100, learning_rate=1e-3, eval_every=10, eval_examples=180),
        finetune=FineTuneConfig(train_size=100, last_layers=1),
        rates=FOUND["digits-high"],
    ),
    Preset(name="own", start="lm-zh", task="", train=_LABELS),
)
PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}
