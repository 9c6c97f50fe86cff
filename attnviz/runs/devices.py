"""Where a run is trained: what this machine has, and what stands in for what it has not."""

from __future__ import annotations

import os
from functools import lru_cache

import torch

from attnviz import environment
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


@lru_cache
def looking(asked: str) -> str:
    """The device on which pages look at models, `asked` for in the environment: "auto", a name, or "": the CPU.

    One that is absent, or has no kernels for a product, is replaced by the CPU.
    """
    if asked in ("", "cpu"):
        return "cpu"
    device, absent = resolve(asked)
    return device if absent is None and works(device) else "cpu"


def works(device: str) -> bool:
    """Whether a product can be computed there: the driver may know a GPU that PyTorch has no kernels for."""
    try:
        ones = torch.ones(3, 3, device=device)
        return float((ones @ ones).sum()) == 27.0
    except (RuntimeError, AssertionError):
        return False


def spoken_name(device: str) -> str:
    """What a GPU is called by its maker; other devices by their letters."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device.upper()


def most_threads() -> int:
    """CPU threads that a run may have: as many as there are cores, so that one run does not stop the others."""
    return os.cpu_count() or 2


def most_moving() -> int:
    """Runs that one worker trains in turns; more of them wait: ATTNVIZ_RUNS_AT_ONCE, else 6."""
    asked = os.environ.get(environment.RUNS_AT_ONCE, "")
    return max(1, min(int(asked), 1000)) if asked.isdecimal() else 6


def take(device: str) -> None:
    """Make a GPU this process's current one: what names no device, kernels' scratch memory for one, goes there."""
    if torch.device(device).type == "cuda":
        torch.cuda.set_device(device)


def default_threads() -> int:
    """CPU threads of a run that asks for none: ATTNVIZ_THREADS, else half of the cores, so that the app stays quick."""
    asked = os.environ.get(environment.THREADS, "")
    if asked.isdecimal() and int(asked) > 0:
        return min(int(asked), most_threads())
    return max(1, min(8, most_threads() // 2))
