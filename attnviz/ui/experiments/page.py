"""The page: which experiment, its question, and behind a prediction what came out."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import ExperimentError
from attnviz.experiments import Catalogue
from attnviz.ui.experiments import asking, catalogue, link, listing, reveal, style
from attnviz.ui.experiments.catalogue import Entry
from attnviz.ui.experiments.predictions import CHOSEN, prediction, refused
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame


def show(frame: Frame) -> None:
    """Draw the page."""
    style.apply()
    known, entries = catalogue.read()
    with frame.notices:
        notice_lines([explain(problem, frame.language) for problem in known.problems], "warning")
    entry = _chosen(frame, known, entries)
    if entry is None:
        mirror("address-experiments", **written({link.EXPERIMENT: None, link.GUESS: None}))
        listing.show(frame, entries)
        return
    wrong = refused(entry.experiment)
    if wrong is not None:
        with frame.notices:
            notice(explain(wrong, frame.language), "warning")
    guess = None if wrong is not None else prediction(entry.experiment)
    mirror("address-experiments", **written({link.EXPERIMENT: entry.experiment.name, link.GUESS: guess}))
    asking.claim(frame, entry.experiment)
    if guess is None:
        asking.ask(frame, entry.experiment)
    else:
        reveal.show(frame, entry, guess)


def _chosen(frame: Frame, known: Catalogue, entries: tuple[Entry, ...]) -> Entry | None:
    """The experiment that is on screen; None: the list."""
    by_name = {entry.experiment.name: entry for entry in entries}
    asked = said(link.EXPERIMENT)
    if CHOSEN not in st.session_state and asked:
        try:
            st.session_state[CHOSEN] = known.get(asked).name
        except ExperimentError as error:
            with frame.notices:
                notice(explain(error, frame.language), "warning")
    with frame.controls:
        name = choose(
            CHOSEN,
            frame.t("experiment"),
            ["", *by_name],
            lambda name: _title(frame, by_name[name]) if name else frame.t("all_experiments"),
            default="",
            width=380,
        )
    return by_name.get(name)


def _title(frame: Frame, entry: Entry) -> str:
    return f"{entry.experiment.name} · {entry.experiment.title[frame.language]}"
