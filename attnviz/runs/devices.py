"""Where a run is trained: what this machine has, and what stands in for what it has not."""

from __future__ import annotations

import os

import torch

from attnviz.errors import RunError


def available() -> tuple[str, ...]:
    """The devices of this machine, the best first."""
    found = []
    if torch.cuda.is_available():
        found += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def resolve(asked: str) -> tuple[str, RunError | None]:
    """The device to use for "auto" or a name, and what must be said about it: one that is absent is replaced."""
    there = available()
    if asked == "auto":
        return there[0], None
    device = "cuda:0" if asked == "cuda" else asked
    if device in there:
        return device, None
    return there[0], RunError("device_absent", asked=asked, device=there[0])


def most_threads() -> int:
    """CPU threads that a run may have: as many as there are cores, so that one run does not stop the others."""
    return os.cpu_count() or 2


def most_moving() -> int:
    """Runs that one worker trains in turns; more of them wait: ATTNVIZ_RUNS_AT_ONCE, else 6."""
    asked = os.environ.get("ATTNVIZ_RUNS_AT_ONCE", "")
    return max(1, min(int(asked), 1000)) if asked.isdecimal() else 6


def take(device: str) -> None:
    """Make a GPU this process's current one: what names no device, kernels' scratch memory for one, goes there."""
    if torch.device(device).type == "cuda":
        torch.cuda.set_device(device)


def default_threads() -> int:
    """CPU threads of a run that asks for none: ATTNVIZ_THREADS, else half of the cores, so that the app stays quick."""
    asked = os.environ.get("ATTNVIZ_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return min(int(asked), most_threads())
    return max(1, min(8, most_threads() // 2))
