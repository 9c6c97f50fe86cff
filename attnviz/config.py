"""Frozen descriptions of a model and of a training run, checked where they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

Architecture = Literal[
    "encoder-decoder",
    "decoder-only",
    "encoder-only",
    # Recurrent baselines: an LSTM that sees its own text only; one that reads the source first; the same with one head
    # of cross-attention, by a small network (Bahdanau et al. 2015) or by dot products (Luong et al. 2015).
    "lstm",
    "lstm-encoder-decoder",
    "lstm-additive",
    "lstm-dot",
]
Norm = Literal["pre", "post"]
Positions = Literal["learned", "sinusoidal", "rotary", "none"]
Activation = Literal["gelu", "relu"]
Schedule = Literal["cosine", "linear", "constant"]
Optimizer = Literal["adamw", "adam", "momentum", "sgd"]
Initialiser = Literal["default", "normal", "xavier", "he", "too-small", "too-large"]
Objective = Literal["causal-lm", "masked-lm", "seq2seq", "denoising"]
Removable = Literal["causal-mask", "shift", "padding-mask"]

Precision = Literal["fp32", "bf16"]  # what products are computed in; weights, norms and losses stay float32
ComputePath = Literal["fused", "explicit", "written"]

Strategy = Literal["scratch", "full", "head", "last-layers", "layer-decay", "gradual", "lora", "adapter"]
Backbone = Literal["auto", "whole", "encoder", "decoder"]
NewTokens = Literal["extend", "unknown", "refuse"]
Augmentation = Literal["none", "join", "rename", "hide"]
LoRATarget = Literal["q_proj", "k_proj", "v_proj", "out_proj", "inner", "outer"]


def _one_of(field: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{field} is {value!r}; allowed: {', '.join(map(str, allowed))}")


def _at_least(field: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{field} is {value!r}; it must be at least {least}")


def _share(field: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{field} is {value!r}; it must be at least 0 and below 1")


class _Config:
    """What every config can do: become a plain dict and come back from one."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, ready for JSON."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The config described by `values`; an unknown or missing field raises ValueError."""
        fields = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(set(values) - fields):
            raise ValueError(f"{cls.__name__} has no field {unknown[0]!r}; allowed: {', '.join(sorted(fields))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"{cls.__name__}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class ModelConfig(_Config):
    """Shape of a Transformer, or of an LSTM beside it. Impossible combinations raise ValueError naming the field."""

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

    def __post_init__(self) -> None:
        _one_of("architecture", self.architecture, get_args(Architecture))
        _one_of("norm", self.norm, get_args(Norm))
        _one_of("positions", self.positions, get_args(Positions))
        _one_of("activation", self.activation, get_args(Activation))
        for field in ("vocab_size", "d_model", "n_heads", "d_ff", "max_len"):
            _at_least(field, getattr(self, field), 1)
        for field in ("n_encoder_layers", "n_decoder_layers", "pad_id", "src_vocab_size", "n_labels", "adapter_size"):
            _at_least(field, getattr(self, field), 0)
        _share("dropout", self.dropout)
        if self.d_model % self.n_heads:
            divisors = [h for h in range(1, self.d_model + 1) if self.d_model % h == 0]
            raise ValueError(
                f"d_model is {self.d_model} and n_heads is {self.n_heads}: the heads must divide d_model; "
                f"allowed n_heads: {', '.join(map(str, divisors))}"
            )
        if self.positions == "rotary" and self.head_dim % 2:
            raise ValueError(f"head_dim is {self.head_dim}; rotary positions turn pairs, so it must be even")
        if self.has_encoder and self.src_vocab_size < 1:
            raise ValueError(f"src_vocab_size is {self.src_vocab_size}; an encoder needs at least 1")
        if self.recurrent:
            self._check_recurrent()
        if self.architecture == "decoder-only" and self.n_decoder_layers < 1:
            raise ValueError("n_decoder_layers is 0; a decoder-only model needs at least 1")
        if self.architecture == "encoder-only" and self.tied_embeddings:
            raise ValueError("tied_embeddings is True; an encoder-only model has no decoder embedding to tie")
        if self.n_labels and (self.architecture != "decoder-only" or self.tied_embeddings):
            raise ValueError(
                f"n_labels is {self.n_labels}; only a decoder-only model without tied_embeddings has labels"
            )

    def _check_recurrent(self) -> None:
        allowed = {"n_heads": (1,), "positions": ("none",), "n_labels": (0,), "adapter_size": (0,)}
        for field, values in allowed.items():
            if getattr(self, field) not in values:
                raise ValueError(
                    f"{field} is {getattr(self, field)!r}; a model that is {self.architecture} allows {values[0]!r} "
                    f"only"
                )
        _at_least("n_decoder_layers", self.n_decoder_layers, 1)
        if self.architecture != "lstm":
            _at_least("n_encoder_layers", self.n_encoder_layers, 1)
        elif self.n_encoder_layers:
            raise ValueError(f"n_encoder_layers is {self.n_encoder_layers}; a model that is lstm has no encoder: 0")

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
        return self.architecture != "encoder-only"


@dataclass(frozen=True, kw_only=True)
class TrainConfig(_Config):
    """How a model is trained. Together with the task and the seed it fixes every number of a run."""

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
        _one_of("schedule", self.schedule, get_args(Schedule))
        _one_of("optimizer", self.optimizer, get_args(Optimizer))
        _one_of("initialiser", self.initialiser, get_args(Initialiser))
        if self.objective is not None:
            _one_of("objective", self.objective, get_args(Objective))
        # JSON has lists only; an order that nobody gave makes equal settings equal.
        object.__setattr__(self, "without", tuple(sorted(set(self.without))))
        for thing in self.without:
            _one_of("without", thing, get_args(Removable))
        for field in ("steps", "batch_size", "eval_examples"):
            _at_least(field, getattr(self, field), 1)
        for field in ("warmup_steps", "weight_decay", "clip_norm", "l1", "seed", "eval_every"):
            _at_least(field, getattr(self, field), 0)
        if not 0 < self.learning_rate <= 10:
            raise ValueError(f"learning_rate is {self.learning_rate!r}; it must be above 0 and at most 10")
        if not 0 <= self.final_learning_rate_share <= 1:
            raise ValueError(
                f"final_learning_rate_share is {self.final_learning_rate_share!r}; it must lie between 0 and 1"
            )
        _share("label_smoothing", self.label_smoothing)
        if not 0 <= self.cross_mask_share <= 1:
            raise ValueError(f"cross_mask_share is {self.cross_mask_share!r}; it must lie between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class Compute(_Config):
    """In which numbers and along which path steps are computed. A bf16 run says so wherever its figures do."""

    precision: Precision = "fp32"
    # "fused": the model's modules, attention as torch's one operation; "explicit": attention step by step;
    # "written": the passes of `attnviz.model.written`.
    path: ComputePath = "fused"

    def __post_init__(self) -> None:
        _one_of("precision", self.precision, get_args(Precision))
        _one_of("path", self.path, get_args(ComputePath))

    def __str__(self) -> str:
        return f"{self.precision}, {self.path}"


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig(_Config):
    """What a run that begins from a trained model trains, and on which part of the data."""

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
        _one_of("strategy", self.strategy, get_args(Strategy))
        _one_of("backbone", self.backbone, get_args(Backbone))
        _one_of("new_tokens", self.new_tokens, get_args(NewTokens))
        _one_of("augmentation", self.augmentation, get_args(Augmentation))
        # JSON has lists only; an order that nobody gave makes equal settings equal.
        order = get_args(LoRATarget)
        for target in self.lora_targets:
            _one_of("lora_targets", target, order)
        object.__setattr__(self, "lora_targets", tuple(sorted(set(self.lora_targets), key=order.index)))
        if not self.lora_targets:
            raise ValueError(f"lora_targets is empty; allowed: {', '.join(order)}")
        for field in ("last_layers", "unfreeze_every", "lora_rank", "adapter_size"):
            _at_least(field, getattr(self, field), 1)
        for field in ("unfreeze_blocks", "train_size", "patience", "fold", "data_seed"):
            _at_least(field, getattr(self, field), 0)
        if self.dropout is not None:
            _share("dropout", self.dropout)
        for field, value in (("layer_decay", self.layer_decay), ("augmentation_share", self.augmentation_share)):
            if not 0 < value <= 1:
                raise ValueError(f"{field} is {value!r}; it must be above 0 and at most 1")
        if not 0 < self.lora_alpha < float("inf"):
            raise ValueError(f"lora_alpha is {self.lora_alpha!r}; it must be above 0")
        if self.folds == 1 or self.folds < 0:
            raise ValueError(f"folds is {self.folds!r}; it must be 0 or at least 2")
        if self.folds and self.fold >= self.folds:
            raise ValueError(f"fold is {self.fold!r}; it must be below folds ({self.folds})")
