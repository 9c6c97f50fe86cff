"""What a checkpoint says about itself: enough to load it, to make it again and to know how good it is."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

import attnviz
from attnviz.config import ModelConfig, TrainConfig
from attnviz.errors import CheckpointError, InputError
from attnviz.training.evaluation import Metrics, Report

FORMAT = "attnviz-checkpoint"
VERSION = 1
FILE = "manifest.json"
MAX_POSITIONS = 2**20  # longer sequences than any attention here could be computed for


@dataclass(frozen=True)
class SplitSize:
    """How many examples a split had, and a digest of them: equal figures can be expected only of equal data."""

    examples: int
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Written beside the weights as JSON."""

    name: str  # of the recipe, or the name its owner gave
    model: ModelConfig
    train: TrainConfig
    task: Mapping[str, Any]  # what `data.tasks.restore` takes: name, options, vocabularies, lengths
    steps_done: int  # fewer than train.steps when training was stopped early
    seconds: float  # spent training, evaluations not counted
    parameters: int
    stored: str = "float32"  # number format of the weights on disk
    device: str = "cpu"
    threads: int = 1
    recipe: str | None = None  # `attnviz train --recipe NAME` makes the checkpoint again
    splits: Mapping[str, SplitSize] = field(default_factory=dict)
    metrics: Mapping[str, Metrics] = field(default_factory=dict)  # split → figures of the stored weights
    baselines: Mapping[str, float] = field(default_factory=dict)  # nats per token on test, of much simpler models
    finetune: Mapping[str, Any] | None = None  # {"start": name, "config": FineTuneConfig}; None: trained from scratch
    made_with: Mapping[str, str] = field(default_factory=lambda: versions())
    data_from: Mapping[str, str] | None = None  # package → version that gave these splits; None: nobody noted it

    @property
    def complete(self) -> bool:
        """Whether training ran to its end."""
        return self.steps_done >= self.train.steps

    @property
    def report(self) -> Report | None:
        """Validation and test figures, when both were measured."""
        if not {"validation", "test"} <= set(self.metrics):
            return None
        return Report(validation=self.metrics["validation"], test=self.metrics["test"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "format": FORMAT,
            "format_version": VERSION,
            "name": self.name,
            "recipe": self.recipe,
            "seed": self.train.seed,
            "steps_done": self.steps_done,
            "seconds": round(self.seconds, 1),
            "parameters": self.parameters,
            "stored": self.stored,
            "device": self.device,
            "threads": self.threads,
            "made_with": dict(self.made_with),
            **({} if self.data_from is None else {"data_from": dict(self.data_from)}),
            "metrics": {split: metrics.to_dict() for split, metrics in self.metrics.items()},
            "baselines": dict(self.baselines),
            "splits": {split: asdict(size) for split, size in self.splits.items()},
            **({} if self.finetune is None else {"finetune": dict(self.finetune)}),
            "model": self.model.to_dict(),
            "train": self.train.to_dict(),
            "task": dict(self.task),
        }

    @classmethod
    def from_dict(cls, values: Any) -> Manifest:
        """The inverse of `to_dict`; whatever is wrong raises CheckpointError naming the entry."""
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise CheckpointError("checkpoint_format", file=FILE)
        if values.get("format_version") != VERSION:
            raise CheckpointError("checkpoint_version", given=str(values.get("format_version"))[:40], known=VERSION)
        entry = ""
        try:
            read: dict[str, Any] = {}
            for entry, convert in _READERS.items():
                read[entry] = convert(values.get(entry) if entry in _OPTIONAL else values[entry])
            return cls(**read)
        except (KeyError, AttributeError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError("checkpoint_manifest", file=FILE, entry=entry, problem=error) from None


def versions() -> dict[str, str]:
    """The programs that a run's numbers depend on."""
    return {"attnviz": attnviz.__version__, "torch": torch.__version__, "python": platform.python_version()}


def _mapping(values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InputError("reason_kind", given=type(values).__name__, needed="object")
    return values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError("reason_kind", given=repr(value)[:80], needed="text")
    return value


def _texts(value: Any) -> dict[str, str]:
    return {_text(key): _text(text) for key, text in _mapping(value).items()}


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError("reason_kind", given=repr(value)[:80], needed="whole")
    return value


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds < float("inf"):
        raise InputError("reason_kind", given=repr(value)[:80], needed="number")
    return seconds


def _task(value: Any) -> dict[str, Any]:
    """What `Task.state` gives; contents of vocabularies and options are the task's to check."""
    task = _mapping(value)
    kinds: dict[str, Any] = {
        "name": str,
        "options": dict,
        "src_vocab": (list, type(None)),
        "tgt_vocab": list,
        "max_src_len": int,
        "max_tgt_len": int,
    }
    if set(task) != set(kinds):
        raise InputError("reason_entries", given=", ".join(sorted(task))[:200], needed=", ".join(sorted(kinds)))
    for key, kind in kinds.items():
        if not isinstance(task[key], kind):
            raise InputError("reason_missing_or_kind", name=key)
    for key in ("max_src_len", "max_tgt_len"):
        if not 0 <= task[key] <= MAX_POSITIONS:
            raise InputError("reason_range", name=key, given=task[key], low=0, high=MAX_POSITIONS)
    return task


_OPTIONAL = ("finetune", "data_from")  # manifests of before have none
_READERS: Mapping[str, Any] = {
    "name": _text,
    "recipe": lambda value: None if value is None else _text(value),
    "steps_done": _count,
    "seconds": _seconds,
    "parameters": _count,
    "stored": _text,
    "device": _text,
    "threads": _count,
    "made_with": lambda value: _texts(value),
    "data_from": lambda value: None if value is None else _texts(value),
    "metrics": lambda value: {split: Metrics.from_dict(_mapping(m)) for split, m in _mapping(value).items()},
    "baselines": lambda value: {name: float(nats) for name, nats in _mapping(value).items()},
    "splits": lambda value: {split: SplitSize(**_mapping(size)) for split, size in _mapping(value).items()},
    "finetune": lambda value: None if value is None else _mapping(value),
    "model": lambda value: ModelConfig.from_dict(_mapping(value)),
    "train": lambda value: TrainConfig.from_dict(_mapping(value)),
    "task": _task,
}
