"""The grid of all heads, from arrays and from anything that answers like a recorded pass; and the line view."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from attnviz import figures
from attnviz.figures.grid import Heads, pooled
from attnviz.figures.lines import spread

L, B, H, T, S = 2, 3, 5, 7, 11


class Recorded:
    """A recorded pass with cross-attention and the encoder's own, and nothing else."""

    def __init__(self) -> None:
        self.arrays = {
            kind: np.random.default_rng(i).dirichlet(np.ones(keys), (L, B, H, queries)).astype(np.float32)
            for i, (kind, queries, keys) in enumerate([("cross", T, S), ("encoder_self", S, S)])
        }

    def weights(self, kind: str) -> np.ndarray:
        if kind not in self.arrays:
            raise ValueError(f"no {kind} attention was watched")
        return self.arrays[kind]

    def mask(self, kind: str) -> np.ndarray:
        return self.weights(kind) > 0.01

    def labels(self, kind: str, example: int = 0) -> tuple[Sequence[str], Sequence[str]]:
        _, _, _, rows, columns = self.weights(kind).shape
        return [f"q{example}.{i}" for i in range(rows - example)], [f"k{example}.{i}" for i in range(columns - example)]


def tiles(sheet: np.ndarray, layers: int, heads: int) -> np.ndarray:
    """(L, H, T, S) back from a sheet with a gap between tiles."""
    padded = np.pad(np.asarray(sheet, dtype=float), ((0, 1), (0, 1)))
    rows, columns = padded.shape[0] // layers, padded.shape[1] // heads
    return padded.reshape(layers, rows, heads, columns).transpose(0, 2, 1, 3)[:, :, :-1, :-1]


def test_every_head_is_in_its_place() -> None:
    trace = Recorded()
    figure = figures.attention_grid(trace, kind="cross")
    np.testing.assert_array_equal(tiles(figure.data[0].z, L, H), trace.arrays["cross"][:, 0])


@pytest.mark.parametrize(
    ("alias", "kind"),
    [
        ("cross_attn", "cross"),
        ("encoder_self", "encoder_self"),
        ("self_attn", "encoder_self"),
        ("self", "encoder_self"),
    ],
)
def test_a_kind_has_several_names(alias: str, kind: str) -> None:
    trace = Recorded()
    a, b = (figures.attention_grid(trace, kind=name) for name in (alias, kind))
    np.testing.assert_array_equal(a.data[0].z, b.data[0].z)


