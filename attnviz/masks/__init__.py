"""Masks: predicates over (batch, head, query, key), True = may attend, and their algebra."""

from attnviz.errors import MaskError
from attnviz.masks.mask import And, Mask, MaskMod, Not, Or
from attnviz.masks.once import once
from attnviz.masks.own import Own, own_at, written_out
from attnviz.masks.parse import NAMES, parse
from attnviz.masks.plan import KINDS, Kind, MaskPlan, kind_of, site_of
from attnviz.masks.predicates import (
    causal,
    cells,
    dilated,
    documents,
    full,
    global_tokens,
    graph,
    heads,
    key_padding,
    pads,
    prefix,
    random,
    sliding_window,
)

__all__ = [
    "KINDS",
    "NAMES",
    "And",
    "Kind",
    "Mask",
    "MaskError",
    "MaskMod",
    "MaskPlan",
    "Not",
    "Or",
    "Own",
    "causal",
    "cells",
    "dilated",
    "documents",
    "full",
    "global_tokens",
    "graph",
    "heads",
    "key_padding",
    "kind_of",
    "once",
    "own_at",
    "pads",
    "parse",
    "prefix",
    "random",
    "site_of",
    "sliding_window",
    "written_out",
]
