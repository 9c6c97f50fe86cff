"""Accuracy, precision, recall and F1 from a confusion matrix.

    precision = right among those called so     recall = found among those that are so
    F1 = 2 · precision · recall / (precision + recall)

A class that nobody called or that nobody is has 0 where the quotient is 0/0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Scores:
    """Figures of a confusion matrix; arrays have an entry for each class."""

    confusion: Int[np.ndarray, "L L"]  # row: what it is; column: what it was called
    accuracy: float
    precision: Float[np.ndarray, " L"]
    recall: Float[np.ndarray, " L"]
    f1: Float[np.ndarray, " L"]
    support: Int[np.ndarray, " L"]  # how often each class occurs

    @property
    def macro_precision(self) -> float:
        """Mean over the classes that occur or were called."""
        return self._mean(self.precision)

    @property
    def macro_recall(self) -> float:
        """Mean over the classes that occur or were called."""
        return self._mean(self.recall)

    @property
    def macro_f1(self) -> float:
        """Mean over the classes that occur or were called; each counts the same, however rare it is."""
        return self._mean(self.f1)

    def _mean(self, values: Float[np.ndarray, " L"]) -> float:
        seen = (self.confusion.sum(axis=0) + self.confusion.sum(axis=1)) > 0
        return float(values[seen].mean()) if seen.any() else 0.0


def confusion_matrix(
    truth: Int[np.ndarray, " N"], called: Int[np.ndarray, " N"], classes: int
) -> Int[np.ndarray, "L L"]:
    """How often class i was called j. Classes are 0 … classes − 1."""
    return np.bincount(truth * classes + called, minlength=classes * classes).reshape(classes, classes)


def scores(confusion: Int[np.ndarray, "L L"]) -> Scores:
    """The figures of a confusion matrix."""
    right = np.diag(confusion).astype(float)
    support, called = confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _share(right, called), _share(right, support)
    f1 = _share(2 * precision * recall, precision + recall)
    total = confusion.sum()
    return Scores(confusion, float(right.sum() / total) if total else 0.0, precision, recall, f1, support)


def _share(part: np.ndarray, whole: np.ndarray) -> Float[np.ndarray, " L"]:
    found: Float[np.ndarray, " L"] = np.divide(part, whole, out=np.zeros(len(part)), where=np.asarray(whole) > 0)
    return found
