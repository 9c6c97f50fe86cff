"""Whether keys and values may be kept: only if no position sees a later one."""

from __future__ import annotations

from attnviz.decoding.rows import RowsOf
from attnviz.masks import And, Mask, MaskPlan, Or
from attnviz.masks.predicates import Causal, Cells, Pads
from attnviz.model import WatchedModel


def sees_only_the_past(mask: Mask) -> bool:
    """Whether the form of `mask` proves that no query sees a later key; False may also mean "not proven"."""
    match mask:
        case Causal():
            return True
        case And(left=left, right=right):
            return sees_only_the_past(left) or sees_only_the_past(right)
        case Or(left=left, right=right):
            return sees_only_the_past(left) and sees_only_the_past(right)
        case Pads():
            return False
        case Cells(visible=visible):
            return all(key <= query for query, key in visible)
        case RowsOf(mask=inner):
            return sees_only_the_past(inner)
    return False


def cacheable(model: WatchedModel, plan: MaskPlan) -> bool:
    """Whether decoding under `plan` gives the same numbers with and without a cache.

    Where a position may see later ones its keys change with every new token, and all of it must be computed again.
    """
    return all(sees_only_the_past(plan.at(site)) for site in model.sites_of("decoder_self"))
