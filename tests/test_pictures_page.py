"""The page Pictures without a browser: what it claims and shows, links, people's own pictures, training, bad input."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from html import escape
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from app_driver import address, all_notices, html, opened, payload, ran
from PIL import Image
from streamlit.testing.v1 import AppTest

import attnviz as av
from attnviz.errors import said
from attnviz.language import LANGUAGES
from attnviz.runs.contents import build_trainer
from attnviz.ui.fields.look import look
from attnviz.ui.pictures import own
from attnviz.ui.pictures.scene import Pictures
from attnviz.ui.runs.library import library
from attnviz.ui.text import words

PAGE, STAGE = "pictures", "pictures-stage"


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is trained here."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    yield
    st.cache_resource.clear()


def pressed(at: AppTest, key: str) -> AppTest:
    return ran(at.button(key=key).click().run())


def shown_chances(at: AppTest, which: str) -> np.ndarray:
    return payload(at, STAGE)[1][which][0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_opens_on_a_trained_model_with_every_head_and_a_claim(language: str) -> None:
    at = opened(PAGE, lang=language)
    assert escape(words(PAGE, language)("question")) in html(at)  # type: ignore[arg-type]
    values, arrays = payload(at, STAGE)
    assert arrays["weights"].shape == (2, 4, 17, 17)
    np.testing.assert_allclose(arrays["weights"].sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(arrays["rollout"].sum(axis=-1), 1, atol=1e-5)
    assert arrays["pixels"].shape == (1, 8, 8)
    assert len(values["gallery"]) == len(arrays["thumbnails"]) == 14
    assert {one["label"] for one in values["gallery"]} == set(values["labels"])
    assert 'class="av-claim"' in html(at)
    assert not all_notices(at)


def test_what_is_claimed_is_what_comes_out_and_can_be_taken_back() -> None:
    at = opened(PAGE, lang="en")
    before = shown_chances(at, "now").copy()
    pressed(at, "claim-trial")
    values, arrays = payload(at, STAGE)
    (hidden,) = values["state"]["changed"]
    assert not arrays["weights"][..., int(hidden)].any()
    assert not arrays["mask"][..., int(hidden)].any()
    model, task = av.load("digits")
    source = task.split("test")[values["state"]["example"]].source
    found = look(model, *Pictures().read(task, source, [(hidden,)])).chances[0]
    np.testing.assert_allclose(arrays["now"][0], found, atol=1e-6)
    np.testing.assert_allclose(arrays["before"][0], before, atol=1e-6)
    assert found.argmax() != before.argmax()
    assert f"{found[before.argmax()]:.2f}" in html(at)
    assert address(at)["hidden"] == hidden
    pressed(at, "claim-trial")
    np.testing.assert_allclose(shown_chances(at, "now"), before, atol=1e-6)
    assert address(at)["hidden"] is None


def test_a_link_opens_what_it_says() -> None:
    at = opened(
        PAGE,
        model="digits-low",
        example="3",
        layer="1",
        head="2",
        query="7",
        hidden="1~16",
        off="encoder.1.self_attn.4",
    )
    values, arrays = payload(at, STAGE)
    assert values["labels"] == ["0", "1", "2", "3", "4"]
    wanted = {"example": 2, "layer": 0, "head": 1, "query": 7, "changed": ["1", "16"], "off": [[1, 3]]}
    assert {name: values["state"][name] for name in wanted} == wanted
    assert not arrays["weights"][..., [1, 16]].any()
    assert values["facts"][0].endswith(": 0")
    again = address(at)
    assert (again["model"], again["example"], again["hidden"], again["query"]) == ("digits-low", "3", "1~16", "7")
    assert address(opened(PAGE, flow="rollout"))["flow"] == "rollout"


def test_every_patch_hidden_is_said() -> None:
    at = opened(PAGE, hidden="~".join(map(str, range(1, 17))), lang="en")
    assert escape(words(PAGE, "en")("all_hidden")) in all_notices(at)
    assert payload(at, STAGE)[1]["weights"][:, :, 0, 0] == pytest.approx(1)


@pytest.mark.parametrize(
    "query", [{"hidden": "99~x~-1"}, {"example": "9999"}, {"layer": "0"}, {"off": "nothing.7"}, {"model": "pinyin"}]
)
def test_a_link_that_cannot_be_used_opens_the_page(query: dict[str, str]) -> None:
    values, _ = payload(opened(PAGE, **query), STAGE)
    assert values["state"]["changed"] == []
    assert values["state"]["off"] == []


def test_without_the_extra_the_trained_model_is_there_and_training_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = util.find_spec
    monkeypatch.setattr("attnviz.data.tasks.digits.find_spec", lambda name: None if name == "sklearn" else there(name))
    monkeypatch.setattr("attnviz.data.tasks._made", {})
    assert payload(opened(PAGE), STAGE)[1]["weights"].shape == (2, 4, 17, 17)
    for language in LANGUAGES:
        at = opened(PAGE, view="train", lang=language)
        sentence = words(PAGE, language)("train_missing", package="scikit-learn", extra="pictures")  # type: ignore[arg-type]
        assert escape(sentence, quote=True) in all_notices(at)


def test_a_run_of_the_digits_is_made_and_looked_at_from_its_first_weights() -> None:
    at = opened(PAGE, view="train", lang="en")
    born = payload(at, STAGE)[1]
    assert np.abs(born["now"][0] - 0.1).max() < 0.4  # it knows nothing
    ran(at.button(key="run-one_step").click().run())
    assert address(at)["run"]
    assert payload(at, STAGE)[1]["weights"].shape == born["weights"].shape


# ---- people's own pictures


def png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (19, 23, 3), dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


PETS = {
    f"{kind}/{number}.png": png(100 * place + number)
    for place, kind in enumerate(("cat", "dog"))
    for number in range(11)
}


def with_pictures(files: dict[str, bytes], **session: Any) -> AppTest:
    return opened(PAGE, session={own.KEPT: ("pets.zip", zipped(files)), **session}, view="train", lang="en")


def test_own_pictures_are_cut_into_patches_and_trained_on() -> None:
    at = with_pictures(PETS, **{own.COLOUR: True})
    assert escape(words(PAGE, "en")("own_read", count="22", classes=2, names="cat / dog")) in all_notices(at)
    values, arrays = payload(at, STAGE)
    assert values["labels"] == ["cat", "dog"]
    assert arrays["pixels"].shape == (3, 16, 16)
    assert arrays["weights"].shape == (2, 4, 17, 17)
    ran(at.button(key="run-one_step").click().run())
    assert payload(at, STAGE)[1]["pixels"].shape == (3, 16, 16)


@pytest.mark.parametrize("strategy", ["head", "last-layers", "full"])
def test_own_pictures_of_the_size_of_digits_fine_tune_their_model(strategy: str) -> None:
    at = with_pictures(PETS, **{"pictures-side": "8", "pictures-task": f"own-{strategy}"})
    assert payload(at, STAGE)[0]["labels"] == ["cat", "dog"]
    ran(at.button(key="run-one_step").click().run())
    (run,) = library().list()
    config = library().open(run.id).config
    assert config.finetune is not None
    assert config.finetune["strategy"] == strategy
    trainer = build_trainer(library().open(run.id).folder, config)
    moving = [name for name, parameter in trainer.model.named_parameters() if parameter.requires_grad]
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    for _ in trainer.run(2):
        pass
    after = trainer.model.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} == set(moving)
    assert {"head": 2}.get(strategy, len(moving)) == len(moving)


@pytest.mark.parametrize(
    ("files", "code", "details"),
    [
        ({f"cat/{n}.png": png(n) for n in range(11)}, "one_class", {"given": "cat"}),
        ({f"{n}/a.png": b"" for n in range(10_000)}, "too_many_classes", {"given": 10_000, "limit": 100}),
        ({"cat/a.png": b"text", "dog/b.png": b"text"}, "picture_unreadable", {"name": "cat/a.png"}),
    ],
)
def test_pictures_that_cannot_be_used_are_a_sentence_and_the_digits_stay(
    files: dict[str, bytes], code: str, details: dict[str, Any]
) -> None:
    at = with_pictures(files)
    assert escape(said(code, details, "en"), quote=True) in all_notices(at)
    assert payload(at, STAGE)[0]["labels"] == [str(digit) for digit in range(10)]


def test_a_folder_of_this_computer_is_read_and_what_is_none_is_said(tmp_path: Path) -> None:
    for name, content in PETS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    at = opened(PAGE, view="train", lang="en")
    ran(at.text_input(key="pictures-folder").set_value(str(tmp_path / "nowhere")).run())
    assert escape(said("pictures_folder", {"path": str(tmp_path / "nowhere")}, "en")) in all_notices(at)
    ran(at.text_input(key="pictures-folder").set_value(str(tmp_path)).run())
    assert payload(at, STAGE)[0]["labels"] == ["cat", "dog"]
