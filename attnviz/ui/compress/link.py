"""What a link to Compress holds: a model, how many of its heads are out, in which order, and the head to look at."""

from __future__ import annotations

from attnviz.ui.frame.link import Count, Fields, Name, OneOf
from attnviz.ui.frame.shared_link import FIELDS as SHARED

ORDERS = ("importance", "random")
OUT = Count("out", low=0, default=0, complaint="url_value")
ORDER = OneOf("order", ORDERS, default="importance", complaint="url_value")
AT = Name("at")  # decoder.1.cross_attn.2: the head whose map is shown, counted from 1
OWN: Fields = (OUT, ORDER, AT)
FIELDS: Fields = (*SHARED, *OWN)
