"""What a config of transformers says about a model, under whatever name; and an input to try it with."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

Reads = Literal["tokens", "pixels", "features"]


def reads_of(main_input: str) -> Reads:
    """What a model reads, by the name of its main input."""
    if main_input == "pixel_values":
        return "pixels"
    return "features" if main_input in ("input_features", "input_values") else "tokens"


def numbers_in(value: object) -> set[int]:
    """The token numbers of a field of a config, which may hold one, several or none."""
    if isinstance(value, int):
        return {value}
    return {one for one in value if isinstance(one, int)} if isinstance(value, list | tuple) else set()


def written_vocabulary(config: Any, read: int) -> int:
    """Tokens that a decoder knows which does not share them with the encoder; else those that are `read`."""
    own = (getattr(config, name, None) for name in ("decoder_vocab_size", "tgt_vocab_size"))
    return next((one for one in own if isinstance(one, int) and one > 0), read)


def pad_id_of(config: Any, text: Any) -> int:
    """What fills up rows; −1 where nothing but filling has that number."""
    pad = getattr(config, "pad_token_id", None)
    ends = numbers_in(getattr(text, "eos_token_id", None)) | numbers_in(getattr(text, "bos_token_id", None))
    return int(pad) if isinstance(pad, int) and pad not in ends else -1


def room_of(net: nn.Module, text: Any) -> int | None:
    """Positions that fit; None where the config names no end."""
    given = next(
        (
            value
            for name in ("max_position_embeddings", "max_target_positions", "n_positions", "max_seq_len")
            if isinstance(value := getattr(text, name, None), int) and value > 0
        ),
        None,
    )
    if given is None:
        return None
    # RoBERTa's table begins with the places of filling, which no token takes.
    table = next(
        (
            module
            for name, module in net.named_modules()
            if isinstance(module, nn.Embedding) and "position" in name and module.padding_idx is not None
        ),
        None,
    )
    if table is not None and table.num_embeddings == given and table.padding_idx:
        return given - table.padding_idx - 1
    return given


def sample_picture(config: Any, reads: Reads, generator: torch.Generator) -> Tensor:
    """A random picture, (1, channels, height, width), or the features of a sound, (1, bins, frames)."""
    config = getattr(config, "vision_config", config)
    if reads == "features":
        bins, positions = int(config.num_mel_bins), int(config.max_source_positions)
        return torch.randn(1, bins, 2 * positions, generator=generator)
    size = config.image_size
    height, width = size if isinstance(size, list | tuple) else (size, size)
    channels = int(getattr(config, "num_channels", 3))
    return torch.randn(1, channels, int(height), int(width), generator=generator)
