"""The page Attention on models from elsewhere: hidden tokens, words, the first token aside, worth as it comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import VOCAB, make
from foreign_folders import SIZE, byte_level_tokenizer, save, word_tokenizer
from streamlit.testing.v1 import AppTest

from attnviz.data import Batch
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.texts import ForeignTexts
from attnviz.foreign.tokens import BROKEN, ForeignTokens
from attnviz.trace import all_heads, token_effects, watch
from attnviz.trace.estimate import head_estimates
from attnviz.ui.attention.looks import between, in_words, without_first
from attnviz.ui.attention.picture import KindPicture
from attnviz.ui.attention.worth import Worth
from attnviz.ui.sentence.reading import picture_of

APP = str(Path(__file__).resolve().parents[1] / "app.py")


@pytest.fixture(scope="module")
def bert() -> tuple[ForeignModel, ForeignTexts]:
    model = ForeignModel(make("bert", vocab_size=SIZE), name="bert")
    return model, ForeignTexts(model, word_tokenizer())


def test_a_hidden_token_becomes_the_mask_and_is_what_the_model_is_scored_on(
    bert: tuple[ForeignModel, ForeignTexts],
) -> None:
    model, texts = bert
    assert texts.hides
    plain = texts.encode("the cat sat on")
    assert texts.hidden(plain, ()) is plain
    found = texts.hidden(plain, {2, 0, 99})  # [CLS] stays, and there is no place 99
    assert found.src is not None
    assert plain.src is not None
    assert found.src.tolist()[0] == [2, 5, 4, 7, 9, 3]
    assert found.targets is not None
    assert found.targets.tolist() == plain.src.tolist()
    assert found.scored is not None
    assert found.scored.tolist() == [[False, False, True, False, False, False]]
    assert found.src_labels == (("[CLS]", "the", "[MASK]", "sat", "on", "[SEP]"),)
    trace = watch(model, found)
    expected = -torch.from_numpy(trace.logits).log_softmax(-1)[0, 2, 6]
    assert trace.loss == pytest.approx(float(expected), rel=1e-5)
    typed = texts.hidden(texts.encode("the [MASK] sat"), ())
    assert typed.scored is not None
    assert not typed.scored.any()


def test_two_segments_are_read_as_the_model_was_trained_and_looked_at_apart(
    bert: tuple[ForeignModel, ForeignTexts],
) -> None:
    model, texts = bert
    batch = texts.encode("the cat [SEP] on the mat")
    assert batch.src is not None
    assert batch.src.tolist()[0] == [2, 5, 6, 3, 9, 5, 10, 3]
    found = model.segments(batch.src)
    assert found is not None
    assert found.tolist()[0] == [0, 0, 0, 0, 1, 1, 1, 1]
    with torch.no_grad():
        expected = make("bert", vocab_size=SIZE)(batch.src, token_type_ids=found).logits
    np.testing.assert_allclose(watch(model, batch).logits, expected.numpy(), atol=1e-4)
    assert model.segments(texts.encode("the cat").src) is None
    kind = KindPicture(
        kind="encoder_self",
        weights=np.full((1, 2, 5, 5), 0.2, dtype=np.float32),
        mask=np.ones((5, 5), dtype=bool),
        row_labels=tuple("abcde"),
        column_labels=tuple("abcde"),
    )
    apart = between(kind, (0, 0, 1, 1, 1)).weights[0, 0]
    assert (apart[:2, :2] == 0).all()
    assert (apart[2:, 2:] == 0).all()
    assert (apart[:2, 2:] > 0).all()


BYTES = ForeignTokens(byte_level_tokenizer(), VOCAB)


@pytest.mark.parametrize("name", ["llama", "gemma2", "t5", "bert"])
def test_an_estimate_comes_first_and_every_head_exactly_after_it(name: str) -> None:
    model = ForeignModel(make(name), name=name)
    ids = torch.randint(5, VOCAB, (1, 7), generator=torch.Generator().manual_seed(3))
    source, written = ids if model.has_encoder else None, ids.flip(1) if model.has_decoder else None
    batch = Batch(src=source, decoder_input=written, targets=ids.roll(-1, 1), pad_id=None)
    worth, picture = Worth(), picture_of(watch(model, batch, taps=()), "text", BYTES)
    worth.begin(model, picture)
    assert not worth.finished
    worth.go_on(model, batch)
    assert worth.estimate == head_estimates(model, batch)
    assert not worth.exact
    rounds = 0
    while not worth.finished:
        worth.go_on(model, batch, seconds=0.0)  # at least nothing; with time, at least one
        worth.go_on(model, batch, seconds=0.02)
        rounds += 1
        assert rounds < 200
    expected = token_effects(model, batch)
    assert worth.effects is not None
    assert worth.effects.heads == all_heads(model)
    np.testing.assert_allclose(worth.effects.loss, expected.loss, atol=1e-4)
    np.testing.assert_allclose(worth.effects.mean(), expected.mean(), atol=1e-4)
    assert set(worth.exact) == set(all_heads(model))
    unscored = Worth()
    unscored.begin(model, picture_of(watch(model, replace(batch, targets=None, scored=None), taps=()), "text", BYTES))
    assert unscored.finished


def test_words_keep_rows_that_sum_to_one_and_say_each_word_once() -> None:
    tokens = ForeignTokens(byte_level_tokenizer(), SIZE)
    reading = tokens.read("the catastrophe sat 银行 👍🏽 on!")
    numbers = tokens.words(reading.ids)
    assert len(numbers) == len(reading.ids)
    words: dict[int, str] = {}
    for number, (first, end) in zip(numbers, reading.spans, strict=True):
        words[number] = words.get(number, "") + "the catastrophe sat 银行 👍🏽 on!"[first:end]
    assert [words[i] for i in (0, 1, 2)] == ["the", "catastrophe", "sat"]
    pieces = ForeignTokens(word_tokenizer(), SIZE)
    assert pieces.words(pieces.framed("the cats sat 银行").ids) == (0, 1, 2, 2, 3, 4, 5, 6)

    generator = np.random.default_rng(5)
    weights = generator.random((2, 3, 7, 7), dtype=np.float32)
    weights /= weights.sum(axis=-1, keepdims=True)
    kind = KindPicture(
        kind="encoder_self",
        weights=weights,
        mask=np.ones((7, 7), dtype=bool),
        row_labels=tuple("abcdefg"),
        column_labels=tuple("abcdefg"),
    )
    of = (0, 1, 1, 1, 2, 3, 3)
    found = in_words(kind, of, of, list("wxyz"), list("wxyz"))
    assert found.weights.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(found.weights.sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(found.weights[:, :, 1, 3], weights[:, :, 1:4, 5:].sum(axis=-1).mean(axis=-1), rtol=1e-5)
    aside = without_first(kind)
    assert (aside.weights[..., 0] == 0).all()
    np.testing.assert_allclose(aside.weights.sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(
        aside.weights[..., 2] / aside.weights[..., 1], weights[..., 2] / weights[..., 1], rtol=1e-4
    )


@pytest.mark.parametrize(
    "text", ["👍🏽 hi", "银行 🏳️‍🌈", "e\u0301clair \u200d", "\U0001f9d1\u200d\U0001f680", "मनीष", "ก็"]
)
def test_no_label_is_ever_broken(text: str) -> None:
    for tokenizer in (byte_level_tokenizer(), word_tokenizer()):
        tokens = ForeignTokens(tokenizer, SIZE)
        ids = tokens.framed(text).ids
        said = [*tokens.framed(text).labels, *tokens.labels(ids), *map(tokens.label, ids), tokens.text(ids)]
        assert BROKEN not in "".join(said)
        model = ForeignModel(make("bert", vocab_size=SIZE), name="bert")
        assert BROKEN not in "".join(ForeignTexts(model, tokenizer).words(ids)[1])


def test_a_trace_keeps_what_a_page_draws() -> None:
    """The shape of a model with 135 million parameters: 30 layers, 9 heads, 3 groups; its widths make no bytes here."""
    net = make("llama", vocab_size=49152, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
               head_dim=4, hidden_size=36, intermediate_size=8, max_position_embeddings=512)  # fmt: skip
    model = ForeignModel(net)
    ids = torch.randint(5, VOCAB, (1, 512), generator=torch.Generator().manual_seed(3))
    seen = watch(model, Batch(None, ids, None, pad_id=None), taps=())
    trace = picture_of(seen, "text", ForeignTokens(byte_level_tokenizer(), 49152)).trace
    masks = {id(one.mask.base if one.mask.base is not None else one.mask): one.mask for one in trace.records.values()}
    kept = sum(one.weights.nbytes for one in trace.records.values()) + trace.logits.nbytes
    kept += sum(mask.base.nbytes if mask.base is not None else mask.nbytes for mask in masks.values())
    assert len(trace.records) == 30
    assert kept <= 300e6


# ---- the page ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {
        "bert": save(root / "tiny-bert", "bert", word_tokenizer),
        "gpt-oss": save(root / "tiny-gpt-oss", "gpt-oss"),
    }


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    from attnviz.ui.sentence import opened

    opened._path_of.cache_clear()
    yield
    opened._path_of.cache_clear()


def app(model: str, language: str) -> Any:
    at = AppTest.from_file(APP, default_timeout=120)
    at.query_params["lang"] = language
    at.query_params["model"] = model
    return at.run()


def shown(at: Any) -> str:
    text = " ".join(str(one.value) for kind in (at.error, at.warning, at.info, at.markdown) for one in kind)
    return text + " ".join(str(one.proto.body) for one in at.get("html"))


def pills(at: Any, name: str) -> Any:
    (found,) = [one for one in at.get("button_group") if str(one.key).startswith(name)]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_click_hides_a_token_and_what_the_model_says_there_is_shown(
    language: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders["bert"]))
    at = app("tiny-bert", language)
    (field,) = [one for one in at.text_input if str(one.key).startswith("sentence:")]
    field.set_value("the cat sat on the mat").run()
    assert not [one for one in at.get("bidi_component") if "prediction" in str(one.proto.component_name)]
    pills(at, "hidden:").set_value([2]).run()
    assert not at.exception
    (prediction,) = [one for one in at.get("bidi_component") if "prediction" in str(one.proto.component_name)]
    panel = json.loads(json.loads(prediction.proto.json))["panel"]
    assert (panel["fed"], panel["chosen"]) == ("hidden", 2)
    assert [step["target"] is not None for step in panel["steps"]].index(True) == 2
    pills(at, "attention-look").set_value(["words", "without_first"]).run()
    assert not at.exception
    assert [one for one in at.get("bidi_component") if "attention" in str(one.proto.component_name)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_sink_takes_is_said(language: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders["gpt-oss"]))
    at = app("tiny-gpt-oss", language)
    assert not at.exception
    assert "sink" in shown(at)
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders["bert"]))
    assert "sink" not in shown(app("tiny-bert", language))
