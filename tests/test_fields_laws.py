"""Laws of what Pictures and Graphs show: what is hidden or cut has weight 0, rollouts sum to 1, numbers of nodes mean
nothing; and what a browser says is never trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

import attnviz as av
from attnviz.data import tasks
from attnviz.data.tasks.graphs import written
from attnviz.model import new_model
from attnviz.training.recipes import model_config_for
from attnviz.ui.fields import claim
from attnviz.ui.fields.look import answers, look
from attnviz.ui.fields.scene import Scene
from attnviz.ui.fields.wish import ROLLOUT, Limits, Wish, heard
from attnviz.ui.graphs.layout import places_of
from attnviz.ui.graphs.scene import Graphs, changed_source
from attnviz.ui.pictures.scene import Pictures

SMALL = {"n_encoder_layers": 3, "d_model": 10, "n_heads": 5, "d_ff": 7, "dropout": 0.0}
PICTURES, GRAPHS = Pictures(), Graphs()


def untrained(task: Any, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return new_model(model_config_for(task, **SMALL)).eval()


@examples(5, 200)
@given(hidden=st.sets(st.integers(1, 16)), number=st.integers(0, 30))
def test_a_hidden_patch_has_weight_zero_everywhere_and_its_pixels_do_not_matter(hidden: set[int], number: int) -> None:
    model, task = av.load("digits")
    source = task.split("test")[number].source
    changed = tuple(map(str, sorted(hidden)))
    batch, plan = PICTURES.read(task, source, [changed])
    found = look(model, batch, plan)
    assert found.most_blocked == 0
    assert not found.weights[..., sorted(hidden)].any()
    np.testing.assert_allclose(found.weights.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(found.rollout.sum(axis=-1), 1, atol=1e-5)
    assert not found.rollout[:, 0, sorted(hidden)].any()
    pixels = np.array([int(value) for value in source]).reshape(8, 8)
    for patch in hidden:
        row, column = divmod(patch - 1, 4)
        pixels[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = (
            16 - pixels[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        )
    other, _ = PICTURES.read(task, tuple(map(str, pixels.flatten())), [changed])
    np.testing.assert_allclose(look(model, other, plan).chances[0], found.chances[0], atol=1e-5)


@examples(5, 200)
@given(nodes=st.integers(2, 7), seed=st.integers(0, 10**6))
def test_a_cut_edge_has_weight_zero_and_an_added_one_has_not(nodes: int, seed: int) -> None:
    task = tasks.get("graph-connected")
    model = untrained(task)
    pairs = [(a, b) for a in range(nodes) for b in range(a + 1, nodes)]
    drawn = np.random.default_rng(seed)
    edges = [pair for pair in pairs if drawn.random() < 0.5] or pairs[:1]
    turned = pairs[int(drawn.integers(len(pairs)))]
    source = written(nodes, edges)
    change = f"{turned[0]}-{turned[1]}"
    for changed in ((), (change,)):
        batch, plan = GRAPHS.read(task, source, [changed])
        found = look(model, batch, plan)
        there = (turned in edges) != bool(changed)
        one, other = (node + 1 for node in turned)
        assert (found.weights[:, :, one, other] > 0).all() == there
        assert (found.weights[:, :, other, one] > 0).all() == there
        assert there or not found.weights[:, :, [one, other], [other, one]].any()
        assert found.most_blocked == 0
        np.testing.assert_allclose(found.rollout.sum(axis=-1), 1, atol=1e-5)
    assert changed_source(task, changed_source(task, source, (change,)), (change,)) == source


@examples(5, 200)
@given(seed=st.integers(0, 10**6))
def test_nodes_that_are_numbered_anew_say_the_same_in_their_new_order(seed: int) -> None:
    """A node's number is the row of a table; with equal rows the Graph Transformer knows nothing but the edges."""
    task = tasks.get("graph-connected")
    model = untrained(task, seed % 11)
    with torch.no_grad():
        model.src_embedding.learned.weight[1:] = model.src_embedding.learned.weight[1]
    drawn = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(7) for b in range(a + 1, 7)]
    edges = [pair for pair in pairs if drawn.random() < 0.4]
    order = drawn.permutation(7)
    renumbered = [(int(order[a]), int(order[b])) for a, b in edges]
    found = [look(model, *GRAPHS.read(task, written(7, graph), [()])) for graph in (edges, renumbered)]
    np.testing.assert_allclose(found[0].chances[0], found[1].chances[0], atol=1e-5)
    np.testing.assert_allclose(found[0].chances[1:], found[1].chances[1 + order], atol=1e-5)
    moved = np.concatenate([[0], 1 + order])
    np.testing.assert_allclose(found[0].weights, found[1].weights[:, :, moved][..., moved], atol=1e-5)


