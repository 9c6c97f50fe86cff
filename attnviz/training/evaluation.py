"""How good a model is on a split: loss, accuracy, free-running exact match, alignment."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jaxtyping import Float
from torch import Tensor

from attnviz.data import BOS, EOS, SPECIALS, Batch, Pair, Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.decoding import greedy
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.training.alignment import Alignment, AlignmentCounter, Head
from attnviz.training.objective import cross_entropy
from attnviz.training.regime import broken_batch, broken_masks, with_more_padding

EXTRA_STEPS = 2  # free running may say this much more than the longest target before it is cut


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Results on one split. Teacher-forced: the model is given the right prefix. Free-running: its own."""

    loss: float  # nats per target token, teacher-forced
    token_accuracy: float  # share of target tokens, teacher-forced
    exact_match: float | None  # share of examples whose free-running output is the target; None for language models
    alignment: Alignment | None  # None where nobody can say which source token a target token comes from
    examples: int
    tokens: int  # scored target tokens

    @property
    def perplexity(self) -> float:
        """e^loss."""
        return math.exp(min(self.loss, 700.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, perplexity included."""
        return {
            "loss": self.loss,
            "perplexity": self.perplexity,
            "token_accuracy": self.token_accuracy,
            "exact_match": self.exact_match,
            "alignment": None if self.alignment is None else self.alignment.to_dict(),
            "examples": self.examples,
            "tokens": self.tokens,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Metrics:
        """The inverse of `to_dict`."""
        alignment, exact = values["alignment"], values["exact_match"]
        return cls(
            loss=float(values["loss"]),
            token_accuracy=float(values["token_accuracy"]),
            exact_match=None if exact is None else float(exact),
            alignment=None if alignment is None else Alignment.from_dict(alignment),
            examples=int(values["examples"]),
            tokens=int(values["tokens"]),
        )


def evaluate(
    model: Transformer,
    task: Task,
    split: str,
    *,
    limit: int | None = None,
    batch_size: int = 128,
    without: Collection[str] = (),
) -> Metrics:
    """Metrics on the first `limit` examples of a split (None: all of it). The model is left as it was.

    `without` is what the model was trained without (see `TrainConfig.without`) and is measured without too; where that
    is the padding mask, sources get some more padding, as beside a longer neighbour.
    """
    pairs = task.split(split)[:limit]
    if not pairs:
        raise ValueError(f"split {split!r} of task {task.info.name} has no examples")
    loss, correct, tokens, matches = 0.0, 0, 0, 0
    counter = AlignmentCounter(model, task)
    free_running = model.config.has_encoder and model.config.has_decoder
    device = next(model.parameters()).device
    # A place that has a label is read as the most likely label, here as in every table of labels.
    specials = len(SPECIALS) if isinstance(task, LabelTask) and task.form != "sequence" else None
    ordered = _by_length(pairs)
    with inference(model):
        for chunk in (list(ordered[i : i + batch_size]) for i in range(0, len(ordered), batch_size)):
            batch = broken_batch(task.collate(chunk).to(device), without)
            if "padding-mask" in without:
                batch = with_more_padding(batch, model.config.max_len)
            assert batch.targets is not None, "an evaluated batch has targets"
            logits = counter.forward(batch, chunk, broken_masks(model, batch, without))
            part = cross_entropy(logits, batch.targets, pad_id=model.config.pad_id)
            loss += part.nats.item() * part.tokens
            correct += part.correct if specials is None else _labels_right(logits, batch, specials)
            tokens += part.tokens
            if free_running:
                free = broken_masks(model, replace(batch, decoder_input=None), without)
                matches += sum(exact_matches(model, task, batch, free))
    return Metrics(
        loss=loss / tokens,
        token_accuracy=correct / tokens,
        exact_match=matches / len(pairs) if free_running else None,
        alignment=counter.result(),
        examples=len(pairs),
        tokens=tokens,
    )


def _labels_right(logits: Float[Tensor, "B T V"], batch: Batch, specials: int) -> int:
    """At how many scored places the most likely label, not counting special tokens, is the right one."""
    assert batch.targets is not None, "an evaluated batch has targets"
    assert batch.scored is not None, "targets are scored somewhere or nowhere"
    said = logits[..., specials:].argmax(dim=-1) + specials
    return int(((said == batch.targets) & batch.scored).sum())


def exact_matches(model: Transformer, task: Task, batch: Batch, masks: MaskPlan | None = None) -> list[bool]:
    """For each example of a sequence-to-sequence batch: does greedy decoding end and say exactly the target?

    Compared as strings, so that a target token outside the vocabulary can never be right. `masks` None: the model's.
    """
    assert batch.targets is not None, "an evaluated batch has targets"
    room = min(batch.targets.size(1) + EXTRA_STEPS, model.config.max_len)
    said = greedy(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=room, masks=masks)
    wanted = batch.target_labels
    rows = [row[: row.index(EOS) + 1] if EOS in row else row for row in said.tolist()]
    return [tuple(task.tgt_vocab.decode(row)) == target for row, target in zip(rows, wanted, strict=True)]


def _by_length(pairs: Sequence[Pair]) -> list[Pair]:
    # Rows of one length need no padding; sorting is stable, so the order is repeatable.
    return sorted(pairs, key=lambda pair: (len(pair.source), len(pair.target)))


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished model's figures: the head to show is chosen on validation and measured on test."""

    validation: Metrics
    test: Metrics

    @property
    def aligned_head(self) -> Head | None:
        """The cross-attention head that points best on the validation split."""
        return None if self.validation.alignment is None else self.validation.alignment.best_head

    @property
    def alignment(self) -> float | None:
        """That head's share on the test split."""
        head = self.aligned_head
        return None if head is None or self.test.alignment is None else self.test.alignment.of(head)


def report(model: Transformer, task: Task, *, limit: int | None = None) -> Report:
    """Validation and test figures."""
    return Report(
        validation=evaluate(model, task, "validation", limit=limit), test=evaluate(model, task, "test", limit=limit)
    )
