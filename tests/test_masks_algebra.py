"""Masks combine like sets, and what is written down reads back as the same mask."""

from __future__ import annotations

import pickle

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from random_masks import leaves, trees

from attnviz import masks
from attnviz.masks import Mask, MaskError, parse
from attnviz.masks.celltext import MAX_CELLS, read_cells, write_cells
from attnviz.masks.parse import MAX_NESTING, MAX_TERMS, MAX_TEXT

SIZES = {"batch": 3, "heads": 5, "queries": 7, "keys": 11}


def dense(mask: Mask) -> torch.Tensor:
    return mask.dense(**SIZES)


def read_or_refused(text: str) -> Mask | MaskError:
    try:
        return parse(text)
    except MaskError as error:
        return error


@given(trees(), trees())
def test_and_or_not_are_those_of_logic(a: Mask, b: Mask) -> None:
    assert torch.equal(dense(a & b), dense(a).logical_and(dense(b)))
    assert torch.equal(dense(a | b), dense(a).logical_or(dense(b)))
    assert torch.equal(dense(~a), dense(a).logical_not())


@given(trees(), trees())
def test_de_morgan(a: Mask, b: Mask) -> None:
    assert torch.equal(dense(~(a & b)), dense(~a | ~b))
    assert torch.equal(dense(~(a | b)), dense(~a & ~b))


@given(trees())
def test_twice_not_is_the_same_mask(a: Mask) -> None:
    assert ~~a == a


@given(trees())
def test_a_spec_reads_back_as_the_same_mask(mask: Mask) -> None:
    assert parse(mask.spec) == mask
    assert parse(mask.spec).spec == mask.spec


@given(trees())
def test_equal_masks_are_equal_keys(mask: Mask) -> None:
    assert hash(parse(mask.spec)) == hash(mask)
    assert pickle.loads(pickle.dumps(mask)) == mask


@given(trees())
def test_a_formula_reads_back_where_it_is_complete(mask: Mask) -> None:
    read = read_or_refused(mask.formula)
    if isinstance(read, MaskError):
        # Only a name whose arguments a formula leaves out may be missing something.
        assert read.code == "mask_arguments"
        assert mask.formula != mask.spec
    else:
        assert torch.equal(dense(read), dense(mask))


def test_a_formula_is_written_as_in_books() -> None:
    mask = masks.causal() & ~masks.cells([(2, 1)])
    assert mask.formula == str(mask) == "causal ∧ ¬cells"
    assert mask.spec == "causal & ~cells(2:1)"
    both = masks.causal() & (masks.sliding_window(3) | masks.prefix(2))
    assert both.formula == "causal ∧ (window(3) ∨ prefix(2))"


def test_names_without_brackets_can_be_given() -> None:
    padding = masks.key_padding([4, 2])
    assert parse("causal ∧ padding", {"padding": padding}) == masks.causal() & padding
    assert parse("padding(1) ∧ padding", {"padding": padding}) == masks.key_padding([1]) & padding


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("  CAUSAL&window( 3 )", "causal & window(3)"),
        ("¬（causal ∨ 　window（３））", "~(causal | window(3))"),
        ("!!causal", "causal"),
        ("full|full∧causal", "full | full & causal"),
        ("random(.5)", "random(0.5,0)"),
        ("random(1)", "random(1,0)"),
        ("random(1e-3,7)", "random(0.001,7)"),
        ("graph(0:1)", "graph(0-1:0-1)"),
        ("cells(3:1, 0-1:0-2)", "cells(0-1:0-2,3:1)"),
        ("cells()", "cells()"),
    ],
)
def test_many_ways_of_writing_mean_the_same(text: str, spec: str) -> None:
    assert parse(text).spec == spec


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "mask_empty", None),
        (" \n\t ", "mask_empty", None),
        ("causal $ full", "mask_character", 8),
        ("causal & €", "mask_character", 10),
        ("causal full", "mask_operator", 8),
        ("causal & ", "mask_expected", 10),
        ("| causal", "mask_expected", 1),
        ("()", "mask_expected", 2),
        ("full & (causal", "mask_bracket", 8),
        ("window(3", "mask_bracket", 7),
        ("(causal full)", "mask_operator", 9),
        ("full)", "mask_operator", 5),
        ("full & tril", "mask_name", 8),
        ("<script>", "mask_character", 1),
        ("padding", "mask_arguments", 1),
        ("window", "mask_arguments", 1),
        ("window()", "mask_arguments", 8),
        ("window(1,2)", "mask_arguments", 8),
        ("dilated(3)", "mask_arguments", 9),
        ("causal(1)", "mask_arguments", 1),
        ("documents()", "mask_arguments", 11),
        ("window(x)", "mask_number", 8),
        ("window(-3)", "mask_number", 8),
        ("global(1,2.5)", "mask_number", 10),
        ("random(much)", "mask_number", 8),
        ("random(1,x)", "mask_number", 10),
        ("window(0)", "mask_range", 8),
        ("window(3000000000)", "mask_range", 8),
        ("global(0,4096)", "mask_range", 10),
        ("random(1.5)", "mask_range", 8),
        ("random(1e999)", "mask_range", 8),
        ("random(0.5,99999999999)", "mask_range", 12),
        ("cells(1:2,3)", "mask_cells", 11),
        ("cells(2-1:0)", "mask_cells", 7),
        ("cells(0:5000)", "mask_range", 7),
        ("cells(0-4000:0-4000)", "mask_many_cells", 7),
        ("cells(8x8.????)", "mask_cells", 7),
        ("cells(8x8.AAAA)", "mask_cells", 7),
        ("cells(9999x9999.AAAA)", "mask_range", 7),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, code: str, position: int | None) -> None:
    with pytest.raises(MaskError) as caught:
        parse(text)
    assert caught.value.code == code
    assert caught.value.details.get("position") == position
    assert str(caught.value)  # every code has its sentence and every sentence its details
    assert pickle.loads(pickle.dumps(caught.value)).details == caught.value.details


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 100_000, "mask_too_long"),
        ("(" * 60_000, "mask_nesting"),
        ("~" * 60_000, "mask_nesting"),
        ("~(" * 30_000, "mask_nesting"),
        ("&".join(["causal"] * 9_000), "mask_terms"),
        ("window(" + "9" * 60_000 + ")", "mask_number"),
        ("global(" + "1," * 30_000 + "1e9)", "mask_number"),
        ("cells(" + ",".join(["0-511:0-511"] * 5_000) + ")", "mask_many_cells"),
        ("a" * 60_000, "mask_name"),
        ("\x00" * 100, "mask_character"),
    ],
)
def test_hostile_text_is_refused_quickly(text: str, code: str) -> None:
    with pytest.raises(MaskError) as caught:
        parse(text)
    assert caught.value.code == code
    assert len(str(caught.value)) < 400


