"""One setting of a run as a widget: its name, its value, one line of why. The value lives with the caller."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from attnviz.settings import Setting
from attnviz.ui.frame.controls import shown
from attnviz.ui.text import Words, texts


def ask(
    t: Words,
    setting: Setting,
    value: Any,
    heard: Callable[[Any], None],
    *,
    scope: str,
    values: Sequence[Any] | None = None,
) -> None:
    """Draw the widget; `heard` is told what is answered. `values` narrows a choice; `scope` keeps pages apart."""
    name = f"{scope}:{setting.name}:{t.language}"
    label = setting.label[t.language]
    if setting.kind == "choice" or setting.offered:
        choice = shown(name, value, heard)
        offered = list((setting.values or setting.offered) if values is None else values)
        if value not in offered:
            offered.append(value)
        st.selectbox(
            label,
            offered,
            offered.index(value),
            format_func=lambda one: in_words(t, setting.name, one),
            key=choice.key,
            on_change=choice.answered,
        )
    else:
        number = shown(name, fitting(setting, value), heard)
        st.number_input(label, **bounds(setting), value=number.value, key=number.key, on_change=number.answered)
    if setting.help is not None:
        st.html(f'<p class="rn-why">{html.escape(setting.help[t.language])}</p>')


def bounds(setting: Setting) -> dict[str, Any]:
    """What `st.number_input` is told of a setting: the smallest and the largest number, the step, the digits."""
    whole = setting.kind == "whole"
    cast = int if whole else float
    least, most = setting.bounds
    digits = "%d" if whole else f"%.{setting.digits}f"
    return {"min_value": cast(least), "max_value": cast(most), "step": cast(setting.step), "format": digits}


def fitting(setting: Setting, value: float) -> int | float:
    """The nearest number that a form takes."""
    least, most = setting.bounds
    return (int if setting.kind == "whole" else float)(min(max(value, least), most))


def in_words(t: Words, name: str, value: Any) -> str:
    """A value as the page says it: translated where there is a text for it."""
    key = f"{name}_{value}".replace("-", "_")
    if key in texts(t.page):
        return t(key)
    return f"{value:g}" if isinstance(value, float) else str(value)
