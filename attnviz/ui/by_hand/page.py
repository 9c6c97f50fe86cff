"""The page, part by part: what to compute, then the walk itself in a fragment of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from attnviz.data import Batch, InputError, Notice
from attnviz.errors import CheckpointError, ForeignError
from attnviz.trace.walkthrough import HeadSetup, Setup, Walk, walk
from attnviz.ui.by_hand import claim, from_other_pages, link, shapes, subject
from attnviz.ui.by_hand.operations import carry_out, pending
from attnviz.ui.by_hand.picture import problem_of, values_and_arrays
from attnviz.ui.by_hand.sheet import Sheet, applied
from attnviz.ui.by_hand.stage import by_hand_stage, sent
from attnviz.ui.by_hand.subject import Asked, Unknown
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain, live
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import Field, Link, here, read, said, written
from attnviz.ui.frame.notices import listed, notice, notice_lines, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.shared_link import EXAMPLE, MODEL
from attnviz.ui.front import pack
from attnviz.ui.sentence import opened, reading
from attnviz.ui.sentence.inability import unable
from attnviz.ui.sentence.model_picker import CHOSEN, pick_model
from attnviz.ui.sentence.models import Loaded, ModelKey, choices, load
from attnviz.ui.sentence.opened import Opened
from attnviz.ui.sentence.row import sentence_row
from attnviz.ui.text import texts

STAGE = "by-hand-stage"
WHAT, SITE = "by-hand-what", "by-hand-site"
TOLD = {"apples": 2}  # the row that an example is told by: "eating"
MOST_SHEETS = 64  # kept by a session
MOST_REMARKS = 5  # on one link, beside those of what every link can hold
NO_SOURCE: dict[Field[Any], None] = {MODEL: None, EXAMPLE: None, link.SITE: None}


@dataclass(eq=False)
class Kept:
    """What the session keeps of the page."""

    arrival: Link  # what the address said at first
    params: Mapping[str, str]  # the same as it stood there
    what: str | None  # what to look at at first
    scope: str = field(default_factory=lambda: secrets.token_hex(6))  # operations of another session are not ours
    sheets: dict[object, Sheet] = field(default_factory=dict)
    shapes: shapes.Shapes = field(default_factory=shapes.Shapes)
    given: tuple[str, from_other_pages.Opening] | None = None  # the sentence's task and what another page asked for
    beyond: list[str] = field(default_factory=list)  # to be said once
    refused: str | None = None  # why what another page asked for was not taken
    asked: dict[str, Any] = field(default_factory=dict)  # where the browser opens: head, row, step, view
    fresh: bool = True  # the address's switches have not been taken up yet


def show(frame: Frame) -> None:
    """Choose an example or a model's attention, and walk through it."""
    kept = _kept()
    _take_up(frame, kept)
    with frame.controls:
        what = choose(
            WHAT, frame.t("what"), link.WHATS, lambda code: frame.t(f"what_{code}"),
            default=kept.what or "apples", width=215,
        )  # fmt: skip
    mirror("address-what", **written({link.WHAT: what}))
    with frame.notices:
        notice_lines(_remarks(frame, kept), "warning")
    if what == "shapes":
        mirror("address-by-hand", **written({**NO_SOURCE, **dict.fromkeys(link.CHANGED)}))
        wrong_shapes(frame, kept)
    elif what == "model":
        loaded = pick_model(frame, elsewhere=True)
        if loaded is not None and "walk" not in loaded.model.can:
            mirror("address-by-hand", **written(dict.fromkeys(link.CHANGED)))
            unable(frame, frame.t("no_walk"), "walk")
        elif loaded is not None:
            _model(frame, kept, loaded)
    else:
        mirror("address-source", **written(NO_SOURCE))
        walked(frame, kept, what, subject.worked(what, frame.language), what)


