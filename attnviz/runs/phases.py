"""One step walked through by phase: batch → forward → loss → gradients → clip → update, each with its real numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from attnviz.data import PAD, Batch
from attnviz.training import Loss, StepRecord, Trainer

PHASES = ("batch", "forward", "loss", "gradients", "clip", "update")
MOST_ROWS = 8  # examples of the batch that are reported token by token
MOST_WEIGHTS = 12  # single weights that moved most


@dataclass(frozen=True)
class PhaseReport:
    """What a step that is walked through has done so far; `numbers` has an entry for each phase done."""

    step: int  # the step being made: 1 … steps
    done: tuple[str, ...]
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def next(self) -> str | None:
        """The phase to come; None when the step is made."""
        return PHASES[len(self.done)] if len(self.done) < len(PHASES) else None


class PhaseWalk:
    """Makes one step of a trainer, a phase a call; the numbers are those of an ordinary step."""

    def __init__(self, trainer: Trainer, weight: str | None = None) -> None:
        self.trainer = trainer
        self.weight = weight
        self.step = trainer.step_number + 1
        self.done: list[str] = []
        self.numbers: dict[str, dict[str, Any]] = {}
        self.record: StepRecord | None = None  # once the step is made
        self._seconds = 0.0
        self._batch: Batch
        self._loss: Loss
        self._logits: Tensor
        self._norm = 0.0

    def next(self, weight: str | None = None) -> dict[str, Any]:
        """Do the next phase; returns the report so far, ready for JSON."""
        self.weight = weight or self.weight
        phase = PHASES[len(self.done)]
        self.numbers[phase] = getattr(self, f"_do_{phase}")()
        self.done.append(phase)
        return {"step": self.step, "done": list(self.done), "numbers": self.numbers}

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self._seconds += time.perf_counter() - begin

    def _do_batch(self) -> dict[str, Any]:
        with self._timed():
            self._batch = self.trainer.draw()
        batch = self._batch
        rows = range(min(MOST_ROWS, batch.size))
        return {
            "size": batch.size,
            "tokens": batch.n_scored,
            "rows": [
                {
                    "source": list(batch.src_labels[i]) if batch.src_labels else [],
                    "decoder_input": list(batch.decoder_labels[i]) if batch.decoder_labels else [],
                    "targets": list(batch.target_labels[i]) if batch.target_labels else [],
                }
                for i in rows
            ],
        }

    def _do_forward(self) -> dict[str, Any]:
        seen: list[Tensor] = []
        hook = self.trainer.model.register_forward_hook(lambda module, inputs, output: seen.append(output.detach()))
        try:
            with self._timed():
                self._loss = self.trainer.forward(self._batch)
        finally:
            hook.remove()
        self._logits = seen[-1][:MOST_ROWS].float().cpu()
        chances = self._logits.softmax(dim=-1)
        best, said = chances.max(dim=-1)
        vocab = self.trainer.task.tgt_vocab
        rows = []
        for i, scored in enumerate(self._scored()):
            where = scored.nonzero()[:, 0]
            wanted = self._targets()[i, where]
            rows.append(
                {
                    "predicted": vocab.decode(said[i, where].tolist()),
                    "predicted_chance": best[i, where].tolist(),
                    "target_chance": chances[i, where, wanted].tolist(),
                }
            )
        return {"rows": rows, "correct": self._loss.correct, "tokens": self._loss.tokens}

    def _do_loss(self) -> dict[str, Any]:
        nats = -self._logits.log_softmax(dim=-1).gather(-1, self._targets()[..., None])[..., 0]
        rows = [nats[i, scored].tolist() for i, scored in enumerate(self._scored())]
        return {
            "rows": rows,  # nats of each scored token
            "mean": self._loss.nats.item(),
            "objective": self._loss.objective.item(),  # what is differentiated: with label smoothing
        }

    def _do_gradients(self) -> dict[str, Any]:
        with self._timed():
            self.trainer.backward(self._loss)
        named = dict(self.trainer.model.named_parameters())
        norms = {name: float(p.grad.norm()) for name, p in named.items() if p.grad is not None}
        return {"parameters": norms, "layers": by_layer(norms)}

    def _do_clip(self) -> dict[str, Any]:
        with self._timed():
            norm = self.trainer.clip()
        limit = self.trainer.config.clip_norm
        self._norm = norm
        return {"norm": norm, "limit": limit, "factor": min(1.0, limit / norm) if limit and norm else 1.0}

    def _do_update(self) -> dict[str, Any]:
        named = {name: p for name, p in self.trainer.model.named_parameters() if p.requires_grad}
        before = {name: p.detach().clone() for name, p in named.items()}
        with self._timed():
            rate = self.trainer.update()
        moved = {name: p.detach() - before[name] for name, p in named.items()}
        length = {name: float(value.norm()) for name, value in before.items()}
        step_length = {name: float(value.norm()) for name, value in moved.items()}
        whole, all_moved = _length(length), _length(step_length)
        self.record = self.trainer.finish_step(
            self._loss, self._norm, rate, all_moved / whole if whole else 0.0, self._seconds
        )
        return {
            "learning_rate": rate,
            "parameters": {name: {"weights": length[name], "moved": step_length[name]} for name in named},
            "layers": by_layer(step_length),
            "ratio": all_moved / whole if whole else 0.0,
            "most_moved": most_moved(before, moved),
        }

    def _targets(self) -> Tensor:
        assert self._batch.targets is not None, "a training batch has targets"
        return self._batch.targets[:MOST_ROWS].cpu()

    def _scored(self) -> Tensor:
        return self._targets() != PAD


def by_layer(norms: Mapping[str, float]) -> dict[str, float]:
    """Norms of parameters as norms of what they belong to: "encoder.0", "decoder.1", "embedding" …"""
    squares: dict[str, float] = {}
    for name, value in norms.items():
        parts = name.split(".")
        layer = ".".join(parts[:2]) if len(parts) > 2 and parts[1].isdecimal() else parts[0]
        squares[layer] = squares.get(layer, 0.0) + value**2
    return {layer: square**0.5 for layer, square in squares.items()}


def most_moved(before: Mapping[str, Tensor], moved: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """The single weights that an update moved furthest."""
    found = []
    for name, change in moved.items():
        sizes, places = change.abs().flatten().topk(min(MOST_WEIGHTS, change.numel()))
        found += [(float(size), name, int(place)) for size, place in zip(sizes, places, strict=True)]
    return [
        {
            "parameter": name,
            "index": [int(i) for i in torch.unravel_index(torch.tensor(place), before[name].shape)],
            "before": float(before[name].flatten()[place]),
            "change": float(moved[name].flatten()[place]),
        }
        for _, name, place in sorted(found, reverse=True)[:MOST_WEIGHTS]
    ]


def _length(norms: Mapping[str, float]) -> float:
    return sum(value**2 for value in norms.values()) ** 0.5
