"""Copies of a batch that lack a head each, begun where that head is: below its layer they are the intact batch.

    intact    x₀ ─► layer 0 ─► x₁ ─► layer 1 ─► x₂ ─► logits          kept: the input of every layer
    layer 0   x₀ ×H ─► layer 0 ─► ───► layer 1 ─► logits              copy h lacks head h of layer 0
    layer 1                   x₁ ×H ─► layer 1 ─► logits              copy h lacks head h of layer 1

One pass carries the copies of several layers along: they join it layer by layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Chain, Probe, Transformer
from attnviz.model.blocks import DecoderBlock, EncoderBlock
from attnviz.trace.interventions import Head


@dataclass(frozen=True)
class _HeadsOffFrom:
    """Off: row r … r + rows of the batch lacks a head of `site`, for each (r, head)."""

    site: str
    off: tuple[tuple[int, int], ...]
    rows: int

    hears = frozenset({"head_output"})

    def wants(self, site: str) -> bool:
        return bool(self.off) and site == self.site

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name != "head_output" or site != self.site:
            return value
        value = value.clone()
        for first, head in self.off:
            value[first : first + self.rows, head] = 0.0
        return value


class LayerByLayer:
    """The intact pass of one batch, kept layer by layer, and copies of it that lack a head."""

    def __init__(self, model: Transformer, batch: Batch, masks: MaskPlan) -> None:
        self.model, self.batch, self.masks = model, batch, masks
        self._found: dict[tuple[str, int], Tensor | None] = {}  # masks by site, of the batch itself
        self._inputs: dict[str, Tensor] = {}  # of every block
        self._memory: Tensor | None = None
        self.intact = self._run(())  # (1, B, T, V)

    def without(self, heads: Sequence[Head]) -> Float[Tensor, "N B T V"]:
        """Logits without each of `heads` alone; they come in the order of computation."""
        return self._run(heads)

    def _run(self, heads: Sequence[Head]) -> Float[Tensor, "N B T V"]:
        """Logits of the copies without `heads`; of the intact batch (N = 1) where there are none."""
        model, batch = self.model, self.batch
        x, memory = None, self._memory
        if batch.src is not None and (not heads or any(site.startswith("encoder") for site, _ in heads)):
            first = model.src_embedding(batch.src) if not heads else None
            for block in model.encoder:
                assert isinstance(block, EncoderBlock)
                first = self._join(block.site, first, heads)
                if first is not None:
                    site = f"{block.site}.self_attn"
                    mask = self._mask(site, first.size(0), batch.src.size(1), batch.src.size(1))
                    first = block(first, mask, probe=self._off(block.site, heads))
            assert first is not None, "a head of the encoder is in one of its blocks"
            memory = model.encoder_norm(first)
            if not heads:
                self._memory = memory
        if batch.decoder_input is None:
            assert memory is not None, "a model without decoder reads a source"
            return self._by_copy(model.logits_of(memory))
        length = batch.decoder_input.size(1)
        if not heads or memory is not self._memory:  # copies of the encoder's heads go through the whole decoder
            copies = 1 if memory is None else memory.size(0) // batch.size
            x = model.embedding(batch.decoder_input).repeat(copies, 1, 1)
        own = None if x is None else memory  # the memory of the copies that are under way
        for block in model.decoder:
            assert isinstance(block, DecoderBlock)
            before = 0 if x is None else x.size(0)
            x = self._join(block.site, x, heads)
            if x is None:
                continue
            if self._memory is not None:
                joined = [self._memory] * ((x.size(0) - before) // batch.size)
                own = torch.cat(([] if own is None else [own]) + joined) if joined else own
            self_mask = self._mask(f"{block.site}.self_attn", x.size(0), length, length)
            cross_mask = None
            if own is not None:
                cross_mask = self._mask(f"{block.site}.cross_attn", x.size(0), length, own.size(1))
            x = block(x, own, self_mask, cross_mask, probe=self._off(block.site, heads))
        assert x is not None, "every head is in one of the blocks"
        return self._by_copy(model.output(model.decoder_norm(x)))

    def _join(self, block: str, x: Tensor | None, heads: Sequence[Head]) -> Tensor | None:
        """The copies under way and, behind them, those that begin at `block`."""
        if not heads:
            assert x is not None, "the intact batch goes through every block"
            self._inputs[block] = x
            return x
        joining = [self._inputs[block] for site, _ in heads if site.rsplit(".", 1)[0] == block]
        return torch.cat(([] if x is None else [x]) + joining) if joining else x

    def _off(self, block: str, heads: Sequence[Head]) -> Probe:
        rows = self.batch.size
        off: dict[str, list[tuple[int, int]]] = {}
        for copy, (site, head) in enumerate(heads):
            if site.rsplit(".", 1)[0] == block:
                off.setdefault(site, []).append((copy * rows, head))
        probes = [_HeadsOffFrom(site, tuple(found), rows) for site, found in off.items()]
        return Chain(probes) if probes else SILENT

    def _mask(self, site: str, rows: int, queries: int, keys: int) -> Tensor | None:
        """The mask of every copy: made once for the batch itself."""
        if (site, keys) not in self._found:
            device = self.model.device
            self._found[site, keys] = self.model._mask(self.masks, site, self.batch.size, range(queries), keys, device)
        mask = self._found[site, keys]
        return mask if mask is None or mask.size(0) == 1 else mask.repeat(rows // self.batch.size, 1, 1, 1)

    def _by_copy(self, logits: Tensor) -> Float[Tensor, "N B T V"]:
        found: Float[Tensor, "N B T V"] = logits.unflatten(0, (-1, self.batch.size))
        return found
