"""`attnviz bench foreign`: what it times is the page's own work, and without the weights it says how to get them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import make
from foreign_folders import SIZE, byte_level_tokenizer

from attnviz.bench.foreign import _passes
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.texts import ForeignTexts
from attnviz.ui.attention import bench_elsewhere
from attnviz.ui.attention.payload import unpack_kind

TEXT = "the cat sat on the mat"


def test_what_is_timed_is_the_page_and_what_counts_as_one_is_the_model_alone() -> None:
    model = ForeignModel(make("llama", vocab_size=SIZE), name="llama")
    texts = ForeignTexts(model, byte_level_tokenizer())
    batch = texts.encode(TEXT)
    weights, _ = unpack_kind(bench_elsewhere.first_picture(model, texts, TEXT), "decoder_self")
    assert weights.shape == (2, 6, *2 * [len(batch.decoder_labels[0])])
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-2)
    said = bench_elsewhere.plain(model, batch)()
    assert isinstance(said, torch.Tensor)
    with torch.no_grad():
        torch.testing.assert_close(said, model(None, batch.decoder_input), atol=1e-5, rtol=1e-4)
    times = bench_elsewhere.acts(model, texts, 3, 2)
    assert {name: len(seconds) for name, seconds in times.items()} == {"plain": 2, "picture": 2, "estimate": 2}
    assert bench_elsewhere.kept(model, texts, 3) > 0
    a_word = len(texts.encode(bench_elsewhere.text_of(texts, 1)).decoder_labels[0])
    assert len(texts.encode(bench_elsewhere.text_of(texts, 5 * a_word)).decoder_labels[0]) in range(
        4 * a_word, 5 * a_word + 1
    )


def test_half_a_second_is_for_what_any_page_does() -> None:
    first, estimate = _passes({"plain": [0.2], "picture": [0.79], "estimate": [0.61]})
    assert first.must == pytest.approx(1.5 + 0.5 / 0.2)
    assert (first.met, estimate.met) == (True, False)


def test_without_the_weights_there_is_nothing_to_measure(capsys: pytest.CaptureFixture[str]) -> None:
    bench_elsewhere.main("nobody-has-this", 1, 3, 5)
    assert json.loads(capsys.readouterr().out) is None
