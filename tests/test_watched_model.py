"""What pages and traces ask of a model and of its tokens, and that filling is no sentinel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import SRC_VOCAB, VOCAB, make_model, padded_src

from attnviz.data import SPECIALS, Batch, Tokens, Vocabulary
from attnviz.model import WatchedModel
from attnviz.trace import all_heads, mean_loss, predictions, watch

VOCABULARY = Vocabulary((*SPECIALS, *"abcdefgh", "ab"))


@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only", "encoder-only"])
def test_our_transformer_is_a_watched_model(architecture: str) -> None:
    model = make_model(3, architecture, n_decoder_layers=1)
    assert isinstance(model, WatchedModel)
    assert (model.has_encoder, model.has_decoder) == (architecture != "decoder-only", architecture != "encoder-only")
    assert model.vocab_size == VOCAB
    assert model.src_vocab_size == (SRC_VOCAB if model.has_encoder else 0)
    assert ("decode" in model.can) == model.has_decoder
    assert {model.heads(site) for site in model.sites} == {model.groups(site) for site in model.sites} == {3}
    assert all_heads(model) == tuple((site, head) for site in model.sites for head in range(3))
    assert model.room == 23
    assert model.layers_without_map == 0
    assert model.new_cache().decoded == 0


def test_only_a_table_of_positions_ends() -> None:
    assert make_model(3, positions="rotary", d_model=24).room is None
    assert make_model(3, positions="none").room is None
    assert make_model(3, positions="sinusoidal").room == 23


def test_a_vocabulary_is_tokens_and_reads_what_it_writes() -> None:
    assert isinstance(VOCABULARY, Tokens)
    reading = VOCABULARY.read("habxbc")
    assert reading.labels == ("h", "ab", "x", "b", "c")
    assert "".join("habxbc"[first:end] for first, end in reading.spans) == "habxbc"
    assert reading.ids == tuple(VOCABULARY.encode(reading.labels))
    assert VOCABULARY.text([1, *reading.ids, 2]) == "habbc"  # the unknown x is no text of the vocabulary's
    assert [VOCABULARY.label(token) for token in (0, 12)] == ["<pad>", "ab"]
    assert VOCABULARY.mask_id is None
    assert Vocabulary((*SPECIALS, "a", "<mask>")).mask_id == 5


def test_what_is_scored_is_said_and_not_guessed_from_the_number_zero() -> None:
    ids = torch.tensor([[1, 5, 0, 7], [1, 0, 0, 4]])
    guessed = Batch(src=None, decoder_input=ids, targets=ids)
    assert guessed.scored is not None
    assert guessed.scored.tolist() == (ids != 0).tolist()
    assert guessed.n_scored == 5
    every = Batch(src=None, decoder_input=ids, targets=ids, pad_id=None)
    assert every.n_scored == 8
    chosen = torch.tensor([[True, False, True, False], [False, False, False, True]])
    said = Batch(src=None, decoder_input=ids, targets=ids, scored=chosen)
    assert said.n_scored == 3
    assert Batch(src=None, decoder_input=ids, targets=None).scored is None

    model = make_model(5, "decoder-only")
    trace = watch(model, said)
    logits = torch.from_numpy(trace.logits)
    by_hand = -logits.log_softmax(-1).gather(2, ids[..., None])[..., 0][chosen].mean()
    assert trace.loss == pytest.approx(float(by_hand), rel=1e-5)
    assert mean_loss(logits, ids, chosen) == trace.loss
    names = Vocabulary((*SPECIALS, *"abcdefghi"))
    found = predictions(trace.logits, names, targets=trace.targets, scored=trace.scored)
    assert np.array_equal(np.isnan(found.loss), ~chosen.numpy())  # type: ignore[arg-type]


def test_a_batch_without_filling_has_real_rows_only() -> None:
    model = make_model(7)
    src = padded_src(2, 7, 3)
    batch = Batch(src=src, decoder_input=src[:, :5], targets=None)
    assert not watch(model, batch).real_rows("encoder_self").all()
    unfilled = Batch(src=src, decoder_input=src[:, :5], targets=None, pad_id=None)
    assert watch(model, unfilled).real_rows("encoder_self").all()
