"""The endless order of batches of a run: decided by the seed, resumable at any batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from attnviz.data import Batch, Task

EPOCH_STRIDE = 1_000_003  # seed · stride + epoch: the epochs of neighbouring seeds do not meet


@dataclass(frozen=True)
class DataPosition:
    """Batches already taken: `index` of epoch `epoch`."""

    epoch: int = 0
    index: int = 0


class BatchStream:
    """Epoch after epoch of the training split, shuffled anew each time."""

    def __init__(self, task: Task, batch_size: int, seed: int, position: DataPosition | None = None) -> None:
        self.task = task
        self.batch_size = batch_size
        self.seed = seed
        self.position = position or DataPosition()
        self._rest = self._open(self.position)

    def take(self) -> Batch:
        """The next batch."""
        batch = next(self._rest, None)
        if batch is None:
            if self.position.index == 0:
                raise ValueError(f"task {self.task.info.name} has no training examples")
            self.position = DataPosition(self.position.epoch + 1)
            self._rest = self._open(self.position)
            return self.take()
        self.position = DataPosition(self.position.epoch, self.position.index + 1)
        return batch

    def seek(self, position: DataPosition) -> None:
        """Go on as if `position` had been reached by taking."""
        self.position = position
        self._rest = self._open(position)

    def resize(self, batch_size: int) -> None:
        """Batches of another size from the next one on; a pass already begun is left, and the next one begins."""
        if batch_size == self.batch_size:
            return
        self.batch_size = batch_size
        self.seek(self.position if self.position.index == 0 else DataPosition(self.position.epoch + 1))

    def _open(self, position: DataPosition) -> Iterator[Batch]:
        batches = self.task.batches("train", self.batch_size, self.seed * EPOCH_STRIDE + position.epoch, epochs=1)
        return islice(batches, position.index, None)
