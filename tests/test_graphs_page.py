"""The page Graphs without a browser: what it claims and shows, links, a graph that is typed, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import util
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from app_driver import address, all_notices, html, opened, payload, ran

from attnviz.errors import said
from attnviz.language import LANGUAGES
from attnviz.ui.graphs import own
from attnviz.ui.text import words

PAGE, STAGE = "graphs", "graphs-stage"


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is trained here."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    yield
    st.cache_resource.clear()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "positions", "layers"), [("graph-connected", 8, 4), ("karate-club", 35, 2)])
def test_it_opens_on_a_trained_model_whose_mask_is_the_adjacency_matrix(
    language: str, name: str, positions: int, layers: int
) -> None:
    at = opened(PAGE, model=name, lang=language)
    assert escape(words(PAGE, language)("question")) in html(at)  # type: ignore[arg-type]
    values, arrays = payload(at, STAGE)
    nodes = values["board"]["nodes"]
    assert arrays["weights"].shape[0] == layers
    assert arrays["weights"].shape[2:] == (positions, positions)
    edges = np.eye(nodes, dtype=bool)
    for one, other in values["board"]["edges"]:
        edges[one, other] = edges[other, one] = True
    there = slice(1, nodes + 1)
    assert (arrays["mask"][:, :, there, there] == edges).all()
    assert not arrays["weights"][:, :, there, there][:, :, ~edges].any()
    assert values["facts"][0].endswith((": 0", "：0"))
    assert 'class="av-claim"' in html(at)
    assert not all_notices(at)


@pytest.mark.parametrize("name", ["graph-connected", "karate-club"])
def test_what_is_claimed_is_what_comes_out_and_can_be_taken_back(name: str) -> None:
    at = opened(PAGE, model=name, lang="en")
    before = payload(at, STAGE)[1]["now"].copy()
    ran(at.button(key="claim-trial").click().run())
    values, arrays = payload(at, STAGE)
    (edge,) = values["state"]["changed"]
    one, other = (int(node) + 1 for node in edge.split("-"))
    assert not arrays["weights"][:, :, [one, other], [other, one]].any()
    place = values["state"]["query"] if name == "karate-club" else 0
    assert arrays["now"][place].argmax() != before[place].argmax()
    assert f"{arrays['now'][place][before[place].argmax()]:.2f}" in html(at)
    assert address(at)["edges"] == edge
    ran(at.button(key="claim-trial").click().run())
    np.testing.assert_allclose(payload(at, STAGE)[1]["now"], before, atol=1e-6)
    assert address(at)["edges"] is None


def test_the_right_answer_follows_the_edges() -> None:
    values, _ = payload(opened(PAGE, lang="en"), STAGE)
    assert values["labels"][values["truth"][0]] == "connected"
    every = "~".join(f"{one}-{other}" for one, other in values["board"]["edges"])
    at = opened(PAGE, lang="en", example=str(values["state"]["example"] + 1), edges=every)
    without, arrays = payload(at, STAGE)
    assert without["labels"][without["truth"][0]] == "not connected"
    assert escape(words(PAGE, "en")("no_edges")) in all_notices(at)
    nodes = without["board"]["nodes"]
    assert arrays["weights"][:, :, range(1, nodes + 1), range(1, nodes + 1)] == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "code", "details"),
    [
        ("5", "graph_no_edges", {}),
        ("8 0-1", "graph_nodes", {"given": "8", "most": 7}),
        ("4 1-1", "graph_edge", {"given": "1-1", "most": 3}),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_is_no_graph_is_a_sentence(text: str, code: str, details: dict[str, object], language: str) -> None:
    at = opened(PAGE, session={own.TYPED: text}, lang=language)
    assert escape(said(code, details, language)) in all_notices(at)  # type: ignore[arg-type]
    assert payload(at, STAGE)[1]["weights"].any()


def test_a_typed_graph_is_looked_at_and_is_in_no_link() -> None:
    at = opened(PAGE, lang="en")
    (field,) = [one for one in at.text_input if str(one.key).startswith("graphs-own")]
    ran(field.set_value("6 0-1 1-2 3-4 4-5").run())
    values, _ = payload(at, STAGE)
    assert values["board"]["edges"] == [[0, 1], [1, 2], [3, 4], [4, 5]]
    assert values["labels"][values["truth"][0]] == "not connected"
    assert address(at)["example"] is None
    assert "join" in html(at).lower()


@pytest.mark.parametrize(
    "query", [{"edges": "0-99~x"}, {"example": "9999"}, {"query": "77"}, {"off": "x.1"}, {"model": "digits"}]
)
def test_a_link_that_cannot_be_used_opens_the_page(query: dict[str, str]) -> None:
    values, _ = payload(opened(PAGE, **query), STAGE)
    assert values["state"]["changed"] == []
    assert values["state"]["off"] == []


def test_without_the_extra_the_trained_models_are_there_and_training_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = util.find_spec
    monkeypatch.setattr("attnviz.data.tasks.graphs.find_spec", lambda name: None if name == "networkx" else there(name))
    monkeypatch.setattr("attnviz.data.tasks._made", {})
    for name in ("graph-connected", "karate-club"):
        assert payload(opened(PAGE, model=name), STAGE)[1]["weights"].any()
    for language in LANGUAGES:
        at = opened(PAGE, view="train", lang=language)
        sentence = words(PAGE, language)("train_missing", package="networkx", extra="graphs")  # type: ignore[arg-type]
        assert escape(sentence, quote=True) in all_notices(at)


def test_training_offers_both_tasks() -> None:
    at = opened(PAGE, view="train", lang="en")
    assert payload(at, STAGE)[1]["weights"].shape[2:] == (8, 8)
    (group,) = [one for one in at.get("button_group") if str(one.key).startswith("graphs-task")]
    ran(group.set_value("karate-club").run())
    assert payload(at, STAGE)[1]["weights"].shape[2:] == (35, 35)
    ran(at.button(key="run-one_step").click().run())
    assert address(at)["run"]
