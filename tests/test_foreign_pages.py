"""The page Attention on models from elsewhere: opened by name, every head drawn, heads off, refusals in words."""

from __future__ import annotations

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
    assert ("只能显示注意力图" if language == "zh" else "shows its maps only") in text or name != "bloom"
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
    field().set_value(str(folders["vit"])).run()  # it can be opened, but this page reads text
    assert not at.exception
    assert "reads no text" in said(at)


def test_other_pages_go_on_with_a_model_of_ours(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folders["llama"]))
    at = open_app("tiny-llama", "en")
    at.switch_page("pages/masks.py").run()
    assert not at.exception
    assert at.session_state["model"] != "tiny-llama"
