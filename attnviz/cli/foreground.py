"""Trains a run in this process, with progress; the first Ctrl-C stops it after a step and keeps what was learned."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from attnviz.cli.terminal import Progress

if TYPE_CHECKING:
    from attnviz.runs.folder import RunFolder
    from attnviz.runs.work.session import Session
    from attnviz.training.distributed import Ranks

NAP_SECONDS = 0.02


def train_here(
    folder: RunFolder,
    *,
    device: str,
    threads: int,
    ranks: Ranks | None = None,
    describe: Callable[[Session], str],
) -> tuple[Session, bool]:
    """Train a run until it ends, or until it is interrupted (then True). An app may watch and command it meanwhile."""
    from attnviz.runs.work.session import Session

    progress: list[Progress] = []

    def hear(record: Mapping[str, Any]) -> None:
        progress[0].update(record["step"], f"loss {record['loss']:.3f}  {record['tokens_per_second']:,.0f} tokens/s")
        if record["metrics"] is not None:
            progress[0].say(evaluated(record["step"], record["metrics"]))

    session = Session.open(folder, device=device, threads=threads, ranks=ranks, hear=hear)
    try:
        progress.append(Progress(session.trainer.config.steps))
        progress[0].say(describe(session))
        session.work(0.0)  # what it was told before comes first
        if not session.closing:  # a failure is not played over
            session.play()
            if not session.running:
                session.stop()
        with gentle_interrupt(lambda: progress[0].say("stopping after this step …")) as interrupted:
            while not session.closing:
                if interrupted.is_set():
                    session.stop()
                elif not session.work(0.0):
                    time.sleep(NAP_SECONDS)
        progress[0].close()
    finally:
        session.close()
    return session, interrupted.is_set()


def evaluated(step: int, metrics: Mapping[str, Any]) -> str:
    """One line about an evaluation."""
    text = f"step {step}: validation loss {metrics['loss']:.3f}, tokens right {metrics['token_accuracy']:.1%}"
    exact = metrics.get("exact_match")
    return text if exact is None else f"{text}, exact match {exact:.1%}"


@contextmanager
def gentle_interrupt(announce: Callable[[], None]) -> Iterator[threading.Event]:
    """The first Ctrl-C sets the event, so that a step is never cut in half; the second one interrupts."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        announce()

    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield asked
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
