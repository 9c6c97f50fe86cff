"""What may be looked into: our Transformer, or anybody's model behind the same questions.

Tracing, decoding and the pages know this protocol and no architecture. What a model can do is asked (`can`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from attnviz.masks import Kind, MaskPlan

Ability = Literal["maps", "paint", "apply", "ablate", "decode", "loss", "walk", "finetune"]
ABILITIES: dict[Ability, str] = {
    "maps": "the weights of its heads can be shown",
    "paint": "masks can be laid over its own, everywhere or head by head",
    "apply": "masks can be applied in other ways than its own, and attention computed in other precisions",
    "ablate": "heads can be switched off",
    "decode": "it writes text, one token after another",
    "loss": "what it says can be compared with targets",
    "walk": "one of its attentions can be followed number by number",
    "finetune": "it can be trained on",
}


@runtime_checkable
class Cache(Protocol):
    """Keys and values that a decoder need not compute again; `Transformer` has one, other models have theirs."""

    @property
    def decoded(self) -> int:
        """Decoder positions already processed."""
        ...

    def length(self, site: str) -> int:
        """Keys kept at `site`."""
        ...

    def select(self, rows: Tensor) -> None:
        """Keep the given batch rows, in that order."""
        ...

    def rewind(self, length: int) -> None:
        """Forget the decoder positions from `length` on."""
        ...


@runtime_checkable
class WatchedModel(Protocol):
    """A model whose attention can be watched.

    Sites are named `encoder.N.self_attn`, `decoder.N.self_attn` and `decoder.N.cross_attn`, N counting the attentions
    of a stack from 0. Token numbers are (B, T) integers, logits (B, T, V), a memory (B, S, C).
    """

    @property
    def can(self) -> frozenset[Ability]:
        """What this model can do; pages leave out the rest and say so."""
        ...

    @property
    def sites(self) -> tuple[str, ...]:
        """Every attention that can be watched, in the order of computation."""
        ...

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention it has."""
        ...

    def sites_of(self, kind: Kind) -> tuple[str, ...]:
        """The sites of one kind, layer by layer."""
        ...

    def heads(self, site: str) -> int:
        """Heads of queries at a site."""
        ...

    def groups(self, site: str) -> int:
        """Heads of keys and values at a site: as many as `heads`, or fewer where several heads share them."""
        ...

    def head_dim(self, site: str) -> int:
        """Width of a head's queries and keys at a site; 0 where the model does not show them."""
        ...

    @property
    def layers_without_map(self) -> int:
        """Layers that mix positions by something else than softmax attention, and so have no map."""
        ...

    @property
    def has_encoder(self) -> bool:
        """Whether it reads `src`."""
        ...

    @property
    def has_decoder(self) -> bool:
        """Whether it reads `decoder_input`."""
        ...

    @property
    def src_vocab_size(self) -> int:
        """Tokens that the encoder knows; 0 without one."""
        ...

    @property
    def vocab_size(self) -> int:
        """Tokens that the decoder knows (of a model without one: what the logits range over)."""
        ...

    @property
    def pad_id(self) -> int:
        """What fills up rows."""
        ...

    @property
    def max_len(self) -> int:
        """Positions it was made for."""
        ...

    @property
    def room(self) -> int | None:
        """Positions that fit at all: where its table of positions ends; None where there is none."""
        ...

    @property
    def inner_width(self) -> int:
        """Numbers that a position takes inside the feed-forward layers: what bounds how much runs at once."""
        ...

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        ...

    def default_masks(self, src: Tensor | None, decoder_input: Tensor | None) -> MaskPlan:
        """The model's own masks for these inputs, True = may attend."""
        ...

    # The signatures of `nn.Module.__call__`, `modules` and `parameters`: what is watched is a module.
    __call__: Any

    def modules(self) -> Iterator[nn.Module]:
        """Itself and every module in it."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """Its weights, shared ones once."""
        ...

    def encode(self, src: Tensor, *, masks: MaskPlan | None = None, probe: Any = ...) -> Tensor:
        """The memory of `src`."""
        ...

    def decode(
        self,
        decoder_input: Tensor,
        memory: Tensor | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Any = ...,
        cache: Any = None,
    ) -> Tensor:
        """Logits of the next token at every given position; with a `cache` (of `new_cache`) only the new tokens."""
        ...

    def logits_of(self, memory: Tensor) -> Tensor:
        """What a model without a decoder says at every position of its memory."""
        ...

    def new_cache(self) -> Cache | None:
        """An empty cache for one sequence of `decode`s; None where nothing can be kept."""
        ...


def heads_of(model: WatchedModel, kind: Kind | None = None) -> int:
    """The most heads that a site of this kind has (None: any site): what a picture of all of them needs room for."""
    return max(map(model.heads, model.sites if kind is None else model.sites_of(kind)), default=0)
