"""What is large and shared by all sessions: as much of it as fits, what was unused longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
SHARE = 0.6  # of the memory that is free or taken by such models: the rest is for passes and for everybody else


class Shelf(Generic[T]):
    """Whatever was made stays until others need its bytes. `free`: bytes that may still be taken; None: not known.

    Of those, and of what is held, at most a `share` is taken. `sweep` is called when something went and everybody was
    told, before the next is made.
    """

    def __init__(
        self,
        free: Callable[[], int | None],
        *,
        at_once: int = 3,
        share: float = SHARE,
        sweep: Callable[[], object] = lambda: None,
    ) -> None:
        self._free, self._at_once, self._share, self._sweep = free, at_once, share, sweep
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self.cleared: list[Callable[[], object]] = []  # told when something went: what else holds on to it lets go

    @property
    def held(self) -> int:
        """Bytes of everything that is kept."""
        return sum(size for _, size in self._kept.values())

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def take(self, key: Hashable, size: int | Callable[[T], int], make: Callable[[], T]) -> T:
        """What is kept under a key, or what `make` gives, of `size` bytes, which may be known only when it is made; two
        who ask at once wait for one making."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    self._making.pop(key, None)
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
            if not callable(size):
                self._give_way(size)
            made = make()
            if callable(size):
                self._give_way(size := size(made))
            with self._lock:
                self._kept[key] = (made, size)
                self._making.pop(key, None)
            return made

    def _give_way(self, size: int) -> None:
        with self._lock:
            gone = self._make_room(size)
        if gone:
            for tell in self.cleared:
                tell()
            self._sweep()

    def _make_room(self, size: int) -> bool:
        free = self._free()
        limit = None if free is None else self._share * (free + self.held)
        before = len(self._kept)
        while self._kept and (len(self._kept) >= self._at_once if limit is None else self.held + size > limit):
            self._kept.popitem(last=False)
        return len(self._kept) < before


class Bounded(Shelf[T]):
    """At most so many bytes, by `size`, and so many things: kept for those who ask the same again."""

    def __init__(self, size: Callable[[T], int], *, most_bytes: int, most: int) -> None:
        super().__init__(lambda: most_bytes - self.held, share=1.0)
        self._size, self._least = size, most_bytes // most

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a key, or what `make` gives."""
        return self.take(key, lambda made: max(self._size(made), self._least), make)
