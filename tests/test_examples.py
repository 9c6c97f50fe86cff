"""The notebooks of `examples/` run from top to bottom, and say what they are there to say."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.ipynb"))


def run(notebook: Path) -> tuple[dict[str, Any], str]:
    """Run the cells in one namespace; returns it, and all that was printed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), str(notebook), "exec"), names)
    return names, printed.getvalue()


def test_there_are_notebooks() -> None:
    assert {path.stem for path in EXAMPLES} == {"paint_a_mask", "watch_a_head"}


@pytest.mark.parametrize("notebook", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_holds_no_output_of_an_earlier_run(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


def test_watching_a_head() -> None:
    names, printed = run(next(path for path in EXAMPLES if path.stem == "watch_a_head"))
    weights = names["weights"]
    assert weights.ndim == 4
    assert abs(weights.sum(axis=-1) - 1).max() < 1e-5
    assert names["change"].max() >= 0.1
    assert f"needs {names['site']}" in printed


def test_painting_a_mask() -> None:
    names, printed = run(next(path for path in EXAMPLES if path.stem == "paint_a_mask"))
    assert "causal ∧ ¬cells" in printed
    assert (names["trace"]["decoder.0.self_attn"].weights[0, :, 2, 5] > 0).all()
    assert names["leaking"] == [3, 4, 5]
