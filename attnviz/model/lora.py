"""Low-rank adaptation (Hu et al. 2021): a frozen matrix W learns a small detour.

          x ──────────► W (out × in, frozen) ───────────────► + ──► y
          │                                                   ▲
          └──► A (rank × in) ──► B (out × rank) ──► · alpha/rank

    y = x·(W + (alpha/rank)·B·A)ᵀ + bias

B begins at 0, so that at the start y is what it was. Merging writes the sum into W; nothing is computed twice then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from attnviz.model.making import new_model
from attnviz.model.transformer import Transformer

# The linear layers of a block that LoRA may stand beside, by the last part of their name.
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj", "inner", "outer")
FACTORS = ("lora_a", "lora_b")


class LoRALinear(nn.Linear):
    """A linear layer with a detour of rank `rank`. `weight` and `bias` keep their names and are frozen."""

    def __init__(self, base: nn.Linear, *, rank: int, alpha: float, generator: torch.Generator | None = None) -> None:
        if rank < 1:
            raise ValueError(f"rank is {rank}; it must be at least 1")
        nn.Module.__init__(self)  # nn.Linear's would draw a weight only to throw it away
        self.in_features, self.out_features = base.in_features, base.out_features
        self.weight = base.weight
        self.bias = base.bias
        self.weight.requires_grad_(False)
        if self.bias is not None:
            self.bias.requires_grad_(False)
        self.rank = rank
        self.alpha = alpha
        self.merged = False
        # Drawn on the CPU, so that a seed gives the same numbers on every device.
        bound = base.in_features**-0.5
        a = (torch.rand(rank, base.in_features, generator=generator) * 2 - 1) * bound
        self.lora_a = nn.Parameter(a.to(base.weight))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank).to(base.weight))

    @property
    def scale(self) -> float:
        """alpha / rank."""
        return self.alpha / self.rank

    def delta(self) -> Float[Tensor, "O I"]:
        """(alpha/rank)·B·A: what is added to W."""
        return self.scale * (self.lora_b @ self.lora_a)

    def effective_weight(self) -> Float[Tensor, "O I"]:
        """The matrix that the layer multiplies by, merged or not."""
        return self.weight if self.merged else self.weight + self.delta()

    def forward(self, input: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:  # torch's name
        y = functional.linear(input, self.weight, self.bias)
        if self.merged:
            return y
        return y + self.scale * functional.linear(functional.linear(input, self.lora_a), self.lora_b)

    @torch.no_grad()
    def merge(self) -> None:
        """Write the detour into `weight`; merging twice is merging once."""
        if not self.merged:
            self.weight += self.delta()
            self.merged = True

    @torch.no_grad()
    def unmerge(self) -> None:
        """Take the detour out of `weight` again."""
        if self.merged:
            self.weight -= self.delta()
            self.merged = False


def add_lora(
    model: Transformer, *, rank: int, alpha: float, targets: Collection[str] = ("q_proj", "v_proj"), seed: int = 0
) -> Transformer:
    """Put a detour beside every linear layer of the blocks whose name ends in one of `targets`; returns the model.

    Every other parameter is left as it is. Unknown or missing targets raise ValueError.
    """
    for target in targets:
        if target not in PROJECTIONS:
            raise ValueError(f"lora target is {target!r}; allowed: {', '.join(PROJECTIONS)}")
    generator = torch.Generator().manual_seed(seed)
    found = [
        (path, module)
        for path, module in model.named_modules()
        if isinstance(module, nn.Linear) and path.rsplit(".", 1)[-1] in targets
    ]
    if not found:
        raise ValueError(f"lora targets are {', '.join(targets) or 'none'}; the model has no such layer")
    for path, module in found:
        if isinstance(module, LoRALinear):
            raise ValueError(f"{path} has a LoRA already")
        replace_module(model, path, LoRALinear(module, rank=rank, alpha=alpha, generator=generator))
    return model


def replace_module(model: nn.Module, path: str, module: nn.Module) -> None:
    """Put `module` in the place of the one at `path`."""
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


def lora_layers(model: nn.Module) -> dict[str, LoRALinear]:
    """Every layer with a detour, by its path."""
    return {path: module for path, module in model.named_modules() if isinstance(module, LoRALinear)}


def merge(model: nn.Module) -> None:
    """Merge every detour of the model."""
    for layer in lora_layers(model).values():
        layer.merge()


def unmerge(model: nn.Module) -> None:
    """Unmerge every detour of the model."""
    for layer in lora_layers(model).values():
        layer.unmerge()


def strip_lora(model: Transformer) -> Transformer:
    """Merge every detour and put plain linear layers in their places; returns the model, whose outputs are the same."""
    for path, layer in lora_layers(model).items():
        layer.merge()
        plain = nn.Linear.__new__(nn.Linear)
        nn.Module.__init__(plain)
        plain.in_features, plain.out_features = layer.in_features, layer.out_features
        plain.weight, plain.bias = layer.weight, layer.bias
        replace_module(model, path, plain)
    return model


def lora_weights(model: nn.Module) -> dict[str, Tensor]:
    """The factors alone, by parameter name: all that training a LoRA has changed."""
    return {
        f"{path}.{factor}": getattr(layer, factor).detach().cpu().contiguous()
        for path, layer in lora_layers(model).items()
        for factor in FACTORS
    }


@contextmanager
def lora_off(model: nn.Module) -> Iterator[None]:
    """Inside, the model is the base model again; unmerged layers only. It comes back also after an exception."""
    layers = [layer for layer in lora_layers(model).values() if not layer.merged]
    for layer in layers:
        layer.merged = True  # a merged layer adds nothing; its weight is W
    try:
        yield
    finally:
        for layer in layers:
            layer.merged = False


def plain_weights(model: nn.Module) -> dict[str, Tensor]:
    """The parameters by name as a model without LoRA would have them: every detour added to its matrix."""
    layers = lora_layers(model)
    found = {}
    for name, parameter in model.named_parameters():
        path, _, last = name.rpartition(".")
        if path in layers:
            if last in FACTORS:
                continue
            found[name] = (layers[path].effective_weight() if last == "weight" else parameter).detach()
        else:
            found[name] = parameter.detach()
    return found


def plain_copy(model: Transformer) -> Transformer:
    """A model without LoRA that computes the same; the given one is left as it is."""
    copied = new_model(model.config).to(next(model.parameters()).device)
    copied.load_state_dict({name: value.clone() for name, value in plain_weights(model).items()}, strict=False)
    return copied.train(model.training)
