"""Maps of models that do not let us attend for them: their own eager attention, asked for its weights."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from attnviz.errors import ForeignError, raised


def eager_maps(
    net: nn.Module, inputs: dict[str, Any], name: str, stack: str = "encoder"
) -> tuple[Any, dict[str, Tensor]]:
    """(output, weights (B, H, T, S) by site) of one pass. Raises ForeignError where the model gives none.

    A model of one stack has sites of that `stack`; who calls knows whether it is causal.
    """
    try:
        output = net(**inputs, output_attentions=True)
    except Exception as error:
        raise ForeignError("foreign_no_attention", name=name, problem=raised(error)) from error
    maps: dict[str, Tensor] = {}
    stacks = (
        (stack + ".{}.self_attn", "attentions"),
        ("encoder.{}.self_attn", "encoder_attentions"),
        ("decoder.{}.self_attn", "decoder_attentions"),
        ("decoder.{}.cross_attn", "cross_attentions"),
    )
    for site, field in stacks:
        for layer, weights in enumerate(getattr(output, field, None) or ()):
            if weights is None or weights.dim() != 4:
                raise ForeignError("foreign_no_attention", name=name, problem="no_maps")
            maps[site.format(layer)] = weights
    lengths = {weights.size(2) for site, weights in maps.items() if site.endswith("self_attn")}
    if not maps or any(w.size(2) != w.size(3) for site, w in maps.items() if site.endswith("self_attn")):
        problem = "not_square" if lengths else "no_maps"
        raise ForeignError("foreign_no_attention", name=name, problem=problem)
    return output, maps
