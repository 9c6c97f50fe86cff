"""Encoder-only, decoder-only and encoder–decoder Transformers in one readable class."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz import masks as mask_library
from attnviz.config import ModelConfig
from attnviz.masks import Kind, Mask, MaskPlan, kind_of
from attnviz.masks.predicates import Full, Pads
from attnviz.model.blocks import DecoderBlock, EncoderBlock
from attnviz.model.cache import KVCache
from attnviz.model.positions import TokenEmbedding
from attnviz.model.probe import SILENT, Probe
from attnviz.model.watched import ABILITIES, Ability


def real_lengths(ids: Int[Tensor, "B S"], pad_id: int) -> list[int]:
    """Tokens of each row up to its last one that is not padding."""
    real = (ids != pad_id).long()
    positions = torch.arange(1, ids.size(1) + 1, device=ids.device)
    lengths: list[int] = (real * positions).amax(dim=1).tolist()
    return lengths


def padding_of(ids: Int[Tensor, "B S"], pad_id: int) -> Mask:
    """Hides padding as key: by lengths where it stands at the end, as in our own batches, else key by key."""
    real = ids != pad_id
    count, length = torch.stack(
        [real.sum(dim=1), (real * torch.arange(1, ids.size(1) + 1, device=ids.device)).amax(dim=1)]
    )
    counts: list[int] = count.tolist()
    lengths: list[int] = length.tolist()
    if counts != lengths:
        return mask_library.pads((row, key) for row, key in torch.nonzero(~real).tolist())
    return mask_library.key_padding(lengths) if min(lengths) < ids.size(1) else mask_library.full()


def _sites(config: ModelConfig) -> tuple[str, ...]:
    found = [f"encoder.{layer}.self_attn" for layer in range(config.n_encoder_layers) if config.has_encoder]
    for layer in range(config.n_decoder_layers if config.has_decoder else 0):
        found.append(f"decoder.{layer}.self_attn")
        found += [f"decoder.{layer}.cross_attn"] * config.has_encoder
    return tuple(found)


class Transformer(nn.Module):
    """The model. It computes; a `probe` handed to `forward` may watch or change it, and leaves no trace."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self._name_sites(_sites(config))
        final_norm = nn.LayerNorm if config.norm == "pre" else nn.Identity
        if config.has_encoder:
            self.src_embedding = TokenEmbedding(config.src_vocab_size, config)
            self.encoder = nn.ModuleList(
                EncoderBlock(config, f"encoder.{layer}") for layer in range(config.n_encoder_layers)
            )
            self.encoder_norm = final_norm(config.d_model)
        if config.has_decoder:
            self.embedding = TokenEmbedding(config.vocab_size, config)
            self.decoder = nn.ModuleList(
                DecoderBlock(config, f"decoder.{layer}") for layer in range(config.n_decoder_layers)
            )
            self.decoder_norm = final_norm(config.d_model)
        self.output = nn.Linear(config.d_model, config.n_outputs, bias=not config.tied_embeddings)
        if config.tied_embeddings:
            self.output.weight = self.embedding.tokens.weight

    def _name_sites(self, sites: tuple[str, ...]) -> None:
        """Once, for they are asked for many times in every pass."""
        self._sites = sites
        self._by_kind: Mapping[Kind, tuple[str, ...]] = {
            kind: tuple(site for site in sites if kind_of(site) == kind) for kind in mask_library.KINDS
        }

    @property
    def sites(self) -> tuple[str, ...]:
        """Every attention, in the order of computation."""
        return self._sites

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention this model has."""
        return tuple(kind for kind, sites in self._by_kind.items() if sites)

    def sites_of(self, kind: Kind) -> tuple[str, ...]:
        """The attention sites of one kind, layer by layer."""
        return self._by_kind[kind]

    @property
    def can(self) -> frozenset[Ability]:
        """Everything but, without a decoder, writing text."""
        return frozenset(ABILITIES) - (frozenset() if self.has_decoder else {"decode"})

    def heads(self, site: str) -> int:
        """Heads at a site: everywhere the same number."""
        return self.config.n_heads

    def groups(self, site: str) -> int:
        """Every head has keys and values of its own."""
        return self.config.n_heads

    def head_dim(self, site: str) -> int:
        """Width of a head: everywhere the same."""
        return self.config.head_dim

    @property
    def layers_without_map(self) -> int:
        """None: every layer attends."""
        return 0

    @property
    def has_encoder(self) -> bool:
        """Whether it reads `src`."""
        return self.config.has_encoder

    @property
    def has_decoder(self) -> bool:
        """Whether it reads `decoder_input`."""
        return self.config.has_decoder

    @property
    def src_vocab_size(self) -> int:
        """Tokens that the encoder knows; 0 without one."""
        return self.config.src_vocab_size

    @property
    def vocab_size(self) -> int:
        """Tokens that the decoder knows and, labels aside, what the logits range over."""
        return self.config.vocab_size

    @property
    def pad_id(self) -> int:
        """What fills up rows."""
        return self.config.pad_id

    @property
    def max_len(self) -> int:
        """Positions it was made for."""
        return self.config.max_len

    @property
    def room(self) -> int | None:
        """Where the table of positions ends; None where positions are computed."""
        return self.config.max_len if self.config.positions in ("learned", "sinusoidal") else None

    @property
    def inner_width(self) -> int:
        """Width inside the feed-forward networks."""
        return self.config.d_ff

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def logits_of(self, memory: Float[Tensor, "B S C"]) -> Float[Tensor, "B S V"]:
        """The output layer on the memory: what an encoder-only model says."""
        logits: Tensor = self.output(memory)
        return logits

    def new_cache(self) -> KVCache:
        """An empty cache for one sequence of `decode`s."""
        return KVCache()

    def default_masks(self, src: Int[Tensor, "B S"] | None, decoder_input: Int[Tensor, "B T"] | None) -> MaskPlan:
        """The model's own masks: source padding hidden as key, wherever it stands, and the decoder causal.

        Target padding at the end needs no mask: the causal one hides it from every real query already. Before or
        between tokens, as batches of other people's have it, it is hidden too.
        """
        padding = mask_library.full() if src is None else padding_of(src, self.config.pad_id)
        causal = mask_library.causal()
        before = Full() if decoder_input is None else padding_of(decoder_input, self.config.pad_id)
        decoder = causal & before if isinstance(before, Pads) else causal
        return MaskPlan(encoder_self=padding, decoder_self=decoder, cross=padding)

    def forward(
        self,
        src: Int[Tensor, "B S"] | None = None,
        decoder_input: Int[Tensor, "B T"] | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Probe = SILENT,
    ) -> Float[Tensor, "B T2 V"]:
        """Logits for every decoder position (every source position of an encoder-only model).

        `masks` None: the model's own, see `default_masks`. A missing or superfluous input raises ValueError.
        """
        self.check_inputs(src, decoder_input)
        masks = masks or self.default_masks(src, decoder_input)
        memory = None if src is None else self.encode(src, masks=masks, probe=probe)
        if decoder_input is None:
            logits: Tensor = self.output(memory)
            return logits
        return self.decode(decoder_input, memory, masks=masks, probe=probe)

    def encode(
        self, src: Int[Tensor, "B S"], *, masks: MaskPlan | None = None, probe: Probe = SILENT
    ) -> Float[Tensor, "B S C"]:
        """The memory: what cross-attention takes its keys and values from."""
        masks = masks or self.default_masks(src, None)
        x = self.src_embedding(src)
        batch, length = src.size()
        for layer, block in enumerate(self.encoder):
            mask = self._mask(masks, f"encoder.{layer}.self_attn", batch, range(length), length, x.device)
            x = block(x, mask, probe=probe)
        memory: Tensor = self.encoder_norm(x)
        return memory

    def decode(
        self,
        decoder_input: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S C"] | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Probe = SILENT,
        cache: KVCache | None = None,
    ) -> Float[Tensor, "B T V"]:
        """Logits of the next token at every given position. With a `cache`, `decoder_input` holds the new tokens only.

        `masks` None means causal, and no padding in the memory: pass `default_masks(src, …)` where there is some.
        """
        masks = masks or self.default_masks(None, decoder_input)
        offset = cache.decoded if cache else 0
        batch, new = decoder_input.size()
        x = self.embedding(decoder_input, offset)
        queries = range(offset, offset + new)
        for layer, block in enumerate(self.decoder):
            self_mask = self._mask(masks, f"decoder.{layer}.self_attn", batch, queries, offset + new, x.device)
            cross_mask = None
            if memory is not None:
                cross_mask = self._mask(masks, f"decoder.{layer}.cross_attn", batch, queries, memory.size(1), x.device)
            x = block(x, memory, self_mask, cross_mask, probe=probe, cache=cache)
        logits: Tensor = self.output(self.decoder_norm(x))
        return logits

    def _mask(
        self, masks: MaskPlan, site: str, batch: int, queries: range, keys: int, device: torch.device
    ) -> Bool[Tensor, "b h t s"] | None:
        mask = masks.at(site)
        if isinstance(mask, Full):
            return None
        return mask.broadcast(
            batch=batch,
            heads=self.config.n_heads,
            queries=len(queries),
            keys=keys,
            device=device,
            first_query=queries.start,
        )

    def check_inputs(self, src: Tensor | None, decoder_input: Tensor | None) -> None:
        """Raise ValueError where an input is missing, superfluous or no (batch, length)."""
        for name, value, needed in (
            ("src", src, self.config.has_encoder),
            ("decoder_input", decoder_input, self.config.has_decoder),
        ):
            if (value is not None) != needed:
                raise ValueError(
                    f"{name} is {'missing' if value is None else 'given'}; "
                    f"a model that is {self.config.architecture} {'needs it' if needed else 'has no place for it'}"
                )
            if value is not None and (value.dim() != 2 or 0 in value.size()):
                raise ValueError(f"{name} has shape {tuple(value.size())}; it must be (batch, length), neither 0")
