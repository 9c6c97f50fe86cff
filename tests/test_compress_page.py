"""The page Compress: its claim is what the chart measures, heads go and come back, models are kept and open again."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_driver import address, all_notices, answered_in_its_part, html, opened, ran
from streamlit.testing.v1 import AppTest

import attnviz as av
from attnviz.language import LANGUAGES
from attnviz.trace.ablation import all_heads
from attnviz.training import checkpoint, int8
from attnviz.training.compress import one_byte, prune, pruned_heads, pruning_curve
from attnviz.training.evaluation import evaluate
from attnviz.ui.compress import keeping, link
from attnviz.ui.compress.claim import claimed
from attnviz.ui.compress.measuring import LIMIT, smaller, work
from attnviz.ui.compress.pictures import WAITED_FOR
from attnviz.ui.sentence.models import choices, load
from attnviz.ui.text import words

HEADS = 20  # of the model that reverses


@pytest.fixture(scope="module")
def reverse() -> Any:
    """The shipped model and its chart, measured to the end."""
    loaded = load("reverse")
    measured = work(loaded.key, loaded)
    measured.thread.join(120)
    assert measured.done
    assert measured.problem is None
    return loaded, measured


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs of its own: what is kept goes there."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    return tmp_path


def page(**query: str) -> AppTest:
    return opened("compress", **{"lang": "en", "model": "reverse", **query})


def press(at: AppTest, key: str) -> AppTest:
    return ran(next(button for button in at.button if str(button.key).startswith(key)).click().run())


def numbers(at: AppTest) -> dict[str, list[str]]:
    """The table of numbers: name of a row → its cells."""
    (table,) = re.findall(r'<table class="cp-table">.*?</table>', html(at), re.DOTALL)
    rows = re.findall(r"<tr><th>([^<]+)</th><td>([^<]*)</td><td>([^<]*)</td>", table)
    return {name: list(cells) for name, *cells in rows}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_claim_is_what_the_chart_measures_and_its_button_tries_it(reverse: Any, language: str) -> None:
    loaded, measured = reverse
    found = claimed(measured.chart)
    assert found is not None
    assert found.keeps
    taken = prune(loaded.model, measured.orders["importance"][: found.out])
    assert found.importance == evaluate(taken, loaded.task, "validation", limit=LIMIT).exact_match
    assert found.importance > found.random
    at = page(lang=language)
    said = html(at)
    for part in (f"{found.out} ", f"{found.importance:.1%}", f"{found.random:.1%}", f"{HEADS}"):
        assert part in re.findall(r'class="av-claim"[^>]*>([^<]+)<', said)[0]
    press(at, "claim-trial")
    assert html(at).count('class="cp-out"') == found.out
    assert address(at)["out"] == str(found.out)
    assert numbers(at)[words("compress", language)("score_exact")][0] == f"{found.importance:.1%}"  # type: ignore[arg-type]
    press(at, "claim-trial")
    assert html(at).count('class="cp-out"') == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_anything_is_measured_the_page_has_its_shape(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it does not jump when the numbers come: what needs no measuring stands there, and where the numbers will."""
    loaded = load("questions")  # no other test asks for what is measured of it
    work.clear(loaded.key, loaded)
    monkeypatch.setattr("attnviz.ui.compress.measuring.beside", lambda *_: threading.Thread())
    at = page(lang=language, model="questions")
    held = work(loaded.key, loaded)
    t = words("compress", language)  # type: ignore[arg-type]
    assert t("measuring_order") in html(at)
    assert html(at).count(f'<td class="cp-in">{WAITED_FOR}</td>') == len(all_heads(loaded.model))
    assert len(at.get("plotly_chart")) == 4  # the chart's frame; the sentence before, after, moved
    assert numbers(at)[t("score_exact")] == [WAITED_FOR, WAITED_FOR]
    small = one_byte(loaded.model, loaded.manifest)
    assert numbers(at)[t("row_bytes")] == [f"{small.bytes_before:,}", f"{small.bytes_after:,}"]
    held.orders["importance"] = held.orders["random"]
    held.chart = replace(held.chart, importance=tuple(pruning_curve(loaded.model, loaded.task, (), limit=3)))
    ran(at.run())
    assert t("measuring", done=1, all=held.chart.measurements) in html(at)
    assert WAITED_FOR not in re.findall(r'<table class="cp-heads">.*?</table>', html(at), re.DOTALL)[0]
    work.clear(loaded.key, loaded)


def test_both_curves_are_in_one_chart(reverse: Any) -> None:
    at = page()
    (chart,) = [one for one in at.get("plotly_chart") if "heads out" in one.proto.spec][:1]
    names = [trace.get("name") for trace in json.loads(chart.proto.spec)["data"]]
    assert "by importance" in names
    assert "at random" in names