def test_as_much_as_is_allowed_is_read() -> None:
    deep = "(" * MAX_NESTING + "causal" + ")" * MAX_NESTING
    assert parse(deep) == masks.causal()
    wide = " | ".join(["causal"] * MAX_TERMS)
    assert torch.equal(dense(parse(wide)), dense(masks.causal()))
    assert len(wide) < MAX_TEXT


@given(st.text(alphabet="causalwindow()&|~∧¬0123456789,:.-x ", max_size=40))
@example("cells(1x1.)")
def test_any_text_is_a_mask_or_a_mask_error(text: str) -> None:
    read = read_or_refused(text)
    assert str(read)
    if isinstance(read, Mask):
        assert parse(read.spec) == read


_cells = st.sets(st.tuples(st.integers(0, 30), st.integers(0, 40)))


@given(_cells)
def test_cells_read_back_as_written(cells: set[tuple[int, int]]) -> None:
    text = write_cells(list(cells))
    assert read_cells(text) == sorted(cells)
    assert write_cells(sorted(cells, reverse=True)) == text


@pytest.mark.parametrize("kind", ["noise", "checks", "lower", "all"])
def test_a_painted_64_by_64_mask_fits_in_a_link(kind: str) -> None:
    rule = {
        "noise": masks.random(0.5, 3),
        "checks": masks.dilated(64, 2),
        "lower": masks.causal(),
        "all": masks.full(),
    }[kind]
    painted = masks.cells(
        (q, k) for q, k in torch.nonzero(rule.dense(batch=1, heads=1, queries=64, keys=64)[0, 0]).tolist()
    )
    assert len(painted.spec) < 750
    assert not set(painted.spec) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:,()")
    assert parse(painted.spec) == painted


def test_a_packed_matrix_that_claims_more_than_it_holds_is_refused() -> None:
    text = write_cells([(q, k) for q in range(64) for k in range(64) if (q + k) % 3 == 0])
    head, _, body = text.partition(".")
    assert head == "64x64"
    for broken in (f"66x64.{body}", f"62x64.{body}", f"4096x4096.{body}", f"{head}.{body[:-5]}"):
        with pytest.raises(MaskError):
            read_cells(broken)


def test_a_deflate_bomb_is_not_inflated() -> None:
    bomb = write_cells([(q, k) for q in range(512) for k in range(512) if q != k])
    assert len(read_cells(bomb)) == MAX_CELLS - 512
    with pytest.raises(MaskError) as caught:
        read_cells("8x8." + bomb.partition(".")[2])
    assert caught.value.code == "mask_cells"


@given(leaves())
def test_a_leaf_with_arguments_writes_its_brackets(mask: Mask) -> None:
    assert ("(" in mask.spec) == (mask not in (masks.full(), masks.causal()))
