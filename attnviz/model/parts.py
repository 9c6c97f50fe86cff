"""The parts a Transformer is drawn with, in the order of computation, and how many parameters each has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from attnviz.model.fields import FieldTransformer
from attnviz.model.recurrent import RecurrentModel
from attnviz.model.transformer import Transformer

PartKind = Literal["token_embedding", "positions", "norm", "self_attn", "cross_attn", "feed_forward", "lstm", "output"]


@dataclass(frozen=True)
class Part:
    """A box of the drawing."""

    path: str  # the module's name in the model, such as `decoder.0.cross_attn`
    kind: PartKind
    block: str  # `decoder.0`; `encoder` or `decoder` around the blocks; `output` at the end
    site: str | None  # the attention site that this part opens; None: it has no map
    parameters: int  # numbers of its own
    shared_with: str | None = None  # the part that owns the weight which this one uses as well


def parts(model: Transformer) -> tuple[Part, ...]:
    """Every part once; their `parameters` sum to those of the model. Post-norm puts the norm behind its sublayer."""
    owners: dict[int, str] = {}
    found = []
    for path, kind, block in _boxes(model):
        own, shared_with = 0, None
        for parameter in model.get_submodule(path).parameters():
            if id(parameter) in owners:
                shared_with = owners[id(parameter)]
            else:
                owners[id(parameter)] = path
                own += parameter.numel()
        site = path if kind in ("self_attn", "cross_attn") else None
        found.append(Part(path, kind, block, site, own, shared_with))
    return tuple(found)


def _boxes(model: Transformer) -> Iterator[tuple[str, PartKind, str]]:
    config = model.config
    if isinstance(model, RecurrentModel):
        yield from _recurrent(model)
        return
    if isinstance(model, FieldTransformer):
        yield "src_embedding", "token_embedding", "encoder"
    elif config.has_encoder:
        yield from _embedding(model, "src_embedding", "encoder")
    if config.has_encoder:
        for layer in range(config.n_encoder_layers):
            yield from _block(model, f"encoder.{layer}", ("self_attn", "feed_forward"))
        if config.norm == "pre":
            yield "encoder_norm", "norm", "encoder"
    if config.has_decoder:
        yield from _embedding(model, "embedding", "decoder")
        sublayers: tuple[PartKind, ...] = ("self_attn", "cross_attn", "feed_forward")
        for layer in range(config.n_decoder_layers):
            kept = tuple(sublayer for sublayer in sublayers if config.has_encoder or sublayer != "cross_attn")
            yield from _block(model, f"decoder.{layer}", kept)
        if config.norm == "pre":
            yield "decoder_norm", "norm", "decoder"
    yield "output", "output", "output"


def _recurrent(model: RecurrentModel) -> Iterator[tuple[str, PartKind, str]]:
    for stack, embedding in (("encoder", "src_embedding"), ("decoder", "embedding")):
        if not hasattr(model, embedding):
            continue
        yield f"{embedding}.tokens", "token_embedding", stack
        for block, layer in model.get_submodule(stack).named_children():
            for name, _ in layer.named_children():
                kind: PartKind = "cross_attn" if name == "cross_attn" else "lstm"
                yield f"{stack}.{block}.{name}", kind, f"{stack}.{block}"
    yield "output", "output", "output"


def _embedding(model: Transformer, path: str, stack: str) -> Iterator[tuple[str, PartKind, str]]:
    yield f"{path}.tokens", "token_embedding", stack
    if model.config.positions == "learned":
        yield f"{path}.learned", "positions", stack


def _block(model: Transformer, block: str, sublayers: tuple[PartKind, ...]) -> Iterator[tuple[str, PartKind, str]]:
    for sublayer in sublayers:
        norm: tuple[str, PartKind, str] = (f"{block}.norm_{sublayer}", "norm", block)
        if model.config.norm == "pre":
            yield norm
        yield f"{block}.{sublayer}", sublayer, block
        if model.config.norm == "post":
            yield norm
