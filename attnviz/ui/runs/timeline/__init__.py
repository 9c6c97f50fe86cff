"""The time line of a run: drag to any kept step; markers say where a head became something."""

from attnviz.ui.runs.timeline.timeline import Mark, TimeLine, chosen_step, timeline

__all__ = ["Mark", "TimeLine", "chosen_step", "timeline"]
