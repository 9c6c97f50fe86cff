"""Curves, bars and predictions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz import figures
from attnviz.figures.training_curves import separated

STEPS = np.arange(1, 14)


def annotations(figure: object) -> dict[str, object]:
    return {note.text: note for note in figure.layout.annotations}  # type: ignore[attr-defined]


def test_curves_hold_the_numbers_given_and_are_named_at_their_ends() -> None:
    figure = figures.curves({"train_loss": (STEPS, 1 / STEPS), "my run": (STEPS, 2 / STEPS)}, language="zh")
    for trace, values in zip(figure.data, (1 / STEPS, 2 / STEPS), strict=True):
        np.testing.assert_array_equal(trace.x, STEPS)
        np.testing.assert_array_equal(trace.y, values)
    notes = annotations(figure)
    assert set(notes) == {"训练损失", "my run"}
    assert not figure.layout.showlegend
    for trace in figure.data:
        assert notes[trace.name].font.color == trace.line.color
    assert figure.layout.xaxis.title.text == "步"


def test_a_table_may_record_different_things_in_different_rows() -> None:
    table = pd.DataFrame({"step": STEPS, "loss": 1 / STEPS, "exact_match": np.where(STEPS % 4 == 0, 0.5, np.nan)})
    figure = figures.curves(table)
    assert [trace.name for trace in figure.data] == ["loss", "exact match (free-running)"]
    np.testing.assert_array_equal(figure.data[1].x, [4, 8, 12])
    assert [trace.name for trace in figures.curves(table, y=["loss"]).data] == ["loss"]


def test_a_band_lies_behind_its_curve_and_inside_the_axis() -> None:
    figure = figures.curves({"a": (STEPS, 1 / STEPS)}, bands={"a": (0.5 / STEPS, 3 / STEPS)})
    band, line = figure.data
    assert band.fill == "toself"
    np.testing.assert_array_equal(line.y, 1 / STEPS)
    np.testing.assert_array_equal(band.x, [*STEPS, *STEPS[::-1]])
    low, high = figure.layout.yaxis.range
    assert low < min(band.y) < max(band.y) < high


def test_a_gap_in_a_curve_stays_a_gap() -> None:
    values = np.array([1.0, np.nan, 3.0, 2.0])
    trace = figures.curves({"a": (range(4), values)}).data[0]
    np.testing.assert_array_equal(trace.y, values)
    assert trace.connectgaps is False


def test_a_single_point_is_a_dot_and_no_point_is_an_empty_frame() -> None:
    assert figures.curves({"a": ([5], [1.0])}).data[0].mode == "markers"
    empty = figures.curves({"a": ([], [])})
    assert empty.layout.xaxis.range == (0, 1)
    assert figures.curves({}).data == ()


def test_everything_given_lies_inside_the_axes() -> None:
    figure = figures.curves({"a": (STEPS, 1 / STEPS)}, baselines={"bigram": 2.2})
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert left < 1 < 13 < right
    assert low < 1 / 13 < 2.2 < high
    line = next(shape for shape in figure.layout.shapes if shape.line.dash == "dash")
    assert line.y0 == line.y1 == 2.2
    assert "bigram baseline" in annotations(figure)


def test_a_log_axis_ranges_over_exponents_and_prints_whole_numbers() -> None:
    figure = figures.curves({"a": (STEPS * 10, 10.0 ** -np.linspace(0, 4, 13))}, log_x=True, log_y=True)
    low, high = figure.layout.yaxis.range
    assert low < -4 < 0 < high
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    assert {"0.001", "0.1"} <= set(figure.layout.yaxis.ticktext)


def test_events_are_drawn_with_their_word() -> None:
    figure = figures.curves({"a": (STEPS, STEPS)}, events={7: "induction head"})
    assert "induction head" in annotations(figure)
    assert any(shape.x0 == shape.x1 == 7 for shape in figure.layout.shapes)


def test_the_ninth_curve_differs_from_the_first_by_its_dash() -> None:
    lines = [(t.line.color, t.line.dash) for t in figures.curves({f"r{i}": (STEPS, STEPS + i) for i in range(17)}).data]
    assert len(set(lines)) == 17


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.curves({"a": ([1, 2], [1])}), r"'a' has x of shape \(2,\) and y of \(1,\)"),
        (lambda: figures.curves(pd.DataFrame({"loss": [1]})), r"x is 'step'; allowed: 'loss'"),
        (lambda: figures.curves(pd.DataFrame({"step": [1], "loss": [1]}), y=["x"]), r"y has 'x'; allowed: 'loss'"),
        (lambda: figures.curves({"a": ([1, 2], [0, -1])}, log_y=True), r"log scale for y got no value above 0"),
        (lambda: figures.top_k(None, {}), r"after is empty"),
        (lambda: figures.top_k(None, {"a": 1.5}), r"after gives 'a' the probability 1.5; allowed: 0 to 1"),
        (lambda: figures.top_k({"a": -1}, {"a": 1}), r"before gives 'a' the probability -1.0"),
        (lambda: figures.top_k(None, {"a": 1}, k=0), r"k is 0; allowed: 1 or more"),
        (lambda: figures.bars({}), r"values is empty"),
        (lambda: figures.bars({"a": 1}, errors=[1, 2]), r"errors is \[1.0, 2.0\]; allowed: 1 numbers"),
        (lambda: figures.bars({"a": 1}, errors=[-1]), r"numbers of 0 or more"),
    ],
)
def test_what_does_not_fit_is_named(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


@given(st.lists(st.floats(-500, 500), max_size=13), st.floats(1, 50))
def test_labels_are_moved_apart_in_order_and_no_further_than_needed(wanted: list[float], distance: float) -> None:
    places = separated(wanted, distance)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], places[i]))
    assert all(places[b] - places[a] >= distance - 1e-6 for a, b in pairwise(order))
    if all(wanted[b] - wanted[a] >= distance for a, b in pairwise(order)):
        assert places == pytest.approx(wanted)
    assert sum(places) == pytest.approx(sum(wanted), abs=1e-6)


BEFORE = {"xíng": 0.52, "háng": 0.31, "hàng": 0.1, "héng": 0.07}
AFTER = {"háng": 0.93, "xíng": 0.02, "hàng": 0.04, "héng": 0.01}


def test_predictions_are_ordered_by_what_is_likeliest_now() -> None:
    figure = figures.top_k(BEFORE, AFTER, k=3)
    before, after = figure.data
    assert list(after.x) == [0.93, 0.04, 0.02]
    assert list(before.x) == [0.31, 0.1, 0.52]
    assert [tick.split(">")[1].split("<")[0] for tick in figure.layout.yaxis.ticktext] == ["háng", "hàng", "xíng"]
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert list(after.text) == ["93.0%", "4.0%", "2.0%"]


def test_what_was_likeliest_before_is_not_lost_from_sight() -> None:
    figure = figures.top_k(BEFORE, AFTER, k=1)
    assert list(figure.data[1].x) == [0.93, 0.02]


def test_the_reference_is_marked_by_more_than_colour() -> None:
    ticks = figures.top_k(None, AFTER, reference="hàng").layout.yaxis.ticktext
    assert ["✓" in tick for tick in ticks] == [False, True, False, False]


def test_pairs_and_mappings_are_the_same_and_nothing_before_is_one_row_of_bars() -> None:
    assert figures.top_k(None, AFTER) == figures.top_k(None, list(AFTER.items()))
    assert len(figures.top_k(None, AFTER).data) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_has_no_bar_and_says_so(value: float) -> None:
    figure = figures.bars({"a": 1.0, "b": value})
    assert np.isnan(figure.data[0].x[1])
    assert any(note.text.startswith("×") and note.y == 1 for note in figure.layout.annotations)
    assert np.isfinite(figure.layout.xaxis.range).all()


def test_nan_probabilities_come_last_and_are_marked() -> None:
    figure = figures.top_k(None, {"a": np.nan, "b": 0.5})
    assert list(figure.data[0].text) == ["50.0%", "NaN"]
    assert "× NaN" in annotations(figure)


def test_bars_keep_their_order_errors_and_baselines() -> None:
    figure = figures.bars({"LSTM": 0.0, "Transformer": 0.98}, errors=[0.01, 0.02], baselines={"majority": 0.5})
    bar = figure.data[0]
    assert list(bar.x) == [0.0, 0.98]
    assert list(figure.layout.yaxis.ticktext) == ["LSTM", "Transformer"]
    np.testing.assert_array_equal(bar.error_x.array, [0.01, 0.02])
    assert any(shape.x0 == shape.x1 == 0.5 for shape in figure.layout.shapes)
    assert {"0.00", "0.98", "majority"} <= set(annotations(figure))


def test_negative_bars_fit_in_the_picture() -> None:
    low, high = figures.bars({"a": -2.0, "b": 1.0}).layout.xaxis.range
    assert low < -2 < 1 < high
