"""The walk through any model's attention, step by step, in the order in which the model computes it."""

from __future__ import annotations

import torch
from torch import Tensor

from attnviz.model.attention import merge_heads, split_heads
from attnviz.trace.walkthrough.calculation import Calculation
from attnviz.trace.walkthrough.head_setup import LETTERS, HeadSetup, Turn
from attnviz.trace.walkthrough.step import Axis, Operation, Walk


def walk_head(setup: HeadSetup) -> Walk:
    """Compute every step of `setup`, its edits put in where they belong. An edit that fits nowhere: ValueError."""
    return _HeadCalculation(setup).done()


def turned(x: Tensor, turn: Turn) -> Tensor:
    """Queries or keys (…, T, D) with their first features turned by their positions."""
    pairs = [turn.partner(feature) for feature in range(turn.width)]
    partner = x[..., [place for place, _ in pairs]] * x.new_tensor([float(sign) for _, sign in pairs])
    cos, sin = (torch.as_tensor(part).to(x) for part in (turn.cos, turn.sin))
    return torch.cat((x[..., : turn.width] * cos + partner * sin, x[..., turn.width :]), dim=-1)


class _HeadCalculation(Calculation):
    setup: HeadSetup

    def compute(self) -> None:
        setup = self.setup
        if setup.projections is None:
            for letter in LETTERS:
                rows = self.query if letter == "q" else self.key
                self.give(letter, letter.upper(), "input", rows, self.head_feature)
        else:
            self.project()
        self.scores()
        self.give("mask", "mask", "mask", self.query, self.key)
        self.mix(self.softmax())
        if setup.out is None:
            return
        inputs, value = self.affine("o", "_O", "output", "combined", self.feature, self.feature)
        self.put("attn_output", "O", "output", "affine", inputs, value, self.query, self.feature)
        if setup.residual:
            after = self.add("attn_residual", "X + O", "x", "attn_output")
            if setup.norm_after is not None:
                self.norm("attn_norm", "N(X + O)", after, setup.norm_after)

    def project(self) -> None:
        setup = self.setup
        assert setup.projections is not None, "checked by the caller"
        source = self.give("x", "X", "input", self.query, self.feature)
        if setup.norm is not None:
            source = self.norm("attn_norm", "N(X)", source, setup.norm)
        other = source
        if setup.memory is not None:
            other = self.give("memory", "M", "input", self.key, self.feature)
        for letter in LETTERS:
            of, rows = (source, self.query) if letter == "q" else (other, self.key)
            first, *later = setup.names(letter)
            inputs, value = self.affine(letter, f"_{letter.upper()}", "project", of, self.feature, self.feature)
            heads = setup.n_heads if letter == "q" else setup.groups
            value = split_heads(value[None], heads)[0].repeat_interleave(setup.n_heads // heads, dim=0)
            self.put(first, letter.upper(), "project", "affine_heads", inputs, value, rows, self.head_feature)
            if (norm := setup.projections[letter].norm) is not None:
                self.norm(later[0], f"N({letter.upper()})", first, norm, rows, self.head_feature, "project")
        if setup.turn is not None:
            self.turn("q", self.query)
            self.turn("k", self.key)

    def turn(self, letter: str, rows: Axis) -> None:
        assert self.setup.turn is not None, "there is a step for it"
        for part in ("cos", "sin"):
            if part not in self.steps:
                self.give(part, part, "rotate", rows, self.head_feature)
        before = f"{letter}_unrotated"
        value = turned(self.tensors[before], self.setup.turn)
        self.put(
            letter, f"R·{letter.upper()}", "rotate", "turn", (before, "cos", "sin"), value, rows, self.head_feature
        )

    def scores(self) -> None:
        setup, axes = self.setup, (self.query, self.key)
        q, k = self.tensors["q"], self.tensors["k"]
        self.put("products", "QKᵀ", "products", "products", ("q", "k"), q @ k.transpose(-2, -1), *axes)
        names = setup.score_names
        operation: Operation = "copy" if not setup.variant.divide else "divide" if setup.divides else "times"
        products = self.tensors["products"]
        value = products * setup.scaling if setup.variant.divide else products
        symbol = {"copy": "QKᵀ", "divide": "QKᵀ/√d", "times": f"QKᵀ·{setup.scaling:.4g}"}[operation]
        self.put(names[0], symbol, "scale", operation, ("products",), value, *axes)
        if setup.softcap is not None:
            value = setup.softcap * torch.tanh(self.tensors["scaled"] / setup.softcap)
            self.put(names[1], "c·tanh", "scale", "softcap", ("scaled",), value, *axes)
        if setup.bias is not None:
            before = names[-2]
            self.give("bias", "B", "scale", *axes)
            value = self.tensors[before] + self.tensors["bias"]
            self.put("scores", "S + B", "scale", "add", (before, "bias"), value, *axes)

    def softmax(self) -> str:
        if self.setup.sinks is not None:
            self.give("sink", "sink", "softmax", self.one, self.one)
        return super().softmax()

    def mix(self, weights: str) -> None:
        mixed = self.tensors[weights] @ self.tensors["v"]
        self.put("head_output", "A·V", "mix", "mix", (weights, "v"), mixed, self.query, self.head_feature)
        together = merge_heads(self.tensors["head_output"][None])[0]
        self.put("combined", "concat", "combine", "concat", ("head_output",), together, self.query, self.feature)
