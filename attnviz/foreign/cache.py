"""Keys and values kept by transformers' own caches, behind the questions that decoding asks."""

from __future__ import annotations

from typing import Any

from torch import Tensor


class ForeignCache:
    """A plain growing cache: one made from a model's config drops what slides out of a window and shifts columns."""

    def __init__(self, *, crosses: bool) -> None:
        from transformers import DynamicCache, EncoderDecoderCache

        self.kept: Any = EncoderDecoderCache(DynamicCache(), DynamicCache()) if crosses else DynamicCache()
        self._crosses = crosses

    @property
    def decoded(self) -> int:
        """Decoder positions already processed."""
        return int(self.kept.get_seq_length())

    def length(self, site: str) -> int:
        """Keys kept at `site`."""
        if not site.endswith("cross_attn"):
            return self.decoded
        return int(self.kept.cross_attention_cache.get_seq_length()) if self._crosses else 0

    def select(self, rows: Tensor) -> None:
        """Keep the given batch rows, in that order."""
        if self.decoded:
            self.kept.batch_select_indices(rows)

    def rewind(self, length: int) -> None:
        """Forget the decoder positions from `length` on; what belongs to the memory stays."""
        if not 0 <= length <= self.decoded:
            raise ValueError(f"length is {length}; the cache holds {self.decoded} positions")
        forgotten = self.decoded - length
        if not forgotten:
            return
        own = self.kept.self_attention_cache if self._crosses else self.kept
        own.crop(-forgotten)
