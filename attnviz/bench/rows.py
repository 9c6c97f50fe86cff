"""Every group of benchmarks by name.

To add one: a generator (options) -> results in a file of this folder, and a line in GROUPS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from attnviz.bench.figures import Options, Result

# name → (module, function): what is not asked for is not imported.
GROUPS: Mapping[str, tuple[str, str]] = {
    "attention": ("model", "attention"),
    "cache": ("model", "cache"),
    "heads": ("model", "heads"),
    "threads": ("model", "threads"),
    "paint": ("browser", "paint"),
    "stage": ("stage", "stage"),
    "visitors": ("visitors", "visitors"),
    "class": ("classroom", "classroom"),
    "watching": ("watching", "watching"),
    "reactions": ("reactions", "reactions"),
    "products": ("training", "products"),
    "training": ("training", "language"),
    "translation": ("training", "translation"),
    "loss": ("training", "to_loss"),
    "session": ("sessions", "session"),
    "live-capture": ("sessions", "capture"),
    "quality": ("sessions", "quality"),
    "processes": ("sessions", "together"),
    "generation": ("generation", "generation"),
    "growth": ("growth", "growth"),
    "foreign": ("foreign", "foreign"),
    "gpu": ("gpu", "gpu"),
}


def group(name: str) -> Callable[[Options], Iterable[Result]]:
    """The function that measures a group; KeyError for a name that is none."""
    module, function = GROUPS[name]
    measure: Callable[[Options], Iterable[Result]] = getattr(import_module(f"attnviz.bench.{module}"), function)
    return measure
