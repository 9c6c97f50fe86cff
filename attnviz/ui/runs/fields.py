"""One setting of a run as a widget: its name, its value, one line of why. The value lives with the caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from attnviz.ui.frame import language
from attnviz.ui.frame.controls import shown
from attnviz.ui.text import Words, texts


@dataclass(frozen=True)
class Field:
    """A setting; `values` for a choice, else the bounds of a number."""

    name: str
    kind: Literal["choice", "whole", "real"]
    values: tuple[Any, ...] = ()
    least: float = 0
    most: float = 1
    by: float = 1  # what one click adds
    digits: int = 3  # decimals of a real number


def ask(
    t: Words,
    field: Field,
    value: Any,
    heard: Callable[[Any], None],
    *,
    scope: str,
    values: Sequence[Any] | None = None,
) -> None:
    """Draw the widget; `heard` is told what is answered. `values` narrows a choice; `scope` keeps pages apart."""
    name = f"{scope}:{field.name}:{language.current()}"
    label = t(f"field_{field.name}")
    if field.kind == "choice":
        choice = shown(name, value, heard)
        offered = list(field.values if values is None else values)
        if value not in offered:
            offered.append(value)
        st.selectbox(
            label,
            offered,
            offered.index(value),
            format_func=lambda one: in_words(t, field.name, one),
            key=choice.key,
            on_change=choice.answered,
        )
    else:
        whole = field.kind == "whole"
        cast = int if whole else float
        least, most = cast(field.least), cast(field.most)
        number = shown(name, cast(min(max(value, least), most)), heard)
        st.number_input(
            label,
            min_value=least,
            max_value=most,
            value=number.value,
            step=cast(field.by),
            format="%d" if whole else f"%.{field.digits}f",
            key=number.key,
            on_change=number.answered,
        )
    st.html(f'<p class="rn-why">{t(f"why_{field.name}")}</p>')


def in_words(t: Words, name: str, value: Any) -> str:
    """A value as the page says it: translated where there is a text for it."""
    key = f"{name}_{value}".replace("-", "_")
    if key in texts(t.page):
        return t(key)
    return f"{value:g}" if isinstance(value, float) else str(value)
