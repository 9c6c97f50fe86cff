"""A training run is a folder: one worker writes it, any number of apps, notebooks and command lines look at it."""

from attnviz.errors import RunError
from attnviz.runs.config import RunConfig
from attnviz.runs.library import Library, RunSummary
from attnviz.runs.run import Event, Run
from attnviz.runs.samples import Sample
from attnviz.runs.status import RunStatus

__all__ = [
    "Event",
    "Library",
    "Run",
    "RunConfig",
    "RunError",
    "RunStatus",
    "RunSummary",
    "Sample",
]
