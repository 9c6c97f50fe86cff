"""What keeps a model from elsewhere in memory: the shelf, and nobody else."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_driver import opened as open_page
from app_driver import ran

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_folders import save

from attnviz.foreign.adapter import ForeignModel
from attnviz.ui.frame import memory
from attnviz.ui.sentence import opened

PAGES = {"decoding": {}, "by_hand": {"what": "model"}, "attention": {}, "masks": {}}
ALIVE: weakref.WeakSet[ForeignModel] = weakref.WeakSet()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ATTNVIZ_MODELS", str(save(tmp_path / "to-be-put-away", "llama")))
    born = ForeignModel.__init__

    def counted(self: ForeignModel, *of: object, **how: object) -> None:
        born(self, *of, **how)  # type: ignore[arg-type]
        ALIVE.add(self)

    monkeypatch.setattr(ForeignModel, "__init__", counted)
    opened._path_of.cache_clear()
    yield "to-be-put-away"
    opened._path_of.cache_clear()


def alive() -> int:
    """How many models are in memory."""
    return len(ALIVE)


def test_a_model_that_is_put_away_gives_its_bytes_back_though_pages_have_looked_at_it(tiny: str) -> None:
    pages = [open_page(page, model=tiny, lang="en", **more) for page, more in PAGES.items()]
    memory.settle(anew=True)  # what is set aside is given back, too
    assert all(page.session_state["model"] == tiny for page in pages)
    assert alive() == 1
    opened.SHELF.take("something large", 2**60, lambda: opened._Shelved(None, None))  # type: ignore[arg-type]
    assert alive() == 0
    ran(pages[0].run())  # an open page reads it again
    assert alive() == 1
    assert "something large" not in opened.SHELF
