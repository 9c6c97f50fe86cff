"""The attention stage as a Streamlit element: all layers × heads, the chosen head large, lines, statistics.

Choosing, hovering, zooming and downloading happen in the browser. The switches of the heads come back, which head was
looked at when somebody leaves by the side bar, and, of a stage too large to be sent at once, which heads are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.ui.attention.payload import Place, pack, read_places, read_wanted
from attnviz.ui.attention.picture import AttentionPicture, Head
from attnviz.ui.front import bundle

ASSETS = Path(__file__).parent / "front"


@dataclass(frozen=True)
class AttentionStageState:
    """The switches as the browser last sent them; hand both on to the next `AttentionPicture`."""

    heads_off: tuple[Head, ...] = ()
    seq: int = 0


def module_source() -> str:
    """The component's JavaScript."""
    return bundle(ASSETS / "main.js")


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    return st.components.v2.component(
        "attnviz_attention_stage", html=_asset("stage.html"), css=_asset("stage.css"), js=module_source()
    )


def stage_state(key: str, scope: str = "") -> AttentionStageState:
    """The switches of the stage with this key, known before it is drawn; those of another scope are dropped."""
    import streamlit as st

    return read_state(st.session_state.get(key), scope)


def read_state(value: object, scope: str) -> AttentionStageState:
    """What the browser sent, checked: anything that is not a switch is ignored."""
    sent = value.get("heads_off") if isinstance(value, Mapping) else None
    if not isinstance(sent, Mapping):
        return AttentionStageState()
    seq = sent.get("seq")
    seq = seq if isinstance(seq, int) and seq >= 0 else 0
    heads = sent.get("heads")
    if sent.get("scope") != scope or not isinstance(heads, Sequence):
        return AttentionStageState(seq=seq)
    pairs = {(pair[0], pair[1]) for pair in heads if _is_head(pair)}
    return AttentionStageState(tuple(sorted(pairs)), seq)


def _is_head(pair: object) -> bool:
    """Whether it is [site, head]."""
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return False
    site, head = pair
    return isinstance(site, str) and isinstance(head, int) and not isinstance(head, bool) and head >= 0


def attention_stage(
    picture: AttentionPicture,
    *,
    key: str,
    height: int | None = None,
    on_change: Callable[[], None] | None = None,
    on_looked: Callable[[], None] | None = None,
) -> AttentionStageState:
    """Draw the stage and return its switches.

    `height` in pixels; None fits the window (at least 540). A switch reruns the script (or the fragment around);
    read the switches before computing the picture with `stage_state`. `on_change` is called when a switch was moved,
    `on_looked` when somebody leaves who has chosen another head: `looked` says which.
    """
    import streamlit as st

    kept = st.session_state.get(key)
    sent = kept if isinstance(kept, Mapping) else {}
    result = _component()(
        key=key,
        data=pack(picture, height, read_wanted(sent.get("wanted")), chosen_in(sent.get("heads_off"))),
        height=height or "content",
        on_heads_off_change=on_change or _nothing,
        on_wanted_change=_nothing,
        on_looked_change=on_looked or _nothing,
    )
    return read_state(result, picture.scope)


def looked(key: str, scope: str) -> Place | None:
    """The head that was on screen when somebody left; None if that was said of another scope."""
    import streamlit as st

    kept = st.session_state.get(key)
    sent = kept.get("looked") if isinstance(kept, Mapping) else None
    if not isinstance(sent, Mapping) or sent.get("scope") != scope:
        return None
    return next(read_places([sent.get("place")]), None)


def chosen_in(sent: object) -> Place | None:
    """The head that the browser showed when it last moved a switch."""
    chosen = sent.get("chosen") if isinstance(sent, Mapping) else None
    return next(read_places([chosen]), None)


def _nothing() -> None:
    return None
