"""The page Attention on models from elsewhere: opened by name, every head drawn, heads off, refusals in words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_folders import edit, save, word_tokenizer

APP = str(Path(__file__).resolve().parents[1] / "app.py")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    found = {name: save(root / f"tiny-{name}", name) for name in ("llama", "marian")}
    found["bert"] = save(root / "tiny-bert", "bert", word_tokenizer)
    found["bloom"] = save(root / "tiny-bloom", "bloom")
    found["vit"] = save(root / "tiny-vit", "vit", None)
    found["broken"] = save(root / "tiny-broken")
    edit(found["broken"], "config.json", num_hidden_layers=100_000)
    return found


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    from attnviz.ui.sentence import opened

    opened._path_of.cache_clear()
    yield
    opened._path_of.cache_clear()


def open_app(model: str, language: str) -> Any:
    at = AppTest.from_file(APP, default_timeout=120)
    at.query_params["lang"] = language
    at.query_params["model"] = model
    return at.run()


def html_of(at: Any) -> str:
    return " ".join(str(one.proto.body) for one in at.get("html"))


def said(at: Any) -> str:
    return " ".join(str(one.value) for kind in (at.error, at.warning, at.info, at.markdown) for one in kind) + html_of(
        at
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["llama", "marian", "bert", "bloom"])
def test_a_model_from_elsewhere_is_drawn(
    name: str, language: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders[name]))
    at = open_app(f"tiny-{name}", language)
    assert not at.exception
    assert at.session_state["model"] == f"tiny-{name}"
    text = said(at)
    assert ("未注明" if language == "zh" else "not stated") in text
    stages = [one for one in at.get("bidi_component") if "attention" in str(one.proto.component_name)]
    assert stages
    layers = {"llama": "2", "marian": "3", "bert": "2", "bloom": "2"}[name]
    assert (("只能显示注意力图" if language == "zh" else "shows its maps only") in text) == (name == "bloom")
    assert f"{layers} {'层' if language == 'zh' else 'layers'} × " in text


def test_a_model_is_opened_by_its_folder_and_a_bad_one_leaves_the_old_one_open(folders: dict[str, Path]) -> None:
    at = AppTest.from_file(APP, default_timeout=120)
    at.query_params["lang"] = "en"
    at.run()
    before = at.session_state["model"]

    def field() -> Any:
        (found,) = [one for one in at.text_input if str(one.key).startswith("open-model")]
        return found

    for wrong, sentence in (
        ("nobody/nothing", "No model named &#x27;nobody/nothing&#x27;"),
        (str(folders["broken"]), "100000"),
    ):
        field().set_value(wrong).run()
        assert not at.exception
        assert at.session_state["model"] == before
        assert sentence in said(at) or sentence.replace("&#x27;", "'") in said(at)
    field().set_value(str(folders["llama"])).run()
    assert not at.exception
    assert at.session_state["model"] == "tiny-llama"
    assert "3 key/value groups" in said(at)


def zip_of(folder: Path, **more: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in folder.iterdir():
            archive.writestr(f"inside/{path.name}", path.read_bytes())
        for name, content in more.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_zip_is_uploaded_and_a_hostile_one_leaves_the_old_model_open(language: str, folders: dict[str, Path]) -> None:
    at = AppTest.from_file(APP, default_timeout=120)
    at.query_params["lang"] = language
    at.run()

    def upload(name: str, raw: bytes) -> None:
        (field,) = [one for one in at.get("file_uploader") if str(one.key) == "open-model-zip"]
        field.set_value((name, raw, "application/zip")).run()
        assert not at.exception

    upload("small.zip", zip_of(folders["llama"]))
    assert at.session_state["model"] == "small"
    assert "LlamaForCausalLM" in said(at)
    without_tokenizer = save(folders["llama"].parent / f"bare-{language}", "llama", None)
    for name, raw, word in (
        ("up.zip", zip_of(folders["llama"], **{"../outside": b"x"}), "../outside"),
        (
            "bare.zip",
            zip_of(without_tokenizer),
            {"zh": "分词器", "en": "tokenizer"}[language],
        ),
        ("none.zip", b"no zip", "zip"),
    ):
        upload(name, raw)
        assert at.session_state["model"] == "small"
        assert word in said(at)
        stages = [one for one in at.get("bidi_component") if "attention" in str(one.proto.component_name)]
        assert stages


def test_models_in_memory_are_shared_and_put_away_by_their_bytes() -> None:
    from attnviz.ui.sentence.shelf import SHARE, Shelf

    total, made, told = 1000, [], []
    shelf: Shelf[str] = Shelf(lambda: total - shelf.held)
    shelf.cleared.append(lambda: told.append(shelf.held))

    def take(name: str, size: int) -> str:
        return shelf.take(name, size, lambda: made.append(name) or name)  # type: ignore[func-returns-value]

    assert [take("a", 200), take("b", 200), take("a", 200)] == ["a", "b", "a"]
    assert made == ["a", "b"]
    take("c", 250)  # b was used longest ago
    assert ["a" in shelf, "b" in shelf, "c" in shelf] == [True, False, True]
    assert shelf.held == 450 <= SHARE * total
    assert told == [200]
    take("large", 5000)  # whether it can be loaded at all is not for the shelf to say
    assert shelf.held == 5000
    with pytest.raises(RuntimeError):
        shelf.take("broken", 1, lambda: (_ for _ in ()).throw(RuntimeError("no")))
    assert "broken" not in shelf
    weighed: Shelf[str] = Shelf(lambda: 100 - weighed.held, share=1.0)  # what a thing weighs is seen when it is made
    for name, size in (("a", 40), ("b", 50), ("c", 45)):
        weighed.take(name, lambda _, size=size: size, lambda name=name: name)  # type: ignore[misc]
    assert [name in weighed for name in "abc"] == [False, True, True]
    assert weighed.held == 95
    unknown: Shelf[int] = Shelf(lambda: None, at_once=2)
    for number in range(3):
        unknown.take(number, 1, lambda number=number: number)  # type: ignore[misc]
    assert [number in unknown for number in range(3)] == [False, True, True]


def test_two_who_ask_at_once_share_one_model() -> None:
    import threading
    import time

    from attnviz.ui.sentence.shelf import Shelf

    made: list[int] = []
    shelf: Shelf[int] = Shelf(lambda: None)

    def slow() -> int:
        time.sleep(0.05)
        made.append(1)
        return len(made)

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.take("x", 1, slow))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, made) == ([1] * 5, [1])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_model_that_reads_sound_is_refused_in_words(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(save(tmp_path / "tiny-whisper", "whisper")))
    at = open_app("tiny-whisper", language)
    assert not at.exception
    assert {"zh": "听的是声音", "en": "reads sound"}[language] in said(at)
    assert not at.run().exception


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_model_of_pictures_is_drawn_over_its_patches(
    language: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders["vit"]))
    at = open_app("tiny-vit", language)
    assert not at.exception
    assert len([one for one in at.get("bidi_component") if "attention" in str(one.proto.component_name)]) == 1
    assert r"LABEL\_0" in said(at)  # escaped, as it is Markdown
    assert ("模型说：" if language == "zh" else "The model says:") in said(at)
    at.switch_page("pages/masks.py").run()
    assert not at.exception
    assert ("不读文本" if language == "zh" else "reads no text") in said(at)


@pytest.mark.parametrize("name", ["vit", "deit", "dinov2", "siglip-vision"])
def test_pictures_are_read_as_the_model_was_trained_and_patches_have_names(name: str) -> None:
    import numpy as np
    import torch
    from foreign_configs import make

    from attnviz.foreign.adapter import ForeignModel
    from attnviz.foreign.pictures import ForeignPictures
    from attnviz.trace import watch
    from attnviz.ui.attention.pictures import laid_over

    model = ForeignModel(make(name), name=name)
    pictures = ForeignPictures(model, {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.25, 0.2]})
    assert (pictures.across, pictures.before) == (3, {"vit": 1, "deit": 2, "dinov2": 1, "siglip-vision": 0}[name])
    picture = pictures.drawn("disc")
    batch = pictures.encode(picture)
    assert batch.pixels is not None
    assert batch.src_labels[0][pictures.before :] == tuple(f"{r},{c}" for r in (1, 2, 3) for c in (1, 2, 3))
    expected = (torch.from_numpy(picture).permute(2, 0, 1) / 255 - torch.tensor([0.1, 0.2, 0.3])[:, None, None]) / (
        torch.tensor([0.5, 0.25, 0.2])[:, None, None]
    )
    torch.testing.assert_close(batch.pixels[0], expected)
    trace = watch(model, batch, taps=())
    found = pictures.answers(trace.logits)
    assert bool(found) == (name in ("vit", "deit"))
    assert all(0 < one.probability <= 1 for one in found)
    shares = np.zeros(9, dtype=np.float32)
    shares[4] = 0.7
    over = laid_over(picture, shares, 3)
    assert np.array_equal(over[4:8, 4:8], picture[4:8, 4:8])
    assert over[:4].sum() < 0.25 * picture[:4].sum()
