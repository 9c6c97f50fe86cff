"""All that a run needs to go on with the same numbers as if it had never stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from attnviz.errors import InputError
from attnviz.model.written import FlatParameters
from attnviz.training.batch_stream import DataPosition

VERSION = 1


@dataclass(frozen=True)
class TrainingState:
    """A run after `step` updates. Tensors are named by parameter, so that the order of modules does not matter."""

    step: int
    seconds: float  # spent training so far
    position: DataPosition
    model: dict[str, Tensor]
    optimizer: dict[str, Tensor]  # "<parameter>/exp_avg" …
    random: dict[str, Tensor]
    settings: Mapping[str, Any] = field(default_factory=dict)  # what `Trainer.set` changed, by name
    best: dict[str, Tensor] = field(default_factory=dict)  # trained weights to come back to, where a run keeps them
    batch_size: int = 0  # that `position` counts in; 0: the config's
    whole: bool = True  # False: without the optimizer's memory; such a state can be looked at, but not gone on from

    @property
    def finite(self) -> bool:
        """Whether every weight is a number: from others nobody can go on."""
        return all(bool(value.isfinite().all()) for value in (*self.model.values(), *self.best.values()))

    def fitted_to(self, model: nn.Module) -> TrainingState:
        """The state for a model of another shape: a tensor that does not fit by name and size takes the model's own.

        What the optimizer remembers of such a tensor is dropped. For forks that change the model.
        """
        own = model.state_dict()
        kept = {name for name, value in own.items() if name in self.model and self.model[name].shape == value.shape}
        return replace(
            self,
            model={name: self.model[name] if name in kept else value.detach().clone() for name, value in own.items()},
            optimizer={key: value for key, value in self.optimizer.items() if key.rpartition("/")[0] in kept},
        )

    def save(self, path: Path) -> None:
        """Write one safetensors file; the numbers go into its header."""
        numbers = {
            "step": self.step,
            "seconds": self.seconds,
            "position": asdict(self.position),
            "settings": dict(self.settings),
            "batch_size": self.batch_size,
            "whole": self.whole,
            "version": VERSION,
        }
        tensors = {
            f"{part}:{name}": tensor.contiguous()
            for part in ("model", "optimizer", "random", "best")
            for name, tensor in getattr(self, part).items()
        }
        unfinished = path.with_name(path.name + ".part")
        save_file(tensors, unfinished, metadata={"attnviz_training_state": json.dumps(numbers)})
        unfinished.replace(path)  # a kill leaves the old file or the new one, never half of one

    @staticmethod
    def is_whole(path: Path) -> bool:
        """Whether a file holds a whole state, by its header alone; False for one that cannot be read."""
        try:
            with safe_open(path, framework="pt") as file:
                numbers = json.loads((file.metadata() or {})["attnviz_training_state"])
        except (SafetensorError, KeyError, ValueError, OSError):
            return False
        return bool(numbers.get("whole", True))

    @classmethod
    def load(cls, path: Path) -> TrainingState:
        """The inverse of `save`; a file that is not one raises ValueError."""
        try:
            with safe_open(path, framework="pt") as file:
                numbers = json.loads((file.metadata() or {})["attnviz_training_state"])
            tensors = load_file(path)
            if numbers["version"] != VERSION:
                raise InputError("reason_newer", given=repr(numbers["version"])[:40], known=VERSION)
            parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "random": {}, "best": {}}
            for key, tensor in tensors.items():
                part, _, name = key.partition(":")
                parts[part][name] = tensor
            return cls(
                step=int(numbers["step"]),
                seconds=float(numbers["seconds"]),
                position=DataPosition(**numbers["position"]),
                settings=dict(numbers.get("settings", {})),
                batch_size=int(numbers.get("batch_size", 0)),
                whole=bool(numbers.get("whole", True)),
                **parts,
            )
        except InputError:
            raise
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise InputError("training_state", file=path.name, problem=error) from error


def capture_optimizer(
    optimizer: torch.optim.Optimizer, model: nn.Module, flat: FlatParameters | None = None
) -> dict[str, Tensor]:
    """The optimizer's memory, named by parameter; empty before the first update."""
    if flat is not None:
        return flat.by_name([optimizer.state.get(group, {}) for group in flat.groups])
    return {
        f"{name}/{key}": value.detach().clone()
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    kept: dict[str, Tensor],
    memory: frozenset[str],
    flat: FlatParameters | None = None,
) -> None:
    """The inverse of `capture_optimizer`. A parameter whose kept values are not those of `memory` starts afresh."""
    optimizer.state.clear()
    if flat is not None:
        for group, values in zip(flat.groups, flat.of_groups(kept, memory), strict=True):
            if values:
                optimizer.state[group] = values
        return
    trained = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    found: dict[str, dict[str, Tensor]] = {}
    for name, value in kept.items():
        parameter_name, _, key = name.rpartition("/")
        found.setdefault(parameter_name, {})[key] = value
    for name, parameter in model.named_parameters():
        values = found.get(name, {})
        for key, value in values.items():
            if value.shape not in (parameter.shape, torch.Size([])):
                needed = list(parameter.shape)
                raise InputError("reason_shape", name=f"{name}/{key}", given=list(value.shape), needed=needed)
        if values and id(parameter) in trained and memory == values.keys():
            optimizer.state[parameter] = {key: value.to(parameter.device, copy=True) for key, value in values.items()}
