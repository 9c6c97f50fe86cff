"""By hand: every number's arithmetic gives that number, edits flow downstream only, and the code says the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from safetensors.numpy import save_file

from attnviz.trace.walkthrough import (
    EXAMPLES,
    NUMBERS_FILE,
    WRONG_SHAPES,
    Affine,
    Edit,
    FeedForward,
    Norm,
    Setup,
    ShapeClash,
    Shaped,
    Variant,
    Walk,
    arithmetic,
    example,
    product_shape,
    snippet,
    walk,
)
from attnviz.trace.walkthrough.expression import evaluate

VARIANTS = st.builds(
    Variant,
    divide=st.booleans(),
    norm=st.sampled_from(["pre", "post", "none"]),
    combine=st.sampled_from(["concat", "sum"]),
    mask=st.sampled_from(["before", "after", "after-renormalised"]),
    temperature=st.sampled_from([1.0, 0.5, 3.0]),
)


def random_setup(
    seed: int, *, cross: bool = False, rotary: bool = False, biased: bool = True, **changes: object
) -> Setup:
    """3 queries, 3 or 5 keys, 3 heads of 2 features; the mask is random."""
    generator = np.random.default_rng(seed)
    queries, keys, width, inner = 3, 5 if cross else 3, 6, 7

    def affine(rows: int, columns: int) -> Affine:
        return Affine(generator.normal(size=(rows, columns)), generator.normal(size=columns) if biased else None)

    def norm() -> Norm:
        return Norm(generator.normal(size=width), generator.normal(size=width)) if biased else Norm()

    setup = Setup(
        x=generator.normal(size=(queries, width)),
        memory=generator.normal(size=(keys, width)) if cross else None,
        mask=generator.random((3, queries, keys)) < 0.6,
        query=affine(width, width),
        key=affine(width, width),
        value=affine(width, width),
        out=affine(width, width),
        norm=norm(),
        n_heads=3,
        feed_forward=FeedForward(affine(width, inner), affine(inner, width), norm(), ("relu", "gelu")[seed % 2]),  # type: ignore[arg-type]
        rotary=rotary,
    )
    return dataclasses.replace(setup, **changes)  # type: ignore[arg-type]


def close(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_allclose(one, other, atol=1e-12)


@examples(12)
@given(seed=st.integers(0, 10_000), cross=st.booleans(), rotary=st.booleans(), biased=st.booleans(), variant=VARIANTS)
def test_the_arithmetic_of_every_cell_gives_the_cell(
    seed: int, cross: bool, rotary: bool, biased: bool, variant: Variant
) -> None:
    done = walk(random_setup(seed, cross=cross, rotary=rotary and not cross, biased=biased, variant=variant))
    seen = list(done.steps)
    for name, step in done.steps.items():
        for place in np.ndindex(step.shape):
            head, row, column = place if step.has_heads else (0, *place)
            found = arithmetic(done, name, row, column, head)
            value = float(step.values[place])
            assert found.result == value
            assert evaluate(found.expression) == pytest.approx(value, abs=1e-6 if "rotate" in step.operation else 1e-9)
            assert not found.edited
            for cell in found.cells:
                assert seen.index(cell.step) < seen.index(name)
                assert float(done[cell.step].matrix(cell.head or 0)[cell.row, cell.column]) == cell.value


@given(seed=st.integers(0, 10_000), cross=st.booleans(), heads=st.sampled_from([1, 2, 3, 6]))
def test_it_is_multi_head_attention(seed: int, cross: bool, heads: int) -> None:
    setup = random_setup(seed, cross=cross)
    keys = 5 if cross else 3
    mask = np.random.default_rng(seed).random((heads, 3, keys)) < 0.6
    mask[:, :, 0] = True
    setup = dataclasses.replace(setup, n_heads=heads, mask=mask)
    theirs = torch.nn.MultiheadAttention(6, heads, batch_first=True, dtype=torch.double)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(
            torch.tensor(np.concatenate([a.weight.T for a in (setup.query, setup.key, setup.value)]))
        )
        theirs.in_proj_bias.copy_(torch.tensor(np.concatenate([a.bias for a in (setup.query, setup.key, setup.value)])))  # type: ignore[misc]
        theirs.out_proj.weight.copy_(torch.tensor(setup.out.weight.T))
        theirs.out_proj.bias.copy_(torch.tensor(setup.out.bias))
        x = torch.tensor(setup.x)[None]
        memory = x if setup.memory is None else torch.tensor(setup.memory)[None]
        output, weights = theirs(x, memory, memory, attn_mask=~torch.tensor(mask), average_attn_weights=False)
    done = walk(setup)
    close(done["weights"].values, weights[0].numpy())
    close(done["attn_output"].values, output[0].numpy())


@given(seed=st.integers(0, 10_000), variant=VARIANTS)
@hypothesis.example(seed=0, variant=Variant(divide=False, mask="after", temperature=0.5))  # saturated
def test_laws_of_the_steps(seed: int, variant: Variant) -> None:
    setup = random_setup(seed, biased=False, variant=variant)
    done = walk(setup)
    weights, mask = done["weights"].values, done["mask"].values
    assert not weights[~mask].any()
    sums = weights.sum(-1)
    sees = mask.any(-1)
    assert not sums[~sees].any()
    if variant.mask == "after":
        # What the blocked keys would have got is missing; where the softmax is saturated that may round to nothing.
        close(sums, 1 - (done["weights_before_mask"].values * ~mask).sum(-1))
        assert (sums <= 1 + 1e-12).all()
    else:
        close(sums[sees], 1.0)
    if variant.norm != "none":
        for name in ("attn_norm", "ff_norm"):
            values = done[name].values
            close(values.mean(-1), 0.0)
            assert (np.abs(values.var(-1) - 1) < 1e-2).all()
    else:
        assert "attn_norm" not in done.steps
    scale = 2**0.5 if variant.divide else 1
    close(done["scores"].values * scale, done["products"].values)
    if variant.combine == "concat":
        close(done["combined"].values, np.concatenate(list(done["head_output"].values), axis=-1))


@given(seed=st.integers(0, 10_000))
def test_masking_after_the_softmax_and_renormalising_is_masking_before(seed: int) -> None:
    before, after = (
        walk(random_setup(seed, variant=Variant(mask=place))) for place in ("before", "after-renormalised")
    )
    close(before["weights"].values, after["weights"].values)
    close(before.output.values, after.output.values)


@given(seed=st.integers(0, 10_000))
def test_summed_heads_have_no_order_and_concatenated_ones_do(seed: int) -> None:
    setup = random_setup(seed, mask=np.ones((3, 3, 3), dtype=bool))
    order = [2, 3, 0, 1, 4, 5]  # head 0 and head 1 exchanged

    def exchanged(affine: Affine) -> Affine:
        assert affine.bias is not None
        return Affine(affine.weight[:, order], affine.bias[order])

    swapped = dataclasses.replace(
        setup, query=exchanged(setup.query), key=exchanged(setup.key), value=exchanged(setup.value)
    )
    for combine, same in (("sum", True), ("concat", False)):
        variant = Variant(combine=combine)  # type: ignore[arg-type]
        one, other = (walk(dataclasses.replace(each, variant=variant)) for each in (setup, swapped))
        assert np.allclose(one["attn_output"].values, other["attn_output"].values) is same


@given(seed=st.integers(0, 10_000), row=st.integers(0, 3))
def test_one_query_alone_gives_its_row_of_the_whole(seed: int, row: int) -> None:
    setup = example("apples")
    whole = walk(setup)
    q = setup.x[row] @ setup.query.weight
    scores = np.array([q @ (x @ setup.key.weight) for x in setup.x]) / 2
    weights = np.exp(scores) / np.exp(scores).sum()
    close(
        whole["head_output"].values[0, row],
        sum(w * (x @ setup.value.weight) for w, x in zip(weights, setup.x, strict=True)),
    )


@examples(30)
@given(seed=st.integers(0, 10_000), variant=VARIANTS, data=st.data())
def test_an_edit_moves_what_follows_and_nothing_before(seed: int, variant: Variant, data: st.DataObject) -> None:
    setup = random_setup(seed, variant=variant)
    plain = walk(setup)
    name = data.draw(st.sampled_from(list(plain.steps)))
    step = plain[name]
    place = tuple(data.draw(st.integers(0, size - 1)) for size in step.shape)
    head, row, column = place if step.has_heads else (0, *place)
    old = step.values[place]
    value = float(not old) if name == "mask" else (0.0 if np.isinf(old) else float(old)) + 1.5
    edited_setup = setup.edited(Edit(name, row, column, value, head))
    edited = walk(edited_setup)
    assert setup.edits == ()
    assert edited[name].values[place] == value
    assert (edited[name].values != step.values).sum() == 1
    assert edited[name].edited(row, column, head)
    assert arithmetic(edited, name, row, column, head).edited
    downstream = {name}
    for other in plain.steps.values():
        if downstream & set(other.inputs):
            downstream.add(other.name)
        if other.name not in downstream:
            np.testing.assert_array_equal(edited[other.name].values, other.values)
    following = list(plain.steps)[list(plain.steps).index(name) + 1 :]
    fresh = walk(edited_setup)
    for other_name in following:
        np.testing.assert_array_equal(fresh[other_name].values, edited[other_name].values)
    undone = walk(edited_setup.edited(Edit(name, row, column, float(old), head)))
    np.testing.assert_array_equal(undone.output.values, plain.output.values)


@pytest.mark.parametrize("step", ["x", "q", "k", "scores", "weights"])
def test_an_edit_reaches_the_output(step: str) -> None:
    setup = example("apples")
    edited = walk(setup.edited(Edit(step, 2, 1, 3.0)))
    assert not np.allclose(edited.output.values[2], walk(setup).output.values[2])
    if step == "scores":
        np.testing.assert_array_equal(edited.output.values[:2], walk(setup).output.values[:2])


@examples(25)
@given(
    seed=st.integers(0, 10_000),
    cross=st.booleans(),
    rotary=st.booleans(),
    biased=st.booleans(),
    variant=VARIANTS,
    edited=st.booleans(),
)
def test_the_code_runs_and_gives_the_same_numbers(
    seed: int, cross: bool, rotary: bool, biased: bool, variant: Variant, edited: bool
) -> None:
    setup = random_setup(seed, cross=cross, rotary=rotary and not cross, biased=biased, variant=variant)
    if edited:
        steps = [
            Edit("x", 1, 2, 2.0),
            Edit("k", 2, 1, -1.0, 1),
            Edit("mask", 0, 1, 0.0, 2),
            Edit("weights", 1, 1, 0.5, 2),
        ]
        setup = setup.edited(*steps, Edit("w_q", 0, 0, 1.25), Edit("attn_residual", 2, 3, 0.75))
    code = snippet(setup)
    assert not code.needs_file
    check_code(code.text, walk(setup))
    for name in walk(setup).steps:
        assert code.lines_of(name)


def check_code(text: str, done: Walk) -> None:
    variables: dict[str, object] = {}
    exec(compile(text, "snippet", "exec"), variables)
    for name, step in done.steps.items():
        value = variables[name]
        assert isinstance(value, torch.Tensor)
        tolerance = 1e-6 if step.values.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(value.numpy(), step.values, atol=tolerance, rtol=tolerance, err_msg=name)


def test_code_of_many_numbers_loads_them_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    wide = dataclasses.replace(
        random_setup(0),
        x=generator.normal(size=(3, 18)),
        **{name: Affine(generator.normal(size=(18, 18))) for name in ("query", "key", "value", "out")},
        norm=Norm(),
        feed_forward=None,
    )
    code = snippet(wide)
    assert code.needs_file
    save_file({name: np.ascontiguousarray(array) for name, array in wide.numbers().items()}, tmp_path / NUMBERS_FILE)
    monkeypatch.chdir(tmp_path)
    check_code(code.text, walk(wide))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_the_same_in_both_languages(name: str) -> None:
    one, other = example(name, "zh"), example(name, "en")
    assert one.row_labels != other.row_labels
    for a, b in zip(walk(one).steps.values(), walk(other).steps.values(), strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    assert (np.round(one.x * 10) == one.x * 10).all()


def test_the_examples_say_what_is_said_of_them() -> None:
    apples = walk(example("apples"))
    assert apples["weights"].values[0, 2].argmax() == apples.setup.column_labels.index("apples")
    heads = walk(example("two-heads"))
    assert heads["weights"].shape == (2, 3, 3)
    assert heads["weights"].values[0, 2].argmax() != heads["weights"].values[1, 2].argmax()
    assert [stage for stage, _ in heads.screens] == [
        *("input", "project", "products", "scale", "mask", "softmax", "mix", "combine", "output", "residual", "norm"),
        *("feed_forward", "residual", "norm"),
    ]


@pytest.mark.parametrize(("left", "right"), WRONG_SHAPES)
def test_a_wrong_shape_is_explained_where_numpy_refuses(left: Shaped, right: Shaped) -> None:
    clash = product_shape(left, right)
    assert isinstance(clash, ShapeClash)
    a, b = np.zeros((left.rows, left.columns)), np.zeros((right.rows, right.columns))
    with pytest.raises(ValueError, match="matmul"):
        a @ b
    assert f"{left.columns} columns meet {right.rows} rows" in str(clash)
    if clash.fix == "transpose":
        assert (a @ b.T).shape == (left.rows, right.rows)


@given(rows=st.integers(1, 7), inner=st.integers(1, 7), other=st.integers(1, 7), columns=st.integers(1, 7))
def test_shapes_multiply_as_numpy_says(rows: int, inner: int, other: int, columns: int) -> None:
    found = product_shape(Shaped("A", rows, inner), Shaped("B", other, columns))
    assert isinstance(found, ShapeClash) is (inner != other)
    if isinstance(found, Shaped):
        assert (found.rows, found.columns) == (np.zeros((rows, inner)) @ np.zeros((other, columns))).shape


def test_wrong_input_is_named() -> None:
    setup = random_setup(0)
    for changes, message in (
        ({"mask": np.ones((3, 3, 5), dtype=bool)}, r"mask has shape \(3, 3, 5\)"),
        ({"query": Affine(np.zeros((5, 6)))}, r"query.weight has shape \(5, 6\)"),
        ({"n_heads": 4}, "heads must divide"),
        ({"row_labels": ("a",)}, "1 labels for 3 tokens"),
    ):
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(setup, **changes)  # type: ignore[arg-type]
    for edit, message in (
        (Edit("nothing", 0, 0, 1.0), "edit of 'nothing'"),
        (Edit("q", 3, 0, 1.0), r"its shape is \(3, 3, 2\)"),
        (Edit("x", 0, -1, 1.0), r"its shape is \(3, 6\)"),
    ):
        with pytest.raises(ValueError, match=message):
            walk(setup.edited(edit))
    with pytest.raises(IndexError, match="no cell"):
        arithmetic(walk(setup), "q", 0, 2)
    with pytest.raises(KeyError, match="no step"):
        walk(setup)["nothing"]
    with pytest.raises(ValueError, match="temperature"):
        Variant(temperature=0.0)


def test_a_walk_cannot_be_written_to() -> None:
    done = walk(example("apples"))
    with pytest.raises(ValueError, match="read-only"):
        done["q"].values[0, 0, 0] = 1
