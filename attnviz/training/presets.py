"""Runs worth starting in front of a class: each learns something visible within about a minute on two CPU cores."""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.config import TrainConfig
from attnviz.training.recipes import Recipe

DEFAULT = "numbers-zh"

_QUICK = TrainConfig(steps=800, batch_size=96, learning_rate=3e-3, warmup_steps=100, eval_every=50, seed=1)

# CPU-seconds are what one core would take alone; two idle cores take little more than half of it.
_ALL = (
    # Exact match passes 0.95 between steps 450 and 550, after some 25 CPU-seconds, and reaches 1.00 at step 700.
    Recipe(name="numbers-zh", task="numbers-zh", shape={"n_encoder_layers": 1, "dropout": 0.0}, train=_QUICK),
    # 0.98 at step 500, after 15 CPU-seconds; cross-attention walks along the other diagonal.
    Recipe(name="reverse", task="reverse", shape={"n_encoder_layers": 1, "d_ff": 128, "dropout": 0.0}, train=_QUICK),
    # Without encoder layers a head can only point at the character it reads: 0.95 of the syllables at step 400, 0.76
    # of the sentences whole at the end, after 32 CPU-seconds. Few data: validation loss and training loss part.
    Recipe(
        name="pinyin-small",
        task="pinyin-sentences",
        shape={"n_encoder_layers": 0, "dropout": 0.1},
        train=TrainConfig(
            steps=800, batch_size=64, learning_rate=3e-3, warmup_steps=100, eval_every=50, eval_examples=128, seed=1
        ),
    ),
    # Below the bigram's 2.2 nats a character at step 200; 1.66 at the end, after 30 CPU-seconds.
    Recipe(
        name="lm-en",
        task="lm-en",
        shape={"n_decoder_layers": 2, "dropout": 0.0, "positions": "rotary"},
        train=TrainConfig(
            steps=600,
            batch_size=32,
            learning_rate=3e-3,
            warmup_steps=60,
            weight_decay=0.1,
            eval_every=50,
            eval_examples=64,
            seed=1,
        ),
    ),
    # All 78 turns of the test right at step 200, after some 10 CPU-seconds; said back as they are, none is.
    Recipe(
        name="dialogue",
        task="dialogue",
        shape={"n_encoder_layers": 1, "dropout": 0.0},
        train=TrainConfig(
            steps=200, batch_size=64, learning_rate=3e-3, warmup_steps=50, eval_every=25, eval_examples=64, seed=1
        ),
    ),
    # 256 validation examples of 256 whole at step 300; a program without a model has 0.14 of the test right.
    Recipe(
        name="summary",
        task="summary",
        shape={"n_encoder_layers": 1, "dropout": 0.0},
        train=TrainConfig(
            steps=300, batch_size=64, learning_rate=3e-3, warmup_steps=50, eval_every=25, eval_examples=64, seed=1
        ),
    ),
)
PRESETS: Mapping[str, Recipe] = {preset.name: preset for preset in _ALL}
