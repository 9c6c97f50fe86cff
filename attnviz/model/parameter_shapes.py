"""Names and shapes of a model's parameters, told from its config alone: nothing is allocated."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from attnviz.config import ModelConfig
from attnviz.errors import SettingError
from attnviz.model.families import family_of
from attnviz.model.transformer import Transformer

Shape = tuple[int, ...]
MOST_PARAMETERS = 1_000_000_000  # 4 GB of weights in float32


def parameter_shapes(config: ModelConfig) -> dict[str, Shape]:
    """What `new_model(config).named_parameters()` would give, in another order; a tied weight occurs once."""
    if (family := family_of(config)) is not Transformer:
        with torch.device("meta"):  # shapes without memory
            return {name: tuple(parameter.shape) for name, parameter in family(config).named_parameters()}
    return dict(_all(config))


def count_parameters(config: ModelConfig) -> int:
    """How many numbers `new_model(config)` learns."""
    return sum(math.prod(shape) for shape in parameter_shapes(config).values())


def check_size(config: ModelConfig) -> None:
    """Raise SettingError for a model of more than MOST_PARAMETERS, before any of them is made."""
    if (given := count_parameters(config)) > MOST_PARAMETERS:
        raise SettingError("setting_parameters", given=f"{given:,}", limit=f"{MOST_PARAMETERS:,}")


def _all(config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    if config.has_encoder:
        yield from _stack("src_embedding", "encoder", config.src_vocab_size, config.n_encoder_layers, config)
    if config.has_decoder:
        yield from _stack("embedding", "decoder", config.vocab_size, config.n_decoder_layers, config)
    if not config.tied_embeddings:
        yield from _linear("output", config.d_model, config.n_outputs)


def _stack(
    embedding: str, stack: str, vocab_size: int, layers: int, config: ModelConfig
) -> Iterator[tuple[str, Shape]]:
    yield f"{embedding}.tokens.weight", (vocab_size, config.d_model)
    if config.positions == "learned":
        yield f"{embedding}.learned.weight", (config.max_len, config.d_model)
    crossed = stack == "decoder" and config.has_encoder
    for layer in range(layers):
        yield from _block(f"{stack}.{layer}", crossed, config)
    if config.norm == "pre":
        yield from _norm(f"{stack}_norm", config)


def _block(block: str, crossed: bool, config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    yield from _attention(f"{block}.self_attn", config)
    yield from _norm(f"{block}.norm_self_attn", config)
    if crossed:
        yield from _attention(f"{block}.cross_attn", config)
        yield from _norm(f"{block}.norm_cross_attn", config)
    yield from _linear(f"{block}.feed_forward.inner", config.d_model, config.d_ff)
    yield from _linear(f"{block}.feed_forward.outer", config.d_ff, config.d_model)
    yield from _adapter(f"{block}.feed_forward.outer", config)
    yield from _norm(f"{block}.norm_feed_forward", config)


def _attention(site: str, config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
        yield from _linear(f"{site}.{projection}", config.d_model, config.d_model)
    yield from _adapter(f"{site}.out_proj", config)


def _adapter(name: str, config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    if config.adapter_size:
        yield from _linear(f"{name}.adapter_down", config.d_model, config.adapter_size)
        yield from _linear(f"{name}.adapter_up", config.adapter_size, config.d_model)


def _linear(name: str, inputs: int, outputs: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def _norm(name: str, config: ModelConfig) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (config.d_model,)
    yield f"{name}.bias", (config.d_model,)
