"""Hypothesis strategies for masks: every elementary one, and trees of them."""

from __future__ import annotations

from hypothesis import strategies as st

from attnviz import masks
from attnviz.masks import Mask
from attnviz.masks.predicates import Random

_positions = st.integers(0, 12)
_cells = st.lists(st.tuples(_positions, _positions), max_size=9)


def _graphs(nodes: int) -> st.SearchStrategy[Mask]:
    ends = st.integers(0, nodes - 1)
    return st.lists(st.tuples(ends, ends), max_size=7).map(lambda edges: masks.graph(edges, nodes))


def leaves(batch: int = 3) -> st.SearchStrategy[Mask]:
    """Elementary masks for a batch of at most `batch`."""
    return st.one_of(
        st.just(masks.full()),
        st.just(masks.causal()),
        st.lists(st.integers(0, 12), min_size=batch, max_size=batch).map(masks.key_padding),
        st.lists(st.tuples(st.integers(0, batch - 1), st.integers(0, 12)), max_size=7).map(masks.pads),
        st.integers(1, 9).map(masks.sliding_window),
        st.integers(0, 9).map(masks.prefix),
        st.lists(_positions, max_size=4).map(masks.global_tokens),
        st.builds(masks.dilated, st.integers(1, 5), st.integers(1, 4)),
        st.builds(Random, st.floats(0, 1), st.integers(0, 2**31 - 1)),
        st.lists(st.integers(0, 3), min_size=1, max_size=12).map(masks.documents),
        st.integers(1, 7).flatmap(_graphs),
        st.lists(st.integers(0, 5), max_size=3).map(masks.heads),
        _cells.map(masks.cells),
    )


def trees(batch: int = 3) -> st.SearchStrategy[Mask]:
    """Elementary masks joined by & | ~."""
    return st.recursive(
        leaves(batch),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            inner.map(lambda a: ~a),
        ),
        max_leaves=7,
    )
