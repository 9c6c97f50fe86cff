"""Where one number comes from: the arithmetic of any cell of a walk, out of the cells it was made from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attnviz.trace.walkthrough import expression as ex
from attnviz.trace.walkthrough.expression import (
    Activation,
    Cell,
    Constant,
    Difference,
    Exp,
    Expression,
    Named,
    Product,
    Quotient,
    Square,
    SquareRoot,
    Sum,
)
from attnviz.trace.walkthrough.head_setup import HeadSetup
from attnviz.trace.walkthrough.step import Operation, Step, Walk


@dataclass(frozen=True)
class Arithmetic:
    """The arithmetic of one cell; `expression` evaluates to `result` up to rounding."""

    step: str
    row: int
    column: int
    head: int | None
    expression: Expression
    result: float  # what stands in the cell
    edited: bool  # put in by hand: nothing was computed

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells to light up."""
        return ex.cells(self.expression)

    def text(self, digits: int = 2, longest: int | None = None) -> str:
        """`0.50·0.20 + (−1.00)·0.30 = −0.20`, the intermediate results defined in front: `μ = …; …`."""
        lines = [
            f"{named.symbol} = {ex.text(named.of, digits, longest)} = {ex.number(ex.evaluate(named.of), digits)}"
            for named in ex.definitions(self.expression)
        ]
        lines.append(f"{ex.text(self.expression, digits, longest)} = {ex.number(self.result, digits)}")
        return "; ".join(lines)


def arithmetic(walk: Walk, step: str, row: int, column: int, head: int = 0) -> Arithmetic:
    """How cell (row, column) of `step` came about. Outside the matrix: IndexError."""
    found = walk[step]
    matrix = found.matrix(head)
    if not (0 <= row < matrix.shape[0] and 0 <= column < matrix.shape[1]):
        raise IndexError(f"{step} has no cell ({row}, {column}); its shape is {matrix.shape}")
    result = float(matrix[row, column])
    edited = found.edited(row, column, head)
    if edited or found.operation == "given":
        expression: Expression = Constant(result)
    else:
        expression = _RULES[found.operation](_Place(walk, found, row, column, head))
    return Arithmetic(step, row, column, head if found.has_heads else None, expression, result, edited)


@dataclass(frozen=True)
class _Place:
    """A cell being explained."""

    walk: Walk
    step: Step
    row: int
    column: int
    head: int

    def of(self, place: int) -> Step:
        return self.walk[self.step.inputs[place]]

    def cell(self, place: int, row: int, column: int, head: int | None = None) -> Cell:
        """Cell (row, column) of the input at `place`, in this cell's head if the input has heads."""
        source = self.of(place)
        head = self.head if head is None else head
        value = float(source.matrix(head)[row, column])
        return Cell(source.name, row, column, head if source.has_heads else None, value)

    def whole_row(self, place: int) -> tuple[Cell, ...]:
        return tuple(self.cell(place, self.row, column) for column in range(self.of(place).shape[-1]))


def _affine(at: _Place, column: int) -> Expression:
    row = at.whole_row(0)
    products = [Product((cell, at.cell(1, i, column))) for i, cell in enumerate(row)]
    return Sum((*products, *(at.cell(place, 0, column) for place in range(2, len(at.step.inputs)))))


def _affine_heads(at: _Place) -> Expression:
    setup = at.walk.setup
    shared = at.step.inputs[1] in ("w_k", "w_v")  # by the heads of a group
    head = at.head * setup.groups // setup.n_heads if shared else at.head
    return _affine(at, head * at.step.shape[-1] + at.column)


def _products(at: _Place) -> Expression:
    return Sum(tuple(Product((cell, at.cell(1, at.column, i))) for i, cell in enumerate(at.whole_row(0))))


def _divide(at: _Place) -> Expression:
    head_dim = at.walk.setup.head_dim
    return Quotient(at.cell(0, at.row, at.column), SquareRoot(Constant(float(head_dim), str(head_dim))))


def _mask(at: _Place) -> Expression:
    visible = at.cell(1, at.row, at.column).value
    return at.cell(0, at.row, at.column) if visible else Constant(-math.inf, "−∞")


def _softmax(at: _Place) -> Expression:
    temperature = at.walk.setup.variant.temperature
    row = at.whole_row(0)
    beside = (at.cell(1, 0, 0),) if at.step.operation == "softmax_sink" else ()
    if not beside and all(cell.value == -math.inf for cell in row):
        return Constant(0.0)  # a fully blocked row has no weights
    # e^700 is the end of double precision; taking the same number off everywhere changes no weight.
    top = max(cell.value for cell in (*row, *beside)) / temperature
    shift = Constant(float(round(top))) if top > 500 else None

    def power(cell: Cell) -> Expression:
        exponent: Expression = cell if temperature == 1 else Quotient(cell, Constant(temperature))
        return Exp(exponent if shift is None else Difference(exponent, shift))

    return Quotient(power(row[at.column]), Sum(tuple(power(cell) for cell in (*row, *beside))))


