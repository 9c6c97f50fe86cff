"""Looking into a forward pass: every named value as NumPy, interventions, and what heads are worth."""

from attnviz.trace.ablation import HeadEffect, all_heads, head_effects, head_importance
from attnviz.trace.interventions import EditedScores, EditedWeights, HeadsOff, Intervention, Temperature
from attnviz.trace.loss import mean_loss, token_losses
from attnviz.trace.predictions import Predictions, predictions
from attnviz.trace.record import AttentionRecord, Trace
from attnviz.trace.rollout import Rollout, rollout, trace_rollout
from attnviz.trace.statistics import HeadStatistics, row_entropy, statistics
from attnviz.trace.watching import block_sites, watch

__all__ = [
    "AttentionRecord",
    "EditedScores",
    "EditedWeights",
    "HeadEffect",
    "HeadStatistics",
    "HeadsOff",
    "Intervention",
    "Predictions",
    "Rollout",
    "Temperature",
    "Trace",
    "all_heads",
    "block_sites",
    "head_effects",
    "head_importance",
    "mean_loss",
    "predictions",
    "rollout",
    "row_entropy",
    "statistics",
    "token_losses",
    "trace_rollout",
    "watch",
]
