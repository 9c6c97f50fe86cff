"""Which tensor trains, from which step on and at which share of the learning rate: a strategy as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from attnviz.config import FineTuneConfig, ModelConfig
from attnviz.errors import FineTuneError
from attnviz.model import Transformer
from attnviz.model.adapter import is_adapter
from attnviz.model.lora import FACTORS
from attnviz.model.parts import parts
from attnviz.training.finetuning.transplant import Inheritance, Origin

State = Literal["trains", "later", "frozen"]
UNTIED = ("head", "last-layers", "layer-decay", "gradual")  # strategies that need a head of its own
BYTES = 4  # float32
OPTIMIZER_TENSORS = {"adamw": 2, "adam": 2, "momentum": 1, "sgd": 0}  # as large as the parameter, per optimizer


@dataclass(frozen=True)
class TensorPlan:
    """One parameter of the model and what a strategy does with it."""

    name: str  # decoder.0.self_attn.q_proj.weight
    part: str  # the box it is drawn in, see `attnviz.model.parts`: decoder.0.self_attn
    level: int  # 0: the head; 1: the block nearest to the output …; the last: the embeddings
    shape: tuple[int, ...]
    origin: Origin
    trains_from: int | None  # the number of updates after which it begins to train; None: frozen
    share: float = 1.0  # of the learning rate
    old_rows: int = 0  # so many first rows are frozen although the others train

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def trained_numbers(self) -> int:
        """How many of them train at some time."""
        return 0 if self.trains_from is None else self.numbers - self.old_rows * math.prod(self.shape[1:])

    def state(self, step: int) -> State:
        """What it does in the step after `step` updates."""
        if self.trains_from is None:
            return "frozen"
        return "trains" if step >= self.trains_from else "later"


@dataclass(frozen=True)
class Cost:
    """What a strategy needs, counted from the table; activations and the batch are not in it."""

    parameters: int
    trained: int
    weight_bytes: int
    gradient_bytes: int
    optimizer_bytes: int

    @property
    def bytes(self) -> int:
        """Weights, gradients and the optimizer's memory together."""
        return self.weight_bytes + self.gradient_bytes + self.optimizer_bytes

    @property
    def trained_share(self) -> float:
        """Trained numbers by all numbers."""
        return self.trained / self.parameters


def tensor_plans(model: Transformer, config: FineTuneConfig, past: Mapping[str, Inheritance]) -> tuple[TensorPlan, ...]:
    """The table of a strategy, a row for each parameter of `model` in its own order.

    What is new (a head, rows of new tokens, LoRA, adapters) trains whatever the strategy.
    """
    check_layers(model.config, config)
    blocks = block_names(model.config)
    boxes = sorted((part.path for part in parts(model)), key=len, reverse=True)
    plans = []
    for name, parameter in model.named_parameters():
        origin = past[name].origin if name in past else "new"  # LoRA is added after the transplant
        level = level_of(name, blocks)
        trains_from, share = _chosen(name, level, config)
        old_rows = 0
        if trains_from is None and origin != "kept":
            trains_from, old_rows = 0, past[name].rows if name in past else 0
        part = next((box for box in boxes if name.startswith(f"{box}.")), name.rpartition(".")[0])
        plans.append(TensorPlan(name, part, level, tuple(parameter.shape), origin, trains_from, share, old_rows))
    return tuple(plans)


def check_layers(shape: ModelConfig, config: FineTuneConfig) -> None:
    """FineTuneError("finetune_layers") for more last blocks than there are."""
    blocks = block_names(shape)
    if config.strategy == "last-layers" and config.last_layers > len(blocks):
        raise FineTuneError("finetune_layers", blocks=len(blocks), given=config.last_layers)


def block_names(config: ModelConfig) -> tuple[str, ...]:
    """The blocks from the output down: the decoder's, then the encoder's."""
    decoder = [f"decoder.{i}" for i in reversed(range(config.n_decoder_layers if config.has_decoder else 0))]
    encoder = [f"encoder.{i}" for i in reversed(range(config.n_encoder_layers if config.has_encoder else 0))]
    return (*decoder, *encoder)


def level_of(name: str, blocks: tuple[str, ...]) -> int:
    """How far a parameter is from the output, in blocks; a norm at the end of a stack counts to its last block."""
    if name.startswith("output."):
        return 0
    for level, block in enumerate(blocks, start=1):
        if name.startswith(f"{block}."):
            return level
    for norm, stack in (("decoder_norm.", "decoder."), ("encoder_norm.", "encoder.")):
        if name.startswith(norm):
            return next((level for level, b in enumerate(blocks, start=1) if b.startswith(stack)), len(blocks) + 1)
    return len(blocks) + 1


def _chosen(name: str, level: int, config: FineTuneConfig) -> tuple[int | None, float]:
    """(updates before it trains or None for frozen, share of the learning rate)."""
    match config.strategy:
        case "scratch" | "full":
            return 0, 1.0
        case "head":
            return (0 if level == 0 else None), 1.0
        case "last-layers":
            return (0 if level <= config.last_layers else None), 1.0
        case "layer-decay":
            return 0, config.layer_decay**level
        case "gradual":
            stage = 0 if level == 0 else math.ceil(level / config.unfreeze_blocks) if config.unfreeze_blocks else 1
            return stage * config.unfreeze_every, 1.0
        case "lora":
            return (0 if name.rpartition(".")[2] in FACTORS else None), 1.0
        case "adapter":
            return (0 if is_adapter(name) else None), 1.0


def cost(plans: tuple[TensorPlan, ...], optimizer: str = "adamw", step: int | None = None) -> Cost:
    """Numbers and bytes; `step` None: when all that will ever train does.

    A tensor of which only new rows train has a whole gradient nevertheless.
    """
    training = [p for p in plans if p.trains_from is not None and (step is None or step >= p.trains_from)]
    held = sum(p.numbers for p in training)
    everything = sum(p.numbers for p in plans)
    return Cost(
        parameters=everything,
        trained=sum(p.trained_numbers for p in training),
        weight_bytes=BYTES * everything,
        gradient_bytes=BYTES * held,
        optimizer_bytes=BYTES * OPTIMIZER_TENSORS[optimizer] * held,
    )
