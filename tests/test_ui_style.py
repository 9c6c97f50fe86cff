"""One place for colours; nothing is fetched from anywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from attnviz.figures.theme import DARK, LIGHT, Palette
from attnviz.ui.frame import style

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "attnviz" / "ui"
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
FRONT = [
    path
    for path in UI.rglob("*")
    if path.suffix in {".css", ".js", ".html"} and "ui/attention/front" not in path.as_posix()
]


# What a presentation sets beside colours: sizes of type, and what gives way to it.
PRESENTING = {"--av-scale", "--av-least", "--av-name", "--av-wrap", "--av-frames", "--av-many"}


@pytest.mark.parametrize(("name", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_apps_theme_has_the_palettes_colours(name: str, palette: Palette) -> None:
    theme = CONFIG["theme"][name]
    assert theme["backgroundColor"] == palette.page
    assert theme["secondaryBackgroundColor"] == palette.surface
    assert theme["textColor"] == palette.ink
    assert theme["borderColor"] == palette.line
    assert theme["primaryColor"] == theme["linkColor"] == palette.accent


def test_nothing_is_told_to_anybody_and_no_traceback_is_shown() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["client"]["toolbarMode"] == "minimal"


SVG_NAMESPACE = "http://www.w3.org/2000/svg"  # a name, never fetched


def test_no_front_end_file_names_another_machine() -> None:
    assert FRONT
    for path in (*FRONT, ROOT / ".streamlit" / "config.toml"):
        found = re.findall(r"(?:https?:)?//[a-z0-9.]+\.[a-z]{2,}[^\s\"')]*", path.read_text(encoding="utf-8"))
        assert set(found) <= {SVG_NAMESPACE}, path.name


def test_every_colour_that_the_style_sheets_name_exists() -> None:
    known = set(LIGHT.css_variables())
    # Components that draw on a canvas bring the palette along and name colours of their own.
    sheets = [
        UI / "frame" / "style.css",
        *(UI / "attention" / "prediction").rglob("*.css"),
        *(UI / "frame" / "address_bar").rglob("*.css"),
    ]
    assert len(sheets) > 3
    for path in sheets:
        used = set(re.findall(r"var\((--av-[a-z-]+)", path.read_text(encoding="utf-8")))
        assert used <= known | {"--av-upload", *PRESENTING}, (path.name, used - known)


def test_the_style_sheet_has_both_appearances() -> None:
    assert f"--av-ink:light-dark({LIGHT.ink},{DARK.ink})" in style.sheet()


def test_no_sheet_of_a_page_looks_like_markup() -> None:
    """Streamlit cleans what `st.html` is given, and drops a whole sheet for one `<` in it."""
    sheets = [path for path in UI.rglob("*.css") if "front" not in path.parts]
    assert len(sheets) >= 4
    for path in sheets:
        assert "<" not in path.read_text(encoding="utf-8"), path.name


def test_small_letters_grow_in_a_presentation() -> None:
    """What is smaller than the letters around it, or than .85rem, gives way to the least size (`--av-least`)."""
    small = {
        f"{path.relative_to(UI)}: {size}{unit}"
        for path in UI.rglob("*.css")
        for size, unit in re.findall(r"font-size: (\d*\.\d+)(r?em)\b", path.read_text(encoding="utf-8"))
        if 0 < float(size) < {"em": 1.0, "rem": 0.85}[unit]
    }
    assert small == set()
