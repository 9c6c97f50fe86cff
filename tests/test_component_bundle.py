"""Every canvas component is one module, of all its scripts once, that names no other machine."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from attnviz.ui import front as canvas
from attnviz.ui.attention import stage as attention
from attnviz.ui.by_hand import stage as by_hand
from attnviz.ui.decoding import stage as decoding
from attnviz.ui.masks import stage as mask

STAGES = [attention, mask, by_hand, decoding]
LONGEST = 350  # lines a script


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__.split(".")[-2])
def test_every_script_is_part_of_the_module_once(stage: ModuleType) -> None:
    assert sorted(stage.SCRIPTS) == sorted(path.name for path in stage.ASSETS.glob("*.js"))
    source = stage.module_source()
    assert source.count("export default function") == 1
    assert source.count("class Arrivals") == source.count("class Payload") == 1
    assert "http://" not in source.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in source
    assert "innerHTML" not in source


def test_every_shared_script_is_used() -> None:
    sources = [stage.module_source() for stage in STAGES]
    for path in canvas.ASSETS.glob("*.js"):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        opening = next(line for line in lines if line.startswith(("class ", "function ", "async function ")))
        assert any(opening in source for source in sources), path.name


@pytest.mark.parametrize(
    "folder", [canvas.ASSETS, *(stage.ASSETS for stage in STAGES)], ids=lambda path: path.parent.name
)
def test_scripts_are_short_and_can_be_joined_line_by_line(folder: Path) -> None:
    for path in folder.glob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= LONGEST, path.name
        assert not any(line.count("`") % 2 for line in lines), f"{path.name}: a text over several lines"
