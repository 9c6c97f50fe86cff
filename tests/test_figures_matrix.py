"""Heads, grids, masks and differences: what is in the figure is what was given, the right way up."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from attnviz import figures
from attnviz.figures.axes import MAX_LABELS, slant
from attnviz.figures.hatch import rectangles
from attnviz.figures.tiles import Tiles

PRIMES = st.sampled_from([1, 2, 3, 5, 7, 11, 13])
SHAPES = st.tuples(PRIMES, PRIMES)
MASKS = SHAPES.flatmap(lambda shape: hnp.arrays(bool, shape))


def weights(*shape: int, mask: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Rows that sum to 1 over what may be seen; a fully blocked row is 0."""
    scores = np.exp(np.random.default_rng(seed).normal(size=shape))
    scores = scores if mask is None else scores * mask
    total = scores.sum(axis=-1, keepdims=True)
    return (scores / np.where(total == 0, 1, total)).astype(np.float32)


def names(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i}" for i in range(n)]


def hatching(figure: go.Figure, word: str = "blocked") -> go.Scatter | None:
    found = [
        trace for trace in figure.data if trace.type == "scatter" and trace.fill == "toself" and trace.name == word
    ]
    return found[0] if found else None


def covered(trace: go.Scatter | None, shape: tuple[int, int]) -> np.ndarray:
    """How many polygons lie over the centre of each cell."""
    count = np.zeros(shape, dtype=int)
    if trace is None:
        return count
    for corners in zip(*(np.asarray(side).reshape(-1, 6)[:, :5] for side in (trace.x, trace.y)), strict=True):
        (left, right), (top, bottom) = ((side.min(), side.max()) for side in corners)
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        count += (left < columns) & (columns < right) & (top < rows) & (rows < bottom)
    return count


def numbers(figure: go.Figure, shape: tuple[int, ...]) -> np.ndarray:
    """What is printed in each cell, whatever the ink."""
    out = np.full(shape, "", dtype=object)
    for trace in figure.data[1:]:
        if trace.type == "heatmap":
            text = np.asarray(trace.text, dtype=object)
            out = np.where((text != "") & (text != "\u00a0"), text, out)
    return out


@given(SHAPES)
def test_a_head_holds_the_weights_given(shape: tuple[int, int]) -> None:
    given_weights = weights(*shape)
    figure = figures.attention_head(given_weights, names("q", shape[0]), names("k", shape[1]))
    np.testing.assert_array_equal(figure.data[0].z, given_weights)


@given(SHAPES)
def test_queries_go_down_and_keys_stand_on_top(shape: tuple[int, int]) -> None:
    figure = figures.attention_head(weights(*shape), names("q", shape[0]), names("k", shape[1]))
    bottom, top = figure.layout.yaxis.range
    assert (bottom, top) == (shape[0] - 0.5, -0.5), "row 0 must be on top"
    assert tuple(figure.layout.xaxis.range) == (-0.5, shape[1] - 0.5)
    assert figure.layout.xaxis.side == "top"
    assert [figure.layout.yaxis.ticktext[i] for i in (0, -1)] == ["q0", f"q{shape[0] - 1}"]
    assert list(figure.layout.xaxis.tickvals) == list(range(shape[1]))
    assert list(figure.layout.xaxis.ticktext) == names("k", shape[1])


@given(MASKS)
def test_exactly_the_blocked_cells_are_hatched_and_have_no_number(mask: np.ndarray) -> None:
    figure = figures.attention_head(weights(*mask.shape, mask=mask), mask=mask)
    np.testing.assert_array_equal(covered(hatching(figure), mask.shape), ~mask)
    np.testing.assert_array_equal(numbers(figure, mask.shape) == "", ~mask)


def test_numbers_are_those_of_the_weights() -> None:
    found = numbers(figures.attention_head([[0.891, 0.1, 0.009], [0.333, 0.667, 0]]), (2, 3))
    assert found.tolist() == [["0.89", "0.10", "0.01"], ["0.33", "0.67", "0.00"]]


