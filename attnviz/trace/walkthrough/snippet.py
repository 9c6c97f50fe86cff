"""The same steps as PyTorch code that runs on its own, line by line beside the walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.walkthrough.compute import walk
from attnviz.trace.walkthrough.setup import Edit, Setup

NUMBERS_FILE = "numbers.safetensors"  # what `Setup.numbers()` is saved as beside a snippet that loads it
_INLINE_AT_MOST = 1000  # numbers that are still written into the code


@dataclass(frozen=True)
class Line:
    """A line of code and the step that it computes."""

    text: str
    step: str | None = None


@dataclass(frozen=True)
class Snippet:
    """Runnable code. `needs_file`: it loads `NUMBERS_FILE`, the matrices being too many to write out."""

    lines: tuple[Line, ...]
    needs_file: bool

    @property
    def text(self) -> str:
        """The whole program."""
        return "\n".join(line.text for line in self.lines) + "\n"

    def lines_of(self, step: str) -> tuple[int, ...]:
        """Places of the lines that belong to a step, from 0."""
        return tuple(place for place, line in enumerate(self.lines) if line.step == step)


def snippet(setup: Setup) -> Snippet:
    """PyTorch code that leaves every step of the walk in a variable of its name, edits and switches included."""
    numbers = setup.numbers()
    needs_file = sum(array.size for array in numbers.values()) > _INLINE_AT_MOST
    lines = [Line("import torch"), Line("from torch.nn import functional as F")]
    if needs_file:
        lines += [Line("from safetensors.torch import load_file"), Line("")]
        lines.append(Line(f'numbers = load_file("{NUMBERS_FILE}")  # x, w_q, b_q …, each under its own name'))
    lines.append(Line(""))
    steps = walk(setup).steps
    for line in _program(setup, needs_file):
        lines.append(line)
        if line.step is not None:
            lines += [Line(_edit(edit, steps[line.step].has_heads), line.step) for edit in steps[line.step].edits]
    last = next(line.step for line in reversed(lines) if line.step)
    lines.append(Line(f"print({last})"))
    return Snippet(tuple(lines), needs_file)


def _program(setup: Setup, needs_file: bool) -> Iterator[Line]:
    variant, numbers = setup.variant, setup.numbers()

    def given(*names: str) -> Iterator[Line]:
        for name in names:
            value = f'numbers["{name}"]' if needs_file else _literal(numbers[name])
            yield Line(f"{name} = {value}", name)

    def norm(name: str, of: str, eps: float) -> Iterator[Line]:
        parts = [part for part in (f"{name}_gain", f"{name}_bias") if part in numbers]
        yield from given(*parts)
        weight, bias = (f"{part}[0]" if part in parts else "None" for part in (f"{name}_gain", f"{name}_bias"))
        yield Line(f"{name} = F.layer_norm({of}, {of}.shape[-1:], {weight}, {bias}, {eps!r})", name)

    def affine(name: str, of: str, rows: str = "") -> tuple[list[Line], str]:
        bias = f" + b_{name}" if f"b_{name}" in numbers else ""
        return list(given(f"w_{name}", *([f"b_{name}"] if bias else []))), f"{of} @ w_{name}{rows}{bias}"

    heads, head_dim = setup.n_heads, setup.head_dim
    yield Line(f"n_heads, head_dim = {heads}, {head_dim}")
    if setup.rotary:
        yield from _rotation()
    yield from given("x")
    source = "x"
    if variant.norm == "pre":
        yield from norm("attn_norm", "x", setup.norm.eps)
        source = "attn_norm"
    keys_from = source
    if setup.memory is not None:
        yield from given("memory")
        keys_from = "memory"
    for letter, of in (("q", source), ("k", keys_from), ("v", keys_from)):
        parameters, product = affine(letter, of)
        yield from parameters
        turned = setup.rotary and letter != "v"
        name = f"{letter}_unrotated" if turned else letter
        split = f"({product}).view(-1, n_heads, head_dim).transpose(0, 1)"
        yield Line(f"{name} = {split}  # (heads, tokens, head_dim)", name)
        if turned:
            yield Line(f"{letter} = rotate({name})", letter)
    yield Line("products = q @ k.transpose(1, 2)  # (heads, queries, keys)", "products")
    yield Line(f"scores = products{' / head_dim**0.5' if variant.divide else '.clone()'}", "scores")
    yield from given("mask")
    yield from _softmax(setup)
    yield Line("head_output = weights @ v", "head_output")
    if variant.combine == "concat":
        yield Line("combined = head_output.transpose(0, 1).reshape(-1, n_heads * head_dim)  # concat", "combined")
    else:
        yield Line("combined = head_output.sum(dim=0)  # only head_dim wide", "combined")
    parameters, product = affine("o", "combined", "" if variant.combine == "concat" else "[:head_dim]")
    yield from parameters
    yield Line(f"attn_output = {product}", "attn_output")
    yield Line("attn_residual = x + attn_output", "attn_residual")
    if variant.norm == "post":
        yield from norm("attn_norm", "attn_residual", setup.norm.eps)
    if (ff := setup.feed_forward) is None:
        return
    before = source = "attn_norm" if variant.norm == "post" else "attn_residual"
    if variant.norm == "pre":
        yield from norm("ff_norm", before, ff.norm.eps)
        source = "ff_norm"
    parameters, product = affine("inner", source)
    yield from parameters
    yield Line(f"inner = {product}", "inner")
    yield Line(f"activated = F.{ff.activation}(inner)", "activated")
    parameters, product = affine("outer", "activated")
    yield from parameters
    yield Line(f"ff_output = {product}", "ff_output")
    yield Line(f"ff_residual = {before} + ff_output", "ff_residual")
    if variant.norm == "post":
        yield from norm("ff_norm", "ff_residual", ff.norm.eps)


def _softmax(setup: Setup) -> Iterator[Line]:
    warm = "" if setup.variant.temperature == 1 else f" / {setup.variant.temperature!r}"
    if setup.variant.mask == "before":
        yield Line('masked_scores = scores.masked_fill(~mask, float("-inf"))', "masked_scores")
        softmax = f"torch.softmax(masked_scores{warm}, dim=-1)"
        yield Line(f"weights = {softmax}.nan_to_num(0.0)  # a fully blocked row: 0", "weights")
        return
    yield Line(f"weights_before_mask = torch.softmax(scores{warm}, dim=-1)", "weights_before_mask")
    if setup.variant.mask == "after":
        yield Line("weights = weights_before_mask * mask  # rows no longer sum to 1", "weights")
        return
    yield Line("weights_masked = weights_before_mask * mask", "weights_masked")
    yield Line("weights = (weights_masked / weights_masked.sum(dim=-1, keepdim=True)).nan_to_num(0.0)", "weights")


def _rotation() -> Iterator[Line]:
    for text in (
        "def rotate(x):  # each pair of features turned by its position",
        "    position = torch.arange(x.shape[1], dtype=torch.float32)[:, None]",
        "    frequency = 10000 ** (-torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)",
        "    cos, sin = (position * frequency).cos().to(x.dtype), (position * frequency).sin().to(x.dtype)",
        "    even, odd = x[..., 0::2], x[..., 1::2]",
        "    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)",
        "",
        "",
    ):
        yield Line(text)


def _literal(array: NDArray[np.generic]) -> str:
    kind = "bool" if array.dtype == bool else str(array.dtype)
    return f"torch.tensor({array.tolist()!r}, dtype=torch.{kind})"


def _edit(edit: Edit, has_heads: bool) -> str:
    place = f"{edit.head}, {edit.row}, {edit.column}" if has_heads else f"{edit.row}, {edit.column}"
    return f"{edit.step}[{place}] = {bool(edit.value) if edit.step == 'mask' else edit.value!r}  # edited"
