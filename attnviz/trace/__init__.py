"""Looking into a forward pass: every named value as NumPy, interventions, and what heads are worth."""

from attnviz.trace.ablation import HeadEffect, TokenEffects, all_heads, head_effects, head_importance, token_effects
from attnviz.trace.application import APPLICATIONS, PRECISIONS, Application, Applied, MaskApplication, apply_mask
from attnviz.trace.interventions import EditedScores, EditedWeights, HeadsOff, Intervention, Temperature
from attnviz.trace.leakage import (
    Leak,
    Reach,
    Verdict,
    influence,
    influences,
    moved,
    reach,
    receptive_field,
    verdict,
)
from attnviz.trace.loss import mean_loss, token_losses
from attnviz.trace.predictions import Predictions, predictions
from attnviz.trace.record import AttentionRecord, Trace
from attnviz.trace.rollout import Rollout, rollout, trace_rollout
from attnviz.trace.statistics import HeadStatistics, row_entropy, statistics
from attnviz.trace.watching import block_sites, watch

__all__ = [
    "APPLICATIONS",
    "PRECISIONS",
    "Application",
    "Applied",
    "AttentionRecord",
    "EditedScores",
    "EditedWeights",
    "HeadEffect",
    "HeadStatistics",
    "HeadsOff",
    "Intervention",
    "Leak",
    "MaskApplication",
    "Predictions",
    "Reach",
    "Rollout",
    "Temperature",
    "TokenEffects",
    "Trace",
    "Verdict",
    "all_heads",
    "apply_mask",
    "block_sites",
    "head_effects",
    "head_importance",
    "influence",
    "influences",
    "mean_loss",
    "moved",
    "predictions",
    "reach",
    "receptive_field",
    "rollout",
    "row_entropy",
    "statistics",
    "token_effects",
    "token_losses",
    "trace_rollout",
    "verdict",
    "watch",
]
