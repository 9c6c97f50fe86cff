"""Naive Bayes over counts (Manning et al. 2008, chapter 13): what a bag of tokens alone can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


class NaiveBayes:
    """p(class | features) ∝ p(class) · Π p(feature | class), with `smoothing` added to every count.

    An example is a list of feature numbers, each as often as it occurs.
    """

    def __init__(self, n_features: int, n_classes: int, *, smoothing: float = 1.0) -> None:
        self.counts = np.full((n_classes, n_features), smoothing)
        self.seen = np.zeros(n_classes)

    def learn(self, features: Sequence[int], label: int) -> None:
        """Count one example."""
        np.add.at(self.counts[label], list(features), 1)
        self.seen[label] += 1

    def log_scores(self, examples: Sequence[Sequence[int]]) -> Float[np.ndarray, "N L"]:
        """log p(class) + Σ log p(feature | class); a class that was never seen has −∞."""
        likelihood = np.log(self.counts) - np.log(self.counts.sum(axis=1, keepdims=True))
        with np.errstate(divide="ignore"):
            prior = np.log(self.seen) - np.log(self.seen.sum())
        return np.array([prior + likelihood[:, list(features)].sum(axis=1) for features in examples])

    def probabilities(self, examples: Sequence[Sequence[int]]) -> Float[np.ndarray, "N L"]:
        """p(class | features) of each example."""
        found = self.log_scores(examples)
        raised = np.exp(found - found.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))
