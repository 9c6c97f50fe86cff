"""The Transformer and how to look into it."""

from attnviz.model.attention import MultiHeadAttention, explicit_attention, merge_heads, split_heads
from attnviz.model.cache import KVCache
from attnviz.model.graph import GraphTransformer
from attnviz.model.making import new_model
from attnviz.model.probe import ATTENTION_TAPS, SILENT, Chain, Probe
from attnviz.model.recurrent import RecurrentModel
from attnviz.model.transformer import Transformer
from attnviz.model.vision import VisionTransformer
from attnviz.model.watched import Ability, Cache, WatchedModel, heads_of

__all__ = [
    "ATTENTION_TAPS",
    "SILENT",
    "Ability",
    "Cache",
    "Chain",
    "GraphTransformer",
    "KVCache",
    "MultiHeadAttention",
    "Probe",
    "RecurrentModel",
    "Transformer",
    "VisionTransformer",
    "WatchedModel",
    "explicit_attention",
    "heads_of",
    "merge_heads",
    "new_model",
    "split_heads",
]
