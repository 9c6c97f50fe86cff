"""What a session looks at: example, head, query, heads that are off, changes. The browser sends all of it, numbered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from attnviz.trace.interventions import Head
from attnviz.ui.fields.scene import Change, Changed

ROLLOUT = -1  # instead of a head's number
MOST = 4000  # entries of a list that are looked at


@dataclass(frozen=True)
class Wish:
    """Numbers count from 0; position 0 is CLS, head −1 the rollout."""

    example: int = 0
    layer: int = 0
    head: int = 0
    query: int = 0
    off: tuple[Head, ...] = ()
    changed: Changed = ()
    seq: int = 0  # of the last message that is in it

    def at(self, example: int) -> Wish:
        """The same at another example, where nothing is changed yet."""
        return self if example == self.example else replace(self, example=example, changed=())


@dataclass(frozen=True)
class Limits:
    """What there is to wish for."""

    examples: int
    sites: tuple[str, ...]
    heads: int
    positions: int
    possible: Callable[[int], Collection[Change]]  # changes of an example

    def fitted(self, wish: Wish) -> Wish:
        """The nearest wish that can be granted."""
        example = min(wish.example, self.examples - 1)
        known = {(site, head) for site in self.sites for head in range(self.heads)}
        possible = self.possible(example)
        return replace(
            wish,
            example=example,
            layer=min(wish.layer, len(self.sites) - 1),
            head=min(wish.head, self.heads - 1),
            query=min(wish.query, self.positions - 1),
            off=tuple(sorted(head for head in set(wish.off) if head in known)),
            changed=tuple(sorted(set(wish.changed) & set(possible))),
        )


def heard(message: object, before: Wish, scope: str, limits: Limits) -> Wish:
    """The wish after a message of the browser, which is not to be trusted; older and strange ones change nothing."""
    if not isinstance(message, Mapping) or message.get("scope") != scope:
        return before
    numbers = {name: _number(message.get(name)) for name in ("seq", "example", "layer", "query")}
    head = ROLLOUT if message.get("head") == ROLLOUT else _number(message.get("head"))
    if None in numbers.values() or head is None:
        return before
    counted = {name: value for name, value in numbers.items() if value is not None}
    if counted["seq"] <= before.seq:
        return before
    off = [pair for pair in _listed(message.get("off")) if isinstance(pair, Sequence) and len(pair) == 2]
    places = [(_number(layer), _number(number)) for layer, number in off]
    heads = tuple(
        (limits.sites[layer], number)
        for layer, number in places
        if layer is not None and number is not None and layer < len(limits.sites)
    )
    changed = tuple(one for one in _listed(message.get("changed")) if isinstance(one, str))
    return limits.fitted(Wish(head=head, off=heads, changed=changed, **counted))


def _listed(value: object) -> Sequence[object]:
    return value[:MOST] if isinstance(value, list | tuple) else ()


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53 or value != int(value):
        return None
    return int(value)
