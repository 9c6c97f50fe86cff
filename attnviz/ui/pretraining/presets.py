"""The runs that are ready to play: the quick ones, and the full recipes of other tasks."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.training import presets
from attnviz.training.recipes import RECIPES, Recipe

PRESETS: Mapping[str, Recipe] = {**presets.PRESETS, "dates": RECIPES["dates"]}


def preset_for(task: str) -> str | None:
    """The first preset of a task."""
    return next((name for name, preset in PRESETS.items() if preset.task == task), None)
