"""Which device a command runs on."""

from __future__ import annotations

import torch


def device_from(text: str) -> torch.device:
    """The device named `text`, or for "auto" the best there is; one that is not there raises ValueError."""
    available = ["cpu"]
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if text == "auto":
        return torch.device("cuda" if "cuda" in available else "mps" if "mps" in available else "cpu")
    if text not in available:
        raise ValueError(f"there is no device {text!r} here; available: {', '.join(available)}, auto")
    return torch.device(text)
