"""One attention from X to the end of its block, step by step, in the order in which the model computes it."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from attnviz.model.attention import attention_weights, merge_heads, split_heads
from attnviz.model.positions import rotate
from attnviz.trace.walkthrough.expression import ACTIVATION_NAMES
from attnviz.trace.walkthrough.setup import Edit, Norm, Setup
from attnviz.trace.walkthrough.step import Axis, Operation, Stage, Step, Walk


def walk(setup: Setup) -> Walk:
    """Compute every step of `setup`, its edits put in where they belong. An edit that fits nowhere: ValueError."""
    calculation = _Calculation(setup)
    calculation.attention()
    if setup.feed_forward is not None:
        calculation.feed_forward()
    if setup.edits and (unused := [edit for edit in setup.edits if edit.step not in calculation.steps]):
        raise ValueError(f"edit of {unused[0].step!r}; there are {', '.join(calculation.steps)}")
    return Walk(setup, calculation.steps)


class _Calculation:
    """Collects the steps; `put` is the one door through which a value becomes a step."""

    def __init__(self, setup: Setup) -> None:
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
        edits = tuple(edit for edit in self.setup.edits if edit.step == name)
        if edits:
            value = _with_edits(value, edits)
        array = value.numpy().copy()
        array.setflags(write=False)
        self.steps[name] = Step(name, symbol, stage, operation, inputs, array, rows, columns, edits)
        self.tensors[name] = value
        return name

    def give(self, name: str, symbol: str, stage: Stage, rows: Axis, columns: Axis) -> str:
        return self.put(name, symbol, stage, "given", (), self.numbers[name], rows, columns)

    def norm(self, name: str, symbol: str, of: str, norm: Norm) -> str:
        parts = [(f"{name}_gain", "γ"), (f"{name}_bias", "β")]
        inputs = [
            self.give(part, letter, "norm", self.one, self.feature) for part, letter in parts if part in self.numbers
        ]
        gain, bias = (self.tensors[part][0] if part in inputs else None for part, _ in parts)
        x = self.tensors[of]
        value = functional.layer_norm(x, (x.size(1),), gain, bias, norm.eps)
        return self.put(name, symbol, "norm", "layer_norm", (of, *inputs), value, self.query, self.feature)

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

    def attention(self) -> None:
        setup, variant = self.setup, self.variant
        x = self.give("x", "X", "input", self.query, self.feature)
        source = x
        if variant.norm == "pre":
            source = self.norm("attn_norm", "LN(X)", x, setup.norm)
        keys_from = source
        if setup.memory is not None:
            keys_from = self.give("memory", "M", "input", self.key, self.feature)
        for letter, of, rows in (("q", source, self.query), ("k", keys_from, self.key), ("v", keys_from, self.key)):
            self.project(letter, of, rows)

        q, k, v = (self.tensors[letter] for letter in "qkv")
        heads = (self.query, self.key)
        self.put("products", "QKᵀ", "products", "products", ("q", "k"), q @ k.transpose(-2, -1), *heads)
        products = self.tensors["products"]
        if variant.divide:
            scaled = products * (1 / math.sqrt(setup.head_dim))
            self.put("scores", "QKᵀ/√d", "scale", "divide", ("products",), scaled, *heads)
        else:
            self.put("scores", "QKᵀ", "scale", "copy", ("products",), products, *heads)
        self.give("mask", "mask", "mask", *heads)
        weights = self.softmax()

        mixed = self.tensors[weights] @ v
        self.put("head_output", "A·V", "mix", "mix", (weights, "v"), mixed, self.query, self.head_feature)
        heads_out = self.tensors["head_output"]
        if variant.combine == "concat":
            together = merge_heads(heads_out[None])[0]
            self.put("combined", "concat", "combine", "concat", ("head_output",), together, self.query, self.feature)
        else:
            added = heads_out.sum(dim=0)
            self.put("combined", "Σ", "combine", "sum_heads", ("head_output",), added, self.query, self.head_feature)

        inputs, value = self.affine("o", "_O", "output", "combined", self.feature, self.feature)
        self.put("attn_output", "O", "output", "affine", inputs, value, self.query, self.feature)
        post = variant.norm == "post"
        after = self.add("attn_residual", "X + O" if post else "Y", x, "attn_output")
        if post:
            self.norm("attn_norm", "Y", after, setup.norm)

    def project(self, letter: str, of: str, rows: Axis) -> None:
        capital = letter.upper()
        inputs, value = self.affine(letter, f"_{capital}", "project", of, self.feature, self.feature)
        value = split_heads(value[None], self.setup.n_heads)[0]
        turned = self.setup.rotary and letter != "v"
        name = f"{letter}_unrotated" if turned else letter
        self.put(name, capital, "project", "affine_heads", inputs, value, rows, self.head_feature)
        if turned:
            value = rotate(self.tensors[name][None])[0]
            self.put(letter, f"R·{capital}", "rotate", "rotate", (name,), value, rows, self.head_feature)

    def softmax(self) -> str:
        scores, mask, temperature = self.tensors["scores"], self.tensors["mask"], self.variant.temperature
        axes = (self.query, self.key)
        if self.variant.mask == "before":
            blocked = scores.masked_fill(~mask, -math.inf)
            self.put("masked_scores", "S", "mask", "mask", ("scores", "mask"), blocked, *axes)
            masked = self.tensors["masked_scores"]
            if temperature != 1:
                masked = masked / temperature
            weights = attention_weights(masked[None], (masked > -math.inf)[None])[0]
            return self.put("weights", "A", "softmax", "softmax", ("masked_scores",), weights, *axes)
        before = (scores / temperature).softmax(dim=-1)
        self.put("weights_before_mask", "softmax", "softmax", "softmax", ("scores",), before, *axes)
        kept = self.tensors["weights_before_mask"] * mask
        if self.variant.mask == "after":
            inputs = ("weights_before_mask", "mask")
            return self.put("weights", "A", "softmax", "mask_weights", inputs, kept, *axes)
        self.put("weights_masked", "A·mask", "softmax", "mask_weights", ("weights_before_mask", "mask"), kept, *axes)
        kept = self.tensors["weights_masked"]
        total = kept.sum(dim=-1, keepdim=True)
        weights = torch.where(total == 0, torch.zeros_like(kept), kept / total)
        return self.put("weights", "A", "softmax", "renormalise", ("weights_masked",), weights, *axes)

    def add(self, name: str, symbol: str, one: str, other: str) -> str:
        total = self.tensors[one] + self.tensors[other]
        return self.put(name, symbol, "residual", "add", (one, other), total, self.query, self.feature)

    def feed_forward(self) -> None:
        ff, variant = self.setup.feed_forward, self.variant
        assert ff is not None
        stage: Stage = "feed_forward"
        x = source = "attn_norm" if variant.norm == "post" else "attn_residual"
        if variant.norm == "pre":
            source = self.norm("ff_norm", "LN(Y)", x, ff.norm)
        inputs, value = self.affine("inner", "₁", stage, source, self.feature, self.hidden)
        self.put("inner", "H", stage, "affine", inputs, value, self.query, self.hidden)
        activate = functional.gelu if ff.activation == "gelu" else functional.relu
        letters = f"{ACTIVATION_NAMES[ff.activation]}(H)"
        active = activate(self.tensors["inner"])
        self.put("activated", letters, stage, "activation", ("inner",), active, self.query, self.hidden)
        inputs, value = self.affine("outer", "₂", stage, "activated", self.hidden, self.feature)
        self.put("ff_output", "F", stage, "affine", inputs, value, self.query, self.feature)
        after = self.add("ff_residual", "Y + F", x, "ff_output")
        if variant.norm == "post":
            self.norm("ff_norm", "LN(Y + F)", after, ff.norm)


def _with_edits(value: Tensor, edits: tuple[Edit, ...]) -> Tensor:
    value = value.clone()
    for edit in edits:
        place = (edit.head, edit.row, edit.column) if value.dim() == 3 else (edit.row, edit.column)
        if any(not 0 <= index < size for index, size in zip(place, value.size(), strict=True)):
            raise ValueError(f"edit of {edit.step} at {place}; its shape is {tuple(value.size())}")
        value[place] = bool(edit.value) if value.dtype == torch.bool else edit.value
    return value
