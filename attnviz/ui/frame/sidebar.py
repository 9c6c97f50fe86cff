"""The sidebar of every page: name, pages by section, language, device, version."""

from __future__ import annotations

import html
import os

import streamlit as st

import attnviz
from attnviz import environment
from attnviz.language import Language
from attnviz.ui.frame import language
from attnviz.ui.frame.navigation import PAGES, SECTIONS, Site, title
from attnviz.ui.text import words


def draw(site: Site) -> None:
    """Draw it for the page that is being shown."""
    spoken = language.current()
    t = words("common", spoken)
    with st.sidebar:
        st.html(f'<div class="av-wordmark">attnviz</div><div class="av-tagline">{html.escape(t("tagline"))}</div>')
        for section in SECTIONS:
            entries = [entry for entry in PAGES if entry.section == section]
            if entries:
                st.html(f'<div class="av-section">{html.escape(t(f"section_{section}"))}</div>')
            for entry in entries:
                page = site.links[entry.name]
                with st.container(key="av-here" if page == site.current else None):
                    st.page_link(page, label=title(entry.name, spoken), icon=entry.icon, width="stretch")
        st.html(f'<div class="av-section">{html.escape(t("language"))}</div>')
        language.switch()
        st.html(
            f'<div class="av-foot">{html.escape(t("device", name=device_name(spoken)))}<br>{html.escape(t("offline"))}'
            f"<br>{html.escape(t('version', version=attnviz.__version__))}</div>"
        )


def device_name(spoken: Language) -> str:
    """What computes. On a CPU without importing torch: the environment is read exactly as torch will read it."""
    if asked := os.environ.get(environment.DEVICE, ""):
        from attnviz.runs.devices import looking, spoken_name

        if (device := looking(asked)) != "cpu":
            return spoken_name(device)
    threads = os.environ.get("OMP_NUM_THREADS", "")
    count = int(threads) if threads.isdigit() and int(threads) else os.cpu_count() or 1
    t = words("common", spoken)
    return t("device_cpu_one") if count == 1 else t("device_cpu", threads=count)
