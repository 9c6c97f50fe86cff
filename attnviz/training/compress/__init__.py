"""Smaller models: heads taken out, and weights of one byte; what each costs, measured."""

from attnviz.training.compress.chart import PruningChart, pruning_chart
from attnviz.training.compress.pruning import PrunePoint, head_order, prune, pruned_heads, pruning_curve
from attnviz.training.compress.quantizing import Quantized, quantize
from attnviz.training.compress.saving import save_compressed

__all__ = [
    "PrunePoint",
    "PruningChart",
    "Quantized",
    "head_order",
    "prune",
    "pruned_heads",
    "pruning_chart",
    "pruning_curve",
    "quantize",
    "save_compressed",
]
