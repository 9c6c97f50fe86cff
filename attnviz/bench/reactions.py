"""From what one does on a page to what one sees: a sentence, a head switched off, another page, in a real Chromium.

Timed in the browser, in turns with the round trip of an empty fragment of the same Streamlit in another tab.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import count, permutations
from typing import Any

from attnviz.bench.browser import ARGUMENTS, EMPTY, PATIENCE, PAUSE, executable, opened, served, server, without_errors
from attnviz.bench.figures import Figure, Options, Result, Skipped
from attnviz.bench.stage import FOUND
from attnviz.bench.visitors import app_script

NAME = "reactions"
MUST, AIM = 2.0, 1.3  # empty round trips
FIELD = ".st-key-av-sentence input[type=text]"
WORDS = tuple(map("".join, permutations("fbdace", 5)))  # each is new once
FAMILIAR = WORDS[-2:]  # these are typed in turns
# Without a limit: how much of a reaction is the model's own work, and how much of a page nobody can take away.
AGAIN, BARE = "sentence-again", "empty-page"
WHAT = {
    "sentence": "from a sentence that nobody has typed yet, whose answer the task knows, to the drawn picture",
    AGAIN: "the same where somebody has typed it before",
    "head": "from a head's switch to the drawn picture",
    "page": "from a click on another page to its drawn picture (Masks and back)",
    BARE: "the same between two pages of Streamlit with one word each",
}

# What the scripts below share: the stage of a page, and waiting for what is drawn.
HELP = f"""() => {{
    const stages = (name) => {{
        for (const host of document.querySelectorAll("*")) {{
            const root = host.shadowRoot;
            const nodes = root ? [root, ...root.querySelectorAll("*")] : [];
            for (const node of nodes) if (node[name]) return node[name];
        }}
        return null;
    }};
    const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const until = (seen) => new Promise((done, failed) => {{
        const began = performance.now();
        const look = () => {{
            if (seen()) done();
            else if (performance.now() - began > 30000) failed(new Error("nothing was drawn"));
            else setTimeout(look, 2);
        }};
        look();
    }});
    const timed = async (act, seen) => {{
        const began = performance.now();
        act();
        await until(seen);
        await drawn();
        return performance.now() - began;
    }};
    window.reactions = {{
        sentence(text) {{
            const stage = stages("attnvizStage");
            const before = stage.picture;
            const field = document.querySelector("{FIELD}");
            field.focus();
            Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
            field.dispatchEvent(new Event("input", {{ bubbles: true }}));
            return timed(() => field.blur(), () => stage.picture !== before);
        }},
        head() {{
            const stage = stages("attnvizStage");
            const before = stage.picture;
            const button = stage.refs.root.querySelector('[data-switch="1.1"]');
            return timed(() => button.click(), () => stage.picture !== before);
        }},
        page(name) {{
            const link = [...document.querySelectorAll("a[href]")].find((one) => one.getAttribute("href") === name);
            const there = name === "" ? () => stages("attnvizStage")?.picture : () => stages("attnvizLab")?.shot;
            return timed(() => link.click(), there);
        }},
        bare(name) {{
            const link = [...document.querySelectorAll("a[href]")].find((one) => one.textContent.trim() === name);
            return timed(() => link.click(), () => document.getElementById(name));
        }},
    }};
}}"""


def reactions(options: Options) -> Iterator[Result]:
    """Each as a multiple of an empty fragment's round trip; the first two turns warm up."""
    if find_spec("playwright") is None:
        yield Skipped(NAME, "needs a browser: pip install playwright, and Chromium or Chrome")
        return
    from playwright.sync_api import Error, sync_playwright

    with (
        sync_playwright() as playwright,
        server("masks/bench_app.py") as empty,
        server("frame/bench_app.py") as bare,
        served(app_script()) as (url, _),
    ):
        try:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        except Error as error:
            yield Skipped(NAME, f"no Chromium could be started: {str(error).splitlines()[0]}")
            return
        with contextlib.closing(browser):
            floor, two = opened(browser, f"{empty}/?tokens=8"), _tab(browser, bare, "#one")
            page = _tab(browser, f"{url}/?model=reverse&lang=en")
            page.wait_for_function(f"() => {{ const stage = ({FOUND})(); return stage && stage.picture; }}")
            with without_errors(page, two):
                times = _in_turns(floor, two, page, options.repeats(15, 2))
    one = 1e3 * statistics.median(times["empty"])
    for name, what in WHAT.items():
        whole = 1e3 * statistics.median(times[name])
        yield Figure(
            name=f"{NAME}/{name}",
            ratio=whole / one,
            what=what,
            against="an empty fragment's round trip",
            milliseconds=whole,
            base_milliseconds=one,
            must=None if name in (AGAIN, BARE) else MUST,
            aim=None if name in (AGAIN, BARE) else AIM,
        )


def _in_turns(floor: Any, bare: Any, page: Any, repeats: int) -> dict[str, list[float]]:
    """Seconds of each reaction and of empty round trips."""
    turns = count()

    def done(what: str, tab: Any = page) -> float:
        return float(tab.evaluate(f"reactions.{what}"))

    acts: dict[str, list[Callable[[], float]]] = {
        "empty": [lambda: float(floor.evaluate(EMPTY))],
        "sentence": [lambda: done(f"sentence('{WORDS[next(turns)]}')")],
        AGAIN: [partial(done, f"sentence('{word}')") for word in FAMILIAR],
        "head": [partial(done, "head()")] * 2,  # off, and on again
        "page": [partial(done, "page('masks')"), partial(done, "page('')")],
        BARE: [partial(done, "bare('two')", bare), partial(done, "bare('one')", bare)],
    }
    tabs = {"empty": floor, BARE: bare}
    times: dict[str, list[float]] = {name: [] for name in acts}
    for turn in range(repeats + 2):
        for name, calls in acts.items():
            tabs.get(name, page).bring_to_front()
            for call in calls:
                page.wait_for_timeout(PAUSE)
                milliseconds = call()
                if turn >= 2:
                    times[name].append(milliseconds / 1e3)
    return times


def _tab(browser: Any, url: str, seen: str = "") -> Any:
    """A tab with the scripts above, when what is to be `seen` in it is there."""
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.set_default_timeout(1e3 * PATIENCE)
    tab.goto(url)
    if seen:
        tab.wait_for_selector(seen)
    tab.evaluate(HELP)
    return tab
