"""Training: objectives, schedules, the loop, evaluation, checkpoints and recipes."""

from attnviz.training.alignment import Alignment
from attnviz.training.baselines import language_model_baselines
from attnviz.training.build import finish
from attnviz.training.checkpoint import CheckpointError
from attnviz.training.evaluation import Metrics, Report, evaluate, report
from attnviz.training.manifest import Manifest
from attnviz.training.objective import Loss, cross_entropy, predict
from attnviz.training.recipes import RECIPES, Recipe, model_config_for
from attnviz.training.schedule import learning_rate
from attnviz.training.state import TrainingState
from attnviz.training.trainer import StepRecord, Trainer, make_model

__all__ = [
    "RECIPES",
    "Alignment",
    "CheckpointError",
    "Loss",
    "Manifest",
    "Metrics",
    "Recipe",
    "Report",
    "StepRecord",
    "Trainer",
    "TrainingState",
    "cross_entropy",
    "evaluate",
    "finish",
    "language_model_baselines",
    "learning_rate",
    "make_model",
    "model_config_for",
    "predict",
    "report",
]
