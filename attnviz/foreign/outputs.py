"""What a model of transformers returns, and whether two ways to compute it agree."""

from __future__ import annotations

from typing import Any

from torch import Tensor

AGREEMENT = 1e-4  # of the largest logit: how far ours may lie from eager's before the model counts as not understood


def agree(found: Tensor, expected: Tensor) -> bool:
    """Whether two outputs are the same but for rounding."""
    largest = float(expected.abs().max().clamp(min=1e-6))
    return found.shape == expected.shape and float((found - expected).abs().max()) <= AGREEMENT * largest


def hidden_of(output: Any) -> Tensor:
    """The last hidden states (B, S, C)."""
    hidden = getattr(output, "last_hidden_state", None)
    found: Tensor = output[0] if hidden is None else hidden
    return found


def logits_in(output: Any) -> Tensor:
    """What a model says as (B, T, V): its logits, or its hidden states where it has no head."""
    logits = getattr(output, "logits", None)
    found: Tensor = hidden_of(output) if logits is None else logits
    return found[:, None] if found.dim() == 2 else found
