"""What the address says: model, example, kind of attention, layer, head, language. Never what somebody typed.

The address is read leniently. It is written only in the browser (`frame/address_bar`, `attention/front`), because
Streamlit would otherwise put its own, older copy over what a component has written there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from attnviz.language import LANGUAGES
from attnviz.ui.frame.notices import shortened

LARGEST = 9999  # of a number in an address


@dataclass(frozen=True)
class Remark:
    """A key of the text table `common` and its values: what could not be used, and what was done instead."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """Everything a link can say about a page; None where it says nothing. Numbers count from 1, as on screen."""

    model: str | None = None
    example: int | None = None
    kind: str | None = None
    layer: int | None = None
    head: int | None = None
    remarks: tuple[Remark, ...] = ()

    def fitted(
        self, kinds: tuple[str, ...], layers: Mapping[str, int], heads: int, *, examples: int = LARGEST
    ) -> Address:
        """The same for a model with these kinds of attention, layers of each, heads, and examples of its task.

        What does not exist goes, with a remark.
        """
        remarks = list(self.remarks)
        kind = self.kind
        if kind is not None and kind not in kinds:
            remarks.append(Remark("url_kind", {"value": shortened(kind, 40)}))
            kind = None
        most = layers.get(kind, 0) if kind else max(layers.values(), default=0)

        def within(name: str, value: int | None, count: int) -> int | None:
            if value is None or value <= count:
                return value
            remarks.append(Remark("url_beyond", {"name": name, "value": value, "count": count}))
            return 1

        layer, head = within("layer", self.layer, most), within("head", self.head, heads)
        example = within("example", self.example, examples)
        return replace(self, kind=kind, layer=layer, head=head, example=example, remarks=tuple(remarks))


def parse(params: Mapping[str, str]) -> Address:
    """Read an address. Unknown names are ignored; a value that cannot be used gives a remark."""
    remarks: list[Remark] = []
    numbers: dict[str, int | None] = {}
    for name in ("example", "layer", "head"):
        given = params.get(name, "")
        digits = given.strip()
        usable = digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST)) and int(digits) >= 1
        numbers[name] = int(digits) if usable else None
        if given and not usable:
            remarks.append(Remark("url_number", {"name": name, "value": shortened(given, 40)}))
    if params.get("lang") and params["lang"] not in LANGUAGES:
        remarks.append(Remark("url_language", {"value": shortened(params["lang"], 40)}))
    return Address(
        model=params.get("model") or None,
        example=numbers["example"],
        kind=params.get("kind") or None,
        layer=numbers["layer"],
        head=numbers["head"],
        remarks=tuple(remarks),
    )


def arrival(page: str) -> Address:
    """What the address said when this session came to a page, until something in it changes; then it is empty.

    The session knows better by then: what it has settled must win over what this returns.
    """
    written = {name: st.query_params.get(name, "") for name in st.query_params}
    if st.session_state.setdefault(f"arrived:{page}", written) != written:
        return Address()
    return parse(written)


def now() -> Address:
    """What the address says in this run: what components wrote into it in the browser."""
    return parse({name: st.query_params.get(name, "") for name in st.query_params})
