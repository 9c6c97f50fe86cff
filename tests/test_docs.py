"""The documentation names what there is: its pages exist, and the modules that the reference is made from."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from parsed import uncollected

from attnviz.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def test_every_page_of_the_documentation_is_in_its_menu_and_is_there() -> None:
    named = set(re.findall(r"^\s*- (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}


def test_the_reference_is_made_from_modules_that_say_what_they_are() -> None:
    pages = sorted((DOCS / "reference").glob("*.md"))
    assert len(pages) >= 8
    for page in pages:
        (name,) = re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        with uncollected():  # modules that read sources are among those that it imports
            assert importlib.import_module(name).__doc__, name


def test_links_and_files_that_the_documents_name_exist() -> None:
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
        for target in re.findall(r"`((?:attnviz|tests|ui|docs)/[\w/]+\.(?:py|js|md))`", text):
            assert (ROOT / target).exists() or (ROOT / "attnviz" / target).exists(), f"{page.name}: {target}"


def test_the_experiments_are_documented_as_they_were_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "--all", "--recorded", "--markdown"]) == 0
    assert capsys.readouterr().out == (DOCS / "experiments.md").read_text(encoding="utf-8")


def test_every_test_that_a_document_names_is_there() -> None:
    found = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (DOCS / "robustness.md").read_text(encoding="utf-8"))
    assert len({name for _, name in found if name}) >= 40
    for file, name in found:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"\ndef {name}(" in source, f"{file}::{name}"
