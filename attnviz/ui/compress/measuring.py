"""What is measured of a model and its smaller versions; once for everybody, the long part beside the page."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import streamlit as st

from attnviz.data import Task
from attnviz.errors import InputError
from attnviz.model import MultiHeadAttention, Transformer
from attnviz.trace.interventions import Head
from attnviz.training.compress import (
    OneByte,
    Quantized,
    empty_chart,
    head_order,
    one_byte,
    prune,
    pruned_heads,
    pruning_chart,
    quantize,
)
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.finetuning.attention_change import AttentionChange, attention_change
from attnviz.ui.frame.beside import beside
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.models import Loaded, ModelKey
from attnviz.ui.sentence.reading import Sentence

LIMIT = 128  # validation examples of each measurement
RANKED_ON = 64  # of the order by importance, for which every head is switched off once


@dataclass(frozen=True)
class Smaller:
    """A model with heads out, and what it achieves; int8 where it can be quantized."""

    model: Transformer
    out: tuple[Head, ...]
    metrics: Metrics | None  # None: that is still being measured
    zeros: int  # numbers that are 0 since their head is out
    quantized: OneByte | None = field(compare=False)
    refused: InputError | None = None  # why it cannot be quantized

    @property
    def cost(self) -> Quantized | None:
        """What one byte a weight costs; None where that was not measured."""
        return self.quantized if isinstance(self.quantized, Quantized) else None


class Work:
    """The numbers of one model with all its heads, then the order of these, then the chart, which grows."""

    def __init__(self, loaded: Loaded) -> None:
        self.orders = {"random": head_order(loaded.model, by="random")}
        self.chart = empty_chart(len(self.orders["random"]))
        self.whole = False  # whether the model with all its heads was measured
        self.problem: Exception | None = None
        self.done = False
        self.thread = beside(self._measure, loaded)

    def _measure(self, loaded: Loaded) -> None:
        try:
            model, task = loaded.model, loaded.task
            smaller(loaded.key, (), loaded)
            self.whole = True
            ranked = head_order(model, task.collate(task.split("validation")[:RANKED_ON]))
            self.orders["importance"] = ranked
            for chart in pruning_chart(model, task, ranked, limit=LIMIT):
                self.chart = chart
                if not threading.main_thread().is_alive():  # the server ends, and need wait for one measurement only
                    return
        except Exception as error:  # said on the page
            self.problem = error
        self.done = True


@st.cache_resource(show_spinner=False, max_entries=16)
def work(key: ModelKey, _loaded: Loaded) -> Work:
    """The measurements of a model, begun when they are first asked for."""
    return Work(_loaded)


@st.cache_resource(show_spinner=False, max_entries=16)
def unmeasured(key: ModelKey, _loaded: Loaded) -> Smaller:
    """The model with all its heads, and the same with weights of one byte, before either is measured."""
    model, zeros = _loaded.model, _zeros(_loaded.model, ())
    try:
        return Smaller(model, (), None, zeros, one_byte(model, _loaded.manifest))
    except InputError as error:
        return Smaller(model, (), None, zeros, None, error)


@st.cache_resource(show_spinner=False, max_entries=32)
def smaller(key: ModelKey, out: tuple[Head, ...], _loaded: Loaded) -> Smaller:
    """The model without these heads, measured, and the same with weights of one byte. Raises InputError where no head
    would be left."""
    model, task = _loaded.model, _loaded.task
    taken = prune(model, out) if out else model
    try:
        small = quantize(taken, task, _loaded.manifest, split="validation", limit=LIMIT)
    except InputError as error:
        if error.code != "compress_twice":
            raise
        return Smaller(taken, out, evaluate(taken, task, "validation", limit=LIMIT), _zeros(model, out), None, error)
    return Smaller(taken, out, small.before, _zeros(model, out), small)


def _zeros(model: Transformer, out: tuple[Head, ...]) -> int:
    """Weights and biases of the projections that belong to these heads alone."""
    found = 0
    for site, _ in {*out, *pruned_heads(model)}:
        attention = model.get_submodule(site)
        assert isinstance(attention, MultiHeadAttention), "only its heads can be taken out"
        width = attention.q_proj.out_features // attention.n_heads
        read = sum(one.in_features + 1 for one in (attention.q_proj, attention.k_proj, attention.v_proj))
        found += width * (read + attention.out_proj.out_features)
    return found


@dataclass(frozen=True, eq=False)
class Compared:
    """A sentence as the whole model reads it and as the compressed one does."""

    sentence: Sentence
    change: AttentionChange


@st.cache_resource(show_spinner=False, max_entries=32)
def compared(key: ModelKey, out: tuple[Head, ...], text: str, _loaded: Loaded, _small: Transformer) -> Compared:
    """Both read it, and say what the whole model says."""
    model, task = _loaded.model, _loaded.task
    sentence = reading.take_in(model, task, text)
    batch, _ = reading.fed(model, task, sentence, "reference")
    return Compared(sentence, attention_change(model, _small, batch))


def score(metrics: Metrics) -> float:
    """Exact match; of models that write no sequence, accuracy by token."""
    return metrics.token_accuracy if metrics.exact_match is None else metrics.exact_match


def is_exact(task: Task) -> bool:
    """Whether outputs are right or wrong as a whole."""
    return task.info.kind not in ("lm", "tagging", "classification")