@pytest.mark.parametrize("item", range(B))
def test_an_item_of_the_batch_is_shown_with_its_own_labels_and_without_its_padding(item: int) -> None:
    trace = Recorded()
    figure = figures.attention_grid(trace, item=item)
    shown = trace.arrays["cross"][:, item, :, : T - item, : S - item]
    np.testing.assert_array_equal(tiles(figure.data[0].z, L, H), shown)
    assert figure.layout.yaxis.ticktext[0] == f"q{item}.0"
    assert len(figure.layout.yaxis.ticktext) % L == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "diagonal"}, "kind is 'diagonal'; allowed: 'cross'"),
        ({"kind": "decoder_self"}, "nothing was recorded of decoder_self"),
        ({"item": 3}, "item is 3; allowed: 0 to 2"),
        ({"item": -1}, "item is -1"),
    ],
)
def test_what_a_recording_lacks_is_named(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        figures.attention_grid(Recorded(), **options)


def test_an_array_gives_the_same_picture_as_a_recording() -> None:
    trace = Recorded()
    rows, columns = trace.labels("cross")
    a = figures.attention_grid(trace)
    b = figures.attention_grid(trace.arrays["cross"][:, 0], rows=rows, columns=columns, mask=trace.mask("cross")[:, 0])
    assert a == b


def test_heads_are_named_from_one_and_carry_their_notes() -> None:
    figure = figures.attention_grid(np.full((2, 3, 5, 5), 0.2), notes=[["a", "b", "c"], ["d", "e", "<f>"]])
    texts = [re.sub(r"<span[^>]*>|</span>", "", note.text) for note in figure.layout.annotations]
    assert texts == ["L1 H1  a", "L1 H2  b", "L1 H3  c", "L2 H1  d", "L2 H2  e", "L2 H3  &lt;f&gt;"]


def test_a_grid_is_a_few_traces_however_many_heads() -> None:
    mask = np.tril(np.ones((16, 16), dtype=bool))
    figure = figures.attention_grid(np.broadcast_to(mask / 16, (12, 12, 16, 16)), mask=mask)
    assert len(figure.data) <= 4
    assert sum(trace.type == "heatmap" and trace.showscale is None for trace in figure.data) == 1


def test_one_mask_is_hatched_in_every_head() -> None:
    mask = np.tril(np.ones((5, 5), dtype=bool))
    figure = figures.attention_grid(np.broadcast_to(mask / 5, (2, 3, 5, 5)), mask=mask)
    hatched = next(trace for trace in figure.data if trace.name == "blocked")
    assert np.isnan(hatched.x).sum() == 2 * 3 * (~mask).sum()


def test_pooling_keeps_the_largest_weight_and_hatches_only_what_is_all_blocked() -> None:
    values = np.random.default_rng(0).random((1, 2, 7, 11)).astype(np.float32)
    values[0, 1, 6, 10] = np.nan
    visible = values > 0.4
    small, n = pooled(Heads(values, visible, list("abcdefg"), list("abcdefghijk")), most=2 * 3 * 4)
    assert n == 3
    assert small.values.shape == (1, 2, 3, 4)
    assert small.rows == ["a…", "d…", "g"]
    for row, column in np.ndindex(3, 4):
        cut = np.s_[..., 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        np.testing.assert_array_equal(small.values[..., row, column], values[cut].max(axis=(2, 3)))
        np.testing.assert_array_equal(small.visible[..., row, column], visible[cut].any(axis=(2, 3)))


def test_a_small_grid_is_not_pooled() -> None:
    heads = Heads(np.zeros((1, 1, 3, 3)), np.ones((1, 1, 3, 3), dtype=bool), list("abc"), list("abc"))
    assert pooled(heads) == (heads, 1)


def test_512_tokens_in_many_heads_are_drawn() -> None:
    figure = figures.attention_grid(np.full((3, 4, 512, 512), 1 / 512, dtype=np.float32))
    assert np.asarray(figure.data[0].z).size < 1_100_000
    assert any("largest of 2 × 2" in note.text for note in figure.layout.annotations)


def test_a_difference_of_all_heads_is_a_grid() -> None:
    a, b = (np.random.default_rng(i).random((2, 3, 5, 7)) for i in range(2))
    np.testing.assert_array_equal(tiles(figures.difference(a, b).data[0].z, 2, 3), b - a)


def ends(figure: object) -> set[tuple[float, float]]:
    """Query and key place of every line drawn."""
    pattern = re.compile(r"M([^,]+),0C[^ ]+ [^ ]+ ([^,]+),1")
    return {(float(a), float(b)) for shape in figure.layout.shapes for a, b in pattern.findall(shape.path)}  # type: ignore[attr-defined]


def test_a_line_for_each_weight_above_the_threshold() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(7), 7)
    drawn = ends(figures.attention_lines(weights, threshold=0.1))
    assert drawn == {(i, j) for i, j in np.argwhere(weights >= 0.1).tolist()}


def test_more_weight_is_a_thicker_line_and_a_chosen_query_stands_out() -> None:
    shapes = figures.attention_lines([[0.1, 0.9], [0.5, 0.5]], query=0).layout.shapes
    widths = {shape.path[:2]: [] for shape in shapes}
    for shape in shapes:
        widths[shape.path[:2]].append((shape.line.width, shape.opacity))
    (thin, _), (thick, bold) = widths["M0"]
    assert thin < thick
    assert bold > 3 * max(opacity for _, opacity in widths["M1"])


def test_a_blocked_pair_with_weight_is_drawn_in_alarm() -> None:
    from attnviz.figures.theme import LIGHT

    figure = figures.attention_lines([[0.5, 0.5]], mask=[[True, False]])
    colours = {shape.line.color for shape in figure.layout.shapes}
    assert LIGHT.alarm in colours
    assert len(colours) == 2
    clean = figures.attention_lines([[1.0, 0.0]], mask=[[True, False]])
    assert LIGHT.alarm not in {shape.line.color for shape in clean.layout.shapes}


def test_a_query_of_nan_is_a_cross() -> None:
    figure = figures.attention_lines([[np.nan, np.nan], [0.5, 0.5]])
    assert list(figure.data[0].marker.symbol) == ["x", "circle"]
    assert "NaN" in figure.data[0].hovertext[0]


@pytest.mark.parametrize(("n", "of"), [(1, 1), (1, 7), (5, 7), (7, 7)])
def test_the_shorter_side_is_centred(n: int, of: int) -> None:
    places = spread(n, of)
    assert len(places) == n
    assert places.mean() == pytest.approx((of - 1) / 2)
