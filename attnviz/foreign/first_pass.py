"""The first pass of a model from elsewhere: which attentions it has, and whether ours come to its own numbers."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.errors import ForeignError, raised
from attnviz.foreign.attend import NAME
from attnviz.foreign.census import SOURCE, TARGET, Census, census_of_maps, looks_back, take_census
from attnviz.foreign.facts import reads_of, sample_picture, written_vocabulary
from attnviz.foreign.maps_only import eager_maps
from attnviz.foreign.outputs import agree, hidden_of, logits_in
from attnviz.model.inference import inference


def main_input(net: nn.Module) -> str:
    """What a model, or its encoder, calls what it reads."""
    return str(getattr(net, "main_input_name", "input_ids"))


class Inputs:
    """What a model is given, by the names of its own arguments."""

    def __init__(self, net: Any) -> None:
        self.net = net
        self.arguments = frozenset(inspect.signature(net.forward).parameters)
        self.reads = reads_of(main_input(net))
        self.paired = bool(getattr(net.config, "is_encoder_decoder", False)) and "decoder_input_ids" in self.arguments

    def given(self, src: Tensor | None, decoder_input: Tensor | None) -> dict[str, Any]:
        """The arguments of one pass."""
        if self.paired:
            given: dict[str, Any] = {main_input(self.net): src, "decoder_input_ids": decoder_input}
        else:
            given = {main_input(self.net): src if src is not None else decoder_input}
        if "use_cache" in self.arguments:
            given["use_cache"] = False
        return given


@dataclass(frozen=True, eq=False)
class Seen:
    """What the first pass says about a model."""

    census: Census
    maps_only: bool  # whether our attention is not called, or comes to other numbers
    everywhere: bool  # whether it says something at every position
    outputs: int  # what it says ranges over so many
    has_head: bool  # whether that is logits, not hidden states


def first_pass(inputs: Inputs, *, name: str, vocabulary: int) -> Seen:
    """Run the model's own eager attention on a short input, then ours; where ours does not fit, eager's maps.

    What fits is left set. Raises ForeignError where the model shows no attention at all.
    """
    net = inputs.net
    try:
        given, source, target = _short_input(inputs, vocabulary)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:  # it reads something else
        raise ForeignError("foreign_no_attention", name=name, problem=raised(error)) from error
    with inference(net):
        output = _eager(net, given, name)
        expected = logits_in(output)
        census = _watched(net, given, expected, source, target)
        maps_only = census is None
        if census is None:
            _set(net, "eager")
            census = _census_of_eager_maps(inputs, given, expected, name)
    everywhere = target is not None or expected.size(1) == source or (source is None and expected.size(1) > 1)
    has_head = not hasattr(output, "last_hidden_state") or hasattr(output, "logits")
    return Seen(census, maps_only, everywhere, expected.size(-1), has_head)


def _short_input(inputs: Inputs, vocabulary: int) -> tuple[dict[str, Any], int | None, int | None]:
    """Arguments of one example, and how many positions its source and its target have."""
    net, device = inputs.net, next(inputs.net.parameters()).device
    generator = torch.Generator().manual_seed(0)

    def ids(length: int, most: int = vocabulary) -> Tensor:
        first = min(20, max(0, most - 2))  # special tokens mostly come first
        return torch.randint(first, max(first + 1, most), (1, length), generator=generator).to(device)

    if inputs.reads == "tokens":
        src, source = ids(SOURCE), SOURCE
    else:
        src, source = sample_picture(net.config, inputs.reads, generator).to(device), None
    if not inputs.paired:
        return inputs.given(src, None), source, None
    if source is None:  # the encoder's length is what it makes of its input
        with inference(net):
            _set(net, "eager")
            source = hidden_of(net.get_encoder()(src)).size(1)
    return inputs.given(src, ids(TARGET, written_vocabulary(net.config, vocabulary))), source, TARGET


def _eager(net: Any, given: dict[str, Any], name: str) -> Any:
    _set(net, "eager")
    try:
        return net(**given)
    except Exception as error:
        raise ForeignError("foreign_no_attention", name=name, problem=raised(error)) from error


def _watched(
    net: Any, given: dict[str, Any], expected: Tensor, source: int | None, target: int | None
) -> Census | None:
    """The census under our attention; None where the model does not call it or comes to other numbers."""
    said: list[Tensor] = []
    try:
        _set(net, NAME)
        census = take_census(net, lambda: said.append(logits_in(net(**given))), source=source, target=target)
    except Exception:  # whatever a model raises under a name it does not know: it is not ours to watch
        return None
    return census if census.found and agree(said[0], expected) else None


def _census_of_eager_maps(inputs: Inputs, given: dict[str, Any], expected: Tensor, name: str) -> Census:
    """What eager's own maps say about the sites. Some models compute something else when asked for maps."""
    output, maps = eager_maps(inputs.net, given, name)
    if not agree(logits_in(output), expected):
        raise ForeignError("foreign_no_attention", name=name, problem="other_numbers")
    if not inputs.paired and all(looks_back(weights) for weights in maps.values()):
        maps = {site.replace("encoder", "decoder", 1): weights for site, weights in maps.items()}
    return census_of_maps(maps)


def _set(net: Any, implementation: str) -> None:
    # Where it cannot be set, it stays what the model was made with; transformers would only log that.
    if getattr(net, "_can_set_attn_implementation", lambda: True)():
        net.set_attn_implementation(implementation)
