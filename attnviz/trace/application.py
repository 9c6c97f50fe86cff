"""How a mask is applied, as a choice: comparing the ways is the lesson.

`own`                 −∞ before the softmax, and a fully blocked row gets zeros: the model's way, and SDPA's
`-inf`                −∞ before the plain softmax: a fully blocked row is 0/0 = NaN, and NaN spreads from there
`-1e9`                −1e9 added before the softmax: a fully blocked row becomes uniform (fp32, bf16), the unmasked
                      softmax (fp64, which still holds the score beside 1e9), NaN (fp16, where −1e9 overflows to −∞)
`after`               softmax over all keys, then blocked weights set to 0: rows sum to less than 1, and through the
                      denominator every blocked key still has a say
`after-renormalised`  the same, rows divided by their sum: right again; a fully blocked row is 0/0 = NaN
`hidden`              the mask multiplies hidden states: for each query the blocked tokens' keys and values are zero
                      vectors (projection biases aside), so their score is 0 and they take e⁰ = 1 of the denominator
`none`                no mask
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnviz.masks import kind_of
from attnviz.model import Probe
from attnviz.model.attention import attention_weights
from attnviz.trace.interventions import is_attention

Application = Literal["own", "-inf", "-1e9", "after", "after-renormalised", "hidden", "none"]
APPLICATIONS: tuple[Application, ...] = get_args(Application)
Precision = Literal["fp16", "bf16", "fp32", "fp64"]
DTYPES: Mapping[Precision, torch.dtype] = {
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
    "fp32": torch.float32,
    "fp64": torch.float64,
}
PRECISIONS: tuple[Precision, ...] = tuple(DTYPES)


class Applied(NamedTuple):
    """A mask applied to scores."""

    masked_scores: Float[Tensor, "B H T S"]  # what goes into the softmax
    weights: Float[Tensor, "B H T S"]  # what the picture shows
    mixing: Float[Tensor, "B H T S"]  # what multiplies the values: `weights`, but 0 at the zero values of `hidden`


def apply_mask(scores: Float[Tensor, "B H T S"], mask: Bool[Tensor, "b h t s"], how: Application) -> Applied:
    """Weights from `scores` under `mask` (True = may attend), all in the precision of `scores`."""
    if how not in APPLICATIONS:
        raise ValueError(f"how is {how!r}; allowed: {', '.join(APPLICATIONS)}")
    if how == "own":
        masked = scores.masked_fill(~mask, -math.inf)
        weights = attention_weights(masked, mask)
    elif how == "-inf":
        masked = scores.masked_fill(~mask, -math.inf)
        weights = masked.softmax(dim=-1)
    elif how == "-1e9":
        penalty = torch.tensor(-1e9, dtype=torch.float64).to(scores)  # in fp16 this is −∞
        masked = scores + torch.where(mask, torch.zeros_like(penalty), penalty)
        weights = masked.softmax(dim=-1)
    elif how == "hidden":
        masked = scores.masked_fill(~mask, 0.0)
        weights = masked.softmax(dim=-1)
        return Applied(masked, weights, weights.masked_fill(~mask, 0.0))
    else:
        masked = scores
        weights = scores.softmax(dim=-1)
        if how != "none":
            weights = weights.masked_fill(~mask, 0.0)
        if how == "after-renormalised":
            weights = weights / weights.sum(dim=-1, keepdim=True)
    return Applied(masked, weights, weights)


@dataclass(frozen=True)
class MaskApplication:
    """Masks applied in another way, and attention computed in another precision, at `sites` (None: everywhere).

    Everything between the projections is computed in `precision` (None: the model's own); the rest of the model stays
    as it is. Among several interventions it comes after those that change scores and before those that change weights.
    """

    how: Application = "own"
    precision: Precision | None = None
    sites: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.how not in APPLICATIONS:
            raise ValueError(f"how is {self.how!r}; allowed: {', '.join(APPLICATIONS)}")
        if self.precision is not None and self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}; allowed: {', '.join(PRECISIONS)}")
        for site in self.sites or ():
            kind_of(site)

    def at(self, site: str) -> bool:
        """Whether it acts at this site."""
        return is_attention(site) if self.sites is None else site in self.sites

    def probe(self) -> Probe:
        """The probe of one forward pass."""
        return _Applying(self)


class _Applying:
    """Keeps a site's scores, mask and values until its heads are done."""

    def __init__(self, application: MaskApplication) -> None:
        self.application = application
        self.dtype = None if application.precision is None else DTYPES[application.precision]
        self.kept: dict[str, Tensor] = {}

    def wants(self, site: str) -> bool:
        return self.application.at(site)

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if not self.application.at(site):
            return value
        match name:
            case "q" | "k" | "v":
                self.kept["model"] = value.new_empty(0)
                value = value if self.dtype is None else value.to(self.dtype)
                self.kept[name] = value
            case "scores" | "mask":
                self.kept[name] = value
            case "masked_scores":
                applied = apply_mask(self.kept["scores"], self.kept["mask"], self.application.how)
                self.kept.update(applied._asdict())
                value = applied.masked_scores
            case "weights":
                value = self.kept["weights"]
            case "head_output":
                if self.application.how == "hidden":
                    value = self.kept["mixing"] @ self.kept["v"]
                value = value.to(self.kept["model"].dtype)
                self.kept.clear()
        return value
