"""What was predicted of experiments: it lives in the session, and travels in the links of a lesson."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from attnviz.ui.frame.link import Field, said

KEPT = "experiment-predictions"  # session state: name → prediction as it was chosen; None: taken back
MOST = 64


@dataclass(frozen=True)
class Predictions(Field[Mapping[str, str]]):
    """Experiments and what was predicted of each: `E9=no&E10=all`, written as one value."""

    def read(self, text: str) -> Mapping[str, str] | None:
        """Whether a prediction can be made is for its experiment to say."""
        try:
            return dict(parse_qsl(text[:4000], max_num_fields=MOST)) or None
        except ValueError:
            return None

    def write(self, value: Mapping[str, str]) -> str | None:
        """The inverse of `read`."""
        return urlencode(value) or None


PREDICTED = Predictions("predicted")


def kept() -> dict[str, str | None]:
    """The session's predictions, begun with those of the address."""
    if KEPT not in st.session_state:
        written = said(PREDICTED)
        st.session_state[KEPT] = {} if written is None else dict(written)
    found: dict[str, str | None] = st.session_state[KEPT]
    return found


def travelling() -> dict[str, str]:
    """What a link says of them: nothing, or one value."""
    written = PREDICTED.write({name: value for name, value in kept().items() if value is not None})
    return {} if written is None else {PREDICTED.name: written}
