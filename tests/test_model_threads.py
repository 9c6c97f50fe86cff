"""One thread for small work: it is taken, given back, and makes no other numbers than many do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from small_models import make_model

from attnviz.model.inference import inference
from attnviz.model.threads import FEW, is_small, one_thread


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
def test_a_small_pass_takes_one_and_a_large_or_unknown_one_all() -> None:
    model = make_model(5)
    weights = sum(parameter.numel() for parameter in model.parameters())
    most = int(FEW // weights)
    assert is_small(model.parameters(), most)
    assert not is_small(model.parameters(), most + 1)
    for tokens, threads in ((most, 1), (most + 1, 3), (0, 3)):
        with inference(model, tokens=tokens):
            assert torch.get_num_threads() == threads
