"""How the arithmetic of a cell is printed."""

from __future__ import annotations

import math

import pytest

from attnviz.trace.walkthrough import Edit, Variant, arithmetic, example, walk
from attnviz.trace.walkthrough.expression import (
    Cell,
    Constant,
    Difference,
    Exp,
    Expression,
    Product,
    Quotient,
    Square,
    SquareRoot,
    Sum,
    evaluate,
    number,
    text,
)

A, B = Cell("q", 0, 0, 1, 0.5), Cell("k", 0, 1, 1, -0.25)


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        (Sum((Product((A, B)), Product((B, A)))), "0.50·(−0.25) + (−0.25)·0.50"),
        (Quotient(A, SquareRoot(Constant(2.0, "2"))), "0.50 / √2"),
        (Quotient(Exp(B), Sum((Exp(A), Exp(B)))), "e^(−0.25) / (e^0.50 + e^(−0.25))"),
        (Product((Difference(A, B), A)), "(0.50 − (−0.25))·0.50"),
        (Product((Quotient(A, B), A)), "(0.50 / (−0.25))·0.50"),
        (Square(Difference(A, A)), "(0.50 − 0.50)²"),
        (Sum((A, Constant(0.0, "ε"))), "0.50 + ε"),
    ],
)
def test_an_expression_is_printed_as_people_write_it(expression: Expression, printed: str) -> None:
    assert text(expression) == printed
    # What is printed, read as a formula, has the value of the expression.
    readable = printed.replace("·", "*").replace("−", "-").replace("√2", "2**0.5").replace("²", "**2")
    readable = readable.replace("e^", "math.e**").replace("ε", "0")
    assert eval(readable, {"math": math}) == pytest.approx(evaluate(expression))


def test_numbers_have_a_real_minus_and_no_negative_zero() -> None:
    assert [number(value) for value in (-1.5, -0.001, 0.0, -math.inf, 2.0)] == ["−1.50", "0.00", "0.00", "−∞", "2.00"]
    assert number(1 / 3, 4) == "0.3333"


def test_long_sums_can_be_shortened() -> None:
    cells = tuple(Cell("x", 0, column, None, float(column)) for column in range(11))
    assert text(Sum(cells), digits=0, longest=4) == "0 + 1 + 2 + … + 10"
    assert text(Sum(cells[:4]), digits=0, longest=4) == "0 + 1 + 2 + 3"


def test_the_parts_of_layer_norm_are_defined_in_front() -> None:
    line = arithmetic(walk(example("apples")), "attn_norm", 0, 0).text()
    first, second, last = line.split("; ")
    assert first.startswith("μ = (")
    assert second.startswith("σ² = ((")
    assert "− μ) / √(σ² + 1e-05) = " in last


def test_temperature_and_blocked_cells_show_in_the_arithmetic() -> None:
    setup = example("two-heads")
    warm = walk(type(setup)(**{**vars(setup), "variant": Variant(temperature=2.0)}))
    assert "/ 2.00)" in arithmetic(warm, "weights", 2, 0, 1).text()
    assert arithmetic(warm, "masked_scores", 0, 2).text() == "−∞ = −∞"
    assert "e^(−∞)" in arithmetic(walk(setup), "weights", 0, 0).text()
    blocked = walk(setup.edited(*(Edit("mask", 1, column, 0.0, 1) for column in range(3))))
    assert arithmetic(blocked, "weights", 1, 0, 1).text() == "0.00 = 0.00"
    assert not blocked["weights"].values[1, 1].any()


def test_scores_beyond_double_precision_are_shifted() -> None:
    setup = example("apples").edited(Edit("scores", 0, 0, 900.0), Edit("scores", 0, 1, 899.0))
    found = arithmetic(walk(setup), "weights", 0, 0)
    assert evaluate(found.expression) == pytest.approx(found.result, abs=1e-12)
    assert found.result == pytest.approx(1 / (1 + math.exp(-1)))
