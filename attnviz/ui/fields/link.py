"""What links to Pictures and Graphs hold beside what every link can: the query, the changes, the view."""

from __future__ import annotations

import re
from dataclasses import dataclass

from attnviz.ui.attention.link import OFF
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.link import Count, Field, Fields, OneOf
from attnviz.ui.runs.link import FIELDS as RUNS

LONGEST = 4000  # characters that are read
VIEWS = ("look", "train")


@dataclass(frozen=True)
class Changes(Field[tuple[str, ...]]):
    """Patches, `6~7`, or edges, `0-3~1-4`."""

    form: str

    def read(self, text: str) -> tuple[str, ...] | None:
        """What has another form is left out; whether the example has it is for the page to say."""
        found = [part for part in text[:LONGEST].split("~") if re.fullmatch(self.form, part, re.ASCII)]
        return tuple(dict.fromkeys(found)) or None

    def write(self, value: tuple[str, ...]) -> str | None:
        """None where there are none."""
        return "~".join(value) or None


QUERY = Count("query", low=0, default=0)
ROLLOUT = OneOf("flow", ("rollout",))  # the rollout instead of a head
VIEW = OneOf("view", VIEWS, default="look")
HIDDEN = Changes("hidden", form=r"\d{1,4}")
EDGES = Changes("edges", form=r"\d{1,4}-\d{1,4}")
_BOTH: Fields = (*shared_link.FIELDS, *RUNS, OFF, QUERY, ROLLOUT, VIEW)
PICTURES: Fields = (*_BOTH, HIDDEN)
GRAPHS: Fields = (*_BOTH, EDGES)
