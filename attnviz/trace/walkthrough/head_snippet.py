"""The walk through any model's attention as PyTorch code that runs on its own."""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.trace.walkthrough.head_setup import LETTERS, HeadSetup
from attnviz.trace.walkthrough.lines import Given, Line, softmax_lines
from attnviz.trace.walkthrough.setup import Norm


def head_program(setup: HeadSetup, given: Given) -> Iterator[Line]:
    """Every step in a variable of its name; `given` writes the lines of given matrices."""
    yield Line(f"n_heads, groups, head_dim = {setup.n_heads}, {setup.groups}, {setup.head_dim}")
    if setup.projections is None:
        yield from given(*LETTERS)
    else:
        yield from _projections(setup, given)
    yield Line("products = q @ k.transpose(1, 2)  # (heads, queries, keys)", "products")
    yield from _scores(setup, given)
    yield from given("mask", *([] if setup.sinks is None else ["sink"]))
    yield from softmax_lines(setup)
    yield Line("head_output = weights @ v", "head_output")
    yield Line("combined = head_output.transpose(0, 1).flatten(1)  # concat", "combined")
    if setup.out is None:
        return
    bias = " + b_o" if setup.out.bias is not None else ""
    yield from given("w_o", *(["b_o"] if bias else []))
    yield Line(f"attn_output = combined @ w_o{bias}", "attn_output")
    if setup.residual:
        yield Line("attn_residual = x + attn_output", "attn_residual")
        if setup.norm_after is not None:
            yield from _norm("attn_norm", "attn_residual", setup.norm_after, given)


def _projections(setup: HeadSetup, given: Given) -> Iterator[Line]:
    assert setup.projections is not None, "checked by the caller"
    if setup.turn is not None:
        yield from _turning(setup.turn.style)
    yield from given("x")
    source = "x"
    if setup.norm is not None:
        yield from _norm("attn_norm", "x", setup.norm, given)
        source = "attn_norm"
    other = source
    if setup.memory is not None:
        yield from given("memory")
        other = "memory"
    if setup.turn is not None:
        yield from given("cos", "sin")
    for letter in LETTERS:
        one = setup.projections[letter]
        bias = f" + b_{letter}" if one.affine.bias is not None else ""
        yield from given(f"w_{letter}", *([f"b_{letter}"] if bias else []))
        first, *later = setup.names(letter)
        heads = "n_heads" if letter == "q" else "groups"
        product = f"({source if letter == 'q' else other} @ w_{letter}{bias})"
        split = f"{product}.unflatten(1, ({heads}, -1)).transpose(0, 1)"
        if letter != "q":
            split += ".repeat_interleave(n_heads // groups, dim=0)"
        yield Line(f"{first} = {split}  # (heads, tokens, width)", first)
        if one.norm is not None:
            yield from _norm(later[0], first, one.norm, given)
            first = later.pop(0)
        if later:
            yield Line(f"{letter} = turn({first}, cos, sin)", letter)


def _norm(name: str, of: str, norm: Norm, given: Given) -> Iterator[Line]:
    yield from given(*([] if norm.gain is None else [f"{name}_gain"]), *([] if norm.bias is None else [f"{name}_bias"]))
    gain, bias = "None" if norm.gain is None else f"{name}_gain[0]", "None" if norm.bias is None else f"{name}_bias[0]"
    if norm.kind == "rms":
        times = "" if norm.gain is None else f" * {gain}"
        root = f"torch.rsqrt({of}.square().mean(-1, keepdim=True) + {norm.eps!r})"
        yield Line(f"{name} = {of} * {root}{times}  # RMSNorm", name)
    else:
        yield Line(f"{name} = F.layer_norm({of}, {of}.shape[-1:], {gain}, {bias}, {norm.eps!r})", name)


def _scores(setup: HeadSetup, given: Given) -> Iterator[Line]:
    names = setup.score_names
    if not setup.variant.divide:
        scaled = ".clone()"
    else:
        scaled = " / head_dim**0.5" if setup.divides else f" * {setup.scaling!r}"
    yield Line(f"{names[0]} = products{scaled}", names[0])
    if setup.softcap is not None:
        cap = f"{setup.softcap!r}"
        yield Line(f"{names[1]} = {cap} * torch.tanh(scaled / {cap})", names[1])
    if setup.bias is not None:
        yield from given("bias")
        yield Line(f"scores = {names[-2]} + bias", "scores")


def _turning(style: str) -> Iterator[Line]:
    partner = (
        "torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)"
        if style == "pairs"
        else "torch.cat((-x[..., x.shape[-1] // 2 :], x[..., : x.shape[-1] // 2]), dim=-1)"
    )
    for text in (
        "def turn(whole, cos, sin):  # each pair of features turned by its position",
        "    x, rest = whole[..., : cos.shape[-1]], whole[..., cos.shape[-1] :]",
        f"    partner = {partner}",
        "    return torch.cat((x * cos + partner * sin, rest), dim=-1)",
        "",
        "",
    ):
        yield Line(text)