def test_numbers_stay_away_where_they_do_not_fit() -> None:
    assert not (numbers(figures.attention_head(weights(41, 41)), (41, 41)) != "").any()


def test_a_leak_keeps_its_number_and_is_framed() -> None:
    mask = np.tril(np.ones((3, 3), dtype=bool))
    leaking = weights(3, 3, mask=mask)
    leaking[0, 2] = 0.25
    figure = figures.attention_head(leaking, mask=mask)
    wanted = np.zeros((3, 3), dtype=int)
    wanted[0, 2] = 1
    leak = hatching(figure, "blocked, yet has weight")
    np.testing.assert_array_equal(covered(leak, (3, 3)), wanted)
    np.testing.assert_array_equal(covered(hatching(figure), (3, 3)), ~mask - wanted)
    assert leak is not None
    assert leak.line.color
    assert numbers(figure, (3, 3))[0, 2] == "0.25"


def test_nan_is_marked_and_counted_as_nothing_else() -> None:
    broken = weights(3, 5)
    broken[1, 2] = np.nan
    figure = figures.attention_head(broken)
    signs = [trace for trace in figure.data if trace.type == "scatter" and trace.mode == "text"]
    assert [(list(t.x), list(t.y), list(t.text)) for t in signs] == [([2], [1], ["×"])]
    assert covered(hatching(figure, "NaN: not a number"), (3, 5)).sum() == 1
    assert "NaN" in figure.data[0].hovertext[1][2]
    assert np.isnan(figure.data[0].z[1][2])


def test_all_nan_and_all_blocked_can_be_drawn() -> None:
    assert covered(hatching(figures.attention_head(np.full((3, 2), np.nan)), "NaN: not a number"), (3, 2)).all()
    blocked = figures.attention_head(np.zeros((3, 2)), mask=np.zeros((3, 2), dtype=bool), maximum=None)
    assert covered(hatching(blocked), (3, 2)).all()


def test_minus_infinity_is_printed_and_hatched_and_scores_under_a_mask_keep_their_number() -> None:
    scores = np.array([[1.25, -np.inf], [-2.5, 0.5]])
    figure = figures.score_matrix(scores)
    np.testing.assert_array_equal(covered(hatching(figure), (2, 2)), [[0, 1], [0, 0]])
    assert next(list(t.text) for t in figure.data if t.type == "scatter" and t.mode == "text") == ["−∞"]
    assert figure.data[0].zmin == -2.5
    assert figure.data[0].zmax == 2.5
    under = figures.score_matrix([[1.25, 3.0]], mask=[[True, False]])
    np.testing.assert_array_equal(covered(hatching(under), (1, 2)), [[0, 1]])
    assert numbers(under, (1, 2)).tolist() == [["1.25", "3.00"]]


@pytest.mark.parametrize("size", [2, 3, 17, 64, 127, 257, 512])
def test_every_size_from_2_to_512_is_drawn_with_labels_that_have_room(size: int) -> None:
    mask = np.tril(np.ones((size, size), dtype=bool))
    figure = figures.attention_head(weights(size, size, mask=mask), names("词", size), names("k", size), mask)
    for axis, room in ((figure.layout.yaxis, figure.layout.height), (figure.layout.xaxis, figure.layout.width)):
        assert 1 <= len(axis.tickvals) <= min(size, MAX_LABELS, room / 15)
        assert axis.tickvals[0] == 0
        assert len(set(np.diff(axis.tickvals))) <= 1, "thinned evenly"
    assert len(figure.data) <= 4
    assert hatching(figure) is not None


def test_512_tokens_stay_small_on_the_wire() -> None:
    mask = np.tril(np.ones((512, 512), dtype=bool))
    figure = figures.attention_head(weights(512, 512, mask=mask), mask=mask)
    assert len(figure.to_json()) < 2_000_000


