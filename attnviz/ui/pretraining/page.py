"""The page Pretraining, part by part."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.components.address import mirror
from attnviz.ui.controls import choose
from attnviz.ui.page import Frame
from attnviz.ui.pretraining import data_tab
from attnviz.ui.runs import sheet

VIEWS = ("data",)


def show(frame: Frame) -> None:
    """The switch between views, and the view."""
    sheet.apply()
    asked = st.query_params.get("view", "")
    view = choose(
        "pretraining-view",
        frame.t("view"),
        VIEWS,
        lambda code: frame.t(f"view_{code}"),
        default=asked if asked in VIEWS else VIEWS[0],
        look="segments",
    )
    mirror("address-view", view=view)
    data_tab.show(frame)
