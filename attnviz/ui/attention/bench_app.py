"""`attnviz bench` starts this: one stage; the address says how large it is."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.ui.attention.bench import made_up
from attnviz.ui.attention.payload import pack, read_wanted
from attnviz.ui.attention.picture import AttentionPicture
from attnviz.ui.attention.stage import attention_stage, stage_state
from attnviz.ui.frame.direct import Line, route
from attnviz.ui.frame.link import Count, here, read

HEIGHT = 760  # pixels
SIZE = tuple(Count(name, default=2) for name in ("layers", "heads", "tokens"))


@st.cache_resource(show_spinner=False)
def picture(layers: int, heads: int, tokens: int) -> AttentionPicture:
    return made_up(layers, heads, tokens)


def main() -> None:
    st.set_page_config(layout="wide")
    asked = read(SIZE, here())
    size = [asked[one] or 2 for one in SIZE]
    switches = stage_state("bench", "bench")
    line = st.session_state.setdefault("line", Line())
    shown = replace(picture(*size), heads_off=switches.heads_off, seq=switches.seq, line=line.path)
    line.answer = lambda message: pack(shown, HEIGHT, read_wanted(message.get("wanted")))
    attention_stage(shown, key="bench", height=HEIGHT)


if __name__ == "__main__":
    main()
else:
    from streamlit.starlette import App

    app = App(__file__, routes=[route()])
