"""LoRA (Hu et al. 2021) beside the weights of a model from elsewhere, by `peft` and in its file format.

The attentions stay the modules they were, so that a tuned model is watched at the same sites. Off, it is the base model
to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from attnviz.data.batch import Batch
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.fitting import TuningStep, fit
from attnviz.foreign.load import require


class ForeignLoRA:
    """An adapter of a rank beside every linear layer of a model (the output layer aside), at first without effect.

    The model itself is changed: what it says is with the adapter, unless inside `off()`. Needs the package peft.
    """

    def __init__(self, model: ForeignModel, *, rank: int = 4, alpha: float = 8.0, seed: int = 0) -> None:
        if rank < 1:
            raise ValueError(f"rank is {rank}; it must be at least 1")
        if not alpha > 0:
            raise ValueError(f"alpha is {alpha}; it must be above 0")
        peft = require("peft")
        self.model = model
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", bias="none")
            self.tuned: Any = peft.get_peft_model(model.net, config)
        self.tuned.eval()

    @property
    def trained(self) -> int:
        """Numbers that training changes."""
        return sum(parameter.numel() for parameter in self.tuned.parameters() if parameter.requires_grad)

    def off(self) -> AbstractContextManager[None]:
        """Inside, the model is the base model."""
        found: AbstractContextManager[None] = self.tuned.disable_adapter()
        return found

    def train(self, batches: Sequence[Batch], *, steps: int, learning_rate: float = 1e-3) -> Iterator[TuningStep]:
        """Fit the adapter to the batches' targets, one after another and again; yields every step as it is done."""
        parameters = [parameter for parameter in self.tuned.parameters() if parameter.requires_grad]
        return fit(self.model, parameters, batches, steps=steps, learning_rate=learning_rate)

    def save(self, folder: Path) -> None:
        """Write the adapter as peft does: adapter_config.json and adapter_model.safetensors."""
        for config in self.tuned.peft_config.values():
            config.base_model_name_or_path = self.model.name  # not where its files lay for a moment
        self.tuned.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
