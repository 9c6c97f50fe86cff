"""Colours: the order of weights survives greyscale and colour-blindness, and text can be read on everything."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.figures import colour, theme
from attnviz.figures.theme import DARK, LIGHT, Palette

# Machado, Oliveira and Fernandes 2009, severity 1, on linear sRGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
BOTH = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
COLOURS = st.text("0123456789abcdef", min_size=6, max_size=6).map("#".__add__)


def linear(colour_code: str) -> np.ndarray:
    rgb = colour.rgb(colour_code)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen_by(deficiency: str, colour_code: str) -> str:
    mixed = np.clip(DEFICIENCIES[deficiency] @ linear(colour_code), 0, 1)
    return colour.hex_colour(np.where(mixed <= 0.0031308, mixed * 12.92, 1.055 * mixed ** (1 / 2.4) - 0.055))


def difference(a: str, b: str) -> float:
    """Distance in OKLab; 0.02 is about what an eye tells apart side by side."""
    return float(np.linalg.norm(np.subtract(*(colour.oklab(colour.rgb(c)) for c in (a, b)))))


@BOTH
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_more_weight_is_always_further_from_the_page_in_greyscale(palette: Palette, deficiency: str) -> None:
    shades = [colour.lightness(seen_by(deficiency, c)) for c in palette.weights]
    steps = np.diff(shades) * (1 if palette.dark else -1)
    assert (steps > 0.04).all(), "neighbouring stops look alike"
    assert steps.max() < 2 * steps.min(), "the steps are uneven"


@BOTH
def test_the_whole_ramp_is_monotone(palette: Palette) -> None:
    table = colour.ramp(palette.weights) / 255
    luminance = [colour.luminance(colour.hex_colour(c)) for c in table]
    steps = np.diff(luminance) * (1 if palette.dark else -1)
    assert (steps >= 0).all()
    assert len({tuple(c) for c in table}) > 200


def test_the_scale_runs_from_near_white_to_deep_green_and_from_the_dark_page_to_bright() -> None:
    assert (theme.WEIGHTS[0], theme.WEIGHTS[-1]) == ("#f7fbfa", "#0b5d4e")
    assert difference(theme.WEIGHTS_DARK[0], DARK.surface) < 0.05
    assert colour.lightness(theme.WEIGHTS_DARK[-1]) > 0.85


@BOTH
def test_difference_has_its_middle_at_the_page_and_two_equal_arms(palette: Palette) -> None:
    stops = palette.difference
    assert len(stops) % 2 == 1
    assert difference(stops[len(stops) // 2], palette.surface) < 0.06
    shades = np.array([colour.lightness(c) for c in stops])
    assert np.abs(shades - shades[::-1]).max() < 0.06
    half = np.diff(shades[: len(stops) // 2 + 1]) * (-1 if palette.dark else 1)
    assert (half > 0.04).all()


@BOTH
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_less_and_more_never_look_alike(palette: Palette, deficiency: str) -> None:
    for less, more in zip(palette.difference[:3], palette.difference[::-1][:3], strict=True):
        assert difference(seen_by(deficiency, less), seen_by(deficiency, more)) > 0.09


@BOTH
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_eight_runs_can_be_told_apart(palette: Palette, deficiency: str) -> None:
    assert len(palette.runs) == 8
    closest = min(difference(seen_by(deficiency, a), seen_by(deficiency, b)) for a, b in combinations(palette.runs, 2))
    assert closest > 0.05


@BOTH
def test_text_and_lines_stand_out_from_what_is_behind_them(palette: Palette) -> None:
    said = ("ink", "muted", "accent", "query", "key", "value", "alarm", "caution", "right", "after", "added", "tested")
    for name in (*said, "taught"):
        assert colour.contrast(getattr(palette, name), palette.surface) >= 4.5, name
        assert colour.contrast(getattr(palette, name), palette.page) >= 4.5, name
    assert colour.contrast(palette.on_accent, palette.accent) >= 4.5
    assert all(colour.contrast(run, palette.surface) >= 3 for run in palette.runs)


@BOTH
def test_numbers_are_readable_on_every_weight_and_difference(palette: Palette) -> None:
    for scale in (palette.weights, palette.difference):
        for shade in colour.ramp(scale, 64) / 255:
            background = colour.hex_colour(shade)
            assert colour.contrast(palette.ink_on(background), background) >= 4.5


@BOTH
def test_blocked_is_not_the_colour_of_a_small_weight(palette: Palette) -> None:
    assert colour.contrast(palette.blocked, palette.blocked_fill) >= 1.7, "hatch lines must be seen"
    assert difference(palette.blocked, palette.weights[0]) > 0.1


# What a colour says. `accent` is what one acts with, not a thing that is shown: it may share the blue of queries.
ROLES = ("query", "key", "value", "right", "alarm", "after", "added", "taught", "tested")


@BOTH
def test_one_colour_says_one_thing(palette: Palette) -> None:
    shown = {name: getattr(palette, name) for name in ROLES} | {"weights": palette.weights[-3]}
    for (one, a), (other, b) in combinations(shown.items(), 2):
        assert difference(a, b) > 0.06, (one, other)
    for run in palette.runs:
        closest = min(shown, key=lambda name: difference(run, shown[name]))
        assert difference(run, shown[closest]) > 0.06, (run, closest)
    for a, b in combinations((palette.query, palette.key, palette.value), 2):
        assert difference(a, b) > 0.15


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@BOTH
def test_right_and_wrong_taught_and_tested_differ_in_more_than_hue_or_carry_a_sign(
    palette: Palette, deficiency: str
) -> None:
    """Right and wrong always carry ✓ and ✗ beside them; the two curves of a training must be told apart by eye."""
    assert difference(seen_by(deficiency, palette.taught), seen_by(deficiency, palette.tested)) > 0.05


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("#b3261e", "red"),
        ("#f29a50", "orange"),
        ("#6b3410", "brown"),
        ("#f4f27a", "yellow"),
        ("#2a7d46", "green"),
        ("#17695a", "sea green"),
        ("#0b7396", "sea blue"),
        ("#1f5fd0", "blue"),
        ("#6a45c2", "violet"),
        ("#d0569f", "magenta"),
        ("#5c6670", "grey"),
        ("#ffffff", "grey"),
    ],
)
def test_colours_are_called_what_people_call_them(code: str, said: str) -> None:
    assert colour.name(code).en == said


@given(COLOURS)
def test_every_colour_has_a_name_in_both_languages(code: str) -> None:
    name = colour.name(code)
    assert name.zh.endswith("色")
    assert name.en


@BOTH
def test_a_palette_is_plain_data_for_a_front_end(palette: Palette) -> None:
    assert set(palette.to_dict()) == {field.name for field in fields(Palette)}
    variables = palette.css_variables()
    assert variables["--av-query"] == palette.query
    assert variables["--av-blocked-fill"] == palette.blocked_fill
    for value in variables.values():
        colour.rgb(value)


def test_no_font_needs_a_quote_or_a_network() -> None:
    assert not set(theme.FONT_FAMILY) & set("'\"();:/")
    assert "Noto Sans CJK SC" in theme.FONT_FAMILY
    assert "PingFang SC" in theme.FONT_FAMILY
    assert "Microsoft YaHei" in theme.FONT_FAMILY


@pytest.mark.parametrize("dark", [False, True])
def test_the_template_offers_no_upload(dark: bool) -> None:
    template = theme.plotly_template(dark)
    assert {"sendChartToCloud", "sendDataToCloud"} <= set(template.layout.modebar.remove)
    assert template.layout.paper_bgcolor == theme.palette(dark).surface


@given(COLOURS)
def test_hex_and_numbers_are_a_round_trip(code: str) -> None:
    assert colour.hex_colour(colour.rgb(code)) == code


@given(COLOURS, COLOURS)
def test_contrast_is_symmetric_and_between_1_and_21(a: str, b: str) -> None:
    assert colour.contrast(a, b) == colour.contrast(b, a)
    assert 1 <= colour.contrast(a, b) <= 21.001
    assert colour.contrast(a, a) == 1


@given(st.lists(COLOURS, min_size=2, max_size=7))
def test_a_scale_passes_through_its_stops(stops: list[str]) -> None:
    found = [colour.hex_colour(c) for c in colour.at(stops, np.linspace(0, 1, len(stops)))]
    for got, stop in zip(found, stops, strict=True):
        assert np.abs(colour.rgb(got) - colour.rgb(stop)).max() <= 1.01 / 255


def test_black_and_white_are_the_ends_of_everything() -> None:
    assert colour.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colour.lightness("#ffffff") == pytest.approx(1, abs=1e-6)
    assert colour.lightness("#000000") == 0


@pytest.mark.parametrize("wrong", ["red", "#fff", "#12345g", ""])
def test_a_wrong_colour_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="allowed: '#rrggbb'"):
        colour.rgb(wrong)


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_a_square_root_scale_moves_colours_and_keeps_the_ends(power: float) -> None:
    scale = theme.colorscale(theme.WEIGHTS, power)
    assert scale[0] == [0.0, theme.WEIGHTS[0]]
    assert scale[-1] == [1.0, theme.WEIGHTS[-1]]
    assert all(a[0] < b[0] for a, b in pairwise(scale))
    middle = next(position for position, stop in scale if stop == theme.WEIGHTS[4])
    assert middle == pytest.approx(0.5 ** (1 / power))
