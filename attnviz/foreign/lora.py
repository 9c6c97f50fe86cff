"""LoRA (Hu et al. 2021) beside the weights of a model from elsewhere, by `peft` and in its file format.

The attentions stay the modules they were, so that a tuned model is watched at the same sites. Off, it is the base model
to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from attnviz.data.batch import Batch
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.load import require
from attnviz.trace.loss import token_losses


@dataclass(frozen=True)
class LoRAStep:
    """One step of training."""

    step: int  # from 1
    loss: float  # nats per scored token, before the step


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

    def train(self, batches: Sequence[Batch], *, steps: int, learning_rate: float = 1e-3) -> Iterator[LoRAStep]:
        """Fit the adapter to the batches' targets, one after another and again; yields every step as it is done."""
        for batch in batches:
            if batch.targets is None or not batch.n_scored:
                raise ValueError("a batch without scored targets has nothing to learn from")
        if not batches:
            raise ValueError("there are no batches to learn from")
        parameters = [parameter for parameter in self.tuned.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.0)
        for step in range(steps):
            batch = batches[step % len(batches)].to(self.model.device)
            assert batch.targets is not None, "checked above"
            assert batch.scored is not None, "targets are scored somewhere or nowhere"
            logits = self.model(batch.source, batch.decoder_input)
            loss = token_losses(logits, batch.targets, batch.scored).sum() / batch.scored.sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            yield LoRAStep(step + 1, float(loss.detach()))

    def save(self, folder: Path) -> None:
        """Write the adapter as peft does: adapter_config.json and adapter_model.safetensors."""
        self.tuned.save_pretrained(folder, safe_serialization=True)
