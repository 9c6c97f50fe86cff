"""What a run is asked to do. Together with the seed in `train` it fixes every number."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from attnviz.config import Compute, ModelConfig, TrainConfig
from attnviz.errors import Notice, RunError

FILE = "config.json"
FORMAT = "attnviz-run"
VERSION = 1
MAX_NAME = 120
MOST_THREADS = 256
MAX_BYTES = 4 * 2**20
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")
_PLAIN_FILE = re.compile(r"[^/\\:\0]{1,120}")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Written once, as config.json. A bad value raises RunError("run_config") naming the entry."""

    name: str  # what people call it
    task: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    own_file: str | None = None  # name of the user's own file, kept in the run's folder data/
    shape: Mapping[str, Any] = field(default_factory=dict)  # fields of ModelConfig that differ from what fits the task
    train: TrainConfig = field(default_factory=TrainConfig)
    start: Mapping[str, Any] | None = None  # {"checkpoint": name} or {"run": id, "step": k}: weights to begin from
    finetune: Mapping[str, Any] | None = None  # fields of FineTuneConfig; None: pretraining
    probe: str | None = None  # a sentence to be looked at while training
    device: str = "auto"  # "cpu", "cuda", "cuda:1", "mps" or the best there is
    threads: int = 0  # CPU threads; 0: the worker's choice, kept for the rest of the run
    compute: Mapping[str, Any] | None = None  # fields of Compute; None: what is fastest when the run begins
    recipe: str | None = None  # the recipe it follows, unchanged
    parent: Mapping[str, Any] | None = None  # {"run": id, "step": k, "changes": {…}} of a fork

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not 1 <= len(self.name.strip()) <= MAX_NAME:
            raise RunError("run_name", limit=MAX_NAME)
        _require("task", isinstance(self.task, str) and 0 < len(self.task) <= 100, self.task)
        for entry in ("task_options", "shape"):
            _require(entry, isinstance(getattr(self, entry), Mapping), getattr(self, entry))
        for entry in ("start", "finetune", "parent"):
            value = getattr(self, entry)
            _require(entry, value is None or isinstance(value, Mapping), value)
        _require("train", isinstance(self.train, TrainConfig), self.train)
        _require("probe", self.probe is None or isinstance(self.probe, str), self.probe)
        _require("recipe", self.recipe is None or isinstance(self.recipe, str), self.recipe)
        _require("device", isinstance(self.device, str) and bool(_DEVICE.fullmatch(self.device)), self.device)
        _require("threads", type(self.threads) is int and 0 <= self.threads <= MOST_THREADS, self.threads)
        if self.compute is not None:
            _require("compute", isinstance(self.compute, Mapping), self.compute)
            _compute(self.compute)
        if self.own_file is not None:
            plain = isinstance(self.own_file, str) and bool(_PLAIN_FILE.fullmatch(self.own_file))
            _require("own_file", plain and self.own_file not in (".", ".."), self.own_file)
        known = {one.name for one in fields(ModelConfig)}
        for name in self.shape:
            if name not in known:
                raise RunError("run_config", file=FILE, entry=f"shape.{str(name)[:80]}", problem="no_setting")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        plain = {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
        return {"format": FORMAT, "format_version": VERSION, **plain, "train": self.train.to_dict()}

    def to_json(self) -> str:
        """The text of config.json. Values that JSON cannot hold raise RunError."""
        try:
            text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
            text.encode("utf-8")  # half of a surrogate pair cannot be written
            return text
        except (TypeError, ValueError) as error:
            raise RunError("run_config_file", file=FILE, problem=error) from None

    @classmethod
    def from_dict(cls, values: Any) -> RunConfig:
        """The inverse of `to_dict`; whatever is wrong raises RunError naming the entry."""
        if not isinstance(values, dict):
            raise RunError("run_config_file", file=FILE, problem=Notice("reason_must_be", {"needed": "{…}"}))
        if values.get("format", FORMAT) != FORMAT:
            raise RunError(
                "run_config", file=FILE, entry="format", problem=Notice("reason_must_be", {"needed": FORMAT})
            )
        version = values.get("format_version", VERSION)
        if type(version) is not int or version > VERSION:
            raise RunError("run_version", given=str(version)[:40], known=VERSION)
        given = {key: value for key, value in values.items() if key not in ("format", "format_version")}
        known = {one.name for one in fields(cls)}
        for name in given:
            if name not in known:
                raise RunError("run_config", file=FILE, entry=str(name)[:80], problem="no_setting")
        for name in ("name", "task"):
            if name not in given:
                raise RunError("run_config_file", file=FILE, problem=Notice("reason_missing", {"name": name}))
        if "train" in given:
            given["train"] = _train(given["train"])
        return cls(**given)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """The inverse of `to_json`."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # also of numbers with thousands of digits
            raise RunError("run_config_file", file=FILE, problem=error) from None
        return cls.from_dict(values)

    def changed(self, changes: Mapping[str, Any]) -> RunConfig:
        """With other values. A name is a field of TrainConfig, ModelConfig or RunConfig, looked for in that order."""
        train, shape, own = {}, dict(self.shape), {}
        mine = {one.name for one in fields(self)} - {"train", "shape", "recipe"}
        for name, value in changes.items():
            if name in {one.name for one in fields(TrainConfig)}:
                train[name] = value
            elif name in {one.name for one in fields(ModelConfig)}:
                shape[name] = value
            elif name in mine:
                own[name] = value
            else:
                raise RunError("run_config", file=FILE, entry=str(name)[:80], problem="no_setting")
        new_train = _train({**self.train.to_dict(), **train}) if train else self.train
        return replace(self, train=new_train, shape=shape, **own)


def _compute(values: Mapping[str, Any]) -> Compute:
    try:
        return Compute.from_dict(values)
    except (TypeError, ValueError) as error:
        raise RunError("run_config", file=FILE, entry="compute", problem=error) from None


def _train(values: Any) -> TrainConfig:
    if isinstance(values, TrainConfig):
        return values
    try:
        return TrainConfig.from_dict(values)
    except (TypeError, ValueError, AttributeError) as error:
        raise RunError("run_config", file=FILE, entry="train", problem=error) from None


def _require(entry: str, fine: bool, value: object) -> None:
    if not fine:
        raise RunError(
            "run_config", file=FILE, entry=entry, problem=Notice("reason_given", {"given": repr(str(value)[:80])})
        )
