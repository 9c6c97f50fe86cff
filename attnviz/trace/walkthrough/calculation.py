"""What every walk is computed with: the door through which a value becomes a step, and the steps that all have."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from attnviz.model.attention import attention_weights
from attnviz.trace.walkthrough.head_setup import HeadSetup
from attnviz.trace.walkthrough.setup import Edit, Norm, Setup
from attnviz.trace.walkthrough.step import Axis, Operation, Stage, Step, Walk


class Calculation:
    """Collects the steps; `put` is the one door through which a value becomes a step."""

    def __init__(self, setup: Setup | HeadSetup) -> None:
        self.setup = setup
        self.variant = setup.variant
        self.steps: dict[str, Step] = {}
        self.tensors: dict[str, Tensor] = {}
        self.numbers = {name: torch.tensor(np.asarray(value)) for name, value in setup.numbers().items()}
        self.query = Axis("query", setup.row_labels)
        self.key = Axis("key", setup.column_labels)
        self.feature, self.head_feature = Axis("feature"), Axis("head_feature")
        self.hidden, self.one = Axis("hidden"), Axis("one")

    def put(
        self,
        name: str,
        symbol: str,
        stage: Stage,
        operation: Operation,
        inputs: tuple[str, ...],
        value: Tensor,
        rows: Axis,
        columns: Axis,
    ) -> str:
        """A value as a step, its edits put in; returns its name."""
        edits = tuple(edit for edit in self.setup.edits if edit.step == name)
        if edits:
            value = _with_edits(value, edits, self._siblings(name))
        array = value.numpy().copy()
        array.setflags(write=False)
        self.steps[name] = Step(name, symbol, stage, operation, inputs, array, rows, columns, edits)
        self.tensors[name] = value
        return name

    def give(self, name: str, symbol: str, stage: Stage, rows: Axis, columns: Axis) -> str:
        """A given matrix as a step."""
        return self.put(name, symbol, stage, "given", (), self.numbers[name], rows, columns)

    def norm(
        self,
        name: str,
        symbol: str,
        of: str,
        norm: Norm,
        rows: Axis | None = None,
        columns: Axis | None = None,
        stage: Stage = "norm",
    ) -> str:
        """The norm of a step's rows; queries and features where nothing else is said."""
        rows, columns = rows or self.query, columns or self.feature
        parts = [(f"{name}_gain", "γ"), (f"{name}_bias", "β")]
        inputs = [self.give(part, letter, stage, self.one, columns) for part, letter in parts if part in self.numbers]
        gain, bias = (self.tensors[part][0] if part in inputs else None for part, _ in parts)
        x = self.tensors[of]
        if norm.kind == "rms":
            value = x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + norm.eps)
            value = value if gain is None else value * gain
        else:
            value = functional.layer_norm(x, (x.size(-1),), gain, bias, norm.eps)
        operation: Operation = "rms_norm" if norm.kind == "rms" else "layer_norm"
        return self.put(name, symbol, stage, operation, (of, *inputs), value, rows, columns)

    def affine(
        self, name: str, letter: str, stage: Stage, of: str, ins: Axis, outs: Axis
    ) -> tuple[tuple[str, ...], Tensor]:
        """Of X · W + b the names of X, W and, where there is one, b, and the value."""
        given = [self.give(f"w_{name}", f"W{letter}", stage, ins, outs)]
        if f"b_{name}" in self.numbers:
            given.append(self.give(f"b_{name}", f"b{letter}", stage, self.one, outs))
        x, w, *bias = (self.tensors[part] for part in (of, *given))
        value = functional.linear(x, w[: x.size(1)].T, bias[0][0] if bias else None)
        return (of, *given), value

    def softmax(self) -> str:
        """From scores and mask to weights, in the order that the switches say; returns the step with the weights."""
        scores, mask, temperature = self.tensors["scores"], self.tensors["mask"], self.variant.temperature
        axes = (self.query, self.key)
        sink = ("sink",) if "sink" in self.steps else ()
        operation: Operation = "softmax_sink" if sink else "softmax"
        if self.variant.mask == "before":
            blocked = scores.masked_fill(~mask, -math.inf)
            self.put("masked_scores", "S", "mask", "mask", ("scores", "mask"), blocked, *axes)
            masked = self.tensors["masked_scores"]
            if temperature != 1:
                masked = masked / temperature
            weights = self.shares(masked)
            return self.put("weights", "A", "softmax", operation, ("masked_scores", *sink), weights, *axes)
        before = self.shares(scores / temperature)
        self.put("weights_before_mask", "softmax", "softmax", operation, ("scores", *sink), before, *axes)
        kept = self.tensors["weights_before_mask"] * mask
        if self.variant.mask == "after":
            inputs = ("weights_before_mask", "mask")
            return self.put("weights", "A", "softmax", "mask_weights", inputs, kept, *axes)
        self.put("weights_masked", "A·mask", "softmax", "mask_weights", ("weights_before_mask", "mask"), kept, *axes)
        kept = self.tensors["weights_masked"]
        total = kept.sum(dim=-1, keepdim=True)
        weights = torch.where(total == 0, torch.zeros_like(kept), kept / total)
        return self.put("weights", "A", "softmax", "renormalise", ("weights_masked",), weights, *axes)

    def shares(self, scores: Tensor) -> Tensor:
        """The softmax of scores (H, T, S); a sink takes its share of a row."""
        if "sink" in self.tensors:
            sink = (self.tensors["sink"] / self.variant.temperature).expand(-1, scores.size(1), 1)
            return torch.cat((scores, sink), dim=-1).softmax(dim=-1)[..., :-1]
        return attention_weights(scores[None], (scores > -math.inf)[None])[0]

    def add(self, name: str, symbol: str, one: str, other: str) -> str:
        """What came in, added back."""
        total = self.tensors[one] + self.tensors[other]
        return self.put(name, symbol, "residual", "add", (one, other), total, self.query, self.feature)

    def _siblings(self, name: str) -> int:
        """Neighbouring heads that share the numbers of a step: those of one group of keys and values."""
        shared = name in ("k", "v", "k_unrotated", "k_projected", "v_projected")
        return self.setup.n_heads // self.setup.groups if shared else 1

    def compute(self) -> None:
        """Every step, in order."""
        raise NotImplementedError

    def done(self) -> Walk:
        """All steps; an edit that fits nowhere raises ValueError."""
        self.compute()
        if self.setup.edits and (unused := [edit for edit in self.setup.edits if edit.step not in self.steps]):
            raise ValueError(f"edit of {unused[0].step!r}; there are {', '.join(self.steps)}")
        return Walk(self.setup, self.steps)


def _with_edits(value: Tensor, edits: tuple[Edit, ...], siblings: int) -> Tensor:
    value = value.clone()
    for edit in edits:
        place = (edit.head, edit.row, edit.column) if value.dim() == 3 else (edit.row, edit.column)
        if any(not 0 <= index < size for index, size in zip(place, value.size(), strict=True)):
            raise ValueError(f"edit of {edit.step} at {place}; its shape is {tuple(value.size())}")
        if siblings > 1:
            first = edit.head - edit.head % siblings
            value[first : first + siblings, edit.row, edit.column] = edit.value
            continue
        value[place] = bool(edit.value) if value.dtype == torch.bool else edit.value
    return value
