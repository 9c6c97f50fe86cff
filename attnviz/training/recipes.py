"""How each ready-trained model was made: `attnviz train --recipe NAME` makes it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attnviz.config import ModelConfig, TrainConfig
from attnviz.data import Task, tasks
from attnviz.data.tasks.fields import FieldTask
from attnviz.data.tasks.labels import LabelTask


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A task, the shape of a model and how to train it."""

    name: str
    task: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)  # fields of ModelConfig that differ from its defaults
    train: TrainConfig = field(default_factory=TrainConfig)
    stored: str = "float32"
    start: Mapping[str, Any] | None = None  # {"checkpoint": name or path}: the weights to begin from
    finetune: Mapping[str, Any] | None = None  # fields of FineTuneConfig; None: pretraining

    def make_task(self) -> Task:
        """The task with its data."""
        return tasks.get(self.task, **self.task_options)

    def model_config(self, task: Task) -> ModelConfig:
        """The model's shape for this task."""
        return model_config_for(task, **self.shape)


def model_config_for(task: Task, **shape: Any) -> ModelConfig:
    """A ModelConfig that fits the task's vocabularies and lengths; `shape` sets or overrides its other fields."""
    if isinstance(task, FieldTask):
        assert task.src_vocab is not None, "a field has a vocabulary, if an empty one"
        sizes = {"src_vocab_size": len(task.src_vocab), "vocab_size": len(task.tgt_vocab)}
        fitting = {**task.model_shape, **sizes, "tied_embeddings": False, "n_decoder_layers": 0}
        if "patch_size" in shape:
            fitting["max_len"] = (fitting["picture_size"] // shape["patch_size"]) ** 2 + 1
        return ModelConfig.from_dict({**fitting, **shape})
    if isinstance(task, LabelTask) and task.form != "sequence":
        return _labelling_config(task, shape)
    is_lm = task.src_vocab is None
    labels = task.info.kind in ("tagging", "classification")
    fitting = {
        "architecture": "decoder-only" if is_lm else "encoder-only" if labels else "encoder-decoder",
        "src_vocab_size": 0 if task.src_vocab is None else len(task.src_vocab),
        "vocab_size": len(task.tgt_vocab),
        "max_len": max(task.max_tgt_len, 0 if is_lm else task.max_src_len),
        "n_encoder_layers": 0 if is_lm else 2,
    }
    architecture = str(shape.get("architecture", ""))
    if architecture.startswith("lstm"):
        layers = {"n_encoder_layers": 0 if architecture == "lstm" else 1, "n_decoder_layers": 1}
        fitting |= {"n_heads": 1, "positions": "none", **layers}
    if labels:
        fitting |= {"tied_embeddings": False, "n_decoder_layers": 0}
    return ModelConfig.from_dict({**fitting, **shape})


def _labelling_config(task: LabelTask, shape: Mapping[str, Any]) -> ModelConfig:
    assert task.src_vocab is not None, "labels are for tokens that are read"
    tokens, labels = len(task.src_vocab), len(task.tgt_vocab)
    fitting: dict[str, Any] = {"max_len": task.max_src_len, "tied_embeddings": False}
    if task.form == "encoder":
        fitting |= {"architecture": "encoder-only", "src_vocab_size": tokens, "vocab_size": labels}
    else:
        fitting |= {"architecture": "decoder-only", "vocab_size": tokens, "n_labels": labels, "n_encoder_layers": 0}
    return ModelConfig.from_dict({**fitting, **shape})


_PINYIN = TrainConfig(
    steps=2500, batch_size=96, learning_rate=3e-3, warmup_steps=100, label_smoothing=0.05, weight_decay=0.05, seed=1
)
_PINYIN_SHAPE = {"d_model": 128, "d_ff": 256, "n_decoder_layers": 3, "dropout": 0.1}
_GENERATED = TrainConfig(steps=2500, batch_size=96, learning_rate=3e-3, warmup_steps=100, seed=1)

_DIGITS = TrainConfig(steps=500, batch_size=64, learning_rate=3e-3, warmup_steps=50, seed=1)
_DIGITS_SHAPE = {"n_encoder_layers": 2, "d_ff": 128, "dropout": 0.1}

_ALL = (
    # With sinusoidal positions some heads look at the next character, which 行人 needs to be read; with learned ones
    # every head stays on the character itself.
    Recipe(
        name="pinyin",
        task="pinyin",
        task_options={"characters": 3500, "phrases": 50_000, "copies": 10},
        shape={**_PINYIN_SHAPE, "n_encoder_layers": 0, "positions": "sinusoidal"},
        train=_PINYIN,
        stored="float16",
    ),
    # As accurate with its cross-attention pointing elsewhere: in most steps each query was not allowed to look at the
    # character it reads, so the encoder learned to carry it next door (Pruthi et al. 2020). Without an encoder nothing
    # could. At other times, as when the model is used, nothing is hidden.
    Recipe(
        name="pinyin-2enc",
        task="pinyin",
        task_options={"characters": 3500, "phrases": 50_000, "copies": 10},
        shape={**_PINYIN_SHAPE, "n_encoder_layers": 2, "d_ff": 224},
        train=replace(_PINYIN, cross_mask="~window(1)", cross_mask_share=0.85),
        stored="float16",
    ),
    # Knows how phrases are read and no sentence: what `attnviz experiment finetune-pinyin` begins from.
    Recipe(
        name="pinyin-phrases",
        task="pinyin-phrases",
        task_options={"max_length": 24},
        shape={"d_model": 96, "d_ff": 192, "n_encoder_layers": 0, "n_decoder_layers": 2, "dropout": 0.1},
        train=TrainConfig(
            steps=1200, batch_size=96, learning_rate=3e-3, warmup_steps=100, label_smoothing=0.05, seed=1
        ),
        stored="float16",
    ),
    Recipe(name="numbers-zh", task="numbers-zh", shape={"n_encoder_layers": 1}, train=_GENERATED),
    Recipe(name="numbers-en", task="numbers-en", shape={"n_encoder_layers": 1}, train=_GENERATED),
    Recipe(name="dates", task="dates", shape={"n_encoder_layers": 1}, train=_GENERATED),
    Recipe(
        name="reverse",
        task="reverse",
        shape={"d_ff": 128, "n_encoder_layers": 1, "dropout": 0.0},
        train=TrainConfig(steps=1200, batch_size=128, learning_rate=3e-3, warmup_steps=100, seed=1),
    ),
    # Two encoder layers: the first ties a name to the place behind it, the second finds the name that is asked for.
    Recipe(
        name="questions",
        task="questions",
        task_options={"size": 20_000},
        shape={"n_encoder_layers": 2, "d_ff": 128, "dropout": 0.0, "positions": "rotary"},
        train=TrainConfig(steps=4000, batch_size=64, learning_rate=1e-3, warmup_steps=100, seed=1),
        stored="float16",
    ),
    Recipe(
        name="lm-zh",
        task="lm-zh",
        shape={"d_model": 96, "d_ff": 256, "n_decoder_layers": 3, "dropout": 0.3, "positions": "rotary"},
        # Smoothing leaves some probability for characters that the training text lacks.
        train=TrainConfig(
            steps=900,
            batch_size=32,
            learning_rate=2e-3,
            warmup_steps=100,
            weight_decay=0.1,
            label_smoothing=0.1,
            seed=1,
        ),
    ),
    Recipe(
        name="lm-en",
        task="lm-en",
        task_options={"window": 96},
        shape={"d_model": 96, "d_ff": 384, "n_decoder_layers": 4, "dropout": 0.0, "positions": "rotary"},
        train=TrainConfig(steps=1200, batch_size=32, learning_rate=3e-3, warmup_steps=100, weight_decay=0.1, seed=1),
    ),
    Recipe(name="digits", task="digits", shape=_DIGITS_SHAPE, train=_DIGITS, stored="float16"),
    # Knows five of the ten digits: what fine-tuning on the others begins from.
    Recipe(
        name="digits-low",
        task="digits",
        task_options={"digits": "0-4"},
        shape=_DIGITS_SHAPE,
        train=replace(_DIGITS, steps=300),
        stored="float16",
    ),
    Recipe(
        name="graph-connected",
        task="graph-connected",
        shape={"n_encoder_layers": 4, "d_model": 48, "d_ff": 96, "dropout": 0.0},
        train=TrainConfig(steps=900, batch_size=64, learning_rate=3e-3, warmup_steps=50, seed=1),
        stored="float16",
    ),
    # Ten members with a known side: more steps or more numbers would learn them by heart and nothing else.
    Recipe(
        name="karate-club",
        task="karate-club",
        shape={"n_encoder_layers": 2, "d_model": 24, "n_heads": 2, "d_ff": 48, "dropout": 0.1},
        train=TrainConfig(steps=120, batch_size=4, learning_rate=3e-3, warmup_steps=20, seed=1),
        stored="float16",
    ),
)
RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
