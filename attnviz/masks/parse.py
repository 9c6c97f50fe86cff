"""From a written formula or spec back to the mask: the inverse of `Mask.spec`.

    mask     = term { "|" term }                     (also ∨)
    term     = factor { "&" factor }                 (also ∧)
    factor   = { "~" } atom                          (also ¬)
    atom     = "(" mask ")" | name [ "(" arguments ")" ]

Full-width brackets, commas and signs, as Chinese keyboards type them, are read like the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attnviz.errors import MaskError
from attnviz.masks.celltext import MAX_POSITION, read_cells
from attnviz.masks.mask import Mask
from attnviz.masks.predicates import (
    Cells,
    Dilated,
    Documents,
    Graph,
    KeyPadding,
    Prefix,
    Random,
    SlidingWindow,
    causal,
    full,
    global_tokens,
    heads,
    pads,
)

MAX_TEXT = 65_536  # characters
MAX_NESTING = 48
MAX_TERMS = 192
MAX_NUMBER = 2**31 - 1

_SAME = str.maketrans("（），：．－＆｜～∧∨¬！!０１２３４５６７８９", "(),:.-&|~&|~~~0123456789")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INTEGER = re.compile(r"\d{1,12}", re.ASCII)
_DECIMAL = re.compile(r"(?:\d{1,3}(?:\.\d{1,25})?|\.\d{1,25})(?:[eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class _Arguments:
    """What stands between a name's brackets, and where."""

    name: str
    text: str
    position: int  # of the first character, from 1
    usage: str

    def numbers(self, *, least: int = 0, most: int = MAX_POSITION) -> list[int]:
        """Whole numbers within bounds, separated by commas."""
        if not self.text.strip():
            return []
        found, position = [], self.position
        for part in self.text.split(","):
            if not _INTEGER.fullmatch(part.strip()):
                raise MaskError(
                    "mask_number", found=part.strip()[:20], position=position, name=self.name, usage=self.usage
                )
            found.append(self._within(int(part), position, least, most))
            position += len(part) + 1
        return found

    def exactly(self, *bounds: tuple[int, int]) -> list[int]:
        """As many whole numbers as there are (least, most) bounds."""
        parts = self.text.split(",")
        if len(parts) != len(bounds):
            raise self.wrong()
        found, position = [], self.position
        for part, (least, most) in zip(parts, bounds, strict=True):
            found += _Arguments(self.name, part, position, self.usage).numbers(least=least, most=most) or [-1]
            position += len(part) + 1
        if -1 in found:
            raise self.wrong()
        return found

    def wrong(self) -> MaskError:
        return MaskError("mask_arguments", name=self.name, position=self.position, usage=self.usage)

    def _within(self, number: int, position: int, least: int, most: int) -> int:
        if not least <= number <= most:
            raise MaskError("mask_range", found=number, position=position, name=self.name, least=least, most=most)
        return number


def _random(arguments: _Arguments) -> Mask:
    share, _, seed = arguments.text.partition(",")
    if not share.strip() or not _DECIMAL.fullmatch(share.strip()):
        raise MaskError(
            "mask_number", found=share.strip()[:20], position=arguments.position, name="random", usage=arguments.usage
        )
    if not 0 <= float(share) <= 1:
        raise MaskError("mask_range", found=share.strip(), position=arguments.position, name="random", least=0, most=1)
    after = _Arguments("random", seed, arguments.position + len(share) + 1, arguments.usage)
    return Random(float(share), after.exactly((0, MAX_NUMBER))[0] if seed.strip() else 0)


def _several(arguments: _Arguments, most: int) -> tuple[int, ...]:
    if not (numbers := arguments.numbers(most=most)):
        raise arguments.wrong()
    return tuple(numbers)


def _graph(arguments: _Arguments) -> Mask:
    edges = read_cells(arguments.text, arguments.position)
    # Written edges may be one-way and without the nodes themselves; an adjacency that is complete stays as it is.
    adjacency = {pair for a, b in edges for pair in ((a, b), (b, a), (a, a), (b, b))}
    return Graph(tuple(sorted(adjacency)))


