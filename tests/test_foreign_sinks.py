"""A sink beside the keys: a column of its own in the picture, nothing that could be painted in the mask lab."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import make
from foreign_folders import SIZE, byte_level_tokenizer

from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.texts import ForeignTexts
from attnviz.ui.attention import views
from attnviz.ui.attention.looks import between
from attnviz.ui.attention.payload import pack, unpack_kind
from attnviz.ui.attention.picture import SINK, AttentionPicture
from attnviz.ui.front.packing import split
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.operations import Surroundings, carry_out
from attnviz.ui.masks.setting import Setting, Target
from attnviz.ui.masks.subject import Subject
from attnviz.ui.sentence import reading

TEXT = "the cat sat on the mat"


@pytest.mark.parametrize(("name", "sinks"), [("gpt-oss", True), ("llama", False)])
def test_a_row_and_what_its_sink_takes_sum_to_one(name: str, sinks: bool) -> None:
    model = ForeignModel(make(name, vocab_size=SIZE), name=name)
    texts = ForeignTexts(model, byte_level_tokenizer())
    picture = reading.look(model, texts, reading.take_in(model, texts, TEXT), "reference")
    (kind,) = views.kind_pictures(picture)
    tokens = len(kind.row_labels)
    assert kind.sink is sinks
    assert kind.weights.shape[-1] == len(kind.column_labels) == tokens + sinks
    np.testing.assert_allclose(kind.weights.sum(axis=-1), 1, atol=1e-5)
    if not sinks:
        return
    assert kind.column_labels[-1] == SINK
    taken = kind.weights[..., -1]
    assert (taken > 0).all()
    for layer, site in enumerate(picture.trace.sites):
        np.testing.assert_array_equal(taken[layer], picture.trace[site].sink[0])  # type: ignore[index]
        np.testing.assert_array_equal(kind.weights[layer, ..., :-1], picture.trace[site].weights[0])
    # Statistics are those of the keys.
    expected = picture.trace.statistics("decoder_self")
    np.testing.assert_array_equal(kind.stats["first"], expected.first[:, 0])
    for looks in ({"words"}, {"without_first"}, {"words", "without_first"}):
        (seen,) = views.looked_at(texts, picture, (kind,), looks)
        assert (seen.sink, seen.column_labels[-1]) == (True, SINK)
        np.testing.assert_allclose(seen.weights.sum(axis=-1), 1, atol=1e-5)
    assert (between(kind, (0,) * 3 + (1,) * (tokens - 3)).weights[..., -1] == 0).all()
    sent = pack(AttentionPicture(kinds=(kind,)))
    assert split(sent)[0]["kinds"][0]["sink"] is True
    weights, mask = unpack_kind(sent, "decoder_self")
    np.testing.assert_allclose(weights, kind.weights, atol=2e-4)
    assert mask[..., -1].all()
    assert (mask[0, 0, :, :-1] == np.tri(tokens, dtype=bool)).all() or (mask[1, 0, :, :-1] == np.tri(tokens)).all()


def test_a_sink_cannot_be_painted() -> None:
    model = ForeignModel(make("gpt-oss", vocab_size=SIZE), name="gpt-oss")
    texts = ForeignTexts(model, byte_level_tokenizer())
    subject = Subject(model, texts.encode(TEXT), texts.tgt_vocab, "text")
    tokens = subject.sizes["decoder_self"][1]
    around = Surroundings(model, subject.own, subject.sizes, subject.reals, subject.most_pads)
    lab = Lab(target=Target("decoder_self"))
    for visible in (True, False):
        paint = {"op": "paint", "seq": 1, "areas": [3, 3, tokens, tokens], "visible": visible, "stroke": 1}
        assert carry_out(lab, json.loads(json.dumps(paint)), around).setting == Setting()
    assert len(subject.labels("decoder_self")[1]) == tokens
