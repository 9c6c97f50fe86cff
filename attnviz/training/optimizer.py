"""AdamW (Loshchilov & Hutter 2019): weight decay on matrices, none on biases, norms and embeddings."""

from __future__ import annotations

import torch
from torch import nn

from attnviz.config import TrainConfig

BETAS = (0.9, 0.98)  # as in Vaswani et al. 2017: short runs have no use for a memory of 1,000 steps


def make_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW over every parameter that is trained, fused where torch has it for the device."""
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.dim() >= 2 and id(p) not in embeddings]
    others = [p for p in trained if p.dim() < 2 or id(p) in embeddings]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    fused = all(p.device.type in ("cpu", "cuda", "mps") and p.is_floating_point() for p in trained)
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.learning_rate, betas=BETAS, fused=fused
    )