# name → how it is written, how its arguments become a mask
_WITH_ARGUMENTS: Mapping[str, tuple[str, Callable[[_Arguments], Mask]]] = {
    "padding": ("padding(5,3)", lambda a: KeyPadding(_several(a, MAX_NUMBER))),
    "pads": ("pads(0:0-1)", lambda a: pads(read_cells(a.text, a.position))),
    "window": ("window(3)", lambda a: SlidingWindow(*a.exactly((1, MAX_NUMBER)))),
    "prefix": ("prefix(2)", lambda a: Prefix(*a.exactly((0, MAX_NUMBER)))),
    "global": ("global(0,4)", lambda a: global_tokens(a.numbers())),
    "dilated": ("dilated(3,2)", lambda a: Dilated(*a.exactly((1, MAX_NUMBER), (1, MAX_NUMBER)))),
    "random": ("random(0.3,7)", _random),
    "documents": ("documents(0,0,1)", lambda a: Documents(_several(a, MAX_NUMBER))),
    "graph": ("graph(0:1,1:2)", _graph),
    "heads": ("heads(0,2)", lambda a: heads(a.numbers())),
    "cells": ("cells(2:1,0-3:5)", lambda a: Cells(tuple(read_cells(a.text, a.position)))),
}
_ALONE: Mapping[str, Callable[[], Mask]] = {"full": full, "causal": causal}
NAMES: tuple[str, ...] = (*_ALONE, *_WITH_ARGUMENTS)
BRACKETED = frozenset(_WITH_ARGUMENTS)  # a mask of these is written with brackets, even empty ones


def parse(text: str, given: Mapping[str, Mask] | None = None) -> Mask:
    """The mask that `text` describes; `parse(mask.spec) == mask`.

    `given` holds masks for names written without brackets: with `{"padding": key_padding(lengths)}` the formula
    `causal ∧ padding` is complete. Raises MaskError, which says what is wrong, at which character, and what is allowed.
    """
    if len(text) > MAX_TEXT:
        raise MaskError("mask_too_long", given=len(text), limit=MAX_TEXT)
    parser = _Parser(text.translate(_SAME), text, given or {})
    return parser.whole()


class _Parser:
    def __init__(self, text: str, original: str, given: Mapping[str, Mask]) -> None:
        self.text, self.original, self.given = text, original, given
        self.at = 0
        self.depth = self.terms = 0

    def whole(self) -> Mask:
        if not self._peek():
            raise MaskError("mask_empty", allowed=", ".join(NAMES))
        mask = self._or()
        if found := self._peek():
            known = found in "&|~(),:" or _NAME.match(found) or found.isdigit()
            raise MaskError("mask_operator" if known else "mask_character", position=self.at + 1, found=self._shown())
        return mask

    def _peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _shown(self) -> str:
        return self.original[self.at : self.at + 1]

    def _or(self) -> Mask:
        mask = self._and()
        while self._peek() == "|":
            self.at += 1
            mask = mask | self._and()
        return mask

    def _and(self) -> Mask:
        mask = self._factor()
        while self._peek() == "&":
            self.at += 1
            mask = mask & self._factor()
        return mask

    def _factor(self) -> Mask:
        inverted = 0
        while self._peek() == "~":
            self.at += 1
            inverted += 1
            if inverted + self.depth > MAX_NESTING:
                raise MaskError("mask_nesting", position=self.at, limit=MAX_NESTING)
        mask = self._atom()
        for _ in range(inverted):
            mask = ~mask
        return mask

    def _atom(self) -> Mask:
        found = self._peek()
        if found == "(":
            opened = self.at + 1
            self.at += 1
            self.depth += 1
            if self.depth > MAX_NESTING:
                raise MaskError("mask_nesting", position=opened, limit=MAX_NESTING)
            mask = self._or()
            self.depth -= 1
            if self._peek() != ")":
                if not self._peek():
                    raise MaskError("mask_bracket", position=opened)
                raise MaskError("mask_operator", position=self.at + 1, found=self._shown())
            self.at += 1
            return mask
        name = _NAME.match(self.text, self.at)
        if name is None:
            known = found == "" or found in "&|~),:"
            raise MaskError("mask_expected" if known else "mask_character", position=self.at + 1, found=self._shown())
        return self._named(name[0])

    def _named(self, written: str) -> Mask:
        name, position = written.lower(), self.at + 1
        self.at += len(written)
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise MaskError("mask_terms", position=position, limit=MAX_TERMS)
        if name not in NAMES and name not in self.given:
            raise MaskError("mask_name", name=written[:40], position=position, allowed=", ".join((*NAMES, *self.given)))
        if self._peek() != "(":
            if name in self.given:
                return self.given[name]
            if name in _ALONE:
                return _ALONE[name]()
            raise MaskError("mask_arguments", name=name, position=position, usage=_WITH_ARGUMENTS[name][0])
        opened, closing = self.at + 1, self.text.find(")", self.at)
        if closing < 0:
            raise MaskError("mask_bracket", position=opened)
        if name not in _WITH_ARGUMENTS:
            raise MaskError("mask_arguments", name=name, position=position, usage=name)
        usage, make = _WITH_ARGUMENTS[name]
        arguments = _Arguments(name, self.text[self.at + 1 : closing], opened + 1, usage)
        self.at = closing + 1
        return make(arguments)
