"""Random numbers of one training run, kept apart from everybody else's in the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import UInt8
from torch import Tensor


class RandomStream:
    """torch's global generators, lent to a run while it draws.

    Dropout and initialisers draw from torch's global generators and take no other. A stream puts its own state
    in, lets the caller draw, and puts the old state back: runs that take turns do not disturb one another. On a GPU
    it is the generator of the run's own device, whichever is the current one.
    """

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self._states = {"cpu": torch.Generator().manual_seed(seed).get_state()}
        if self.device.type != "cpu":
            self._states["device"] = torch.Generator(self.device).manual_seed(seed).get_state()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Inside, torch's global generators are this stream."""
        outside = self._current()
        self._set(self._states)
        try:
            yield
        finally:
            self._states = self._current()
            self._set(outside)

    def capture(self) -> dict[str, UInt8[Tensor, " N"]]:
        """Where the stream stands."""
        return {name: state.clone() for name, state in self._states.items()}

    def restore(self, states: dict[str, UInt8[Tensor, " N"]]) -> None:
        """Go on from where `capture` was called; a device of another kind starts anew."""
        for name, state in states.items():
            if name in self._states and self._states[name].shape == state.shape:
                self._states[name] = state.clone()

    def _current(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.device.type != "cpu":
            states["device"] = torch.get_device_module(self.device).get_rng_state(self.device)
        return states

    def _set(self, states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if self.device.type != "cpu":
            torch.get_device_module(self.device).set_rng_state(states["device"], self.device)