def test_a_chosen_query_is_framed() -> None:
    figure = figures.attention_head(weights(5, 3), query=2)
    frame = figure.layout.shapes[-1]
    assert (frame.y0, frame.y1, frame.x0, frame.x1) == (1.5, 2.5, -0.5, 2.5)


@pytest.mark.parametrize(("maximum", "top"), [(1.0, 1.0), (0.5, 0.5), (None, 0.75)])
def test_the_colour_scale_starts_at_0_and_ends_where_asked(maximum: float | None, top: float) -> None:
    heat = figures.attention_head([[0.25, 0.75]], maximum=maximum).data[0]
    assert (heat.zmin, heat.zmax) == (0, top)


@given(MASKS, st.booleans())
def test_rectangles_cover_each_true_cell_once(cells: np.ndarray, merge: bool) -> None:
    count = np.zeros(cells.shape, dtype=int)
    for top, left, bottom, right in rectangles(cells, merge=merge):
        count[top:bottom, left:right] += 1
    np.testing.assert_array_equal(count, cells)


def test_merging_makes_a_block_one_rectangle_and_a_triangle_one_a_row() -> None:
    assert len(rectangles(np.ones((7, 5), dtype=bool), merge=True)) == 1
    assert len(rectangles(~np.tril(np.ones((11, 11), dtype=bool)), merge=True)) == 10


@given(st.tuples(PRIMES, PRIMES, PRIMES, PRIMES))
def test_a_sheet_holds_every_tile_and_nothing_between_them(shape: tuple[int, int, int, int]) -> None:
    layers, heads, rows, columns = shape
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    tiles = Tiles(layers=layers, heads=heads, rows=rows, columns=columns, cell_width=10, cell_height=10)
    sheet = tiles.sheet(values)
    assert sheet.shape == (len(tiles.y_edges) - 1, len(tiles.x_edges) - 1)
    assert np.nansum(sheet) == values.sum()
    for layer, head in np.ndindex(layers, heads):
        down, across = layer * (rows + 1), head * (columns + 1)
        np.testing.assert_array_equal(sheet[down : down + rows, across : across + columns], values[layer, head])
    assert np.isfinite(sheet).sum() == values.size


def test_a_mask_is_drawn_as_it_is() -> None:
    mask = np.random.default_rng(0).random((7, 5)) < 0.5
    figure = figures.mask_matrix(mask, names("q", 7), names("k", 5), language="zh")
    np.testing.assert_array_equal(figure.data[0].z, mask)
    np.testing.assert_array_equal(covered(hatching(figure, "屏蔽"), mask.shape), ~mask)
    hover = np.array(figure.data[0].hovertext)
    assert all("■ 屏蔽" in said for said in hover[~mask])
    assert all("□ 可见" in said for said in hover[mask])
    assert figure.layout.yaxis.range == (6.5, -0.5)


def test_changed_cells_of_a_mask_are_framed() -> None:
    mask = np.tril(np.ones((5, 5), dtype=bool))
    painted = mask.copy()
    painted[2, 4] = True
    painted[3, 1] = False
    figure = figures.mask_matrix(painted, reference=mask)
    frames = next(trace for trace in figure.data if trace.name == "changed")
    np.testing.assert_array_equal(covered(frames, (5, 5)), painted != mask)
    assert all(trace.name != "changed" for trace in figures.mask_matrix(mask, reference=mask).data)


def test_a_difference_is_b_minus_a_and_equal_weights_differ_by_0() -> None:
    a, b = weights(5, 7), weights(5, 7, seed=1)
    heat = figures.difference(a, b).data[0]
    np.testing.assert_array_equal(heat.z, b - a)
    assert heat.zmax == -heat.zmin == pytest.approx(np.abs(b - a).max())
    np.testing.assert_array_equal(figures.difference(a, a).data[0].z, np.zeros((5, 7)))


def test_a_difference_prints_its_sign() -> None:
    found = numbers(figures.difference([[0.5, 0.5, 0.2]], [[0.25, 0.75, 0.2]]), (1, 3))
    assert found.tolist() == [["−0.25", "+0.25", "0.00"]]


