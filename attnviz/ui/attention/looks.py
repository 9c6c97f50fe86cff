"""The same heads looked at otherwise: words instead of pieces, and without what the first token takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attnviz.ui.attention.picture import KindPicture


def in_words(
    kind: KindPicture,
    rows: Sequence[int],
    columns: Sequence[int],
    row_words: Sequence[str],
    column_words: Sequence[str],
) -> KindPicture:
    """Pieces of a word as one row and one column: the mean of its queries, the sum on its keys, so that rows that
    summed to 1 still do. `rows` and `columns` say which word each piece belongs to, in order from 0.

    What is known by token (what it predicts, what heads are worth to it) is left out.
    """
    if kind.sink:  # it belongs to no word
        columns, column_words = (*columns, len(column_words)), (*column_words, kind.column_labels[-1])
    at_rows, at_columns = _starts(rows), _starts(columns)
    counts = np.diff([*at_rows, len(rows)])[:, None]
    weights = np.add.reduceat(np.add.reduceat(kind.weights, at_columns, axis=-1), at_rows, axis=-2) / counts
    mask = np.logical_or.reduceat(np.logical_or.reduceat(kind.mask, at_columns, axis=-1), at_rows, axis=-2)
    return replace(
        kind,
        weights=weights.astype(np.float32),
        mask=mask,
        row_labels=tuple(row_words),
        column_labels=tuple(column_words),
        next_labels=(),
        unknown_rows=(),
        unknown_columns=(),
        token_change=(),
    )


def without_first(kind: KindPicture) -> KindPicture:
    """Every row without what it puts on the first key, made to sum to 1 again; a row that sees nothing else is 0."""
    weights = kind.weights.copy()
    weights[..., 0] = 0
    total = weights.sum(axis=-1, keepdims=True)
    return replace(kind, weights=np.divide(weights, total, out=np.zeros_like(weights), where=total > 1e-9))


def between(kind: KindPicture, segments: Sequence[int]) -> KindPicture:
    """What goes from one segment of the text to the other; weights within a segment, and a sink's, are left out."""
    of = np.asarray(segments)
    apart = np.pad(of[:, None] != of, ((0, 0), (0, int(kind.sink))))
    return replace(kind, weights=np.where(apart, kind.weights, 0).astype(np.float32))


def _starts(words: Sequence[int]) -> list[int]:
    return [place for place, word in enumerate(words) if place == 0 or word != words[place - 1]]
