"""What came out, beside what was predicted: numbers, verdict, what is true, its source, and the page that shows it."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import streamlit as st

from attnviz.experiments import Experiment, Found
from attnviz.ui.experiments import numbers, running
from attnviz.ui.experiments.asking import letter
from attnviz.ui.experiments.catalogue import Entry
from attnviz.ui.experiments.predictions import withdraw
from attnviz.ui.experiments.words import digits
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.navigation import PAGES, title
from attnviz.ui.frame.notices import notice, plain
from attnviz.ui.frame.page import Frame


def show(frame: Frame, entry: Entry, guess: str) -> None:
    """Draw it; a prediction has been made."""
    if entry.problem is not None:
        notice(explain(entry.problem, frame.language), "warning")
    running.followed(frame, entry, lambda: _result(frame, entry, guess))


def _result(frame: Frame, entry: Entry, guess: str) -> None:
    found, here = running.numbers_of(frame, entry)
    st.html(_answers(frame, entry.experiment, found, guess))
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        if found is not None:
            st.html(numbers.origin(frame, found, here=here) + numbers.table(frame, found) + _legend(frame, found))
        running.panel(frame, entry)
    with right:
        if found is not None or entry.problem is not None:  # what is true comes with the numbers, not before
            _explained(frame, entry.experiment, found)
        _ways_on(frame, entry.experiment)


def _answers(frame: Frame, experiment: Experiment, found: Found | None, guess: str) -> str:
    """Every answer with what was predicted and what the numbers say, and the verdict over them."""
    t, lang = frame.t, frame.language
    if experiment.slider is not None:
        slider = experiment.slider
        given = f"{float(guess):g}"
        said = [f"<li class=av-exp-mine>{escape(t('predicted_value', value=given))}</li>"]
        if found is not None:
            mean = digits(f"{found.means[slider.quantity]:.4g}")
            said.append(f"<li class=av-exp-true>{escape(t('measured_value', value=mean))}</li>")
    else:
        said = []
        chosen = None if found is None else found.verdict.choice
        for at, choice in enumerate(experiment.choices):
            marks, looks = [], []
            if choice.code == guess:
                marks.append(f"<em>{escape(t('your_prediction'))}</em>")
                looks.append("av-exp-mine")
            if choice.code == chosen:
                marks.append(f"<strong>{escape(t('numbers_say'))}</strong>")
                looks.append("av-exp-true")
            said.append(
                f'<li class="{" ".join(looks)}"><b>{letter(at)}</b> <span>{escape(choice.title[lang])}</span>'
                f"{''.join(marks)}</li>"
            )
    return f'<div class="av-exp-answers">{_verdict(frame, found, guess)}<ol>{"".join(said)}</ol></div>'


def _verdict(frame: Frame, found: Found | None, guess: str) -> str:
    t = frame.t
    if found is None:
        return f'<p class="av-exp-verdict" role="status">{escape(t("no_numbers_yet"))}</p>'
    if found.experiment.slider is None and found.verdict.choice is None:
        return f'<p class="av-exp-verdict" role="status">{escape(t("numbers_say_none"))}</p>'
    hit = found.hit(guess)
    look, sign = ("right", "✓") if hit else ("wrong", "✗")
    said = t("hit") if hit else t("missed")
    return f'<p class="av-exp-verdict" role="status"><b class="{look}">{sign} {escape(said)}</b></p>'


def _legend(frame: Frame, found: Found) -> str:
    key = "legend" if len(found.seeds) > 1 else "legend_one"
    return f'<p class="av-exp-legend">{escape(frame.t(key))}</p>'


def _explained(frame: Frame, experiment: Experiment, found: Found | None) -> None:
    t, lang = frame.t, frame.language
    source = experiment.source
    cited = escape(f"{source.cite} ({source.year})")
    if source.url.startswith(("https://", "http://")):
        url = escape(source.url)
        cited += f' <a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>'
    st.html(
        f'<div class="av-exp-why"><h3>{escape(t("true"))}</h3><p>{escape(experiment.truth[lang])}</p>'
        f"{'' if found is None else _checks(frame, found)}"
        f'<h3>{escape(t("source"))}</h3><p class="av-exp-source">{cited}</p></div>'
    )


def _ways_on(frame: Frame, experiment: Experiment) -> None:
    t, lang = frame.t, frame.language
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if link := try_link(experiment, lang):
            page = title(experiment.try_it.page, lang)
            said = escape(t("try_it", page=page))
            st.html(f'<a class="av-go av-exp-try" href="{escape(link)}" target="_self">{said}</a>', width="content")
        if st.button(
            plain(t("ask_again")),
            key=f"experiment-again-{experiment.name}",
            on_click=withdraw,
            args=(experiment.name,),
            help=t("ask_again_help"),
            type="tertiary",
        ):
            st.rerun()  # the whole page: the question stands outside of this part


def _checks(frame: Frame, found: Found) -> str:
    """The bounds of what must come out, each with its number."""
    t = frame.t
    titles = found.experiment.titles(frame.language)
    lines = "".join(
        f'<li class="{"right" if check.met else "wrong"}"><b>{"✓" if check.met else "✗"}</b> '
        f"{escape(digits(check.bound.said(titles)))} <span>{escape(digits(f'{check.value:.3g}'))}</span></li>"
        for check in found.verdict.checks
    )
    expected = found.experiment.choice(found.experiment.expected).title[frame.language]
    said = t("came_out" if found.verdict.came_out else "came_out_not", answer=expected)
    return f'<details class="av-exp-checks"><summary>{escape(said)}</summary><ul>{lines}</ul></details>'


def try_link(experiment: Experiment, language: str) -> str | None:
    """The page that shows it, in its state; None for a page that there is not."""
    asked = experiment.try_it
    if asked.page not in {entry.name for entry in PAGES}:
        return None
    return f"{asked.page}?{urlencode({**asked.state, 'lang': language})}"
