"""A decoder with random weights, for sequences longer than any shipped model reads."""

from __future__ import annotations

import torch

from attnviz.config import ModelConfig
from attnviz.data import BOS, SPECIALS, Batch, Vocabulary
from attnviz.model import Transformer
from attnviz.ui.masks.subject import Subject

SHORTEST, LONGEST = 4, 512  # tokens
LAYERS, HEADS = 4, 4
WORDS = 60
SEED = 7


def practice_model() -> Transformer:
    """Four layers of four heads, rotary positions (so that any length will do), weights drawn from a fixed seed."""
    config = ModelConfig(
        architecture="decoder-only",
        vocab_size=len(SPECIALS) + WORDS,
        d_model=64,
        n_heads=HEADS,
        n_decoder_layers=LAYERS,
        d_ff=128,
        max_len=LONGEST,
        positions="rotary",
        dropout=0.0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = Transformer(config).eval()
        for name, parameter in model.named_parameters():
            # Sharper than at initialisation, so that the heads differ and a mask has something to take away.
            if "q_proj.weight" in name or "k_proj.weight" in name:
                parameter.data.mul_(3.0)
    return model


def practice_subject(model: Transformer, tokens: int) -> Subject:
    """A sequence of random tokens, numbered on screen."""
    if not SHORTEST <= tokens <= LONGEST:
        raise ValueError(f"tokens is {tokens}; allowed: {SHORTEST} … {LONGEST}")
    generator = torch.Generator().manual_seed(SEED)
    words = torch.randint(len(SPECIALS), len(SPECIALS) + WORDS, (1, tokens - 1), generator=generator)
    batch = Batch(
        src=None,
        decoder_input=torch.cat([torch.tensor([[BOS]]), words], dim=1),
        targets=None,
        decoder_labels=((SPECIALS[BOS], *map(str, range(2, tokens + 1))),),
    )
    vocabulary = Vocabulary((*SPECIALS, *(f"w{number}" for number in range(1, WORDS + 1))))
    return Subject(model=model, batch=batch, vocabulary=vocabulary, scored="none")