def test_the_shipped_graph_model_has_learned_that_numbers_mean_nothing() -> None:
    model, task = av.load("graph-connected")
    drawn = np.random.default_rng(3)
    same = []
    for pair in task.split("test")[:60]:
        nodes, edges = int(pair.source[0]), [tuple(map(int, edge.split("-"))) for edge in pair.source[1:]]
        order = drawn.permutation(nodes)
        other = written(nodes, [(int(order[a]), int(order[b])) for a, b in edges])
        said = [answers(model, *GRAPHS.read(task, source, [()]))[0, 0].argmax() for source in (pair.source, other)]
        same.append(said[0] == said[1])
    assert np.mean(same) >= 0.97


@pytest.mark.parametrize(
    ("name", "scene"), [("digits", PICTURES), ("graph-connected", GRAPHS), ("karate-club", GRAPHS)]
)
def test_a_claim_is_what_one_finds_by_trying_each_change(name: str, scene: Scene) -> None:
    model, task = av.load(name)
    pair = task.split("test")[3 if name != "karate-club" else 0]
    positions = (0,) if not task.per_token else (5, 17)
    changes = scene.tried(task, pair.source)
    every = answers(model, *scene.read(task, pair.source, [(), *((one,) for one in changes)]))
    found = claim.strongest(every[0], every[1:], changes, positions)
    assert found is not None
    labels = every[0].argmax(axis=-1)
    falls = {}
    for change in changes:
        after = look(model, *scene.read(task, pair.source, [(change,)])).chances
        for position in positions:
            falls[change, position] = every[0][position, labels[position]] - after[position, labels[position]]
    assert found.before - found.after == pytest.approx(max(falls.values()), abs=1e-5)
    assert falls[found.change, found.position] == pytest.approx(max(falls.values()), abs=1e-5)


def test_without_changes_or_places_nothing_is_claimed() -> None:
    chances = np.full((3, 2), 0.5)
    assert claim.strongest(chances, chances[None][:0], (), (0,)) is None
    assert claim.strongest(chances, chances[None], ("1",), ()) is None


# ---- what a browser says

LIMITS = Limits(
    examples=7,
    sites=("encoder.0.self_attn", "encoder.1.self_attn"),
    heads=3,
    positions=5,
    possible=lambda _: {"1", "2"},
)
FINE = {"scope": "s", "seq": 2, "example": 3, "layer": 1, "head": -1, "query": 4, "off": [[1, 2]], "changed": ["2"]}


def test_a_message_becomes_a_wish() -> None:
    found = heard(FINE, Wish(seq=1), "s", LIMITS)
    assert found == Wish(3, 1, ROLLOUT, 4, (("encoder.1.self_attn", 2),), ("2",), 2)
    assert heard(FINE, found, "s", LIMITS) == found  # told again
    assert heard({**FINE, "seq": 1}, found, "s", LIMITS) == found  # older


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        {},
        {**FINE, "scope": "another"},
        {**FINE, "seq": "9"},
        {**FINE, "seq": True},
        {**FINE, "example": -1},
        {**FINE, "layer": 0.5},
        {**FINE, "head": None},
        {**FINE, "head": -2},
        {**FINE, "query": float("inf")},
    ],
)
def test_a_strange_message_changes_nothing(message: object) -> None:
    before = Wish(example=1, seq=1)
    assert heard(message, before, "s", LIMITS) == before


def test_what_does_not_exist_is_left_out() -> None:
    odd = {
        **FINE,
        "example": 99,
        "layer": 99,
        "head": 99,
        "query": 99,
        "off": [[9, 9], [0, 1], "x", [0]],
        "changed": ["2", "9", 3],
    }
    assert heard(odd, Wish(), "s", LIMITS) == Wish(6, 1, 2, 4, (("encoder.0.self_attn", 1),), ("2",), 2)


@pytest.mark.parametrize("nodes", [1, 2, 7, 13, 34])
def test_nodes_stand_apart_within_their_box_and_always_the_same(nodes: int) -> None:
    edges = [(node, (node * 3 + 1) % nodes) for node in range(nodes) if node != (node * 3 + 1) % nodes]
    places = places_of(nodes, edges)
    assert places.shape == (nodes, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    assert (places == places_of(nodes, edges)).all()
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)[~np.eye(nodes, dtype=bool)]
    assert apart.min(initial=1) > 0.02