def _renormalise(at: _Place) -> Expression:
    row = at.whole_row(0)
    if not any(cell.value for cell in row):
        return Constant(0.0)
    return Quotient(row[at.column], Sum(row))


def _mix(at: _Place) -> Expression:
    return Sum(tuple(Product((cell, at.cell(1, i, at.column))) for i, cell in enumerate(at.whole_row(0))))


def _concat(at: _Place) -> Expression:
    head, column = divmod(at.column, at.of(0).shape[-1])
    return at.cell(0, at.row, column, head)


def _sum_heads(at: _Place) -> Expression:
    return Sum(tuple(at.cell(0, at.row, at.column, head) for head in range(at.walk.setup.n_heads)))


def _layer_norm(at: _Place) -> Expression:
    norm = at.walk.setup.norms[at.step.name]
    row = at.whole_row(0)
    size = Constant(float(len(row)), str(len(row)))
    mean = Named("μ", Quotient(Sum(row), size))
    variance = Named("σ²", Quotient(Sum(tuple(Square(Difference(cell, mean)) for cell in row)), size))
    deviation = SquareRoot(Sum((variance, Constant(norm.eps, f"{norm.eps:g}"))))
    return _gained(at, Quotient(Difference(row[at.column], mean), deviation))


def _rms_norm(at: _Place) -> Expression:
    row = at.whole_row(0)
    size = Constant(float(len(row)), str(len(row)))
    mean = Named("m²", Quotient(Sum(tuple(map(Square, row))), size))
    eps = at.walk.setup.norms[at.step.name].eps
    return _gained(at, Quotient(row[at.column], SquareRoot(Sum((mean, Constant(eps, f"{eps:g}"))))))


def _gained(at: _Place, normal: Expression) -> Expression:
    for place, name in enumerate(at.step.inputs[1:], start=1):
        cell = at.cell(place, 0, at.column)
        normal = Product((normal, cell)) if name.endswith("_gain") else Sum((normal, cell))
    return normal


def _turn(at: _Place) -> Expression:
    setup = at.walk.setup
    assert isinstance(setup, HeadSetup), "ours turn by `rotate`"
    assert setup.turn is not None, "there is a step for it"
    own = at.cell(0, at.row, at.column)
    if at.column >= setup.turn.width:
        return own
    partner, sign = setup.turn.partner(at.column)
    one = Product((own, at.cell(1, at.row, at.column)))
    other = Product((at.cell(0, at.row, partner), at.cell(2, at.row, at.column)))
    return Sum((one, other)) if sign > 0 else Difference(one, other)


def _times(at: _Place) -> Expression:
    setup = at.walk.setup
    assert isinstance(setup, HeadSetup), "ours divide"
    return Product((at.cell(0, at.row, at.column), Constant(setup.scaling, f"{setup.scaling:.4g}")))


def _softcap(at: _Place) -> Expression:
    setup = at.walk.setup
    assert isinstance(setup, HeadSetup), "ours have no cap"
    assert setup.softcap is not None, "there is a step for it"
    cap = Constant(setup.softcap, f"{setup.softcap:g}")
    return Product((cap, Activation("tanh", Quotient(at.cell(0, at.row, at.column), cap))))


def _rotate(at: _Place) -> Expression:
    pair, odd = divmod(at.column, 2)
    frequency = 10000 ** (-2 * pair / at.walk.setup.head_dim)
    angle = at.row * frequency
    cos, sin = Constant(math.cos(angle), f"cos {angle:.3g}"), Constant(math.sin(angle), f"sin {angle:.3g}")
    one, other = at.cell(0, at.row, 2 * pair), at.cell(0, at.row, 2 * pair + 1)
    if odd:
        return Sum((Product((one, sin)), Product((other, cos))))
    return Difference(Product((one, cos)), Product((other, sin)))


def _activation(at: _Place) -> Expression:
    feed_forward = at.walk.setup.feed_forward
    assert feed_forward is not None
    return Activation(feed_forward.activation, at.cell(0, at.row, at.column))


_RULES: Mapping[Operation, Callable[[_Place], Expression]] = {
    "affine": lambda at: _affine(at, at.column),
    "affine_heads": _affine_heads,
    "products": _products,
    "divide": _divide,
    "copy": lambda at: at.cell(0, at.row, at.column),
    "mask": _mask,
    "softmax": _softmax,
    "mask_weights": lambda at: Product((at.cell(0, at.row, at.column), at.cell(1, at.row, at.column))),
    "renormalise": _renormalise,
    "mix": _mix,
    "concat": _concat,
    "sum_heads": _sum_heads,
    "layer_norm": _layer_norm,
    "rotate": _rotate,
    "add": lambda at: Sum((at.cell(0, at.row, at.column), at.cell(1, at.row, at.column))),
    "activation": _activation,
    "rms_norm": _rms_norm,
    "turn": _turn,
    "times": _times,
    "softcap": _softcap,
    "softmax_sink": _softmax,
}
