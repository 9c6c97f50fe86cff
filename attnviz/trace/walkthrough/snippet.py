"""The same steps as PyTorch code that runs on its own, line by line beside the walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attnviz.trace.walkthrough.compute import walk
from attnviz.trace.walkthrough.head_setup import HeadSetup
from attnviz.trace.walkthrough.head_snippet import head_program
from attnviz.trace.walkthrough.lines import Line, given_by, softmax_lines
from attnviz.trace.walkthrough.setup import Edit, Setup
from attnviz.trace.walkthrough.step import Step

NUMBERS_FILE = "numbers.safetensors"  # what `Setup.numbers()` is saved as beside a snippet that loads it
_INLINE_AT_MOST = 1000  # numbers that are still written into the code


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


def snippet(setup: Setup | HeadSetup) -> Snippet:
    """PyTorch code that leaves every step of the walk in a variable of its name, edits and switches included."""
    numbers = setup.numbers()
    needs_file = sum(array.size for array in numbers.values()) > _INLINE_AT_MOST
    lines = [Line("import torch"), Line("from torch.nn import functional as F")]
    if needs_file:
        lines += [Line("from safetensors.torch import load_file"), Line("")]
        lines.append(Line(f'numbers = load_file("{NUMBERS_FILE}")  # x, w_q, b_q …, each under its own name'))
    lines.append(Line(""))
    steps = walk(setup).steps
    program = (
        head_program(setup, given_by(needs_file, numbers))
        if isinstance(setup, HeadSetup)
        else _program(setup, needs_file)
    )
    for line in program:
        lines.append(line)
        if line.step is not None:
            lines += [Line(_edit(edit, steps[line.step], setup), line.step) for edit in steps[line.step].edits]
    last = next(line.step for line in reversed(lines) if line.step)
    lines.append(Line(f"print({last})"))
    return Snippet(tuple(lines), needs_file)


def _program(setup: Setup, needs_file: bool) -> Iterator[Line]:
    variant, numbers = setup.variant, setup.numbers()

    given = given_by(needs_file, numbers)

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
    yield from softmax_lines(setup)
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


def _edit(edit: Edit, step: Step, setup: Setup | HeadSetup) -> str:
    place = f"{edit.row}, {edit.column}"
    siblings = setup.n_heads // setup.groups if edit.step[0] in "kv" and step.has_heads else 1
    if siblings > 1:  # the heads of a group share them
        first = edit.head - edit.head % siblings
        place = f"{first}:{first + siblings}, {place}"
    elif step.has_heads:
        place = f"{edit.head}, {place}"
    return f"{edit.step}[{place}] = {bool(edit.value) if edit.step == 'mask' else edit.value!r}  # edited"
