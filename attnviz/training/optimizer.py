"""SGD, momentum, Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).

Weight decay acts on matrices, not on biases, norms and embeddings. AdamW shrinks the weights beside the gradient's
step; in the other three decay is L2, a part of the gradient, which Adam then rescales with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.config import TrainConfig

BETAS = (0.9, 0.98)  # as in Vaswani et al. 2017: short runs have no use for a memory of 1,000 steps
MOMENTUM = 0.9

# What each optimizer remembers of a parameter, by torch's names.
MEMORY: dict[str, frozenset[str]] = {
    "adamw": frozenset({"step", "exp_avg", "exp_avg_sq"}),
    "adam": frozenset({"step", "exp_avg", "exp_avg_sq"}),
    "momentum": frozenset({"momentum_buffer"}),
    "sgd": frozenset(),
}


def decaying(model: nn.Module) -> list[nn.Parameter]:
    """The trained parameters that weight decay and the L1 penalty act on: matrices that are not embeddings."""
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    return [p for p in model.parameters() if p.requires_grad and p.dim() >= 2 and id(p) not in embeddings]


def make_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """The optimizer of `config` over every parameter that is trained, fused where torch has it for the device."""
    decayed = decaying(model)
    shrinking = {id(p) for p in decayed}
    trained = [p for p in model.parameters() if p.requires_grad]
    others = [p for p in trained if id(p) not in shrinking]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    return _optimizer(groups, config, fused=_can_fuse(trained))


def optimizer_over(groups: Sequence[nn.Parameter], first_decays: bool, config: TrainConfig) -> torch.optim.Optimizer:
    """The same over parameters that stand for many: see `attnviz.model.written.flat`.

    On a GPU the learning rate lies on the device, where a recorded step finds it: see `set_rate`.
    """
    decays = [config.weight_decay if first_decays and not i else 0.0 for i in range(len(groups))]
    described = [{"params": [one], "weight_decay": decay} for one, decay in zip(groups, decays, strict=True)]
    return _optimizer(described, config, fused=_can_fuse(groups), recordable=groups[0].device.type == "cuda")


def set_rate(group: dict[str, Any], rate: float) -> None:
    """The learning rate of a group from now on."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def _optimizer(
    groups: list[dict[str, Any]], config: TrainConfig, *, fused: bool, recordable: bool = False
) -> torch.optim.Optimizer:
    more: dict[str, Any] = {"fused": fused, "lr": config.learning_rate}
    if recordable and config.optimizer in ("adam", "adamw"):
        device = groups[0]["params"][0].device
        more |= {"capturable": True, "lr": torch.tensor(config.learning_rate, device=device)}
    match config.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, betas=BETAS, **more)
        case "adam":
            return torch.optim.Adam(groups, betas=BETAS, **more)
        case "momentum":
            return torch.optim.SGD(groups, momentum=MOMENTUM, **more)
        case "sgd":
            return torch.optim.SGD(groups, **more)


def move(optimizer: torch.optim.Optimizer) -> None:
    """`optimizer.step()`, for one over single tensors without hooks.

    An AdamW on a CPU is asked for its one operation directly: what torch does around it takes as long again, for a
    small model. A test holds the two together, bit by bit.
    """
    direct = isinstance(optimizer, torch.optim.Adam) and not optimizer.defaults["capturable"]  # AdamW is one of them
    if not direct or any(len(group["params"]) != 1 or not group["fused"] for group in optimizer.param_groups):
        optimizer.step()
        return
    for group in optimizer.param_groups:
        (parameter,) = group["params"]
        if parameter.device.type != "cpu" or parameter.grad is None or not optimizer.state.get(parameter):
            optimizer.step()  # the first step makes the memory
            return
    with torch.no_grad():
        for group in optimizer.param_groups:
            (parameter,) = group["params"]
            memory = optimizer.state[parameter]
            memory["step"] += 1
            update = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
            update(
                [parameter],
                [parameter.grad],
                [memory["exp_avg"]],
                [memory["exp_avg_sq"]],
                [],
                [memory["step"]],
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )


def add_l1_gradient(model: nn.Module, strength: float) -> None:
    """Add the (sub)gradient of strength · Σ|w| to `.grad`: strength · sign(w), 0 at w = 0."""
    for parameter in decaying(model):
        if parameter.grad is not None:
            parameter.grad.add_(parameter.detach().sign(), alpha=strength)


def l1_penalty(model: nn.Module, strength: float) -> float:
    """strength · Σ|w| over the weights that decay."""
    return strength * sum(float(p.detach().abs().sum(dtype=torch.float64)) for p in decaying(model))


def _can_fuse(parameters: Iterable[nn.Parameter]) -> bool:
    return all(p.device.type in ("cpu", "cuda", "mps") and p.is_floating_point() for p in parameters)
