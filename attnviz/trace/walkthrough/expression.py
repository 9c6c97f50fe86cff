"""The arithmetic of one number as a small tree: it can be printed, evaluated, and its source cells lit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True)
class Cell:
    """A number that stands in another step."""

    step: str
    row: int
    column: int
    head: int | None  # None: the step has no heads
    value: float


@dataclass(frozen=True)
class Constant:
    """A number that stands nowhere: √2, 1, a value put in by hand."""

    value: float
    symbol: str = ""  # printed instead of the value


@dataclass(frozen=True)
class Sum:
    """a + b + …"""

    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Difference:
    """a − b"""

    left: Expression
    right: Expression


@dataclass(frozen=True)
class Product:
    """a · b · …"""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Quotient:
    """a / b"""

    top: Expression
    bottom: Expression


@dataclass(frozen=True)
class Exp:
    """eˣ"""

    of: Expression


@dataclass(frozen=True)
class SquareRoot:
    """√x"""

    of: Expression


@dataclass(frozen=True)
class Square:
    """x²"""

    of: Expression


ACTIVATION_NAMES = {"gelu": "GELU", "relu": "ReLU", "tanh": "tanh"}


@dataclass(frozen=True)
class Activation:
    """GELU(x) = x · Φ(x), ReLU(x) = max(x, 0), or tanh."""

    name: str  # gelu, relu, tanh
    of: Expression


@dataclass(frozen=True)
class Named:
    """An intermediate result: printed as its symbol, and defined beside."""

    symbol: str
    of: Expression


Expression = Cell | Constant | Sum | Difference | Product | Quotient | Exp | SquareRoot | Square | Activation | Named


def evaluate(expression: Expression) -> float:
    """Its value, computed anew in double precision."""
    match expression:
        case Cell(value=value) | Constant(value=value):
            return value
        case Sum(terms):
            return math.fsum(map(evaluate, terms))
        case Difference(left, right):
            return evaluate(left) - evaluate(right)
        case Product(factors):
            return math.prod(map(evaluate, factors))
        case Quotient(top, bottom):
            return evaluate(top) / evaluate(bottom)
        case Exp(of):
            return math.exp(evaluate(of))
        case SquareRoot(of):
            return math.sqrt(evaluate(of))
        case Square(of):
            return evaluate(of) ** 2
        case Activation(name, of):
            x = evaluate(of)
            if name == "tanh":
                return math.tanh(x)
            return max(x, 0.0) if name == "relu" else x * (1 + math.erf(x / math.sqrt(2))) / 2
        case Named(of=of):
            return evaluate(of)
    assert_never(expression)


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is directly made of."""
    match expression:
        case Cell() | Constant():
            return ()
        case Sum(parts) | Product(parts):
            return parts
        case Difference(left, right) | Quotient(left, right):
            return (left, right)
        case Exp(of) | SquareRoot(of) | Square(of) | Activation(of=of) | Named(of=of):
            return (of,)
    assert_never(expression)


def cells(expression: Expression) -> tuple[Cell, ...]:
    """The source cells, each once, in order of appearance."""
    return tuple(dict.fromkeys(_cells(expression)))


def definitions(expression: Expression) -> tuple[Named, ...]:
    """The intermediate results, each once, those needed by others first."""
    return tuple(dict.fromkeys(_named(expression)))


def text(expression: Expression, digits: int = 2, longest: int | None = None) -> str:
    """In one line, numbers with `digits` decimals; of sums longer than `longest` the middle is left out (…)."""
    return _text(expression, digits, longest, 0)


def number(value: float, digits: int = 2) -> str:
    """A number as it is printed: 0.50, −1.25, −∞; never −0.00."""
    if math.isinf(value) or math.isnan(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "NaN"
    rounded = f"{value:.{digits}f}"
    if float(rounded) == 0:
        rounded = rounded.lstrip("-")
    return rounded.replace("-", "−")


def _cells(expression: Expression) -> Iterator[Cell]:
    if isinstance(expression, Cell):
        yield expression
    for part in parts_of(expression):
        yield from _cells(part)


def _named(expression: Expression) -> Iterator[Named]:
    for part in parts_of(expression):
        yield from _named(part)
    if isinstance(expression, Named):
        yield expression


# How tightly a form binds: 0 a whole line, 1 a term of a sum, 2 a factor.
def _text(expression: Expression, digits: int, longest: int | None, place: int) -> str:
    match expression:
        case Cell(value=value) | Constant(value=value, symbol=""):
            return _bracketed(number(value, digits), place > 0 and value < 0)
        case Constant(symbol=symbol) | Named(symbol=symbol):
            return symbol
        case Sum(terms):
            shown = [_text(term, digits, longest, 1) for term in terms]
            if longest is not None and len(shown) > longest:
                shown = [*shown[: longest - 1], "…", shown[-1]]
            return _bracketed(" + ".join(shown) or "0", place > 0)
        case Difference(left, right):
            difference = f"{_text(left, digits, longest, 1)} − {_text(right, digits, longest, 1)}"
            return _bracketed(difference, place > 0)
        case Product(factors):
            return "·".join(_text(factor, digits, longest, 2) for factor in factors)
        case Quotient(top, bottom):
            quotient = f"{_text(top, digits, longest, 2)} / {_text(bottom, digits, longest, 2)}"
            return _bracketed(quotient, place == 2)
        case Exp(of):
            return f"e^{_bracketed(_text(of, digits, longest, 0), not isinstance(of, Cell) or of.value < 0)}"
        case SquareRoot(of):
            return f"√{_bracketed(_text(of, digits, longest, 0), not isinstance(of, (Constant, Named)))}"
        case Square(of):
            return f"{_bracketed(_text(of, digits, longest, 0), True)}²"
        case Activation(name, of):
            return f"{ACTIVATION_NAMES[name]}({_text(of, digits, longest, 0)})"
    assert_never(expression)


def _bracketed(inner: str, needed: bool) -> str:
    return f"({inner})" if needed else inner
