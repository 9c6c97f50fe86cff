"""What a link to a page with runs holds beside what is the page's own: a run, and the step to look at."""

from __future__ import annotations

from attnviz.ui.frame.link import Count, Fields, Name

RUN = Name("run")
STEP = Count("step", low=0, high=10**11 - 1)
FIELDS: Fields = (RUN, STEP)
