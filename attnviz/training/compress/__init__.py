"""Smaller models: heads taken out, and weights of one byte; what each costs, measured."""

from attnviz.training.compress.chart import PruningChart, empty_chart, pruning_chart
from attnviz.training.compress.pruning import PrunePoint, head_order, prune, pruned_heads, pruning_curve
from attnviz.training.compress.quantizing import OneByte, Quantized, one_byte, quantize
from attnviz.training.compress.saving import save_compressed

__all__ = [
    "OneByte",
    "PrunePoint",
    "PruningChart",
    "Quantized",
    "empty_chart",
    "head_order",
    "one_byte",
    "prune",
    "pruned_heads",
    "pruning_chart",
    "pruning_curve",
    "quantize",
    "save_compressed",
]
