"""All weights of a model in one buffer and all gradients in another: one operation where there were fifty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz.config import Precision
from attnviz.model.attention import MultiHeadAttention


@dataclass(frozen=True)
class View:
    """A weight as the written passes use it: to be multiplied with, and where its gradient goes.

    In bf16 both are bfloat16 copies, of a matrix or a layer's bias, else the weight and its gradient themselves.
    """

    weight: Tensor
    gradient: Tensor


class FlatParameters:
    """Takes the parameters of a model over: each becomes a view of `weights`, its `.grad` one of `gradients`.

    Names, shapes and values stay, so that a state dict, an optimizer's memory by name and whoever reads a parameter
    see no difference. `matrices` are what weight decay acts on; they stand first, and after them the biases of layers.
    Of both, those of the keys' and values' projections of all cross-attentions come first, for they are used as one;
    the others follow in the model's order, so that a query, key and value projection are one as well.
    """

    def __init__(self, model: nn.Module, matrices: Sequence[nn.Parameter], precision: Precision) -> None:
        crossing = [one for one in model.modules() if isinstance(one, MultiHeadAttention) and one.is_cross]
        layers: list[Any] = [part for one in crossing for part in (one.k_proj, one.v_proj)]
        layers += [one for one in model.modules() if isinstance(one, nn.Linear)]
        first = {id(parameter) for parameter in matrices}
        weights = _in_order([one.weight for one in layers if id(one.weight) in first], matrices)
        biases = _in_order([one.bias for one in layers if one.bias is not None], ())
        ordered = _in_order([*weights, *biases], list(model.parameters()))
        device = ordered[0].device
        total = sum(parameter.numel() for parameter in ordered)
        self.weights: Float[Tensor, " N"] = torch.empty(total, device=device)
        self.gradients: Float[Tensor, " N"] = torch.zeros(total, device=device)
        self.places: dict[str, slice] = {}  # by parameter name
        self._starts: dict[int, int] = {}
        self._owned: list[tuple[nn.Parameter, Tensor]] = []
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        begin = 0
        with torch.no_grad():
            for parameter in ordered:
                place = slice(begin, begin + parameter.numel())
                self.weights[place] = parameter.detach().reshape(-1)
                parameter.data = self.weights[place].view(parameter.shape)
                gradient = self.gradients[place].view(parameter.shape)
                parameter.grad = gradient
                self.places[names[id(parameter)]] = place
                self._starts[id(parameter)] = begin
                self._owned.append((parameter, gradient))
                begin = place.stop
        self.n_matrices = sum(parameter.numel() for parameter in matrices)
        # What an optimizer moves: the matrices, which decay, and the rest, which does not.
        self.groups = tuple(
            self._group(slice(start, stop))
            for start, stop in ((0, self.n_matrices), (self.n_matrices, total))
            if stop > start
        )
        self.precision: Precision = precision
        half = precision == "bf16"
        # What is multiplied with, and so has gradients in the products' numbers: matrices and layers' biases.
        self.n_products = sum(parameter.numel() for parameter in (*weights, *biases))
        self._low = torch.empty(total, dtype=torch.bfloat16, device=device) if half else self.weights
        self._low_gradients = (
            torch.zeros(self.n_products, dtype=torch.bfloat16, device=device) if half else self.gradients
        )

    def _group(self, place: slice) -> nn.Parameter:
        group = nn.Parameter(self.weights[place])
        group.grad = self.gradients[place]
        return group

    @property
    def dtype(self) -> torch.dtype:
        """Of the products."""
        return torch.bfloat16 if self.precision == "bf16" else torch.float32

    @property
    def stream(self) -> torch.dtype:
        """Of the residual stream. On a GPU it is float32: its norms take weights of no other kind than their input."""
        return self.dtype if self.weights.device.type == "cpu" else torch.float32

    def view(self, *parameters: Tensor) -> View:
        """Some weights as one, stacked along their first axis; they follow one another."""
        start = self._starts[id(parameters[0])]
        end = start
        for parameter in parameters:
            if self._starts[id(parameter)] != end:
                raise ValueError("these weights do not follow one another in the buffer")
            end += parameter.numel()
        shape = (sum(parameter.size(0) for parameter in parameters), *parameters[0].shape[1:])
        gradients = self._low_gradients if end <= self.n_products else self.gradients
        return View(self._low[start:end].view(shape), gradients[start:end].view(shape))

    def begin(self) -> None:
        """Before a forward pass: the copies to multiply with are those of the weights as they are now."""
        if self.precision == "bf16":
            self._low.copy_(self.weights)

    def end(self) -> None:
        """After a backward pass: every parameter's `.grad` is its gradient."""
        if self.precision == "bf16":
            self.gradients[: self.n_products] = self._low_gradients
        first, gradient = self._owned[0]
        if first.grad is gradient:
            return
        for parameter, gradient in self._owned:  # somebody has taken them away, as `zero_grad` does
            parameter.grad = gradient

    def by_name(self, of_group: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """What an optimizer remembers of `groups`, by "<parameter>/<key>", as if it had them one by one."""
        found: dict[str, Tensor] = {}
        for (name, place), (_, gradient) in zip(self.places.items(), self._owned, strict=True):
            index, inside = self._inside(place)
            for key, value in of_group[index].items() if index < len(of_group) else ():
                one = value[inside].view(gradient.shape) if value.dim() else value
                found[f"{name}/{key}"] = one.detach().clone()
        return found

    def _inside(self, place: slice) -> tuple[int, slice]:
        """(the group that a place of the buffer is in, where there)."""
        if not self.n_matrices or place.start < self.n_matrices:
            return 0, place
        return 1, slice(place.start - self.n_matrices, place.stop - self.n_matrices)

    def of_groups(self, kept: Mapping[str, Tensor], memory: frozenset[str]) -> list[dict[str, Tensor]]:
        """The inverse of `by_name`; a parameter of which not exactly `memory` is kept has zeros.

        Empty for a group of which nothing is kept: its optimizer starts afresh.
        """
        found: list[dict[str, Tensor]] = [{} for _ in self.groups]
        for name, place in self.places.items():
            index, inside = self._inside(place)
            values = {key: kept[f"{name}/{key}"] for key in memory if f"{name}/{key}" in kept}
            if not memory or values.keys() != memory:
                continue
            for key, value in values.items():
                value = value.to(self.weights.device)
                if value.dim() == 0:
                    found[index].setdefault(key, value.clone())
                else:
                    whole = found[index].setdefault(key, torch.zeros_like(self.groups[index].detach()))
                    whole[inside] = value.reshape(-1)
        return found


def _in_order(first: Sequence[nn.Parameter], others: Sequence[nn.Parameter]) -> list[nn.Parameter]:
    """Both, each parameter once."""
    return list({id(parameter): parameter for parameter in (*first, *others)}.values())
