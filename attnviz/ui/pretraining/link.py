"""What a link to Pretraining holds: a view, a run, and the step to look at."""

from __future__ import annotations

from attnviz.ui.frame.link import Fields, OneOf
from attnviz.ui.frame.shared_link import FIELDS as SHARED
from attnviz.ui.runs.link import FIELDS as OF_RUNS

VIEWS = ("train", "data", "compare", "list")
VIEW = OneOf("view", VIEWS, default="train")
FIELDS: Fields = (*SHARED, *OF_RUNS, VIEW)
