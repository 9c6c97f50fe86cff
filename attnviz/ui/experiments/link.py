"""What a link to Experiments holds: which one, and what was predicted of it. Both are looked up by the experiment."""

from __future__ import annotations

from attnviz.ui.frame.link import Fields, Name
from attnviz.ui.frame.shared_link import FIELDS as SHARED

EXPERIMENT = Name("experiment")
GUESS = Name("guess")
FIELDS: Fields = (*SHARED, EXPERIMENT, GUESS)
