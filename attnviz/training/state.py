"""All that a run needs to go on with the same numbers as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

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

    def save(self, path: Path) -> None:
        """Write one safetensors file; the numbers go into its header."""
        numbers = {"step": self.step, "seconds": self.seconds, "position": asdict(self.position), "version": VERSION}
        tensors = {
            f"{part}:{name}": tensor.contiguous()
            for part in ("model", "optimizer", "random")
            for name, tensor in getattr(self, part).items()
        }
        unfinished = path.with_name(path.name + ".part")
        save_file(tensors, unfinished, metadata={"attnviz_training_state": json.dumps(numbers)})
        unfinished.replace(path)  # a kill leaves the old file or the new one, never half of one

    @classmethod
    def load(cls, path: Path) -> TrainingState:
        """The inverse of `save`; a file that is not one raises ValueError."""
        from safetensors import safe_open

        try:
            with safe_open(path, framework="pt") as file:
                numbers = json.loads((file.metadata() or {})["attnviz_training_state"])
            tensors = load_file(path)
            if numbers["version"] != VERSION:
                raise ValueError(f"version is {numbers['version']!r}; this program reads {VERSION}")
            parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "random": {}}
            for key, tensor in tensors.items():
                part, _, name = key.partition(":")
                parts[part][name] = tensor
            return cls(
                step=int(numbers["step"]),
                seconds=float(numbers["seconds"]),
                position=DataPosition(**numbers["position"]),
                **parts,
            )
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise ValueError(f"{path} is not a training state: {error}") from error


def capture_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """The optimizer's memory, named by parameter; empty before the first update."""
    return {
        f"{name}/{key}": value.detach().clone()
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module, kept: dict[str, Tensor]) -> None:
    """The inverse of `capture_optimizer`."""
    optimizer.state.clear()
    for name, parameter in model.named_parameters():
        prefix = f"{name}/"
        found = {key.removeprefix(prefix): value for key, value in kept.items() if key.startswith(prefix)}
        if found:
            optimizer.state[parameter] = {key: value.to(parameter.device, copy=True) for key, value in found.items()}
