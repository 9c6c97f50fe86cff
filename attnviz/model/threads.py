"""How many CPU threads a piece of work is worth: of a small one, the waking of a second takes longer than its share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

FEW = 2.5e8  # multiplications of a forward pass that are too few for a second thread to help
MANY = 1000  # tokens from which attention itself, which grows with their square, is work for several


@contextmanager
def one_thread(when: bool = True) -> Iterator[None]:
    """Inside, what PyTorch computes in this thread of Python takes one thread of the CPU; with `when` False nothing
    changes."""
    threads = torch.get_num_threads() if when else 1
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def is_small(parameters: Iterable[Tensor], tokens: int) -> bool:
    """Whether a forward pass over so many tokens is little work: about one multiplication a weight and token."""
    return tokens < MANY and tokens * sum(parameter.numel() for parameter in parameters) <= FEW
