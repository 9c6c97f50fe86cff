"""The time line of a run: drag to any kept step; markers say where a head became something."""

from attnviz.ui.runs.timeline.timeline import Mark, Moment, TimeLine, chosen_moment, chosen_step, go, timeline

__all__ = ["Mark", "Moment", "TimeLine", "chosen_moment", "chosen_step", "go", "timeline"]
