"""Several processes train one run: the first obeys and records, the others do what it says, in the same order."""

from __future__ import annotations

from typing import Any, Literal

import torch.distributed as dist

from attnviz.training import Trainer
from attnviz.training.distributed import Ranks

Order = Literal["adopt", "step", "set", "restore", "wait", "end"]


class Leader:
    """The first rank's voice."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks

    def say(self, order: Order, value: Any = None) -> None:
        """Have every other rank do it."""
        dist.broadcast_object_list([(order, value)], src=0)


def follow(trainer: Trainer) -> None:
    """What the other ranks do until the first one has ended."""
    while True:
        heard: list[Any] = [None]
        dist.broadcast_object_list(heard, src=0)
        order, value = heard[0]
        match order:
            case "adopt":
                trainer.adopt(value)
            case "step":
                trainer.step()
            case "set":
                trainer.set(**value)
            case "restore":
                trainer.restore(value)
            case "end":
                return
