"""Frozen descriptions of a model and of a training run, checked where they are made."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, get_args

from attnviz.errors import SettingError
from attnviz.settings import COMPUTE, FINETUNING, MODEL, TRAINING, Setting
from attnviz.settings.choices import (
    Activation,
    Architecture,
    Augmentation,
    Backbone,
    ComputePath,
    Initialiser,
    LoRATarget,
    NewTokens,
    Norm,
    Objective,
    Optimizer,
    Positions,
    Precision,
    Removable,
    Schedule,
    Strategy,
)

__all__ = [
    "Activation",
    "Architecture",
    "Augmentation",
    "Backbone",
    "Compute",
    "ComputePath",
    "FineTuneConfig",
    "Initialiser",
    "LoRATarget",
    "ModelConfig",
    "NewTokens",
    "Norm",
    "Objective",
    "Optimizer",
    "Positions",
    "Precision",
    "Removable",
    "Schedule",
    "Strategy",
    "TrainConfig",
]


class _Config:
    """What every config can do: be checked, become a plain dict and come back from one."""

    rows: ClassVar[Mapping[str, Setting]]  # one a field, with its bounds

    def __post_init__(self) -> None:
        for name, row in self.rows.items():
            row.check(getattr(self, name))

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, ready for JSON."""
        values: dict[str, Any] = dataclasses.asdict(self)  # type: ignore[call-overload]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The config described by `values`; an unknown or missing field raises SettingError."""
        if unknown := sorted(str(name) for name in values if name not in cls.rows):
            allowed = ", ".join(sorted(cls.rows))
            raise SettingError("setting_unknown", config=cls.__name__, name=unknown[0][:80], allowed=allowed)
        try:
            return cls(**values)
        except TypeError as error:
            raise SettingError("setting_missing", config=cls.__name__, problem=error) from error


