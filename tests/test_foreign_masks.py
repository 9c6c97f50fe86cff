"""The page Masks on models from elsewhere: painted inside the model, layers as they are, leaks found, refusals said."""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import VOCAB, make
from foreign_folders import save, word_tokenizer
from streamlit.testing.v1 import AppTest

from attnviz.data import SPECIALS, Batch, Vocabulary
from attnviz.foreign.adapter import ForeignModel
from attnviz.masks import Own, cells, full
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.measuring import baseline, measure
from attnviz.ui.masks.operations import Surroundings, carry_out
from attnviz.ui.masks.setting import Setting, Target, plan_of, read, written
from attnviz.ui.masks.subject import Subject
from attnviz.ui.masks.verdicts import conclude

APP = str(Path(__file__).resolve().parents[1] / "app.py")
NAMES = Vocabulary((*SPECIALS, *(f"w{number}" for number in range(VOCAB - len(SPECIALS)))))
T = 11


def subject_of(name: str, **about: Any) -> Subject:
    model = ForeignModel(make(name), name=name)
    ids = torch.randint(5, VOCAB, (1, T), generator=torch.Generator().manual_seed(3))
    read = ids if model.has_decoder else None
    src = ids[:, :7] if model.has_encoder else None
    labels = tuple(map(str, range(T)))
    batch = Batch(src, read, None, src_labels=(labels[:7],), decoder_labels=(labels,), pad_id=None)
    return Subject(model=model, batch=batch, vocabulary=NAMES, scored="none", **about)


def around(subject: Subject) -> Surroundings:
    return Surroundings(subject.model, subject.own, subject.sizes, subject.reals, subject.most_pads)


@pytest.mark.parametrize("name", ["gemma2", "gpt-oss"])
def test_layers_keep_their_own_masks_and_a_painted_cell_opens_in_all_of_them(name: str) -> None:
    subject = subject_of(name)
    model, own = subject.model, subject.own
    sites = model.sites_of("decoder_self")
    assert isinstance(own.of("decoder_self"), Own)
    assert {own.at(site).formula for site in sites} == {"causal", "causal ∧ window(5)"}
    windowed = next(layer for layer, site in enumerate(sites) if "window" in own.at(site).formula)
    assert plan_of(Setting(), own, model) == own

    def dense(setting: Setting, layer: int) -> np.ndarray:
        mask = plan_of(setting, own, model).at(sites[layer])
        found: np.ndarray = mask.dense(batch=1, heads=6, queries=T, keys=T)[0, 0].numpy()
        return found

    plain = [dense(Setting(), layer) for layer in range(2)]
    lab = Lab(target=Target("decoder_self"), look=(windowed, 0))
    # What the window hides is opened where it is hidden, and is open already elsewhere.
    opened = carry_out(
        lab, {"op": "paint", "seq": 1, "areas": [9, 9, 1, 1], "visible": True, "stroke": 1}, around(subject)
    )
    ((target, mask),) = opened.setting.edits
    assert (target, mask.spec) == (Target("decoder_self"), "own | cells(9:1)")
    for layer in range(2):
        expected = plain[layer].copy()
        expected[9, 1] = True
        assert np.array_equal(dense(opened.setting, layer), expected)
    back = carry_out(
        opened, {"op": "paint", "seq": 2, "areas": [9, 9, 1, 1], "visible": False, "stroke": 2}, around(subject)
    )
    assert back.setting == Setting()
    # A formula without the name holds everywhere; one for a layer in that layer alone.
    everything = carry_out(lab, {"op": "formula", "seq": 1, "text": "full"}, around(subject)).setting
    assert dense(everything, 0).all()
    assert dense(everything, 1).all()
    one = Setting().with_edit(Target("decoder_self", windowed), full())
    assert dense(one, windowed).all()
    assert np.array_equal(dense(one, 1 - windowed), plain[1 - windowed])
    assert read(written(mask, T), T, own.of("decoder_self")) == mask


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt-oss", "marian"])
def test_there_is_no_leak_until_a_cell_is_painted(name: str) -> None:
    subject = subject_of(name)
    own = baseline(subject)
    plain = measure(subject, own, Setting(), "decoder_self", (0, 0))
    assert plain.influence is not None
    assert (plain.influence[np.triu_indices(T, 1)] == 0).all()
    assert conclude(subject, Setting(), plain, "decoder_self").level == "fine"
    assert all((shares == 0).all() for shares in plain.moved.values())
    mask = subject.own.of("decoder_self") | cells([(2, 5)])
    leaky = Setting().with_edit(Target("decoder_self"), mask)
    found = measure(subject, own, leaky, "decoder_self", (0, 0))
    said = conclude(subject, leaky, found, "decoder_self")
    assert said.level == "leak"
    assert (said.sentence.key, said.sentence.values["row"], said.sentence.values["token"]) == ("verdict_leak", 3, 6)
    assert found.influence is not None
    assert found.influence[2, 5] > 0
    # One head of one layer: the other heads of that layer keep their weights to the bit.
    here = Setting().with_edit(Target("decoder_self", 0, 1), subject.own.at("decoder.0.self_attn") & ~cells([(8, 6)]))
    seen = measure(subject, own, here, "decoder_self", (0, 1)).seen
    assert seen.weights["decoder.0.self_attn"][1, 8, 6] == 0
    others = [head for head in range(subject.model.heads("decoder.0.self_attn")) if head != 1]
    assert np.array_equal(seen.weights["decoder.0.self_attn"][others], own.weights["decoder.0.self_attn"][others])