def test_a_cell_that_was_newly_blocked_shows_what_it_lost() -> None:
    figure = figures.difference([[0.5, 0.5]], [[1.0, 0.0]], mask=[[True, False]])
    assert hatching(figure) is None
    assert numbers(figure, (1, 2)).tolist() == [["+0.50", "−0.50"]]


def test_head_statistics_hold_one_number_a_head() -> None:
    matrix = np.random.default_rng(0).random((2, 3))
    figure = figures.head_statistics(matrix, "entropy", unit="nats", language="zh")
    np.testing.assert_array_equal(figure.data[0].z, matrix)
    assert figure.data[0].colorbar.title.text == "熵 · 奈特"
    assert list(figure.layout.yaxis.ticktext) == ["L1", "L2"]
    assert list(figure.layout.xaxis.ticktext) == ["H1", "H2", "H3"]
    signed = figures.head_statistics(matrix - 0.5, "importance", diverging=True).data[0]
    assert signed.zmin == -signed.zmax


@pytest.mark.parametrize(
    ("tokens", "room", "angle"),
    [
        (["a", "b"], 40, 0),
        (["银", "行", "</s>"], 26, 0),
        (["hello", "world"], 26, -45),
        (["hello", "world"], 17, -90),
        (["x"], 5, 0),
    ],
)
def test_labels_slant_only_where_neighbours_would_touch(tokens: list[str], room: float, angle: int) -> None:
    found, height = slant(tokens, room, 12)
    assert found == angle
    assert height >= 12


BAD = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.attention_head(np.zeros(3)), r"weights has shape \(3,\); allowed: \(T, S\)"),
        (lambda: figures.attention_head(np.zeros((0, 3))), r"no axis empty"),
        (lambda: figures.attention_head([["a", "b"]]), r"weights has dtype .*allowed: real numbers"),
        (lambda: figures.attention_head(BAD, rows=["a"]), r"rows has 1 labels; allowed: 2"),
        (lambda: figures.attention_head(BAD, columns="abc"), r"columns is the string 'abc'"),
        (lambda: figures.attention_head(BAD, mask=np.ones((3, 3))), r"mask has shape \(3, 3\); allowed: \(2, 3\)"),
        (lambda: figures.attention_head(BAD, mask=BAD + 0.5), r"mask holds float64 values; allowed: True/False"),
        (lambda: figures.attention_head(BAD, query=2), r"query is 2; allowed: 0 to 1"),
        (lambda: figures.attention_head(BAD, query=-1), r"query is -1; allowed: 0 to 1"),
        (lambda: figures.attention_head(BAD, maximum=0), r"low < high"),
        (lambda: figures.attention_head(BAD, scale="log"), r"scale is 'log'; allowed: 'linear', 'sqrt'"),
        (lambda: figures.attention_head(BAD, language="fr"), r"language is 'fr'; allowed: zh, en"),
        (lambda: figures.attention_grid(BAD), r"weights has shape \(2, 3\); allowed: \(L, H, T, S\)"),
        (lambda: figures.attention_grid(np.zeros((1, 2, 3, 3)), notes=[["a"]]), r"notes has rows of \[1\]; allowed: 1"),
        (lambda: figures.attention_lines(BAD, threshold=1), r"threshold is 1; allowed: 0 to below 1"),
        (lambda: figures.mask_matrix(np.ones(3, dtype=bool)), r"mask has shape \(3,\)"),
        (lambda: figures.mask_matrix(np.full((2, 2), 2)), r"allowed: True/False"),
        (lambda: figures.difference(BAD, np.zeros((3, 2))), r"weights_b has shape \(3, 2\); allowed: \(2, 3\)"),
        (lambda: figures.head_statistics(np.zeros(3)), r"matrix has shape \(3,\); allowed: \(L, H\)"),
    ],
)
def test_what_does_not_fit_is_named(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