@dataclass(frozen=True, kw_only=True)
class ModelConfig(_Config):
    """Shape of a Transformer, or of an LSTM beside it. The impossible raises SettingError naming the field."""

    rows = MODEL

    architecture: Architecture = "encoder-decoder"
    src_vocab_size: int = 0  # tokens the encoder knows; 0 when there is no encoder
    vocab_size: int  # what the logits range over
    d_model: int = 64  # width of every hidden state
    n_heads: int = 4
    n_encoder_layers: int = 2  # 0: the decoder attends straight to the source embeddings
    n_decoder_layers: int = 2
    d_ff: int = 256  # inner width of the feed-forward network
    max_len: int = 64  # positions a learned table holds, in tokens
    norm: Norm = "pre"
    positions: Positions = "learned"
    activation: Activation = "gelu"
    dropout: float = 0.1
    tied_embeddings: bool = True  # the output projection is the decoder's token embedding
    scale_scores: bool = True  # divide scores by √head_dim
    pad_id: int = 0
    n_labels: int = 0  # what the logits of a decoder that labels its tokens range over; 0: its vocabulary
    adapter_size: int = 0  # inner width of the adapter behind every sublayer; 0: none
    picture_size: int = 0  # "vision": pixels that a square picture is high and wide
    picture_channels: int = 0  # 1: grey, 3: colour
    patch_size: int = 0  # pixels that a square patch is high and wide

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.d_model % self.n_heads:
            allowed = ", ".join(map(str, divisors(self.d_model)))
            raise SettingError("setting_heads", d_model=self.d_model, n_heads=self.n_heads, allowed=allowed)
        if self.positions == "rotary" and self.head_dim % 2:
            raise SettingError("setting_rotary", head_dim=self.head_dim)
        if self.has_encoder and self.src_vocab_size < 1:
            raise SettingError("setting_source", given=self.src_vocab_size)
        if self.recurrent:
            self._check_recurrent()
        if self.architecture in ("vision", "graph"):
            self._check_field()
        if self.architecture == "decoder-only" and self.n_decoder_layers < 1:
            raise SettingError("setting_decoder")
        if not self.has_decoder and self.tied_embeddings:
            raise SettingError("setting_tied")
        if self.n_labels and (self.architecture != "decoder-only" or self.tied_embeddings):
            raise SettingError("setting_labels", given=self.n_labels)

    def _check_recurrent(self) -> None:
        lone = self.architecture == "lstm"
        layers = self.n_encoder_layers
        rules = {
            "n_heads": (self.n_heads == 1, "1"),
            "positions": (self.positions == "none", "none"),
            "n_labels": (self.n_labels == 0, "0"),
            "adapter_size": (self.adapter_size == 0, "0"),
            "n_decoder_layers": (self.n_decoder_layers > 0, "≥ 1"),
            "n_encoder_layers": (layers == 0, "0") if lone else (layers > 0, "≥ 1"),
        }
        for name, (fine, allowed) in rules.items():
            if not fine:
                given = {"name": name, "value": getattr(self, name), "architecture": self.architecture}
                raise SettingError("setting_recurrent", **given, allowed=allowed)

    def _check_field(self) -> None:
        rules = {
            "n_decoder_layers": (self.n_decoder_layers == 0, "0"),
            "adapter_size": (self.adapter_size == 0, "0"),
            "positions": (self.positions == "learned", "learned"),
        }
        if self.architecture == "vision":
            sizes = ("picture_size", "picture_channels", "patch_size")
            rules |= {name: (getattr(self, name) > 0, "≥ 1") for name in sizes}
            whole = bool(self.patch_size) and self.picture_size % self.patch_size == 0
            rules["patch_size"] = (whole, "≥ 1, picture_size / n")
            rules["max_len"] = (self.max_len == self.n_patches + 1, str(self.n_patches + 1))
        for name, (fine, allowed) in rules.items():
            if not fine:
                given = {"name": name, "value": getattr(self, name), "architecture": self.architecture}
                raise SettingError("setting_recurrent", **given, allowed=allowed)

    @property
    def n_patches(self) -> int:
        """Patches of a picture; 0 where there is none."""
        return (self.picture_size // self.patch_size) ** 2 if self.patch_size else 0

    @property
    def recurrent(self) -> bool:
        """Whether positions are mixed by an LSTM."""
        return self.architecture.startswith("lstm")

    @property
    def head_dim(self) -> int:
        """Width of one head: d_model / n_heads."""
        return self.d_model // self.n_heads

    @property
    def n_outputs(self) -> int:
        """What the logits range over."""
        return self.n_labels or self.vocab_size

    @property
    def has_encoder(self) -> bool:
        """Whether it takes a source. A lone LSTM takes one where its task has one, and never looks at it."""
        if self.architecture == "lstm":
            return self.src_vocab_size > 0
        return self.architecture != "decoder-only"

    @property
    def has_decoder(self) -> bool:
        """Whether there is a decoder, which reads its own input causally."""
        return self.architecture not in ("encoder-only", "vision", "graph")


@dataclass(frozen=True, kw_only=True)
class TrainConfig(_Config):
    """How a model is trained. Together with the task and the seed it fixes every number of a run."""

    rows = TRAINING

    steps: int = 1000
    batch_size: int = 64  # sequences a step
    learning_rate: float = 2e-3  # the peak, reached after the warm-up
    warmup_steps: int = 100
    schedule: Schedule = "cosine"  # from the peak to `final_learning_rate_share` of it
    final_learning_rate_share: float = 0.02
    weight_decay: float = 0.01
    clip_norm: float = 1.0  # gradient norm above which the gradient is scaled down; 0: never
    label_smoothing: float = 0.0
    cross_mask: str = ""  # laid over cross-attention while training, as masks write it, e.g. "~window(1)"; "": none
    cross_mask_share: float = 1.0  # share of the steps in which it is
    optimizer: Optimizer = "adamw"  # "momentum" is SGD with a momentum of 0.9
    l1: float = 0.0  # the penalty l1 · Σ|w| over the weights that decay, added to the loss
    initialiser: Initialiser = "default"  # how the weights of a new model are drawn
    objective: Objective | None = None  # None: what the task is made for
    without: tuple[Removable, ...] = ()  # what is left out on purpose, to see what breaks
    seed: int = 0
    eval_every: int = 250  # steps between evaluations on the validation split; 0: only at the end
    eval_examples: int = 256  # examples of an evaluation during training

    def __post_init__(self) -> None:
        super().__post_init__()
        # JSON has lists only; an order that nobody gave makes equal settings equal.
        object.__setattr__(self, "without", tuple(sorted(set(self.without))))


@dataclass(frozen=True, kw_only=True)
class Compute(_Config):
    """In which numbers and along which path steps are computed. A bf16 run says so wherever its figures do."""

    rows = COMPUTE

    precision: Precision = "fp32"
    # "fused": the model's modules, attention as torch's one operation; "explicit": attention step by step;
    # "written": the passes of `attnviz.model.written`.
    path: ComputePath = "fused"

    def __str__(self) -> str:
        return f"{self.precision}, {self.path}"


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig(_Config):
    """What a run that begins from a trained model trains, and on which part of the data."""

    rows = FINETUNING

    strategy: Strategy = "full"
    backbone: Backbone = "auto"  # which part of the old model carries on; "auto": the largest that fits the task
    new_tokens: NewTokens = "extend"  # tokens that the old model lacks: learn them, read them as <unk>, or refuse
    last_layers: int = 1  # "last-layers": blocks nearest to the output that train, besides the head
    layer_decay: float = 0.7  # "layer-decay": each block learns at this share of the rate of the block above it
    unfreeze_every: int = 50  # "gradual": steps between two stages; in the first only the head trains
    unfreeze_blocks: int = 0  # "gradual": blocks that each later stage adds, from the output down; 0: all at once
    lora_rank: int = 8
    lora_alpha: float = 16.0  # the detour counts alpha / rank times
    lora_targets: tuple[LoRATarget, ...] = ("q_proj", "v_proj")
    adapter_size: int = 16  # "adapter": its inner width
    dropout: float | None = None  # None: the old model's
    train_size: int = 0  # training examples that are used; 0: all
    augmentation: Augmentation = "none"
    augmentation_share: float = 0.5  # share of the examples of an epoch that are changed
    patience: int = 0  # evaluations without a lower validation loss after which the run ends; 0: never
    folds: int = 0  # k of k-fold cross-validation; 0: the task's own split
    fold: int = 0  # the fold that is held out as validation, 0 … k−1
    data_seed: int = 0  # decides which examples are used and how they are shared out into folds
    watch_old_task: bool = True  # measure the old task too at every evaluation

    def __post_init__(self) -> None:
        super().__post_init__()
        # JSON has lists only; an order that nobody gave makes equal settings equal.
        order = get_args(LoRATarget)
        object.__setattr__(self, "lora_targets", tuple(sorted(set(self.lora_targets), key=order.index)))
        if not self.lora_targets:
            raise SettingError("setting_targets", allowed=", ".join(order))
        if self.folds == 1:
            raise SettingError("setting_folds")
        if self.folds and self.fold >= self.folds:
            raise SettingError("setting_fold", fold=self.fold, folds=self.folds)


def divisors(number: int) -> list[int]:
    """Every whole number that divides `number`, in order; found up to √number."""
    small = [one for one in range(1, math.isqrt(number) + 1) if number % one == 0]
    return small + [number // one for one in reversed(small) if one * one != number]
