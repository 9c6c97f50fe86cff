"""The notebook's way in: load and watch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import attnviz
from attnviz.api import with_output
from attnviz.data import Task, tasks
from attnviz.model import Transformer
from attnviz.training import make_model, model_config_for
from attnviz.training.checkpoint import CheckpointError


@pytest.fixture(scope="module")
def loaded() -> tuple[Transformer, Task]:
    return attnviz.load("reverse")


def small(name: str = "reverse", **options: object) -> tuple[Transformer, Task]:
    task = tasks.get(name, **options)
    return make_model(model_config_for(task, d_model=12, n_heads=3, d_ff=17), 1), task


def test_importing_is_light() -> None:
    code = "import sys, attnviz; print(sorted({'torch', 'plotly', 'pandas', 'streamlit'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_a_shipped_model_writes_the_answer_and_shows_its_attention(loaded: tuple[Transformer, Task]) -> None:
    model, task = loaded
    trace = attnviz.watch(model, task.encode("abcde"))
    rows, columns = trace.labels("cross")
    assert rows == ("<s>", *"edcba")
    assert columns == (*"abcde", "</s>")
    assert trace.loss is None  # nobody said what is right
    weights = trace.weights("cross")
    assert weights.shape == (2, 1, 4, 6, 6)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_the_models_own_output_is_its_own_best_guess(loaded: tuple[Transformer, Task]) -> None:
    model, task = loaded
    batch = with_output(model, task.encode("hgfab"), task)
    trace = attnviz.watch(model, batch)
    said = trace.logits[0].argmax(-1).tolist()
    assert task.tgt_vocab.decode(said) == [*batch.decoder_labels[0][1:], "</s>"]


def test_a_text_is_enough(loaded: tuple[Transformer, Task]) -> None:
    model, task = loaded
    by_text, by_batch = attnviz.watch(model, "abc"), attnviz.watch(model, task.encode("abc"))
    assert np.array_equal(by_text.logits, by_batch.logits)


def test_text_that_was_cut_is_said(loaded: tuple[Transformer, Task], recwarn: pytest.WarningsRecorder) -> None:
    model, task = loaded
    attnviz.watch(model, task.examples[0])
    assert not [one for one in recwarn if "cut" in str(one.message)]
    long = task.examples[0] * 99
    for given in (long, task.encode(long)):
        with pytest.warns(UserWarning, match="cut to the first"):
            attnviz.watch(model, given)


def test_a_known_target_is_scored(loaded: tuple[Transformer, Task]) -> None:
    model, _ = loaded
    right, wrong = attnviz.watch(model, "abcd", target="dcba"), attnviz.watch(model, "abcd", target="aaaa")
    assert right.loss is not None
    assert wrong.loss is not None
    assert right.loss < 0.1 < wrong.loss


def test_rows_of_several_lengths() -> None:
    model, task = small(size=100, symbols=5)
    batch = with_output(model, task.collate(task.split("test")), task)
    assert batch.decoder_input is not None
    assert batch.decoder_input.size(1) == max(len(row) for row in batch.decoder_labels)
    assert batch.decoder_input.size(1) <= task.max_tgt_len
    for ids, labels in zip(batch.decoder_input.tolist(), batch.decoder_labels, strict=True):
        assert task.tgt_vocab.decode(ids) == [*labels, *["<pad>"] * (len(ids) - len(labels))]


def test_a_model_of_ones_own_needs_its_task_for_a_text() -> None:
    model, task = small(size=100)
    with pytest.raises(ValueError, match="needs a task"):
        attnviz.watch(model, "abc")
    assert attnviz.watch(model, "abc", task).labels("cross")[1] == ("a", "b", "c", "</s>")
    labels = attnviz.watch(model, task.encode("abc")).labels("cross")[0]
    assert all(label == "<s>" or label.isdigit() for label in labels)
    with pytest.raises(ValueError, match="goes with a text"):
        attnviz.watch(model, task.encode("abc"), target="cba")


def test_a_language_model_reads_the_text() -> None:
    model, task = small("lm-zh", window=13)
    trace = attnviz.watch(model, "我喜欢", task)
    assert trace.labels("decoder_self")[0] == ("<s>", "我", "喜", "欢")


def test_watching_changes_nothing(loaded: tuple[Transformer, Task]) -> None:
    model, _ = loaded
    before = {name: value.clone() for name, value in model.state_dict().items()}
    attnviz.watch(model, "abc")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_no_such_model() -> None:
    with pytest.raises(CheckpointError, match="no checkpoint named"):
        attnviz.load("no-such-model")
