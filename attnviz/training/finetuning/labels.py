"""What a model calls the tokens or texts of a split, held against what they are, and against simple baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnviz.data import BOS, EOS, SPECIALS, Pair
from attnviz.data.tasks.labels import LabelTask
from attnviz.decoding import greedy
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.training.classification import Scores, confusion_matrix, scores
from attnviz.training.naive_bayes import NaiveBayes
from attnviz.training.objective import predict

BATCH = 128
NEAR = 1  # neighbours on each side that Naive Bayes sees beside a token
FIRST = len(SPECIALS)  # number of label 0 in the vocabulary


@dataclass(frozen=True)
class LabelPrediction:
    """One decision: a token's label, or a text's (position 0)."""

    example: int  # index in the split
    position: int  # of the token; 0 for a whole text
    truth: int  # number of the label in `labels`
    called: int
    probability: float  # of the label that was called


@dataclass(frozen=True)
class LabelReport:
    """All decisions on a split and what they add up to."""

    labels: tuple[str, ...]
    predictions: tuple[LabelPrediction, ...]
    pairs: Sequence[Pair]  # the examples, by index

    @cached_property
    def scores(self) -> Scores:
        """Confusion matrix, accuracy, precision, recall and F1."""
        truth = np.array([p.truth for p in self.predictions], dtype=np.int64)
        called = np.array([p.called for p in self.predictions], dtype=np.int64)
        return scores(confusion_matrix(truth, called, len(self.labels)))

    def cell(self, truth: int, called: int) -> tuple[LabelPrediction, ...]:
        """The decisions in one cell of the confusion matrix, the surest first."""
        found = (p for p in self.predictions if (p.truth, p.called) == (truth, called))
        return tuple(sorted(found, key=lambda p: -p.probability))


def label_report(model: Transformer, task: LabelTask, split: str, *, limit: int | None = None) -> LabelReport:
    """The model's decisions on the first `limit` examples (None: all). A "sequence" writes its labels freely."""
    pairs = task.split(split)[:limit]
    rows = label_probabilities(model, task, pairs)
    return report_of(task, pairs, rows)


def label_probabilities(model: Transformer, task: LabelTask, pairs: Sequence[Pair]) -> list[Float[np.ndarray, "_ L"]]:
    """For each example the probabilities of the labels at each place where one is read (T is 1 for a whole text).

    In the form "sequence" the model reads its own earlier labels; what it leaves out has probability 0 everywhere.
    """
    found: list[np.ndarray] = []
    device = next(model.parameters()).device
    with inference(model):
        for start in range(0, len(pairs), BATCH):
            chunk = pairs[start : start + BATCH]
            batch = task.collate(chunk).to(device)
            if task.form == "sequence":
                assert batch.src is not None, "a sequence has a source"
                room = min(model.config.max_len, max(len(pair.target) for pair in chunk) + 1)
                said = greedy(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=room)
                first = torch.full((len(chunk), 1), BOS, device=device)
                logits = model(batch.src, torch.cat((first, said), dim=1)[:, :-1])
                found += [
                    _spoken(row, tokens, len(p.target)) for row, tokens, p in zip(logits, said, chunk, strict=True)
                ]
                continue
            assert batch.scored is not None, "examples have labels"
            chances = predict(model, batch)[..., FIRST:].softmax(dim=-1).cpu().numpy()
            scored = batch.scored.cpu().numpy()
            found += [row[places] for row, places in zip(chances, scored, strict=True)]
    return found


def _spoken(logits: Float[Tensor, "T V"], said: Tensor, length: int) -> np.ndarray:
    """Probabilities of the labels at each place; nothing is said after the end."""
    chances = logits[:, FIRST:].softmax(dim=-1).cpu().numpy()
    ended = (said == EOS).nonzero()
    spoken = min(int(ended[0]) if len(ended) else len(said), length)
    row = np.zeros((length, chances.shape[1]), dtype=chances.dtype)
    row[:spoken] = chances[:spoken]
    return row


def report_of(task: LabelTask, pairs: Sequence[Pair], rows: Sequence[Float[np.ndarray, "_ L"]]) -> LabelReport:
    """The report of these probabilities. A label that the task does not know is left out."""
    number = {label: i for i, label in enumerate(task.labels)}
    decisions = [
        LabelPrediction(example, place, number[label], int(row[place].argmax()), float(row[place].max()))
        for example, (pair, row) in enumerate(zip(pairs, rows, strict=True))
        for place, label in enumerate(one for one in pair.target if one != (task.unscored or None))
        if label in number
    ]
    return LabelReport(task.labels, tuple(decisions), pairs)


# ---- baselines ------------------------------------------------------------------------------------------------


def majority_report(task: LabelTask, split: str, *, limit: int | None = None) -> LabelReport:
    """Always the most frequent label of the training split."""
    counts = Counter(label for pair in task.split("train") for label in pair.target)
    shares = np.array([counts[label] for label in task.labels], dtype=float) / max(1, sum(counts.values()))
    pairs = task.split(split)[:limit]
    return report_of(task, pairs, [np.tile(shares, (len(pair.target), 1)) for pair in pairs])


def naive_bayes_report(task: LabelTask, split: str, *, limit: int | None = None) -> LabelReport:
    """Naive Bayes over a text's tokens; for tagging over a token and its neighbours, told apart by their side."""
    train, pairs = task.split("train"), task.split(split)[:limit]
    number = {label: i for i, label in enumerate(task.labels)}
    known: dict[tuple[int, str], int] = {}
    for pair in train:
        for features in _features(task, pair):
            for feature in features:
                known.setdefault(feature, len(known))
    bayes = NaiveBayes(len(known), len(number))
    for pair in train:
        for label, features in zip(pair.target, _features(task, pair), strict=True):
            bayes.learn([known[feature] for feature in features], number[label])
    rows = [
        bayes.probabilities([[known[f] for f in features if f in known] for features in _features(task, pair)])
        for pair in pairs
    ]
    return report_of(task, pairs, rows)


def _features(task: LabelTask, pair: Pair) -> list[list[tuple[int, str]]]:
    """The features of each decision: (place beside the token, token)."""
    if not task.per_token:
        return [[(0, token) for token in pair.source]]
    padded = ["", *pair.source, ""]
    return [[(shift, padded[i + 1 + shift]) for shift in range(-NEAR, NEAR + 1)] for i in range(len(pair.source))]
