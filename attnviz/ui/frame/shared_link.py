"""What a link of any page can say: model, example, kind of attention, layer, head, language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from attnviz.ui.frame.language import LANGUAGE
from attnviz.ui.frame.link import LARGEST, QUOTED, Count, Fields, Name, Remark, here, read
from attnviz.ui.frame.notices import shortened

MODEL = Name("model")
EXAMPLE = Count("example", complaint="url_number")
KIND = Name("kind")
LAYER = Count("layer", complaint="url_number")
HEAD = Count("head", complaint="url_number")
FIELDS: Fields = (MODEL, EXAMPLE, KIND, LAYER, HEAD, LANGUAGE)


@dataclass(frozen=True)
class SharedLink:
    """What a link says of these; None where it says nothing. Numbers count from 1, as on screen."""

    model: str | None = None
    example: int | None = None
    kind: str | None = None
    layer: int | None = None
    head: int | None = None
    remarks: tuple[Remark, ...] = ()

    def fitted(
        self, kinds: tuple[str, ...], layers: Mapping[str, int], heads: int, *, examples: int = LARGEST
    ) -> SharedLink:
        """The same for a model with these kinds of attention, layers of each, heads, and examples of its task.

        What does not exist goes, with a remark.
        """
        remarks = list(self.remarks)
        kind = self.kind
        if kind is not None and kind not in kinds:
            remarks.append(Remark("url_kind", {"value": shortened(kind, QUOTED)}))
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


def parse(params: Mapping[str, str]) -> SharedLink:
    """Read the parameters of a link."""
    link = read(FIELDS, params)
    return SharedLink(link[MODEL], link[EXAMPLE], link[KIND], link[LAYER], link[HEAD], link.remarks)


def arrival(page: str) -> SharedLink:
    """What the address said when this session came to a page, until something in it changes; then it is empty.

    The session knows better by then: what it has settled must win over what this returns.
    """
    written = here()
    if st.session_state.setdefault(f"arrived:{page}", written) != written:
        return SharedLink()
    return parse(written)


def now() -> SharedLink:
    """What the address says in this run: what components wrote into it in the browser."""
    return parse(here())
