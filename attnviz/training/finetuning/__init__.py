"""Going on from a trained model: what carries over, what trains, what is gained and what is forgotten.

start = from_checkpoint("reverse")                           # attnviz.training.start
prepared = prepare(start, task, FineTuneConfig(strategy="lora"), seed=1)
prepared.plans, prepared.cost()                              # what trains, and what it takes
tuner = FineTuner(prepared, TrainConfig(steps=200))
for record in tuner.run(): ...                               # record.metrics: new and old task
save_merged(folder, tuner, name="mine"); save_lora(folder, tuner)
"""

from attnviz.errors import FineTuneError
from attnviz.training.finetuning.attention_change import AttentionChange, HeadChange, attention_change
from attnviz.training.finetuning.cross_validation import CrossValidation, FoldResult, FoldStep, cross_validate, summary
from attnviz.training.finetuning.drift import Drift, weight_drift
from attnviz.training.finetuning.ensemble import Member, ensemble_exact_match, ensemble_report, outputs, vote
from attnviz.training.finetuning.freezing import Cost, TensorPlan, cost, tensor_plans
from attnviz.training.finetuning.labels import (
    LabelPrediction,
    LabelReport,
    label_report,
    majority_report,
    naive_bayes_report,
)
from attnviz.training.finetuning.lora_file import load_lora, save_lora
from attnviz.training.finetuning.metrics import FineTuneMetrics
from attnviz.training.finetuning.model_card import model_card
from attnviz.training.finetuning.prepare import Prepared, can_watch_old_task, notices, prepare
from attnviz.training.finetuning.race import RaceResult, RaceRow, RaceStep, entries, race, table
from attnviz.training.finetuning.saving import save_merged
from attnviz.training.finetuning.spread import Spread
from attnviz.training.finetuning.tuner import EarlyStopping, FineTuner, tune

__all__ = [
    "AttentionChange",
    "Cost",
    "CrossValidation",
    "Drift",
    "EarlyStopping",
    "FineTuneError",
    "FineTuneMetrics",
    "FineTuner",
    "FoldResult",
    "FoldStep",
    "HeadChange",
    "LabelPrediction",
    "LabelReport",
    "Member",
    "Prepared",
    "RaceResult",
    "RaceRow",
    "RaceStep",
    "Spread",
    "TensorPlan",
    "attention_change",
    "can_watch_old_task",
    "cost",
    "cross_validate",
    "ensemble_exact_match",
    "ensemble_report",
    "entries",
    "label_report",
    "load_lora",
    "majority_report",
    "model_card",
    "naive_bayes_report",
    "notices",
    "outputs",
    "prepare",
    "race",
    "save_lora",
    "save_merged",
    "summary",
    "table",
    "tensor_plans",
    "tune",
    "vote",
    "weight_drift",
]
