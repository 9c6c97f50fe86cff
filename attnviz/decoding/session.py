"""The decoder fed a few tokens at a time: what every way of decoding has in common."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from attnviz.decoding.causality import cacheable
from attnviz.decoding.rows import plan_for_rows
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Probe, WatchedModel
from attnviz.model.cache import KVCache
from attnviz.model.inference import inference
from attnviz.model.straight import straight_decoder


def longest(model: WatchedModel, max_len: int) -> int:
    """Tokens a text may have: `max_len`, or fewer where the model's position table ends (the last is never fed)."""
    if max_len < 1:
        raise ValueError(f"max_len is {max_len}; it must be at least 1")
    return max_len if model.room is None else min(max_len, model.room)


class DecoderSession:
    """One batch being decoded: feed tokens, get the logits of the next one.

    With `use_cache` only the new tokens are computed, without it the whole sequence each time; the numbers are equal
    to rounding. Where the masks let a position see later ones nothing can be kept, and the cache stays off. `src` is
    (B, S) for an encoder–decoder and None for a decoder-only model; the encoder runs once, here. `masks` None: the
    model's own. Wrong inputs raise ValueError.
    """

    def __init__(
        self,
        model: WatchedModel,
        src: Shaped[Tensor, "B ..."] | None = None,
        *,
        masks: MaskPlan | None = None,
        use_cache: bool = True,
        probe: Probe = SILENT,
    ) -> None:
        if not model.has_decoder:
            raise ValueError("the model is encoder-only; decoding needs a decoder")
        if (src is not None) != model.has_encoder:
            needs = "encoder-decoder needs it" if model.has_encoder else "decoder-only has no place for it"
            state = "given" if src is not None else "missing"
            raise ValueError(f"src is {state}; a model that is {needs}")
        self.model = model
        self.probe = probe
        self._plan = self._whole_plan = masks or model.default_masks(src, None)
        self._cache = model.new_cache() if use_cache and cacheable(model, self._plan) else None
        self._straight = straight_decoder(model) if isinstance(self._cache, KVCache) else None
        self._sites = (*model.sites_of("decoder_self"), *model.sites_of("cross"))
        self._fed: list[Tensor] = []  # side by side: the decoder input so far
        self._length = 0
        self._rows: tuple[int, ...] | None = None  # None: the original batch, untouched
        self.memory: Tensor | None = None
        if src is not None:
            with inference(model, tokens=src.numel()):
                self.memory = model.encode(src.to(self.device), masks=self._plan, probe=probe)

    @property
    def cached(self) -> bool:
        """Whether keys and values are kept from one step to the next."""
        return self._cache is not None

    @property
    def device(self) -> torch.device:
        """Where the model lives."""
        return self.model.device

    @property
    def length(self) -> int:
        """Tokens fed so far, BOS included."""
        return self._length

    @property
    def fed(self) -> Int[Tensor, "B T"]:
        """The decoder input so far."""
        if not self._fed:
            raise ValueError("nothing has been fed yet")
        if len(self._fed) > 1:
            self._fed = [torch.cat(self._fed, dim=1)]
        return self._fed[0]

    def feed(self, tokens: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        """Append `tokens` to the decoder input; the logits of what follows each of them."""
        # Keys of a memory are made by the first step that calls the modules.
        begun = self._length or not self.model.has_encoder
        if self._straight is not None and tokens.size(1) == 1 and begun:
            assert isinstance(self._cache, KVCache), "there is a straight way through our own models only"
            with torch.no_grad():
                logits = self._straight.step(tokens, masks=self._plan, probe=self.probe, cache=self._cache)
        else:
            whole = tokens if self._cache is not None else torch.cat((*self._fed, tokens), dim=1)
            with inference(self.model, tokens=whole.numel()):
                if self._cache is None:
                    logits = self.model.decode(whole, self.memory, masks=self._plan, probe=self.probe)
                    logits = logits[:, -tokens.size(1) :]
                else:
                    logits = self.model.decode(
                        tokens, self.memory, masks=self._plan, probe=self.probe, cache=self._cache
                    )
        self._fed.append(tokens)
        self._length += tokens.size(1)
        return logits

    def kept(self) -> dict[str, int]:
        """By decoder site: how many keys the next `feed` will find in the cache, and need not compute."""
        return {site: 0 if self._cache is None else self._cache.length(site) for site in self._sites}

    def select(self, rows: Sequence[int]) -> None:
        """Go on with the given rows of the current batch, in that order; a row may be repeated or dropped."""
        chosen = tuple(int(row) for row in rows)
        self._rows = chosen if self._rows is None else tuple(self._rows[row] for row in chosen)
        self._plan = plan_for_rows(self._whole_plan, self._rows)
        index = torch.tensor(chosen, dtype=torch.long, device=self.device)
        if self._fed:
            self._fed = [self.fed[index]]
        if self.memory is not None:
            self.memory = self.memory[index]
        if self._cache is not None:
            self._cache.select(index)

    def rewind(self, length: int) -> None:
        """Forget every token fed from position `length` on."""
        if not 0 <= length <= self.length:
            raise ValueError(f"length is {length}; {self.length} tokens have been fed")
        if self._fed:
            self._fed = [self.fed[:, :length]]
        self._length = length
        if self._cache is not None:
            self._cache.rewind(length)
