"""What can be chosen by name: one Literal a setting, in the order in which forms offer it."""

from __future__ import annotations

from typing import Literal

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
    "vision",  # an encoder over the patches of a picture
    "graph",  # an encoder over the nodes of a graph; the adjacency matrix is its mask
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

Strategy = Literal["full", "head", "last-layers", "layer-decay", "gradual", "lora", "adapter", "scratch"]
Backbone = Literal["auto", "whole", "encoder", "decoder"]
NewTokens = Literal["extend", "unknown", "refuse"]
Augmentation = Literal["none", "join", "rename", "hide"]
LoRATarget = Literal["q_proj", "k_proj", "v_proj", "out_proj", "inner", "outer"]
