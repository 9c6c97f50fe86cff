"""One thread for small work: it is taken, given back, and makes no other numbers than many do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from small_models import make_model

from attnviz.model import threads
from attnviz.model.inference import inference
from attnviz.model.threads import MANY, is_small, one_thread


@pytest.fixture
def three() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three")
def test_threads_come_back_also_after_an_exception() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    with one_thread(False):
        assert torch.get_num_threads() == 3
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("most", [1, 7, MANY - 1])
def test_a_small_pass_takes_one_and_a_large_or_unknown_one_all(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    model = make_model(5)
    weights = sum(parameter.numel() for parameter in model.parameters())
    monkeypatch.setattr(threads, "FEW", most * weights if most < MANY - 1 else float("inf"))
    assert is_small(model.parameters(), most)
    assert not is_small(model.parameters(), most + 1)
    for tokens, taken in ((most, 1), (most + 1, 3), (0, 3)):
        with inference(model, tokens=tokens):
            assert torch.get_num_threads() == taken
