"""One head on one sentence, large: before, after, and what moved."""

from __future__ import annotations

import streamlit as st

from attnviz.figures import attention_head, difference
from attnviz.language import Language
from attnviz.masks import kind_of
from attnviz.training.finetuning.attention_change import AttentionChange, HeadChange


def before_after(
    change: AttentionChange,
    head: HeadChange,
    titles: tuple[str, str, str],
    *,
    language: Language,
    key: str,
    limit: float | None = 1.0,
) -> None:
    """Three figures side by side; `limit` is the change of the strongest colour (None: the largest there is)."""
    dark = bool(st.context.theme.type == "dark")
    before, after = (trace[head.site].weights[0, head.head] for trace in (change.before, change.after))
    mask = change.after[head.site].mask[0, head.head]
    rows, columns = change.after.labels(kind_of(head.site))
    said, now, moved = titles
    figures = (
        *(
            attention_head(weights, rows, columns, mask, title=title, language=language, dark=dark)
            for weights, title in ((before, said), (after, now))
        ),
        difference(before, after, rows, columns, mask, limit=limit, title=moved, language=language, dark=dark),
    )
    for place, name, figure in zip(st.columns(3, gap="small"), ("before", "after", "moved"), figures, strict=True):
        with place:
            st.plotly_chart(figure, key=f"{key}-{name}", theme=None, config={"displayModeBar": False})
