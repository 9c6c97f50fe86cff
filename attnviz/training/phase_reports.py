"""What each phase of one training step shows: NumPy and plain values, stored as JSON and read back."""

from __future__ import annotations

import base64
import dataclasses
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from attnviz.data.batch import Labels
from attnviz.training.gradients import GradientCheck, GradientNorms
from attnviz.training.updates import MovedWeight, UpdateNorms


@dataclass(frozen=True, eq=False)
class PhaseReport:
    """One phase of the step that makes update number `step`."""

    phase: ClassVar[str]
    step: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; arrays are packed."""
        return {
            "phase": self.phase,
            **{field.name: _packed(getattr(self, field.name)) for field in dataclasses.fields(self)},
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> PhaseReport:
        """The inverse of `to_dict`. Raises ValueError for what is none."""
        kinds: dict[str, type[PhaseReport]] = {kind.phase: kind for kind in REPORTS}
        rest = dict(values)
        kind = kinds.get(rest.pop("phase", ""))
        if kind is None:
            raise ValueError(f"phase is {values.get('phase')!r}; allowed: {', '.join(kinds)}")
        return kind(**{name: _unpacked(value) for name, value in rest.items()})


@dataclass(frozen=True, eq=False)
class BatchReport(PhaseReport):
    """The examples that were drawn."""

    phase = "batch"
    epoch: int  # passes over the training split finished before this batch
    index: int  # 1 for the first batch of the pass
    examples: int
    tokens: int  # scored target tokens
    padding: float  # share of all positions read that are padding
    src_labels: Labels
    decoder_labels: Labels
    target_labels: Labels


@dataclass(frozen=True, eq=False)
class ForwardReport(PhaseReport):
    """What the model attends to and predicts on one example of the batch, `row`.

    The attention is shown without dropout; the step itself computes with it.
    """

    phase = "forward"
    row: int
    weights: dict[str, Float[np.ndarray, "H T S"]]  # site → attention weights
    masks: dict[str, Bool[np.ndarray, "H T S"]]  # True = may attend
    src_labels: tuple[str, ...]
    decoder_labels: tuple[str, ...]
    target_labels: tuple[str, ...]
    candidates: tuple[tuple[tuple[str, float], ...], ...]  # at each position the likeliest tokens and their p


@dataclass(frozen=True, eq=False)
class LossReport(PhaseReport):
    """The loss of every target token."""

    phase = "loss"
    token_losses: Float[np.ndarray, "B T"]  # nats; NaN where nothing is scored
    target_labels: Labels
    said_labels: Labels  # the likeliest token at each position
    nats: float  # mean over the scored tokens
    objective: float  # what is differentiated: with label smoothing, without the L1 penalty
    penalty: float  # l1 · Σ|w|
    label_smoothing: float
    token_accuracy: float


@dataclass(frozen=True, eq=False)
class GradientReport(PhaseReport):
    """Where the gradient is long, and one weight of it checked."""

    phase = "gradients"
    norms: GradientNorms
    check: GradientCheck


@dataclass(frozen=True, eq=False)
class ClipReport(PhaseReport):
    """What clipping did to the whole gradient."""

    phase = "clip"
    norm: float  # before
    limit: float  # 0: never clipped
    factor: float  # every gradient was multiplied by it

    @property
    def after(self) -> float:
        """The norm that is left."""
        return self.norm * self.factor


@dataclass(frozen=True, eq=False)
class UpdateReport(PhaseReport):
    """Which weights moved and by how much, and the record of the finished step."""

    phase = "update"
    optimizer: str
    learning_rate: float
    updates: UpdateNorms
    ratio: float  # ‖Δw‖ / ‖w‖ over all trained weights
    record: dict[str, Any]  # StepRecord.to_dict()


REPORTS: tuple[type[PhaseReport], ...] = (
    BatchReport,
    ForwardReport,
    LossReport,
    GradientReport,
    ClipReport,
    UpdateReport,
)
PHASES: tuple[str, ...] = tuple(report.phase for report in REPORTS)
_PARTS = {kind.__name__: kind for kind in (GradientNorms, GradientCheck, UpdateNorms, MovedWeight)}


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(zlib.compress(np.ascontiguousarray(value).tobytes(), 1)).decode("ascii")
        return {"array": data, "dtype": str(value.dtype), "shape": list(value.shape)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _packed(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"part": type(value).__name__, **fields}
    if isinstance(value, dict):
        return {name: _packed(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_packed(one) for one in value]
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict) and "array" in value:
        data = zlib.decompress(base64.b64decode(value["array"]))
        return np.frombuffer(data, dtype=np.dtype(value["dtype"])).reshape(value["shape"]).copy()
    if isinstance(value, dict) and "part" in value:
        rest = {name: _unpacked(one) for name, one in value.items() if name != "part"}
        return _PARTS[value["part"]](**rest)
    if isinstance(value, dict):
        return {name: _unpacked(one) for name, one in value.items()}
    if isinstance(value, list):
        return tuple(_unpacked(one) for one in value)
    return value
