"""The attention stage: CPU time of making its data; in a real Chromium, bytes until all heads are on screen, and the
longest task of its main thread.

A browser answers within a frame of its 60 Hz screen if no task takes longer. Tasks are read from Chromium's own trace,
by the thread's CPU time, so that a busy machine does not count.
"""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from attnviz.bench.browser import ARGUMENTS, executable, server
from attnviz.bench.figures import Figure, Options, Result, Skipped
from attnviz.bench.first_view import first_view

NAME = "stage"
FRAME = 1e3 / 60  # milliseconds
LARGE = (12, 12, 128)  # layers, heads, tokens
LONG = (1, 1, 4096)
# kB of BertViz 1.4's model view of 12 layers × 12 heads by tokens, then what we must and would send of it: 1/so much
BERTVIZ = {128: (67e3, 700, 1000), 256: (268e3, 2500, 4000), 512: (1.07e6, 8000, 10000)}
LONG_BYTES = (2e3, 1e3)  # kB of one head on 4,096 tokens: must, aim
PATIENCE = 60e3  # milliseconds until the stage must be drawn
SETTLED = 500  # milliseconds in which what was done has been painted
LAST = LARGE[0] - 1
ACTIONS = {
    "head": [f"choose({LAST}, {head})" for head in (3, 5, 4)] + ["choose(4, 7)", "choose(0, 1)"],
    "scale": [f"setScale('{scale}')" for scale in ("row", "linear", "sqrt", "row", "sqrt")],
    "view": [f"setView('{view}')" for view in ("lines", "both", "mask", "matrix", "both", "matrix")],
}
MOVES = {
    "zoom": [f"zoomAt({factor}, 0.4, 0.6)" for factor in (1.3, 1.5, 2, 3, 2, 0.3, 1.7)],
    "pan": [f"pan(stage.state.zoom, {x}, {y})" for x, y in ((-60, -90), (-200, 30), (150, -240), (40, 60))],
}
TABS = 3  # in which each action is done once
FOUND = """() => {
    for (const host of document.querySelectorAll("*")) {
        const root = host.shadowRoot;
        const nodes = root ? [root, ...root.querySelectorAll("*")] : [];
        for (const node of nodes) if (node.attnvizStage) return node.attnvizStage;
    }
    return null;
}"""


def stage(options: Options) -> Iterator[Result]:
    """Making the first view, its bytes, and the worst task while heads, scales and views are chosen or one head is
    moved."""
    yield from first_view(options)
    if find_spec("playwright") is None:
        yield Skipped(NAME, "needs a browser: pip install playwright, and Chromium or Chrome")
        return
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright, server("attention/bench_app.py") as url:
        try:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        except Error as error:
            yield Skipped(NAME, f"no Chromium could be started: {str(error).splitlines()[0]}")
            return
        with contextlib.closing(browser):
            for tokens, (theirs, must, aim) in BERTVIZ.items():
                if options.quick and tokens > 128:
                    break
                tab, sent = _opened(browser, url, (*LARGE[:2], tokens))
                yield _bytes(f"{NAME}/bytes/{tokens}", theirs / sent, sent, theirs, tokens, (must, aim))
                tab.context.close()
            yield from _frames(browser, url, LARGE, ACTIONS, "12 layers × 12 heads, 128 tokens", options)
            if options.quick:
                return
            tab, sent = _opened(browser, url, LONG)
            yield Figure(
                name=f"{NAME}/bytes/one-{LONG[2]}",
                ratio=sent / 1e3,
                what=f"data of one head, {LONG[2]} tokens",
                against="a megabyte",
                milliseconds=sent,
                base_milliseconds=1e3,
                unit="kB",
                must=LONG_BYTES[0] / 1e3,
                aim=LONG_BYTES[1] / 1e3,
            )
            tab.context.close()
            yield from _frames(browser, url, LONG, MOVES, f"one head, {LONG[2]} tokens", options)


def _bytes(name: str, ratio: float, sent: float, theirs: float, tokens: int, limits: tuple[int, int]) -> Figure:
    must, aim = limits
    return Figure(
        name=name,
        ratio=ratio,
        what=f"data of the first view, 12 layers × 12 heads, {tokens} tokens",
        against="BertViz's model view",
        milliseconds=sent,
        base_milliseconds=theirs,
        unit="kB",
        must=must,
        aim=aim,
        smaller_is_better=False,
    )


def _opened(browser: Any, url: str, size: tuple[int, int, int]) -> tuple[Any, float]:
    """A tab with the drawn stage, and the kB of data that came for its first view."""
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    layers, heads, tokens = size
    tab.goto(f"{url}/?layers={layers}&heads={heads}&tokens={tokens}")
    tab.wait_for_function(f"() => {{ const stage = ({FOUND})(); return stage && stage.layouts; }}", timeout=PATIENCE)
    tab.evaluate(f"() => {{ window.stage = ({FOUND})(); }}")
    first = float(tab.evaluate("() => window.stage.arrivals.size"))
    tab.wait_for_timeout(3 * SETTLED)
    return tab, first / 1e3


def _frames(
    browser: Any, url: str, size: tuple[int, int, int], actions: dict[str, list[str]], where: str, options: Options
) -> Iterator[Figure]:
    """The worst task of each kind of action; the median of some fresh tabs, since other work of the machine falls into
    one now and then."""
    worst: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(options.repeats(TABS, 1)):
        tab, _ = _opened(browser, url, size)
        for name, calls in actions.items():
            worst[name].append(max(_worst(browser, tab, call) for call in (calls[:2] if options.quick else calls)))
        tab.context.close()
    for name, found in worst.items():
        yield Figure(
            name=f"{NAME}/{name}",
            ratio=statistics.median(found) / FRAME,
            what=f"the longest task after a change of {name}, {where}",
            against="a frame at 60 Hz",
            milliseconds=statistics.median(found),
            base_milliseconds=FRAME,
            must=33 / FRAME,
            aim=16 / FRAME,
        )


def _worst(browser: Any, tab: Any, call: str) -> float:
    """Milliseconds of CPU of the main thread's longest task between a call and the rest after it."""
    browser.start_tracing(page=tab, categories=["disabled-by-default-devtools.timeline", "toplevel"])
    tab.evaluate(f"() => {{ setTimeout(() => window.stage.{call}); }}")
    tab.wait_for_timeout(SETTLED)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {
        (one["pid"], one["tid"])
        for one in events
        if one.get("name") == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        min(one["dur"], one.get("tdur", one["dur"])) / 1e3  # no task takes more CPU time than time
        for one in events
        if (one["pid"], one["tid"]) in main and one["name"].endswith("RunTask") and "dur" in one
    ]
    return max(tasks)
