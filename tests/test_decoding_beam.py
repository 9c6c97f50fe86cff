"""Beam search: its scores are sums of log-probabilities, one beam is greedy, many beams find the best text."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import BOS, EOS, make_brief_model, make_model, padded_src
from torch import Tensor

from attnviz.decoding import BeamOptions, BeamTree, Decoding, beam_search, greedy, inference
from attnviz.model import Transformer

ARCHITECTURES = st.sampled_from(["encoder-decoder", "decoder-only"])


def source(model: Transformer, seed: int) -> Tensor | None:
    return padded_src(1, 7, seed) if model.config.has_encoder else None


def log_probability(model: Transformer, src: Tensor | None, tokens: tuple[int, ...], given_tokens: int = 0) -> float:
    """Of the whole text, computed in one pass; the first `given_tokens` do not count."""
    masks = model.default_masks(src, None)  # a text may hold padding's own number: it is a token like another then
    with inference(model):
        logs = model(src, torch.tensor([[BOS, *tokens[:-1]]]), masks=masks)[0].double().log_softmax(-1)
    return float(logs[torch.arange(len(tokens)), torch.tensor(tokens)][given_tokens:].sum())


def search(model: Transformer, src: Tensor | None, **arguments: object) -> list[BeamTree]:
    options = BeamOptions(
        **{name: arguments.pop(name) for name in ("beams", "length_penalty", "stop_when_full") if name in arguments}  # type: ignore[arg-type]
    )
    given_arguments: dict[str, object] = {"eos_id": EOS, "max_len": 7, **arguments}
    return list(beam_search(model, src, bos_id=BOS, options=options, **given_arguments))  # type: ignore[arg-type]


@examples(20, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), architecture=ARCHITECTURES, penalty=st.sampled_from([0.0, 1.0]), full=st.booleans())
@example(seed=7, architecture="decoder-only", penalty=1.0, full=False)
def test_one_beam_is_greedy(seed: int, architecture: str, penalty: float, full: bool) -> None:
    model = make_brief_model(seed, architecture)
    src = source(model, seed)
    tree = search(model, src, beams=1, length_penalty=penalty, stop_when_full=full)[-1]
    found, said = tree.tokens(tree.best), tuple(greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=7)[0].tolist())
    if full or not penalty:
        assert found == said
    else:  # the search goes on after the first end, for a longer text may be better by the token
        worth = log_probability(model, src, said) / len(said) ** penalty
        assert tree.nodes[tree.best].normalised >= worth - 1e-5
        assert found == said or len(found) > len(said)


@examples(12, COSTLY_EXAMPLES)
@given(
    seed=st.integers(0, 10_000),
    architecture=ARCHITECTURES,
    beams=st.sampled_from([2, 3, 5]),
    penalty=st.sampled_from([0.0, 0.7, 1.0]),
    prefix=st.lists(st.integers(3, 12), max_size=2),
    cached=st.booleans(),
)
def test_scores_sum_the_log_probabilities(
    seed: int, architecture: str, beams: int, penalty: float, prefix: list[int], cached: bool
) -> None:
    model = make_brief_model(seed, architecture)
    src = source(model, seed)
    *_, tree = search(model, src, beams=beams, length_penalty=penalty, prefix=prefix, use_cache=cached)
    for node in tree.nodes[1:]:
        path = tree.path(node.id)
        assert path[-1] is node
        assert len(path) == node.position + 1
        assert node.score == pytest.approx(sum(step.log_probability for step in path))
        assert node.normalised == pytest.approx(node.score / len(path) ** penalty)
        tokens = tree.tokens(node.id)
        assert list(tokens[: len(prefix)]) == prefix
        assert node.score == pytest.approx(log_probability(model, src, tokens, len(prefix)), abs=1e-4)
        parent = tree.nodes[node.parent] if node.parent is not None else None
        assert parent is not None
        assert parent.state == "living"
    worth = [tree.nodes[node].normalised for node in tree.finished]
    assert worth == sorted(worth, reverse=True)
    assert tree.best == tree.finished[0]


@examples(8, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), penalty=st.sampled_from([0.0, 1.0]))
def test_as_many_beams_as_texts_find_the_best_text(seed: int, penalty: float) -> None:
    model = make_model(seed, vocab_size=4, tied_embeddings=False)
    src = padded_src(1, 3, seed)
    *_, tree = search(model, src, beams=4**3, max_len=3, length_penalty=penalty, stop_when_full=False)
    others = [token for token in range(4) if token != EOS]
    texts = [
        (*body, *end)
        for length in range(4)
        for body in itertools.product(others, repeat=length)
        for end in ([(EOS,)] if length < 3 else [()])
    ]
    worth = {text: log_probability(model, src, text) / len(text) ** penalty for text in texts if text}
    assert tree.nodes[tree.best].normalised == pytest.approx(max(worth.values()), abs=1e-5)
    assert worth[tree.tokens(tree.best)] == pytest.approx(max(worth.values()), abs=1e-5)


@examples(20, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), beams=st.sampled_from([1, 2, 3, 5]), full=st.booleans())
def test_trees_are_values_that_only_grow(seed: int, beams: int, full: bool) -> None:
    model = make_brief_model(seed)
    trees = search(model, padded_src(1, 7, seed), beams=beams, stop_when_full=full)
    for earlier, later in itertools.pairwise(trees):
        assert later.nodes[: len(earlier.nodes)] == earlier.nodes
        assert earlier.reason is None
        assert {later.nodes[node].parent for node in later.new} <= set(earlier.living)
        assert len(later.living) <= beams
        assert len(later.finished) <= beams
        looked_at = [later.nodes[node].score for node in later.new]
        assert looked_at == sorted(looked_at, reverse=True)
    last = trees[-1]
    assert last.reason in ("full", "length") if full else last.reason in ("settled", "length")
    for node in last.nodes:
        if node.state == "finished":
            assert node.reason == ("eos" if node.token == EOS else "length")
            assert node.reason == "eos" or node.position == 6
        else:
            assert node.reason is None


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_settled_search_would_find_nothing_better_by_going_on(penalty: float) -> None:
    settled = 0
    for seed in range(12):
        model = make_brief_model(seed)
        src = padded_src(1, 7, seed)
        arguments = {"beams": 2, "length_penalty": penalty, "max_len": 11}
        last = search(model, src, **arguments, stop_when_full=False)[-1]
        settled += last.reason == "settled"
        for node in last.living:
            assert last.nodes[node].score / 11**penalty <= last.nodes[last.finished[-1]].normalised
        early = search(model, src, **arguments, stop_when_full=True)[-1]
        assert last.nodes[last.best].normalised >= early.nodes[early.best].normalised
    assert settled >= 3, "hardly any search settled; the test shows nothing"


def test_a_node_carries_the_row_that_predicted_it() -> None:
    model = make_model(3)
    src = padded_src(1, 7, 3)
    site = model.sites_of("cross")[-1]
    tree = search(model, src, beams=3, record=[site], eos_id=None)[-1]
    for node in tree.nodes[1:]:
        alone = Decoding(model, src, bos_id=BOS, eos_id=None, max_len=7, prefix=tree.tokens(node.id), record=[site])
        step = [alone.step() for _ in range(node.position + 1)][-1]
        np.testing.assert_allclose(node.rows[site], step.rows[site], atol=1e-5)
        assert math.isclose(node.log_probability, step.log_probability, abs_tol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"beams": 0}, "beams is 0"), ({"length_penalty": -1.0}, "length_penalty"), ({"prefix": [3] * 7}, "no room")],
)
def test_a_wrong_argument_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search(make_model(0), padded_src(1, 7, 0), **arguments)