def test_a_sink_takes_the_rest_of_a_row_and_no_other_way_is_offered() -> None:
    subject = subject_of("gpt-oss")
    assert "apply" not in subject.model.can
    found = measure(subject, baseline(subject), Setting(), "decoder_self", (0, 2))
    rows = found.seen.detail["weights"].sum(axis=-1)
    assert (rows < 1).all()
    np.testing.assert_allclose(rows + found.seen.detail["sink"], 1, atol=1e-6)
    lab = Lab(target=Target("decoder_self"))
    for operation in ({"op": "how", "value": "-1e9"}, {"op": "precision", "value": "fp16"}):
        assert carry_out(lab, {**operation, "seq": 1}, around(subject)).setting == Setting()


@pytest.mark.parametrize("name", ["llama", "gemma2", "t5", "bert"])
def test_ways_to_apply_a_mask_mean_inside_a_foreign_model_what_they_mean_in_ours(name: str) -> None:
    subject = subject_of(name)
    model = subject.model
    assert "apply" in model.can
    kind = model.kinds[0]
    own = baseline(subject)
    queries, keys = subject.sizes[kind]
    dead = subject.own.of(kind) & ~cells([(2, key) for key in range(keys)])
    setting = Setting().with_edit(Target(kind), dead)
    rows = {}
    for how in ("own", "-inf", "-1e9", "after"):
        seen = measure(subject, own, replace(setting, application=how), kind, (0, 0)).seen
        rows[how] = np.asarray(seen.detail["weights"])[2]
    assert (rows["own"] == 0).all()
    assert np.isnan(rows["-inf"]).all()
    np.testing.assert_allclose(rows["-1e9"], 1 / keys, atol=1e-6)
    assert (rows["after"] == 0).all()
    half = measure(subject, own, replace(Setting(), precision="fp16"), kind, (0, 0)).seen
    scores = np.asarray(half.detail["scores"])
    assert np.array_equal(scores, scores.astype(np.float16))
    np.testing.assert_allclose(half.logits, own.logits, rtol=0.1, atol=0.1 * np.abs(own.logits).max())
    assert queries > 0


def test_padding_of_a_foreign_encoder_is_hidden_and_can_be_shown() -> None:
    subject = subject_of("marian", most_pads=3)
    padded = subject.padded(3)
    assert padded.own.of("encoder_self").spec == "padding(7)"
    assert padded.own.of("cross").spec == "padding(7)"
    own = baseline(padded)
    plain = baseline(subject)
    np.testing.assert_allclose(own.logits, plain.logits, atol=1e-4)
    assert (own.weights["encoder.0.self_attn"][..., 7:] == 0).all()
    shown = Setting(pads=3).with_edit(Target("encoder_self"), full()).with_edit(Target("cross"), full())
    found = measure(padded, own, shown, "encoder_self", (0, 0))
    assert conclude(padded, shown, found, "encoder_self").sentence.key == "verdict_padding"


# ---- the page ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    found = {name: save(root / f"tiny-{name}", name) for name in ("gemma2", "marian", "bloom")}
    found["bert"] = save(root / "tiny-bert", "bert", word_tokenizer)
    found["sentence"] = save(root / "tiny-sentence", "bert-sentence", word_tokenizer)
    return found


SAID = {
    ("gemma2", "en"): "Decoder self, masks of the model's own: L1 causal ∧ window(5); L2 causal",
    ("gemma2", "zh"): "解码器自注意力，各层自带的掩码：L1 causal ∧ window(5)；L2 causal",
    ("bloom", "en"): "shows its maps only: its masks and heads cannot be changed",
    ("bloom", "zh"): "它的掩码和注意力头不能改动",
}


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("gemma2", "zh"),
        ("gemma2", "en"),
        ("marian", "en"),
        ("bert", "zh"),
        ("sentence", "en"),
        ("bloom", "zh"),
        ("bloom", "en"),
    ],
)
def test_the_page_opens_on_models_from_elsewhere(
    name: str, language: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders[name]))
    at = AppTest.from_file(APP, default_timeout=120)
    at.query_params["lang"] = language
    at.query_params["model"] = f"tiny-{name}"
    at.run()
    at.switch_page("pages/masks.py").run()
    assert not at.exception
    assert at.session_state["model"] == f"tiny-{name}"
    stages = [one for one in at.get("bidi_component") if "mask_lab" in str(one.proto.component_name)]
    assert len(stages) == (name != "bloom")
    text = " ".join(str(one.value) for kind in (at.error, at.warning, at.info, at.markdown) for one in kind)
    text += " ".join(str(one.proto.body) for one in at.get("html"))
    assert SAID.get((name, language), "") in html.unescape(text)