def test_one_byte_weights_stand_beside_the_others_with_bytes_score_and_attention(reverse: Any) -> None:
    loaded, _ = reverse
    at = page(out="5", order="random")
    found = smaller(loaded.key, reverse[1].orders["random"][:5], loaded)
    assert found.quantized is not None
    said = numbers(at)
    assert said["bytes of weights"] == [f"{found.quantized.bytes_before:,}", f"{found.quantized.bytes_after:,}"]
    assert found.quantized.share < 0.3
    assert said["attention moved, mean"][1] == f"{found.quantized.moved_mean:.5f}"
    assert len(at.get("plotly_chart")) == 4  # the chart, before, after, moved
    attention = loaded.model.get_submodule(loaded.model.sites[0])
    width = attention.q_proj.out_features // attention.n_heads
    inside = attention.q_proj.in_features
    assert f"{5 * width * (3 * (inside + 1) + inside):,}" in html(at)  # zeros of five heads


def test_every_head_out_is_a_sentence_and_the_slider_stays(reverse: Any) -> None:
    for language, part in (("en", "at least one must stay"), ("zh", "至少要留一个")):
        at = page(lang=language, out=str(HEADS))
        assert part in all_notices(at)
        assert at.slider[0].value == HEADS
        ran(at.slider[0].set_value(2).run())
        assert part not in all_notices(at)
        assert html(at).count('class="cp-out"') == 2


def test_a_smaller_model_is_kept_opens_on_every_page_and_is_not_quantized_twice(reverse: Any, runs: Path) -> None:
    at = page(out="3")
    press(at, "compress-keep-True")
    name = "reverse-3-heads-out-int8"
    assert at.session_state["model"] == name
    assert "quantized already" in all_notices(until_measured(at))
    assert name in choices()
    model, task = av.load(runs / ".models" / name)
    assert len(pruned_heads(model)) == 3
    manifest = checkpoint.load_manifest(runs / ".models" / name)
    assert manifest.stored == int8.FORMAT
    metrics = evaluate(model, task, "test", limit=LIMIT)
    assert metrics.exact_match == pytest.approx(manifest.metrics["test"].exact_match)
    assert "L2 H3" in html(opened("attention", lang="en", model=name)) or not all_notices(
        opened("attention", model=name)
    )
    press(at, "compress-throw")
    assert name not in choices()
    assert at.session_state["model"] in choices()


def test_the_picker_shows_the_kept_model_at_once_and_another_once_it_is_thrown_away(reverse: Any) -> None:
    def picked(at: AppTest, key: str) -> str:
        button = next(one for one in until_measured(at).button if one.key == key)
        answered_in_its_part(at, button.click())
        (picker,) = [one for one in at.selectbox if str(one.key).startswith("model:")]
        assert picker.value == at.session_state["model"]
        return str(picker.value)

    at, name = page(out="3"), "reverse-3-heads-out"
    assert picked(at, "compress-keep-False") == name  # its button is gone in the same moment: it has heads out already
    assert picked(at, "compress-throw") in choices()
    assert name not in choices()


def test_what_is_taken_home_loads_again(reverse: Any, tmp_path: Path) -> None:
    loaded, measured = reverse
    small = smaller(loaded.key, measured.orders["importance"][:2], loaded)
    for packed in (True, False):
        name = keeping.name_of(loaded, small, "importance", packed=packed)
        with zipfile.ZipFile(io.BytesIO(keeping.zipped(loaded, small, name, packed=packed))) as file:
            file.extractall(tmp_path)
        assert len(pruned_heads(av.load(tmp_path / name)[0])) == 2


def test_a_folder_that_cannot_be_written_is_a_sentence(
    reverse: Any, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs / ".models").write_text("a file lies there", encoding="utf-8")
    at = press(page(out="3"), "compress-keep-True")
    assert all_notices(at)
    assert at.session_state["model"] == "reverse"
    assert html(at).count('class="cp-out"') == 3


@pytest.mark.parametrize(("name", "value"), [("out", "-1"), ("out", "many"), ("order", "<b>"), ("out", "99999999")])
def test_what_a_link_cannot_mean_is_said_and_ignored(reverse: Any, name: str, value: str) -> None:
    at = page(**{name: value})
    assert name in all_notices(at)
    assert "<b>" not in all_notices(at)
    assert html(at).count('class="cp-out"') == 0


def test_a_language_model_is_measured_by_tokens(reverse: Any) -> None:
    at = until_measured(opened("compress", lang="en", model="lm-en"))
    assert "token accuracy" in html(at)
    assert "exact match" not in html(at)
    assert link.ORDERS[0] == "importance"


def until_measured(at: AppTest, seconds: float = 120) -> AppTest:
    """The page once its numbers are there."""
    end = time.monotonic() + seconds
    while WAITED_FOR in str(numbers(at)):
        assert time.monotonic() < end
        time.sleep(0.3)
        ran(at.run())
    return at
