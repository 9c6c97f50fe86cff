"""A model of transformers as a `WatchedModel`: its own numbers, our masks and probes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.errors import ForeignError
from attnviz.foreign.attend import Pass, register, running
from attnviz.foreign.cache import ForeignCache
from attnviz.foreign.census import FoundSite
from attnviz.foreign.facts import Reads, pad_id_of, room_of
from attnviz.foreign.first_pass import Inputs, first_pass, main_input
from attnviz.foreign.maps_only import eager_maps
from attnviz.foreign.outputs import hidden_of, logits_in
from attnviz.masks import KINDS, Kind, Mask, MaskPlan, full, key_padding, kind_of
from attnviz.model import SILENT, Ability, Probe
from attnviz.model.transformer import real_lengths


class ForeignModel(nn.Module):
    """A Hugging Face model that can be watched.

    At opening, one short pass finds its attentions, and the logits are compared with those of the model's own eager
    attention: where they differ, or where the model never calls us, it shows its maps only. Raises ForeignError where
    it shows not even those.
    """

    def __init__(self, net: Any, *, name: str = "") -> None:
        super().__init__()
        self.net: Any = net.eval()
        self.name = name or type(net).__name__
        self.config: Any = net.config
        text = self.config.get_text_config() if hasattr(self.config, "get_text_config") else self.config
        self._text: Any = text
        self.vocabulary = int(getattr(text, "vocab_size", 0) or 0)
        self._inputs = Inputs(self.net)
        self.reads: Reads = self._inputs.reads
        self._paired = self._inputs.paired
        self.separator: int | None = None  # what stands between two segments of a text, as its tokenizer says
        register()
        self._seen = first_pass(self._inputs, name=self.name, vocabulary=self.vocabulary)
        self._census = self._seen.census
        self.maps_only = self._seen.maps_only
        self._causal = not self._paired and any(kind_of(one.site) == "decoder_self" for one in self._census.found)
        self._by_site: Mapping[str, FoundSite] = {one.site: one for one in self._census.found}

    # ---- what it is -------------------------------------------------------------------------------------

    @property
    def can(self) -> frozenset[Ability]:
        """What this model can do."""
        found: set[Ability] = {"maps"}
        if not self.maps_only:
            found |= {"ablate", "walk", "paint"} if self._census.can_plan else {"ablate", "walk"}
            sinks = any(one.sinks for one in self._census.found)  # what a sink takes is not in the scores
            if self._census.can_plan and not sinks and self._dtype == torch.float32:
                found.add("apply")
        if self.has_decoder and self.has_head:
            found.add("decode")
        if self.has_head and self._seen.everywhere:
            found.add("loss")
            if self.reads == "tokens" and not self.maps_only:
                found.add("finetune")
        return frozenset(found)

    @property
    def sites(self) -> tuple[str, ...]:
        """Every attention found, in the order of computation."""
        return tuple(self._by_site)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention it has."""
        return tuple(kind for kind in KINDS if self.sites_of(kind))

    def sites_of(self, kind: Kind) -> tuple[str, ...]:
        """The sites of one kind, layer by layer."""
        return tuple(site for site in self._by_site if kind_of(site) == kind)

    def found(self, site: str) -> FoundSite:
        """What the census says about a site; an unknown one raises ValueError."""
        if site not in self._by_site:
            raise ValueError(f"site is {site!r}; this model has {', '.join(self.sites)}")
        return self._by_site[site]

    def heads(self, site: str) -> int:
        """Heads of queries at a site."""
        return self.found(site).heads

    def groups(self, site: str) -> int:
        """Heads of keys and values at a site."""
        return self.found(site).groups

    def head_dim(self, site: str) -> int:
        """Width of a head's queries and keys at a site; 0 where the model shows its maps only."""
        return self.found(site).head_dim

    @property
    def layers_without_map(self) -> int:
        """Layers whose mixing of positions is no softmax over them: state space, linear attention, windows."""
        layers = int(getattr(self._text, "num_hidden_layers", 0) or 0)
        main = "decoder_self" if self.has_decoder and not self.has_encoder else "encoder_self"
        return max(0, layers - len(self.sites_of(main)))  # type: ignore[arg-type]

    @property
    def has_encoder(self) -> bool:
        """Whether it reads a source: an encoder alone, or one before a decoder."""
        return self._paired or not self._causal

    @property
    def has_decoder(self) -> bool:
        """Whether it writes: no position looks ahead."""
        return self._paired or self._causal

    @property
    def has_head(self) -> bool:
        """Whether its output are logits of tokens or labels, not hidden states."""
        return self._seen.has_head

    @property
    def src_vocab_size(self) -> int:
        """Tokens that the encoder knows; 0 without one, or where it reads a picture or sound."""
        return self.vocabulary if self.has_encoder and self.reads == "tokens" else 0

    @property
    def vocab_size(self) -> int:
        """What the logits range over."""
        return self._seen.outputs

    @property
    def pad_id(self) -> int:
        """What fills up rows; −1, which no row holds, where nothing but filling has that number."""
        return pad_id_of(self.config, self._text)

    @property
    def max_len(self) -> int:
        """Positions it was made for."""
        return self.room or 512

    @property
    def room(self) -> int | None:
        """Positions that fit; None where the config names no end."""
        return room_of(self.net, self._text)

    @property
    def inner_width(self) -> int:
        """Width inside the feed-forward layers, where the config says; else four times the hidden one."""
        hidden = int(getattr(self._text, "hidden_size", 1) or 1)
        inner = getattr(self._text, "intermediate_size", None)
        return inner if isinstance(inner, int) else 4 * hidden

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.net.parameters()).device

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.net.parameters()).dtype

    @property
    def parameters_count(self) -> int:
        """Numbers it consists of, shared ones once."""
        return sum(parameter.numel() for parameter in self.net.parameters())

    def default_masks(self, src: Tensor | None, decoder_input: Tensor | None) -> MaskPlan:
        """The model's own masks, True = may attend; filling at the end of rows is hidden as key."""
        padding: Mask = full()
        if src is not None and src.dim() == 2 and not src.is_floating_point():
            lengths = real_lengths(src, self.pad_id)
            if min(lengths) < src.size(1):
                padding = key_padding(lengths)
        plan = MaskPlan(cross=padding)
        for kind in self.kinds:
            own = [self._own(site) for site in self.sites_of(kind)]
            common = max(own, key=own.count)
            hidden = kind != "decoder_self" and padding != full()

            def with_padding(mask: Mask, hidden: bool = hidden) -> Mask:
                return (padding if mask == full() else mask & padding) if hidden else mask

            plan = plan.with_kind(kind, with_padding(common))
            for site, mask in zip(self.sites_of(kind), own, strict=True):
                if mask != common:
                    plan = plan.with_site(site, with_padding(mask))
        return plan

    def _own(self, site: str) -> Mask:
        return self.found(site).own_mask or full()

    # ---- what it computes -------------------------------------------------------------------------------

    def forward(
        self,
        src: Tensor | None = None,
        decoder_input: Tensor | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Probe = SILENT,
    ) -> Tensor:
        """Logits (B, T, V), of an encoder alone at every source position. `masks` None: the model's own."""
        for field, value, needed in (
            ("src", src, self.has_encoder),
            ("decoder_input", decoder_input, self.has_decoder),
        ):
            if (value is not None) != needed:
                state = "missing" if value is None else "given"
                raise ValueError(f"{field} is {state}; {self.name} {'needs it' if needed else 'has no place for it'}")
        if masks is None:
            masks = self._needed_plan(src, decoder_input)
        if self.maps_only and self._paired:  # one pass gives the maps of both halves
            return self._maps(probe, masks, src=src, decoder_input=decoder_input)
        memory = None if src is None else self.encode(src, masks=masks, probe=probe)
        if decoder_input is None:
            assert memory is not None, "checked above"
            return self.logits_of(memory)
        return self.decode(decoder_input, memory, masks=masks, probe=probe)

    def encode(self, src: Tensor, *, masks: MaskPlan | None = None, probe: Probe = SILENT) -> Tensor:
        """The memory (B, S, C) of a source; of an encoder alone its logits, which `logits_of` hands on."""
        self._check_length(src)
        masks = self._needed_plan(src, None) if masks is None else masks
        if self.maps_only and not self._paired:
            return self._maps(probe, masks, src=src)
        net: Any = self.net.get_encoder() if self._paired else self.net
        output = self._run(net, {main_input(net): src}, masks=masks, probe=probe)
        return hidden_of(output) if self._paired else logits_in(output)

    def decode(
        self,
        decoder_input: Tensor,
        memory: Tensor | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Probe = SILENT,
        cache: ForeignCache | None = None,
    ) -> Tensor:
        """Logits of the next token at every given position. With a `cache`, `decoder_input` holds the new tokens."""
        offset = cache.decoded if cache is not None else 0
        self._check_length(decoder_input, offset)
        if self.maps_only and not self._paired:
            return self._maps(probe, masks, decoder_input=decoder_input)
        given: dict[str, Any] = {"decoder_input_ids" if self._paired else "input_ids": decoder_input}
        if self._paired:
            from transformers.modeling_outputs import BaseModelOutput

            given["encoder_outputs"] = BaseModelOutput(last_hidden_state=memory)
        if cache is not None:
            place = "cache" if "cache" in self._inputs.arguments else "past_key_values"
            given |= {place: cache.kept, "use_cache": True}
        return logits_in(self._run(self.net, given, masks=masks, probe=probe, first_query=offset))

    def logits_of(self, memory: Tensor) -> Tensor:
        """What an encoder alone says: `encode` has said it already."""
        return memory

    def new_cache(self) -> ForeignCache | None:
        """An empty cache; None where nothing can be kept: maps only, and layers that keep a running state."""
        if self.maps_only or self.layers_without_map or not self.has_decoder:
            return None
        return ForeignCache(crosses=self._paired)

    # ---- inside -----------------------------------------------------------------------------------------

    def _needed_plan(self, src: Tensor | None, decoder_input: Tensor | None) -> MaskPlan | None:
        """The model's own masks where filling must be hidden; else None: they arrive by themselves."""
        if src is None or src.dim() != 2 or src.is_floating_point() or bool((src[:, -1] != self.pad_id).all()):
            return None
        return self.default_masks(src, decoder_input)

    def _run(
        self, net: nn.Module, given: dict[str, Any], *, masks: MaskPlan | None, probe: Probe, first_query: int = 0
    ) -> Any:
        if masks is not None and not self.maps_only and not self._census.can_plan:
            if masks != self.default_masks(None, None):
                raise ForeignError("foreign_maps_only", name=self.name)
            masks = None
        if self.maps_only:
            masks, probe = None, SILENT
        arguments = inspect.signature(net.forward).parameters
        if "use_cache" in arguments and "use_cache" not in given:
            given = {**given, "use_cache": False}
        if (segments := self.segments(given.get(main_input(net)))) is not None and "token_type_ids" in arguments:
            given = {**given, "token_type_ids": segments}
        now = Pass(probe=probe, plan=masks, sites=self._census.table, first_query=first_query)
        with running(now):
            return net(**given)

    def _maps(
        self, probe: Probe, masks: MaskPlan | None, src: Tensor | None = None, decoder_input: Tensor | None = None
    ) -> Tensor:
        """A pass of the model's own eager attention: what it says, its maps shown to the probe, nothing changed."""
        if masks is not None and masks != self.default_masks(src, decoder_input):
            raise ForeignError("foreign_maps_only", name=self.name)
        stack = "decoder" if self.has_decoder and not self._paired else "encoder"
        output, maps = eager_maps(self.net, self._inputs.given(src, decoder_input), self.name, stack)
        for site, weights in maps.items():
            if not probe.wants(site):
                continue
            mask = self._own(site).broadcast(
                batch=weights.size(0), heads=1, queries=weights.size(2), keys=weights.size(3), device=weights.device
            )
            probe.tap(site, "mask", mask)
            unseen = weights.new_empty((*weights.shape[:3], 0))  # what the model does not show has no numbers
            for name, value in (("scores", unseen), ("weights", weights), ("head_output", unseen)):
                if probe.tap(site, name, value) is not value:
                    raise ForeignError("foreign_maps_only", name=self.name)
        return logits_in(output)

    def segments(self, ids: Tensor | None) -> Tensor | None:
        """Which segment each token belongs to, 0 or 1: what stands behind the first separator is the second one. None
        where the model was not made for two, or the text is one."""
        two = int(getattr(self._text, "type_vocab_size", 0) or 0) > 1 and not self.has_decoder
        if not two or self.separator is None or ids is None or ids.is_floating_point():
            return None
        ends = ids == self.separator
        found = ((ends.cumsum(dim=1) - ends.long()) > 0).long()
        return found if bool(found.any()) else None

    def _check_length(self, ids: Tensor, before: int = 0) -> None:
        if ids.is_floating_point():
            return
        if ids.dim() != 2 or 0 in ids.size():
            raise ValueError(f"tokens have shape {tuple(ids.size())}; they must be (batch, length), neither 0")
        if self.room is not None and before + ids.size(1) > self.room:
            raise ForeignError("foreign_too_long", given=before + ids.size(1), name=self.name, limit=self.room)
