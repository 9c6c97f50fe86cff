"""What is left out on purpose while a model is trained and measured: masks, and the shift of the decoder's input."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from torch.nn import functional

from attnviz.data import PAD, Batch
from attnviz.masks import MaskPlan, full, key_padding
from attnviz.model import Transformer
from attnviz.model.transformer import real_lengths

MORE_PADDING = 4  # tokens: what a longer neighbour in the batch may bring


def unshifted(batch: Batch) -> Batch:
    """The batch whose decoder reads at each position the very token it should say there."""
    if batch.decoder_input is None or batch.targets is None:
        return batch
    return replace(
        batch, decoder_input=batch.targets, decoder_labels=batch.target_labels, unknown_decoder=((),) * batch.size
    )


def broken_batch(batch: Batch, without: Collection[str]) -> Batch:
    """The batch as a run without these things reads it: "shift" is the only one that concerns it."""
    return unshifted(batch) if "shift" in without else batch


def with_more_padding(batch: Batch, room: int, tokens: int = MORE_PADDING) -> Batch:
    """The batch with `tokens` more padding after every source, or as many as `room` positions leave."""
    if batch.src is None:
        return batch
    more = max(0, min(tokens, room - batch.src.size(1)))
    return replace(batch, src=functional.pad(batch.src, (0, more), value=PAD))


def broken_masks(model: Transformer, batch: Batch, without: Collection[str]) -> MaskPlan | None:
    """The model's own masks less those of `without`; None where nothing is taken away.

    "causal-mask": a position sees the whole target, padding aside. "padding-mask": padding of the source may be
    attended to.
    """
    if not {"causal-mask", "padding-mask"} & set(without):
        return None
    plan = model.default_masks(batch.source, batch.decoder_input)
    if "padding-mask" in without:
        plan = plan.with_kind("encoder_self", full()).with_kind("cross", full())
    if "causal-mask" in without:
        lengths = [] if batch.decoder_input is None else real_lengths(batch.decoder_input, PAD)
        padded = batch.decoder_input is not None and min(lengths) < batch.decoder_input.size(1)
        plan = plan.with_kind("decoder_self", key_padding(lengths) if padded else full())
    return plan