def _model(frame: Frame, kept: Kept, loaded: Loaded | Opened) -> None:
    """A sentence through one attention of a model."""
    site, head = subject.first_site(loaded)
    asked_site = kept.arrival[link.SITE]
    if asked_site in loaded.model.sites:
        site = asked_site
    elif asked_site is not None and asked_site == said(link.SITE):
        with frame.notices:
            notice(frame.t("url_value", name="site", value=shortened(asked_site, 40)), "warning")
    elif not kept.asked:
        kept.asked = {"head": head + 1}
    with frame.controls:
        site = choose(
            SITE, frame.t("site"), loaded.model.sites, lambda code: site_name(frame, code), default=site, width=243
        )
    examples = len(loaded.task.examples)
    first = shared_link.arrival(frame.name).example
    first = first if first is not None and first <= examples else None
    chosen = sentence_row(frame, loaded.task, first=first, longest=subject.room(loaded.model) - 1)
    source: dict[Field[Any], Any] = {MODEL: st.session_state[CHOSEN], EXAMPLE: chosen.example, link.SITE: site}
    mirror("address-source", **written(source))
    asked = Asked(chosen.text, chosen.reference, st.session_state.get("feed", "reference"))
    if kept.given is not None and kept.given[0] == st.session_state[CHOSEN] and kept.given[1].text == chosen.text:
        given = kept.given[1]
        asked = Asked(chosen.text, chosen.reference, asked.feed, given.decoder_input, given.labels)
    try:
        batch, notices = _read(loaded.key, asked, loaded)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return
    lines = [explain(remark, frame.language) for remark in notices]
    if asked.decoder_input is not None:
        lines.append(frame.t("prefix_given", count=len(asked.decoder_input)))
    whole = _attention(loaded.key, asked, site, loaded, batch)
    setup = subject.narrowed(whole)
    if setup is not whole:
        lines.append(frame.t("too_wide" if isinstance(setup, Setup) else "too_wide_head"))
    elif isinstance(setup, HeadSetup) and setup.projections is None:
        lines.append(frame.t("from_qkv"))
    if unknown := reading.unknown_tokens(batch):
        lines.append(frame.t("unknown", tokens=listed(unknown)))
    with st.container():
        notice_lines(lines)
    walked(
        frame,
        kept,
        (loaded.key, asked, site),
        setup,
        f"{st.session_state[CHOSEN]}-{site}",
        subject.unknown_at(batch, site),
    )


@live
def walked(
    frame: Frame, kept: Kept, key: object, setup: Setup | HeadSetup, name: str, unknown: Unknown | None = None
) -> None:
    """One round: take in what the browser did, compute, answer. Only this runs again when a number is changed."""
    sheet = kept.sheets.get(key, Sheet())
    if kept.fresh:
        sheet = sheet.changed(link.changes_of(kept.arrival))
        kept.fresh = False
    scope = f"{kept.scope}:{abs(hash(key)):x}"
    message = sent(STAGE)
    if isinstance(message, Mapping) and message.get("scope") == scope:
        for operation in pending(message, sheet.answered):
            sheet = carry_out(sheet, operation, setup)
    kept.sheets.pop(key, None)
    kept.sheets[key] = sheet
    while len(kept.sheets) > MOST_SHEETS:
        kept.sheets.pop(next(iter(kept.sheets)))
    done = walk(applied(setup, sheet.changes))
    _say(frame, kept, key, setup, sheet)
    with st.container():  # a place of its own, so that a remark that goes moves no element
        notice_lines(_beyond(frame, kept, done), "warning")
    values, arrays = values_and_arrays(done, setup, sheet)
    values |= _common(frame, kept, scope, sheet.answered, f"attnviz-{name}")
    unknown = unknown or Unknown()
    values["unknown"] = {"query": unknown.rows, "key": unknown.columns}
    values["problem"] = problem_of(sheet, frame.t)
    by_hand_stage(pack(values, arrays), key=STAGE)
    mirror("address-by-hand", **link.parameters(sheet.changes))


def _say(frame: Frame, kept: Kept, key: object, setup: Setup | HeadSetup, sheet: Sheet) -> None:
    """The claim about these numbers, and the switch that tries it."""
    asked = kept.asked.get("row")
    row = TOLD.get(str(key)) if asked is None else asked - 1
    found = claim.claimed(setup, sheet.changes, row)
    if found is None:
        return
    values = {
        "row": shortened(setup.row_labels[found.row], 20),
        "column": shortened(setup.column_labels[found.column], 20),
        "now": f"{found.now:.2f}",
        "other": f"{found.otherwise:.2f}",
    }
    word = "claim_divided" if found.divided else "claim_undivided"

    def switch() -> None:
        kept.sheets[key] = sheet.changed(sheet.changes.switched("divide", not found.divided))

    claim_row(frame.t(word, **values), Trial(frame.t(f"{word}_try", **values), switch, undoes=not found.divided))


