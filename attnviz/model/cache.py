"""Keys and values that a decoder need not compute again."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

_FIRST_ROOM = 32  # positions set aside at first; whenever they are full, twice as many


class KVCache:
    """Keys and values by site, (B, H, S, D) each: self-attention's grow by a step, cross-attention's are made once.

    What grows is written into room set aside for it, so that a step copies its own position only. The tensors handed
    out are views of that room: `rewind` followed by `append` overwrites what lies behind the point of return.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, tuple[Tensor, Tensor]] = {}
        self._lengths: dict[str, int] = {}

    def length(self, site: str) -> int:
        """Keys kept at `site`."""
        return self._lengths.get(site, 0)

    @property
    def decoded(self) -> int:
        """Decoder positions already processed."""
        return max((length for site, length in self._lengths.items() if _grows(site)), default=0)

    @property
    def sites(self) -> tuple[str, ...]:
        """Where anything is kept."""
        return tuple(self._rooms)

    def keys_values(self, site: str) -> tuple[Float[Tensor, "B H S D"], Float[Tensor, "B H S D"]]:
        """What is kept at `site`."""
        k, v = self._rooms[site]
        length = self._lengths[site]
        return k[:, :, :length], v[:, :, :length]

    def append(
        self, site: str, k: Float[Tensor, "B H T D"], v: Float[Tensor, "B H T D"]
    ) -> tuple[Float[Tensor, "B H S D"], Float[Tensor, "B H S D"]]:
        """Add the new positions' keys and values; returns all of them."""
        old = self._lengths.get(site, 0)
        new = k.size(2)
        end = old + new
        room = self._rooms.get(site)
        if room is None or room[0].size(2) < end:
            room = self._rooms[site] = (
                _roomier(room and room[0], k, old, end),
                _roomier(room and room[1], v, old, end),
            )
        # `narrow` and `copy_` say what slices say in half the time: this is done at every site of every step.
        room[0].narrow(2, old, new).copy_(k)
        room[1].narrow(2, old, new).copy_(v)
        self._lengths[site] = end
        return room[0].narrow(2, 0, end), room[1].narrow(2, 0, end)

    def keep(self, site: str, k: Float[Tensor, "B H S D"], v: Float[Tensor, "B H S D"]) -> None:
        """Keep keys and values that do not grow: those of the memory."""
        self._rooms[site] = (k, v)
        self._lengths[site] = k.size(2)

    def select(self, rows: Tensor) -> None:
        """Keep the given batch rows, in that order: what a beam search needs when hypotheses change places."""
        self._rooms = {site: (k[rows], v[rows]) for site, (k, v) in self._rooms.items()}

    def rewind(self, length: int) -> None:
        """Forget the decoder positions from `length` on; what belongs to the memory stays."""
        if not 0 <= length <= self.decoded:
            raise ValueError(f"length is {length}; the cache holds {self.decoded} positions")
        for site in self._lengths:
            if _grows(site):
                self._lengths[site] = length


def _grows(site: str) -> bool:
    return site.endswith("self_attn")


def _roomier(room: Tensor | None, like: Tensor, used: int, needed: int) -> Tensor:
    batch, heads, _, head_dim = like.size()
    roomier = like.new_empty((batch, heads, max(needed, 2 * used, _FIRST_ROOM), head_dim))
    if room is not None:
        roomier[:, :, :used] = room[:, :, :used]
    return roomier
