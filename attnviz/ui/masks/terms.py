"""A mask as a row of chips: terms joined by ∧ and ∨, each perhaps negated. Together the chips give its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from attnviz.masks import And, Mask, Not, Or
from attnviz.masks.predicates import Cells

Join = Literal["", "&", "|"]


@dataclass(frozen=True)
class Term:
    """One chip. `name` is empty for a bracketed formula, whose whole text is in `arguments`."""

    join: Join  # to the term before; empty for the first
    negated: bool
    name: str
    arguments: str
    count: int = 0  # cells of a painted term

    @property
    def text(self) -> str:
        """As it is written in a formula, without its join."""
        brackets = not self.name or self.arguments or self.bracketed
        body = f"{self.name}({self.arguments})" if brackets else self.name
        return f"~{body}" if self.negated else body

    @property
    def bracketed(self) -> bool:
        """Whether the name is always followed by brackets, even empty ones."""
        return self.name in ("cells", "graph", "global", "heads")


def terms_of(mask: Mask) -> tuple[Term, ...]:
    """The chips of a mask, from left to right."""
    if isinstance(mask, Or):
        return (*terms_of(mask.left), *_joined("|", mask.right, bracket=isinstance(mask.right, Or)))
    if isinstance(mask, And):
        left = (_bracket("", mask.left),) if isinstance(mask.left, Or) else terms_of(mask.left)
        return (*left, *_joined("&", mask.right, bracket=isinstance(mask.right, (And, Or))))
    return (_single("", mask),)


def text_of(terms: Iterable[Term]) -> str:
    """The formula that the chips stand for."""
    return "".join(f" {term.join} {term.text}" if term.join else term.text for term in terms)


def _joined(join: Join, mask: Mask, *, bracket: bool) -> tuple[Term, ...]:
    if bracket:
        return (_bracket(join, mask),)
    first, *others = terms_of(mask)
    return (Term(join, first.negated, first.name, first.arguments, first.count), *others)


def _bracket(join: Join, mask: Mask) -> Term:
    return Term(join, False, "", mask.spec)


def _single(join: Join, mask: Mask) -> Term:
    negated = isinstance(mask, Not)
    inner = mask.operand if isinstance(mask, Not) else mask
    if isinstance(inner, (And, Or)):
        return Term(join, negated, "", inner.spec)
    name, _, rest = inner.spec.partition("(")
    count = len(inner.visible) if isinstance(inner, Cells) else 0
    return Term(join, negated, name, rest.removesuffix(")"), count)
