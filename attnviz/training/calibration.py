"""Which way of computing is the fastest here: a few steps of each are tried when a run begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from attnviz.config import Compute
from attnviz.training.compute import PLAIN
from attnviz.training.trainer import Trainer

SHARE = 0.02  # of a run's steps may be spent on finding out
TRIES = 3  # steps of each candidate; the first warms up
HOPELESS = 3.0  # times as slow as the first way, twice: not tried again
LEAD = 0.9  # bfloat16 is only taken where it needs at most this share of the time of float32


@dataclass(frozen=True)
class Choice:
    """What was chosen for a run, and what it was chosen from."""

    compute: Compute
    threads: int | None = None  # None: left as they were
    milliseconds: tuple[tuple[str, float], ...] = ()  # candidate → of one step; empty: nothing was tried


def candidates(trainer: Trainer) -> tuple[Compute, ...]:
    """The ways that a trainer could go on its device; first the one that a run too short to try them takes.

    That is the plain one, but on a CPU the written passes in float32, which make the same numbers with fewer calls.
    """
    if trainer.device.type not in ("cpu", "cuda"):
        return (PLAIN,)
    exact, written = Compute(precision="fp32", path="written"), Compute(precision="bf16", path="written")
    if trainer.can(written):
        if trainer.device.type == "cpu":
            return (exact, written, PLAIN)
        return (PLAIN, written, exact, Compute(precision="bf16", path="fused"))
    return (PLAIN, Compute(precision="bf16", path="explicit"), Compute(precision="bf16", path="fused"))


def choose(
    trainer: Trainer,
    *,
    threads: Sequence[int] = (),
    clock: Callable[[], float] | None = None,
    found: Sequence[Compute] | None = None,
) -> Choice:
    """Try a few steps of each candidate on copies of the trainer's model, which is left as it was.

    Only as much is tried as costs `SHARE` of the run's steps, so a short run takes the first of them. `threads` are
    numbers of CPU threads to choose from, when the way is found. `clock` counts seconds; None: CPU time for the
    candidates, for others may be working on this machine, and the wall's for threads.
    """
    room = int(SHARE * (trainer.config.steps - trainer.step_number)) // TRIES
    first, *others = found or candidates(trainer)
    ways = (first, *others)[:room]
    if len(ways) < 2:
        return Choice(first)
    timed = clock or (time.process_time if trainer.device.type == "cpu" else time.perf_counter)
    times: dict[Compute, float] = {}
    for way in ways:
        try:
            times[way] = _seconds(trainer, way, timed, hopeless=HOPELESS * times[first] if first in times else None)
        except RuntimeError:
            if way == first:
                raise
            times[way] = float("inf")  # no room, or no kernels for these numbers
    best = min(ways, key=lambda way: times[way] / (LEAD if way.precision == "bf16" else 1.0))
    shown = [(str(way), 1e3 * seconds) for way, seconds in times.items() if seconds < float("inf")]
    numbers = list(dict.fromkeys(threads))[: room - len(ways)]
    if len(numbers) < 2:
        return Choice(best, None, tuple(shown))
    before, walls = torch.get_num_threads(), {}
    try:
        for number in numbers:
            torch.set_num_threads(number)
            walls[number] = _seconds(trainer, best, clock or time.perf_counter)
            shown.append((f"{best}, {number} threads", 1e3 * walls[number]))
    finally:
        torch.set_num_threads(before)
    return Choice(best, min(walls, key=lambda number: walls[number]), tuple(shown))


def _seconds(trainer: Trainer, way: Compute, clock: Callable[[], float], hopeless: float | None = None) -> float:
    """Of the fastest of a few steps on one batch, the first left out."""
    twin, batch = trainer.twin(way)
    least = float("inf")
    if twin.runs_ahead:  # as the run will be: recorded, and read seldom
        twin.block(TRIES)
        began = clock()
        made = twin.block(TRIES)
        return (clock() - began) / len(made)
    for attempt in range(TRIES):
        began = clock()
        loss = twin.forward(batch)
        twin.backward(loss)
        twin.clip()
        twin.update()
        loss.nats.item()  # waits for the device
        seconds = clock() - began
        if attempt:
            least = min(least, seconds)
            if hopeless is not None and least > hopeless:
                break
    return least
