"""Several models asked together: labels by the mean of their probabilities, texts by majority vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.data import BOS, EOS, Pair, Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.decoding import greedy
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.training.finetuning.labels import LabelReport, label_probabilities, report_of

BATCH = 128


@dataclass(frozen=True)
class Member:
    """A model and its task: members may number tokens differently, so each reads with its own."""

    model: Transformer
    task: Task


def ensemble_report(members: Sequence[Member], task: LabelTask, pairs: Sequence[Pair]) -> LabelReport:
    """What the members call these examples together. All must have the labels of `task`."""
    found: list[list[np.ndarray]] = []
    for member in members:
        if not isinstance(member.task, LabelTask) or member.task.labels != task.labels:
            raise ValueError(f"a member's labels differ from those of {task.info.name}")
        found.append(label_probabilities(member.model, member.task, pairs))
    means = [np.mean(rows, axis=0) for rows in zip(*found, strict=True)]
    return report_of(task, pairs, means)


def outputs(member: Member, pairs: Sequence[Pair]) -> list[tuple[str, ...]]:
    """What a sequence-to-sequence model says to each source, greedily."""
    said: list[tuple[str, ...]] = []
    device = next(member.model.parameters()).device
    with inference(member.model):
        for start in range(0, len(pairs), BATCH):
            batch = member.task.collate(pairs[start : start + BATCH]).to(device)
            rows = greedy(member.model, batch.src, bos_id=BOS, eos_id=EOS, max_len=member.model.config.max_len)
            for row in rows.tolist():
                ended = row[: row.index(EOS)] if EOS in row else row
                said.append(tuple(member.task.tgt_vocab.decode(ended)))
    return said


def vote(answers: Sequence[Sequence[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """For each example the answer that most members give; of equals the one that an earlier member gives."""
    return [Counter(of_members).most_common(1)[0][0] for of_members in zip(*answers, strict=True)]


def ensemble_exact_match(members: Sequence[Member], pairs: Sequence[Pair]) -> float:
    """Share of examples whose voted output is the target."""
    voted = vote([outputs(member, pairs) for member in members])
    return sum(said == pair.target for said, pair in zip(voted, pairs, strict=True)) / len(pairs)
