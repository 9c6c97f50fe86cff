"""What it costs training to be watched: steps per second alone, with 1 and with 20 browsers, measured in turns.

The run is trained by a worker of its own, as always; the readers are in another process, as the app's server is. A
browser asks twice a second. All browsers of one app share one reader, as in the app; what each of them is sent apart
from that is the app's own work, not training's.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.bench.figures import Figure, Options

if TYPE_CHECKING:
    from attnviz.runs import Run

NAME = "watching"
MUST, AIM = 0.97, 0.99  # of the steps per second of an unwatched run
PERIOD = 0.5  # seconds between two questions of a browser
PATIENCE = 90.0
# A reader process: `browsers` sessions, each asking every PERIOD seconds, with or without a reader in common.
_READER = """
import sys, time
from pathlib import Path
from attnviz.runs import Run
from attnviz.runs.feed import Feed
from attnviz.runs.folder import RunFolder
path, browsers, period, shared = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "shared"
feeds = [Feed(Run(RunFolder(path))) for _ in range(1 if shared else browsers)]
print("ready", flush=True)
while True:
    for browser in range(browsers):
        feeds[browser % len(feeds)].view()
        time.sleep(period / browsers)
"""


def watching(options: Options) -> Iterator[Figure]:
    """Steps per second of a run with 0, 1 and 20 browsers, measured in turns on one and the same run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, training(folder) as run:
        rates = _in_turns(run, seconds=1.0 if options.quick else 4.0, rounds=options.repeats(9, 2))
    alone = rates[0, "shared"]
    for (browsers, kind), watched in rates.items():
        if browsers:
            yield Figure(
                name=f"{NAME}/{browsers}" + ("" if kind == "shared" else "-apps"),
                ratio=statistics.median(w / a for w, a in zip(watched, alone, strict=True)),
                what=f"steps per second, watched by {browsers} " + ("browsers" if kind == "shared" else "apps"),
                against="the same run, unwatched",
                milliseconds=1e3 / statistics.median(watched),
                base_milliseconds=1e3 / statistics.median(alone),
                must=MUST if kind == "shared" else None,
                aim=AIM if kind == "shared" else None,
                smaller_is_better=False,
            )


@contextmanager
def training(folder: str) -> Iterator[Run]:
    """A run in this folder of runs that a worker trains as long as the block lasts."""
    from attnviz.config import TrainConfig
    from attnviz.runs import Library, RunConfig

    train = TrainConfig(steps=10_000_000, batch_size=32, eval_every=0, schedule="constant")
    shape = {"d_model": 32, "n_encoder_layers": 1, "n_decoder_layers": 1, "d_ff": 64}
    run = Library(folder).create(
        RunConfig(name=NAME, task="reverse", shape=shape, train=train, device="cpu", threads=1)
    )
    run.send("play")
    try:
        _wait(run, 30)
        yield run
    finally:
        run.send("stop")
        _ended(run)


def _in_turns(run: Run, *, seconds: float, rounds: int) -> dict[tuple[int, str], list[float]]:
    """Steps per second of each kind of watching, in turns; the first round warms up and is not counted."""
    variants = [(0, "shared"), (1, "shared"), (20, "shared"), (20, "apart")]
    found: dict[tuple[int, str], list[float]] = {variant: [] for variant in variants}
    for turn in range(rounds + 1):
        for variant in variants:
            with _readers(run.folder.path, *variant):
                first = len(run.metrics()["step"])
                began = time.perf_counter()
                time.sleep(seconds)
                rate = (len(run.metrics(since=first)["step"])) / (time.perf_counter() - began)
            if turn:
                found[variant].append(rate)
    return found


@contextmanager
def _readers(path: Path, browsers: int, kind: str) -> Iterator[None]:
    if not browsers:
        yield
        return
    command = [sys.executable, "-c", _READER, str(path), str(browsers), str(PERIOD), kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None, "its output is read"
        process.stdout.readline()  # loading the program is not watching
        yield
    finally:
        process.kill()
        process.wait()


def _wait(run: Run, step: int) -> None:
    until = time.monotonic() + PATIENCE
    while run.status().step < step:
        if time.monotonic() > until:
            raise RuntimeError(f"the benchmark's worker did not come up: {run.status().error}")
        time.sleep(0.05)


def _ended(run: Run) -> None:
    """End the worker that was started: nothing else uses its folder."""
    import os
    import signal

    from attnviz.runs.registry import Registry

    until = time.monotonic() + PATIENCE
    while run.status().worker_alive and time.monotonic() < until:
        time.sleep(0.05)
    worker = Registry(run.folder.path.parent).worker("cpu")
    if worker is not None:
        os.kill(worker.identity.pid, signal.SIGTERM)
        while worker.identity.alive and time.monotonic() < until:
            time.sleep(0.05)
