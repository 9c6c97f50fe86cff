"""One attention from X to the end of its block, step by step, in the order in which the model computes it."""

from __future__ import annotations

import math

from torch.nn import functional

from attnviz.model.attention import merge_heads, split_heads
from attnviz.model.positions import rotate
from attnviz.trace.walkthrough.calculation import Calculation
from attnviz.trace.walkthrough.expression import ACTIVATION_NAMES
from attnviz.trace.walkthrough.head_setup import HeadSetup
from attnviz.trace.walkthrough.head_walk import walk_head
from attnviz.trace.walkthrough.setup import Setup
from attnviz.trace.walkthrough.step import Axis, Stage, Walk


def walk(setup: Setup | HeadSetup) -> Walk:
    """Compute every step of `setup`, its edits put in where they belong. An edit that fits nowhere: ValueError."""
    return walk_head(setup) if isinstance(setup, HeadSetup) else _BlockCalculation(setup).done()


class _BlockCalculation(Calculation):
    setup: Setup

    def compute(self) -> None:
        self.attention()
        if self.setup.feed_forward is not None:
            self.feed_forward()

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
