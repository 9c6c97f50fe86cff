"""Lines of code beside the walk, and those that every walk has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.walkthrough.head_setup import HeadSetup
from attnviz.trace.walkthrough.setup import Setup


@dataclass(frozen=True)
class Line:
    """A line of code and the step that it computes."""

    text: str
    step: str | None = None


Given: TypeAlias = "Callable[..., Iterator[Line]]"  # names of given matrices → their lines


def given_by(needs_file: bool, numbers: Mapping[str, NDArray[np.generic]]) -> Given:
    """How given matrices come into the code: out of a file, or written out."""

    def given(*names: str) -> Iterator[Line]:
        for name in names:
            value = f'numbers["{name}"]' if needs_file else _literal(numbers[name])
            yield Line(f"{name} = {value}", name)

    return given


def softmax_lines(setup: Setup | HeadSetup) -> Iterator[Line]:
    """From scores and mask to weights."""
    sink = isinstance(setup, HeadSetup) and setup.sinks is not None
    of = _shares if sink else _plain
    warm = "" if setup.variant.temperature == 1 else f" / {setup.variant.temperature!r}"
    if setup.variant.mask == "before":
        yield Line('masked_scores = scores.masked_fill(~mask, float("-inf"))', "masked_scores")
        softmax = of("masked_scores", warm)
        yield Line(f"weights = {softmax}.nan_to_num(0.0)  # a fully blocked row: 0", "weights")
        return
    yield Line(f"weights_before_mask = {of('scores', warm)}", "weights_before_mask")
    if setup.variant.mask == "after":
        yield Line("weights = weights_before_mask * mask  # rows no longer sum to 1", "weights")
        return
    yield Line("weights_masked = weights_before_mask * mask", "weights_masked")
    yield Line("weights = (weights_masked / weights_masked.sum(dim=-1, keepdim=True)).nan_to_num(0.0)", "weights")


def _plain(scores: str, warm: str) -> str:
    return f"torch.softmax({scores}{warm}, dim=-1)"


def _shares(scores: str, warm: str) -> str:
    beside = f"torch.cat(({scores}, sink.expand(-1, {scores}.shape[1], 1)), dim=-1)"
    return f"torch.softmax({beside}{warm}, dim=-1)[..., :-1]"


def _literal(array: NDArray[np.generic]) -> str:
    kind = "bool" if array.dtype == bool else str(array.dtype)
    return f"torch.tensor({array.tolist()!r}, dtype=torch.{kind})"
