"""One visit, the same for a model of ours and for others: look, switch a head off, paint, find the leak."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_folders import byte_level_tokenizer, save, word_tokenizer  # noqa: E402
from test_mask_lab_in_a_browser import LabPage  # noqa: E402

from attnviz.errors import ForeignError  # noqa: E402
from attnviz.ui.frame.boundary import explain  # noqa: E402
from attnviz.ui.text import words  # noqa: E402

APP = Path(__file__).resolve().parents[2] / "app.py"
ALWAYS = {("pinyin", "zh"), ("tiny-bert", "en")}
# One model of ours and one from elsewhere are visited each time; the others, and the other languages, when asked for.
VISITS = [
    pytest.param(model, language, marks=[] if (model, language) in ALWAYS else pytest.mark.slow)
    for model in ("pinyin", "tiny-bert", "tiny-llama", "tiny-marian", "tiny-vit")
    for language in ("zh", "en")
]
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
ANYTHING = """() => {
  const found = [];
  const walk = (root) => {
    found.push(root.textContent);
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) walk(node.shadowRoot);
  };
  walk(document.body);
  return found.join(" ");
}"""


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    root = tmp_path_factory.mktemp("models")
    tokenizers = {"bert": word_tokenizer, "llama": byte_level_tokenizer, "marian": byte_level_tokenizer, "vit": None}
    folders = [save(root / f"tiny-{name}", name, tokenizer) for name, tokenizer in tokenizers.items()]
    with serve(APP, ATTNVIZ_MODELS=os.pathsep.join(map(str, folders))) as running:
        yield running


@pytest.mark.parametrize(("model", "language"), VISITS)
def test_one_visit(chromium_page: Callable[..., Any], server: Any, model: str, language: str) -> None:
    tab = chromium_page(locale=LOCALES[language])
    page = tab.page
    # Attention: every head is there, and one is switched off.
    page.goto(f"{server.url}/?model={model}&lang={language}")
    page.wait_for_selector('[data-switch="1.1"]', timeout=90_000)
    assert page.locator("[data-switch]").count() >= 6
    page.locator('[data-switch="1.1"]').click()
    page.wait_for_selector('[data-switch="1.1"][aria-checked="false"]', timeout=60_000)
    page.wait_for_function("() => new URLSearchParams(location.search).has('off')", timeout=60_000)
    assert "\ufffd" not in page.evaluate(ANYTHING)
    # Masks: painted, and what follows is said; where there is no text, that is said.
    if model == "tiny-vit":
        page.goto(f"{server.url}/masks?model={model}&lang={language}")
        sentence = explain(ForeignError("foreign_no_text", name=model), language)  # type: ignore[arg-type]
        page.get_by_text(sentence).wait_for(timeout=60_000)
        return
    t = words("masks", language)  # type: ignore[arg-type]
    lab = LabPage(tab, f"{server.url}/masks?model={model}&lang={language}&how=own")
    tab.forget()
    causal = lab.state("lab.shot.target.kind") == "decoder_self"
    assert page.inner_text(".verdict strong") == t("verdict_causal" if causal else "verdict_encoder")
    lab.click(1, 2)
    lab.settle()
    assert "cells(1:2)" in lab.written()
    level = page.get_attribute(".verdict", "data-level")
    assert level == ("leak" if causal else "fine")
    if causal:
        tokens = lab.state("lab.shot.axes.rowLabels")
        said = t("verdict_leak", row=2, row_token=tokens[1], token=3, key_token=tokens[2])
        assert page.inner_text(".verdict strong") == said
    assert "\ufffd" not in page.evaluate(ANYTHING)
    assert tab.console_errors == []
    assert tab.foreign_requests == []
