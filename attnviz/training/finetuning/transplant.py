"""Weights from the old model into the new one, and back again to see what the old task has left of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from attnviz.config import ModelConfig
from attnviz.model import Transformer
from attnviz.model.adapter import is_adapter
from attnviz.model.lora import plain_weights
from attnviz.model.making import new_model
from attnviz.model.parameter_shapes import parameter_shapes
from attnviz.training.finetuning.body import Body

Origin = Literal["kept", "extended", "new"]
_TIED = {"output.weight": "embedding.tokens.weight", "embedding.tokens.weight": "output.weight"}


@dataclass(frozen=True)
class Inheritance:
    """Where a parameter of the new model comes from."""

    origin: Origin  # "extended": its first `rows` rows are the old ones, the others new
    rows: int


def transplant(model: Transformer, old: Mapping[str, Tensor], body: Body) -> dict[str, Inheritance]:
    """Copy the old weights to where they belong; says of every parameter where it comes from.

    Rows of tables are tokens or positions; the old ones come first. Rows and parameters without a past keep what the
    new model was drawn with, except that a new output bias is 0 where the old model had none.
    """
    found = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            value = _old_value(name, old, body)
            if value is None or value.shape[1:] != parameter.shape[1:] or value.size(0) > parameter.size(0):
                if name == "output.bias" and body.keeps_head and body.use == "text":
                    parameter.zero_()  # so that an untied head begins as the tied one
                found[name] = Inheritance("new", 0)
                continue
            rows = value.size(0)
            parameter[:rows].copy_(value.to(parameter))
            found[name] = Inheritance("kept" if rows == parameter.size(0) else "extended", rows)
    return found


def _old_value(name: str, old: Mapping[str, Tensor], body: Body) -> Tensor | None:
    old_name = body.old_name(name)
    if old_name is None:
        return None
    value = old.get(old_name)
    if value is None and body.use not in ("encoder", "decoder"):
        value = old.get(_TIED.get(old_name, old_name))
    return value


def old_view(new: Transformer, config: ModelConfig, weights: Mapping[str, Tensor], body: Body) -> Transformer:
    """The old model, in its own shape, with everything that it shares with the new one as it is there now.

    Parts that did not carry on (the old head of a model that labels now) are the old ones.
    """
    untied = body.use == "text" and not new.config.tied_embeddings
    shape = replace(
        config,
        adapter_size=new.config.adapter_size,
        tied_embeddings=config.tied_embeddings and not untied,
        dropout=new.config.dropout,
    )
    now = plain_weights(new)
    names = parameter_shapes(shape)
    state: dict[str, Tensor] = {}
    to_new = {body.old_name(name): name for name in now}
    for name, size in names.items():
        before = weights.get(name, weights.get(_TIED.get(name, name)))
        value = torch.zeros(size) if before is None or tuple(before.shape) != size else before.detach().cpu().clone()
        if name in to_new:
            current = now[to_new[name]].detach().to("cpu", value.dtype)
            rows = min(value.size(0), current.size(0))
            if current.shape[1:] == value.shape[1:]:
                value[:rows] = current[:rows]
        state[name] = value
    _silence_unused_adapters(state, to_new)
    view = new_model(shape)
    view.load_state_dict(state, strict=False)  # a tied weight appears once
    return view.to(next(new.parameters()).device).eval()


def _silence_unused_adapters(state: dict[str, Tensor], to_new: Mapping[str | None, str]) -> None:
    # An adapter whose way up is 0 changes nothing; those of parts that did not carry on are made so.
    for name in state:
        if is_adapter(name) and name not in to_new:
            state[name] = torch.zeros_like(state[name])
