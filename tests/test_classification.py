"""Accuracy, precision, recall, F1 and Naive Bayes are scikit-learn's, on random predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from sklearn.naive_bayes import MultinomialNB

from attnviz.training.classification import confusion_matrix as our_confusion
from attnviz.training.classification import scores
from attnviz.training.naive_bayes import NaiveBayes


@given(seed=st.integers(0, 2**32 - 1), number=st.integers(1, 211), classes=st.integers(2, 11))
def test_figures_are_those_of_scikit_learn(seed: int, number: int, classes: int) -> None:
    generator = np.random.default_rng(seed)
    used = generator.integers(1, classes + 1)  # some classes may never occur or never be called
    truth, called = generator.integers(0, used, number), generator.integers(0, classes, number)
    found = scores(our_confusion(truth, called, classes))
    labels = list(range(classes))
    np.testing.assert_array_equal(found.confusion, confusion_matrix(truth, called, labels=labels))
    assert found.accuracy == pytest.approx(accuracy_score(truth, called))
    expected = precision_recall_fscore_support(truth, called, labels=labels, zero_division=0)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), expected, strict=True):
        np.testing.assert_allclose(ours, theirs)
    # scikit-learn's macro average is over the classes that occur or were called
    macro = precision_recall_fscore_support(truth, called, average="macro", zero_division=0)[:3]
    assert (found.macro_precision, found.macro_recall, found.macro_f1) == pytest.approx(macro)


def test_always_negative_is_right_nine_times_in_ten_and_worth_nothing() -> None:
    found = scores(np.array([[90, 0], [10, 0]]))
    assert found.accuracy == 0.9
    assert found.f1[1] == 0
    assert scores(np.zeros((3, 3), dtype=int)).accuracy == 0


@given(seed=st.integers(0, 2**32 - 1), number=st.integers(3, 41), features=st.integers(1, 13))
def test_naive_bayes_is_that_of_scikit_learn(seed: int, number: int, features: int) -> None:
    generator = np.random.default_rng(seed)
    counts = generator.poisson(1.3, (number, features))
    classes = np.concatenate(([0, 1, 2], generator.integers(0, 3, number - 3)))
    bayes = NaiveBayes(features, 3, smoothing=0.7)
    examples = [np.repeat(np.arange(features), row).tolist() for row in counts]
    for example, label in zip(examples, classes, strict=True):
        bayes.learn(example, int(label))
    theirs = MultinomialNB(alpha=0.7).fit(counts, classes)
    np.testing.assert_allclose(bayes.probabilities(examples), theirs.predict_proba(counts), atol=1e-9)
