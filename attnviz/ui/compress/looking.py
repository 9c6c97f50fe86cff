"""One sentence, read by the whole model and by the compressed one: a head before, after, and what moved."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import InputError
from attnviz.training.finetuning.attention_change import HeadChange
from attnviz.ui.compress import link
from attnviz.ui.compress.measuring import Smaller, compared
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.shared_link import EXAMPLE, arrival
from attnviz.ui.sentence.before_after import before_after
from attnviz.ui.sentence.models import Loaded
from attnviz.ui.sentence.row import sentence_row

HEAD = "compress-head"


def show(frame: Frame, loaded: Loaded, small: Smaller) -> None:
    """The sentence, the choice of a head, and three maps."""
    t = frame.t
    examples = len(loaded.task.examples)
    asked = arrival(frame.name).example
    chosen = sentence_row(frame, loaded.task, first=asked if asked is not None and asked <= examples else None)
    mirror("address-compress-example", **written({EXAMPLE: chosen.example}))
    model = small.model if small.quantized is None else small.quantized.model
    try:
        found = compared(loaded.key, small.out, chosen.text, loaded, model)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return
    stay = [head for head in found.change.heads if (head.site, head.head) not in small.out]
    names = {code(head): head for head in (*stay, *(h for h in found.change.heads if h not in stay))}

    def named(name: str) -> str:
        head = names[name]
        stack, layer, kind = head.site.split(".")
        where = t(f"site_{stack}_{kind}", layer=int(layer) + 1)
        return t("head_option", where=where, head=head.head + 1, change=f"{head.change:.1%}")

    wanted = said(link.AT)
    default = wanted if wanted in names else next(iter(names))
    picked = choose(HEAD, t("pick_head"), list(names), named, default=default, width=520)
    mirror("address-compress-head", **written({link.AT: picked}))
    head = names[picked]
    short = f"L{int(head.site.split('.')[1]) + 1} H{head.head + 1}"
    titles = (
        t("map_before", head=short),
        t("map_after" if small.quantized is not None else "map_after_pruned", head=short),
        t("map_moved", head=short, most=f"{abs(found.change.difference[head.site][:, head.head]).max():.4f}"),
    )
    before_after(found.change, head, titles, language=frame.language, key="compress-map", limit=None)
    st.html(f'<p class="cp-note">{t("look_note")}</p>')


def code(head: HeadChange) -> str:
    """decoder.1.cross_attn.2, counted from 1."""
    return f"{head.site}.{head.head + 1}"
