"""In which numbers and along which path a run computes its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attnviz.config import Compute
from attnviz.model import MultiHeadAttention

PLAIN = Compute()


@contextmanager
def explicitly(attentions: Sequence[MultiHeadAttention]) -> Iterator[None]:
    """Inside, these attentions compute step by step, though nobody watches."""
    for attention in attentions:
        attention.explicit = True
    try:
        yield
    finally:
        for attention in attentions:
            attention.explicit = False
