"""Tiny runs for tests: a model of a few hundred weights, and a way to train it without a worker process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.config import TrainConfig
from attnviz.runs import Library, Run, RunConfig
from attnviz.runs.run import Run as OpenRun
from attnviz.runs.work.session import Session

SHAPE = {"d_model": 6, "n_heads": 3, "d_ff": 5, "n_encoder_layers": 0, "n_decoder_layers": 1}
OPTIONS = {"size": 100, "symbols": 5, "min_length": 2, "max_length": 4}
TRAIN = {"steps": 23, "batch_size": 7, "learning_rate": 0.01, "warmup_steps": 3, "eval_every": 10, "eval_examples": 5}


def tiny_config(name: str = "tiny", *, train: dict[str, Any] | None = None, **changes: Any) -> RunConfig:
    """A config whose steps take a millisecond or two."""
    values: dict[str, Any] = {
        "name": name,
        "task": "reverse",
        "task_options": OPTIONS,
        "shape": SHAPE,
        "train": TrainConfig.from_dict({**TRAIN, **(train or {})}),
        "device": "cpu",
        "threads": 1,
    }
    return RunConfig(**{**values, **changes})


def tell(run: Run, kind: str, **arguments: Any) -> None:
    """`Run.send`, without starting a worker."""
    wake, OpenRun.wake = OpenRun.wake, lambda self: None  # type: ignore[method-assign]
    try:
        run.send(kind, **arguments)
    finally:
        OpenRun.wake = wake  # type: ignore[method-assign]


def train(run: Run, until: int | None = None) -> None:
    """Train in this process until the run ends, pauses or has made `until` steps."""
    session = Session.open(run.folder)
    try:
        while (until is None or session.trainer.step_number < until) and session.work(0.0) and not session.closing:
            pass
    finally:
        session.close()


def trained(root: Path, **changes: Any) -> Run:
    """A finished tiny run."""
    run = Library(root).create(tiny_config(**changes))
    tell(run, "play")
    train(run)
    return run
