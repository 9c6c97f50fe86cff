"""The runs that are ready to play."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.training.recipes import RECIPES, Recipe

PRESETS: Mapping[str, Recipe] = {name: RECIPES[name] for name in ("numbers-zh", "reverse", "dates", "lm-en")}


def preset_for(task: str) -> str | None:
    """The first preset of a task."""
    return next((name for name, preset in PRESETS.items() if preset.task == task), None)
