"""Colour arithmetic: luminance, contrast and interpolation in OKLab (Ottosson 2020). NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.language import Text

# Ottosson, "A perceptual color space for image processing": linear sRGB → LMS, and LMS^(1/3) → Lab.
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)


def rgb(colour: str) -> NDArray[np.float64]:
    """'#rrggbb' as three numbers in 0..1."""
    digits = colour.removeprefix("#")
    if len(digits) != 6 or not all(c in "0123456789abcdefABCDEF" for c in digits):
        raise ValueError(f"colour is {colour!r}; allowed: '#rrggbb'")
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255


def hex_colour(values: ArrayLike) -> str:
    """Three numbers in 0..1 as '#rrggbb', clipped and rounded."""
    channels = np.rint(np.clip(np.asarray(values, dtype=float), 0, 1) * 255).astype(int)
    return "#" + "".join(f"{c:02x}" for c in channels)


def rgba(colour: str, alpha: float) -> str:
    """'#rrggbb' with an opacity, as CSS writes it."""
    red, green, blue = (round(c * 255) for c in rgb(colour))
    return f"rgba({red},{green},{blue},{alpha:g})"


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2)."""
    return float(_linear(rgb(colour)) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 (equal) to 21 (black on white) (WCAG 2)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def lightness(colour: str) -> float:
    """Perceived lightness L of OKLab, 0 to 1: what is left of a colour in a greyscale print."""
    return float(oklab(rgb(colour))[0])


def oklab(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three numbers in 0..1 as OKLab: lightness and two axes of hue; distances are close to what eyes see."""
    found: NDArray[np.float64] = np.cbrt(_linear(srgb) @ _TO_LMS.T) @ _TO_LAB.T
    return found


def at(scale: Sequence[str], positions: ArrayLike) -> NDArray[np.float64]:
    """The scale's colours at positions in 0..1, as an (n, 3) array; equally spaced stops, mixed in OKLab."""
    lab = np.array([oklab(rgb(stop)) for stop in scale])
    where = np.atleast_1d(np.clip(np.asarray(positions, dtype=float), 0, 1)) * (len(scale) - 1)
    below = np.minimum(where.astype(int), len(scale) - 2)
    share = (where - below)[:, None]
    return np.clip(_srgb(lab[below] * (1 - share) + lab[below + 1] * share), 0, 1)


def ramp(scale: Sequence[str], n: int = 256) -> NDArray[np.uint8]:
    """The scale as an (n, 3) uint8 look-up table, for a canvas."""
    return np.rint(at(scale, np.linspace(0, 1, n)) * 255).astype(np.uint8)


def _linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0, None)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


# Where the hues of OKLab begin, in degrees, and what people call them.
_HUES = (
    (0, Text("品红色", "magenta")),
    (20, Text("红色", "red")),
    (38, Text("橙色", "orange")),
    (72, Text("黄色", "yellow")),
    (118, Text("绿色", "green")),
    (160, Text("青绿色", "sea green")),
    (195, Text("青蓝色", "sea blue")),
    (242, Text("蓝色", "blue")),
    (278, Text("紫色", "violet")),
    (325, Text("品红色", "magenta")),
)
_BROWN = Text("棕色", "brown")  # dark orange and yellow
_GREY = Text("灰色", "grey")


def name(colour: str) -> Text:
    """What people call a colour, in both languages: '#3a7a12' → 绿色, green."""
    lightness, a, b = (float(v) for v in oklab(rgb(colour)))
    if np.hypot(a, b) < 0.03:
        return _GREY
    hue = float(np.degrees(np.arctan2(b, a)) % 360)
    found = [said for start, said in _HUES if hue >= start][-1]
    return _BROWN if 38 <= hue < 118 and lightness < 0.53 + (hue >= 72) * 0.12 else found
