"""Small starts and tasks for the tests of fine-tuning; odd sizes, strong dropout that must never show."""

from __future__ import annotations

from functools import lru_cache

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import Task, tasks
from attnviz.training import make_model, model_config_for
from attnviz.training.finetuning.prepare import Prepared, prepare
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.start import Start

SHAPE = {"d_model": 12, "n_heads": 3, "d_ff": 17, "dropout": 0.2}
TRAIN = TrainConfig(
    steps=7, batch_size=11, learning_rate=3e-3, warmup_steps=2, eval_every=0, eval_examples=13, seed=5, weight_decay=0.1
)
STRATEGIES = ("scratch", "full", "head", "last-layers", "layer-decay", "gradual", "lora", "adapter")


def symbols(name: str = "copy", **options: int) -> Task:
    return tasks.get(name, **{"size": 101, "symbols": 7, "max_length": 5, **options})


@lru_cache(maxsize=8)
def start(kind: str = "reverse", encoder_layers: int = 1, **shape: object) -> Start:
    """An untrained model of a kind: "reverse" (encoder–decoder), "lm", "labels" (encoder-only)."""
    if kind == "lm":
        task, layers = tasks.get("lm-zh", window=29), 0
    elif kind == "labels":
        task, layers = tasks.get("sentiment-zh", size=101), 2
    else:
        task, layers = symbols("reverse"), encoder_layers
    config = model_config_for(task, **{**SHAPE, "n_encoder_layers": layers, "n_decoder_layers": 2, **shape})
    model = make_model(config, 3)
    return Start(kind, config, task, model.state_dict())


def prepared(
    strategy: str = "full", task: Task | None = None, begin: Start | None = None, **options: object
) -> Prepared:
    config = FineTuneConfig.from_dict({"strategy": strategy, "lora_rank": 3, "adapter_size": 5, **options})
    return prepare(begin or start(), task or symbols(), config, seed=5)


def tuner(strategy: str = "full", train: TrainConfig = TRAIN, **options: object) -> FineTuner:
    return FineTuner(prepared(strategy, **options), train)  # type: ignore[arg-type]
