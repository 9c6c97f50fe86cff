"""How idle threads wait: asleep. One that spins takes the core that other processes of a small machine need."""

from __future__ import annotations

from collections.abc import MutableMapping

WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}


def wait_passively(environment: MutableMapping[str, str]) -> None:
    """Let the OpenMP threads of a process with this environment sleep while idle, unless it says otherwise already.

    OpenMP reads it when it is loaded, and torch loads it: call this before torch is imported.
    """
    for name, value in WAITING.items():
        environment.setdefault(name, value)
