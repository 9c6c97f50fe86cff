"""Small random models of odd sizes for the tests of several layers."""

from __future__ import annotations

import torch

from attnviz.config import ModelConfig
from attnviz.model import Transformer

SRC_VOCAB, VOCAB = 11, 13
BOS, EOS = 1, 2


def make_model(seed: int, architecture: str = "encoder-decoder", **changes: object) -> Transformer:
    """A model with weights drawn from `seed`; 3 heads, head_dim 4, strong dropout that must never show."""
    torch.manual_seed(seed)
    values: dict[str, object] = {
        "architecture": architecture,
        "src_vocab_size": SRC_VOCAB if architecture != "decoder-only" else 0,
        "vocab_size": VOCAB,
        "d_model": 12,
        "n_heads": 3,
        "d_ff": 17,
        "max_len": 23,
        "dropout": 0.5,
        "tied_embeddings": architecture != "encoder-only",
    }
    return Transformer(ModelConfig.from_dict({**values, **changes}))


def make_brief_model(seed: int, architecture: str = "encoder-decoder", **changes: object) -> Transformer:
    """A model that likes to end its texts: the logit of EOS is raised by 2."""
    model = make_model(seed, architecture, **{"tied_embeddings": False, **changes})
    with torch.no_grad():
        model.output.bias[EOS] += 2
    return model


def padded_src(batch: int, length: int, seed: int) -> torch.Tensor:
    """Random source ids without specials; every row but the first is one token shorter than the one before."""
    src = torch.randint(3, SRC_VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))
    for row in range(1, batch):
        src[row, max(1, length - row) :] = 0
    return src
