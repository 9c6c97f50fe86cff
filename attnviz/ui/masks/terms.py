"""A mask as rows of chips: terms joined by ∧ or by ∨, each perhaps negated, and brackets with a row of their own.

In one row all joins are alike, so that nobody has to know which of them binds tighter. Together the chips give a text
that means the mask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from attnviz.masks import And, Mask, Not, Or
from attnviz.masks.parse import BRACKETED
from attnviz.masks.predicates import Cells

Join = Literal["", "&", "|"]


@dataclass(frozen=True)
class Term:
    """One chip; a bracket where `inside` holds terms."""

    join: Join  # to the term before; empty for the first of a row
    negated: bool
    name: str = ""
    arguments: str = ""
    count: int = 0  # cells of a painted term
    inside: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """As it is written in a formula, without its join."""
        if self.inside:
            body = f"({text_of(self.inside)})"
        else:
            body = f"{self.name}({self.arguments})" if self.arguments or self.bracketed else self.name
        return f"~{body}" if self.negated else body

    @property
    def bracketed(self) -> bool:
        """Whether the name is always followed by brackets, even empty ones."""
        return self.name in BRACKETED


def terms_of(mask: Mask) -> tuple[Term, ...]:
    """The chips of a mask, from left to right."""
    if not isinstance(mask, (And, Or)):
        return (_single(mask),)
    join: Join = "&" if isinstance(mask, And) else "|"
    left = terms_of(mask.left) if type(mask.left) is type(mask) else (_single(mask.left),)
    return (*left, replace(_single(mask.right), join=join))


def text_of(terms: Iterable[Term]) -> str:
    """The formula that the chips stand for."""
    return "".join(f" {term.join} {term.text}" if term.join else term.text for term in terms)


def _single(mask: Mask) -> Term:
    negated = isinstance(mask, Not)
    inner = mask.operand if isinstance(mask, Not) else mask
    if isinstance(inner, (And, Or)) or (negated and isinstance(inner, Not)):
        return Term("", negated, inside=terms_of(inner))
    name, _, rest = inner.spec.partition("(")
    count = len(inner.visible) if isinstance(inner, Cells) else 0
    return Term("", negated, name, rest.removesuffix(")"), count)
