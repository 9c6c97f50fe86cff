"""The layer table: imports go down only. A new layer is a new line here."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest
from parsed import tree_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "attnviz"

GROUND = ("environment", "language", "errors", "settings")  # for all
BELOW_TRAINING = (*GROUND, "config", "masks", "data", "model", "trace", "decoding")
BELOW_UI = (*BELOW_TRAINING, "foreign", "training", "runs", "experiments", "figures", "api", "lessons", "bench", "cli")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "openmp": (),
    "environment": (),
    "language": (),
    "errors": ("language",),
    "settings": ("language", "errors"),
    "config": GROUND,
    "masks": (*GROUND, "config"),
    "data": (*GROUND, "config"),
    "model": (*GROUND, "config", "masks"),
    "trace": (*GROUND, "config", "masks", "data", "model"),
    "decoding": (*GROUND, "config", "masks", "data", "model"),
    "foreign": BELOW_TRAINING,
    "training": BELOW_TRAINING,
    "runs": ("openmp", *BELOW_TRAINING, "training"),
    "experiments": (*BELOW_TRAINING, "training", "runs"),
    "figures": ("language",),
    "api": (*BELOW_TRAINING, "foreign", "training", "runs"),
    "lessons": (*BELOW_TRAINING, "training", "runs", "experiments", "api"),
    "bench": (*BELOW_TRAINING, "foreign", "training", "runs", "figures", "api"),
    "cli": ("openmp", *BELOW_TRAINING, "foreign", "training", "runs", "experiments", "figures", "api", "bench"),
    "ui": ("openmp", *BELOW_UI),
}
NOT_BELOW_UI = {"streamlit"}
SPEAK_TO_STREAMLIT = {"bench/visitors.py"}  # a client of its server: it takes the messages' format and nothing else
FORBIDDEN_OUTSIDE: dict[str, set[str]] = {
    **{layer: NOT_BELOW_UI for layer in MAY_IMPORT if layer != "ui"},
    **{layer: {"torch", "streamlit", "plotly", "pandas", "numpy"} for layer in (*GROUND, "config")},
    "figures": {"torch", "streamlit"},
}


def imported(path: Path) -> set[str]:
    """Every absolute module name a file imports, also inside functions; relative imports are refused."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}:{node.lineno} imports relatively"
            assert node.module
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def layers_of(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("attnviz.") and not name.endswith(".__version__")}


def files_of(layer: str) -> list[Path]:
    single = PACKAGE / f"{layer}.py"
    return [single] if single.exists() else sorted((PACKAGE / layer).rglob("*.py"))


def test_every_part_of_the_package_is_in_the_table() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__", "__main__"} <= set(MAY_IMPORT)


@pytest.mark.parametrize("layer", [layer for layer in MAY_IMPORT if files_of(layer)])
def test_a_layer_imports_only_what_lies_below_it(layer: str) -> None:
    files = files_of(layer)
    assert files
    for path in files:
        names = imported(path)
        wrong = layers_of(names) - {layer, *MAY_IMPORT[layer]}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"
        outside = {name.split(".")[0] for name in names} & FORBIDDEN_OUTSIDE.get(layer, set())
        outside -= {"streamlit"} if path.relative_to(PACKAGE).as_posix() in SPEAK_TO_STREAMLIT else set()
        assert not outside, f"{path.relative_to(ROOT)} imports {sorted(outside)}"


def test_pages_and_app_import_the_ui_only() -> None:
    pages = [*sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]
    assert len(pages) >= 2
    for path in pages:
        names = imported(path)
        assert layers_of(names) <= {"ui"}, path.name
        assert not {name.split(".")[0] for name in names} & {"torch", "numpy", "pandas", "plotly"}, path.name


def test_only_the_masks_layer_makes_triangles() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "masks" not in path.relative_to(PACKAGE).parts:
            assert "tril(" not in (text := path.read_text(encoding="utf-8")), path.name
            assert "triu(" not in text, path.name


def test_import_attnviz_is_light() -> None:
    heavy = ("torch", "plotly", "pandas", "streamlit", "numpy")
    code = f"import sys, attnviz; print([m for m in {heavy!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"


def test_pages_know_no_architecture() -> None:
    names = re.compile(r"model_type|BertModel|Llama|GPT2|\bmodel\.config\.(n_heads|has_|vocab|max_len)")
    for folder in (PACKAGE / "ui", ROOT / "pages"):
        for path in (*folder.rglob("*.py"), *folder.rglob("*.js")):
            assert not names.search(path.read_text(encoding="utf-8")), path.name


def test_the_app_starts_without_what_opens_models_from_elsewhere() -> None:
    heavy = ("transformers", "huggingface_hub", "tokenizers", "peft", "gguf")
    code = f"import sys, attnviz.ui.sentence.model_picker; print([m for m in {heavy!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.strip().splitlines()[-1] == "[]"


class Parses:
    """Garbage that only the collector finds, and that parses as it goes."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        ast.parse("def f(a, b):\n    return [a + b * (c - 1)]")


def test_no_collection_disturbs_a_source_that_is_being_parsed() -> None:
    source, thresholds = Path(__file__).read_text(encoding="utf-8"), gc.get_threshold()
    gc.set_threshold(50)
    try:
        for _ in range(40):
            for _ in range(7):
                Parses()
            assert tree_of(source).body
        assert gc.isenabled()
    finally:
        gc.set_threshold(*thresholds)
