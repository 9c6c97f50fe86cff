"""Laws of the bundler: every module once, after what it needs, in a scope of its own; what it cannot say it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attnviz.ui import front
from attnviz.ui.front.bundle import BundleError, bundle, scripts

UI = Path(front.__file__).parents[1]
LONGEST = 350  # lines a script
Written = Callable[..., Path]


def entries() -> list[Path]:
    """Every script that a component starts with: those with a default export."""
    return [path for path in sorted(UI.rglob("*.js")) if "export default" in path.read_text(encoding="utf-8")]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        return tmp_path / "main.js"

    return write


def test_a_module_comes_once_and_after_what_it_needs(written: Written) -> None:
    entry = written(
        main='import { b } from "./b.js";\nimport { c } from "./c.js";\nexport default function () {\n  b(c);\n}\n',
        b='import { c } from "./c.js";\nexport function b() {\n  return c;\n}\n',
        c="export const c = 7;\n",
    )
    assert [script.path.stem for script in scripts(entry)] == ["c", "b", "main"]
    assert bundle(entry).count("const c = 7;") == 1


def test_names_of_one_module_are_no_names_of_another(written: Written) -> None:
    entry = written(
        main='import { say as other } from "./b.js";\nfunction say() {}\n'
        "export default function main() {\n  say(other);\n}\n",
        b="const hidden = 1;\nexport function say() {\n  return hidden;\n}\n",
    )
    source = bundle(entry)
    assert "const { say: other } = $b;" in source
    assert "return { say };" in source
    assert source.rstrip().endswith("export default $main.default;")


def test_a_module_that_is_imported_for_what_it_does_runs(written: Written) -> None:
    entry = written(main='import "./b.js";\nexport default function main() {}\n', b="globalThis.done = true;\n")
    assert "globalThis.done = true;" in bundle(entry)


def test_modules_that_import_each_other_are_refused_by_name(written: Written) -> None:
    entry = written(
        main='import { b } from "./b.js";\nexport default function main() {\n  b();\n}\n',
        b='import { c } from "./c.js";\nexport function b() {\n  c();\n}\n',
        c='import { b } from "./b.js";\nexport function c() {\n  b();\n}\n',
    )
    with pytest.raises(BundleError, match=r"b\.js → c\.js → b\.js"):
        bundle(entry)


@pytest.mark.parametrize(
    ("main", "named"),
    [
        ('import { missing } from "./b.js";\nexport default function main() {}\n', r"missing.*b\.js"),
        ('import { b } from "./nowhere.js";\nexport default function main() {}\n', r"nowhere\.js"),
        ('import b from "./b.js";\nexport default function main() {}\n', "import b from"),
        ('import * as b from "./b.js";\nexport default function main() {}\n', r"import \* as b"),
        ('export default function main() {\n  return import("./b.js");\n}\n', "import\\("),
        ("let n = 0;\nexport let count = n;\nexport default function main() {}\n", "export let count"),
        ('export { b } from "./b.js";\nexport default function main() {}\n', "export { b }"),
        ("const main = 1;\n", "no default export"),
        ('import { b-c } from "./b.js";\nexport default function main() {}\n', "b-c"),
    ],
)
def test_what_a_bundle_cannot_say_is_refused(written: Written, main: str, named: str) -> None:
    entry = written(main=main, b="export function b() {}\n")
    with pytest.raises(BundleError, match=named):
        bundle(entry)


@pytest.mark.parametrize("entry", entries(), ids=lambda path: str(path.relative_to(UI).with_suffix("")))
def test_a_component_is_one_module_that_names_no_other_machine(entry: Path) -> None:
    source = bundle(entry)
    assert source.count("export default") == 1
    assert "http://" not in source.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in source
    assert "innerHTML" not in source


def test_every_script_is_part_of_a_component_and_in_it_once() -> None:
    used = [script.path for entry in entries() for script in scripts(entry)]
    assert len(entries()) >= 7
    assert set(used) == {path.resolve() for path in UI.rglob("*.js")}
    for entry in entries():
        paths = [script.path for script in scripts(entry)]
        assert len(paths) == len(set(paths))


def test_what_pages_share_knows_no_page() -> None:
    shared = [path for path in (UI / "front").glob("*.js") if not path.name.startswith("_")]
    assert len(shared) >= 15
    for path in shared:
        assert all(script.path.parent == UI / "front" for script in scripts(path)), path.name


def test_a_page_takes_nothing_from_another_page() -> None:
    shared = {UI / "front", UI / "fields" / "front"}
    for path in UI.rglob("*.js"):
        for script in scripts(path):
            assert script.path.parent in {path.parent, *shared}, f"{path} takes from {script.path}"


def test_scripts_are_short_and_can_be_joined_line_by_line() -> None:
    for path in UI.rglob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= LONGEST, path.name
        assert not any(line.count("`") % 2 for line in lines), f"{path.name}: a text over several lines"