@live
def wrong_shapes(frame: Frame, kept: Kept) -> None:
    """The products that do not exist, and what would mend them."""
    scope = f"{kept.scope}:shapes"
    message = sent(STAGE)
    if isinstance(message, Mapping) and message.get("scope") == scope:
        for operation in pending(message, kept.shapes.answered):
            kept.shapes = shapes.carry_out(kept.shapes, operation)
    values = shapes.values(kept.shapes)
    values |= _common(frame, kept, scope, kept.shapes.answered, "attnviz-shapes")
    by_hand_stage(pack(values, {}), key=STAGE)


def _common(frame: Frame, kept: Kept, scope: str, answered: int, name: str) -> dict[str, Any]:
    return {
        "language": frame.language,
        "text": frame.t.table(*texts(frame.name)),
        "scope": scope,
        "seq": answered,
        "name": name,
        "asked": kept.asked,
    }


def site_name(frame: Frame, site: str) -> str:
    """A site as people call it."""
    stack, layer, kind = site.split(".")
    return frame.t(f"site_{stack}_{kind}", layer=int(layer) + 1)


# ---- what the session keeps, and what asked for it -----------------------------------------------------------


def _kept() -> Kept:
    """The session's, or a new one from the address."""
    kept: Kept | None = st.session_state.get("by-hand")
    if kept is None:
        params = here()
        arrived = read(link.OWN, params)
        places = (link.HEAD, link.ROW, link.STEP, link.VIEW)
        kept = Kept(
            arrived,
            params,
            what=arrived[link.WHAT],
            asked={one.name: arrived.values[one.name] for one in places if arrived.says(one)},
        )
        if kept.asked:
            kept.asked["id"] = kept.scope
        if kept.what is None and (params.get(MODEL.name) or arrived.says(link.SITE)):
            kept.what = "model"
        st.session_state["by-hand"] = kept
    return kept


def _take_up(frame: Frame, kept: Kept) -> None:
    """What another page asked for, put where the widgets of this page find it."""
    asked = from_other_pages.taken()
    if asked is None:
        return
    kept.refused = None
    loaded: Loaded | Opened | None = None
    try:
        if asked.model in choices():
            loaded = load(asked.model)
        elif (path := opened.offered().get(asked.model)) is not None:
            found = opened.open_model(path)
            loaded = None if isinstance(found, opened.OpenedPictures) else found
    except (CheckpointError, ForeignError) as error:
        kept.refused = explain(error, frame.language)
    if loaded is None or asked.site not in loaded.model.sites:
        kept.refused = kept.refused or frame.t(
            "opening_unknown", model=shortened(asked.model, 40), site=shortened(asked.site, 40)
        )
        return
    st.session_state[WHAT] = "model"
    st.session_state[CHOSEN] = asked.model
    st.session_state[SITE] = asked.site
    st.session_state.setdefault("sentences", {})[reading.name_of(loaded.task)] = asked.text
    kept.given = (asked.model, asked)
    kept.fresh = False
    kept.asked = {"head": asked.head + 1, "id": secrets.token_hex(6), "stage": "softmax", "view": "one"}
    if asked.row is not None:
        kept.asked["row"] = asked.row + 1


def _remarks(frame: Frame, kept: Kept) -> list[str]:
    """What could not be used, as long as the address says what it said at first."""
    lines = [] if kept.refused is None else [kept.refused]
    kept.refused = None
    found = shared_link.arrival(frame.name).remarks
    if here() == kept.params:
        found += kept.arrival.remarks[:MOST_REMARKS]
    return lines + [frame.t(remark.key, **remark.values) for remark in found]


def _beyond(frame: Frame, kept: Kept, done: Walk) -> list[str]:
    """Numbers of the first address that this walk has not; 1 is used instead."""
    counts = {"step": len(done.screens), "head": done.setup.n_heads, "row": done.setup.tokens}
    for name, count in counts.items():
        value = kept.asked.get(name)
        if value is not None and value > count:
            kept.asked[name] = 1
            kept.beyond.append(frame.t("url_beyond", name=name, value=value, count=count))
    lines, kept.beyond = kept.beyond, []
    return lines


# ---- what is computed once and shared by everybody who asks the same ---------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=64)
def _read(key: ModelKey, asked: Asked, _loaded: Loaded | Opened) -> tuple[Batch, tuple[Notice, ...]]:
    return subject.read(_loaded, asked)


@st.cache_resource(show_spinner=False, max_entries=64)
def _attention(key: ModelKey, asked: Asked, site: str, _loaded: Loaded | Opened, _batch: Batch) -> Setup | HeadSetup:
    return subject.attention_at(_loaded, _batch, site)
