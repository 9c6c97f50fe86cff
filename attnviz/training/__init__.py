"""Training: objectives, schedules, the loop, evaluation, checkpoints and recipes."""

from attnviz.training.alignment import Alignment
from attnviz.training.baselines import baselines
from attnviz.training.build import TrainingPlan, build_trainer, finish, plan_model_config, plan_task
from attnviz.training.checkpoint import CheckpointError
from attnviz.training.distributed import Ranks, joined, local_device
from attnviz.training.evaluation import Metrics, Report, evaluate, report
from attnviz.training.initialiser import activation_spread, make_model
from attnviz.training.manifest import Manifest
from attnviz.training.objective import Loss, cross_entropy, predict
from attnviz.training.recipes import RECIPES, Recipe, model_config_for
from attnviz.training.regime import broken_batch, broken_masks
from attnviz.training.schedule import learning_rate
from attnviz.training.settings import SETTABLE
from attnviz.training.start import Start, from_checkpoint
from attnviz.training.state import TrainingState
from attnviz.training.trainer import StepRecord, Trainer

__all__ = [
    "RECIPES",
    "SETTABLE",
    "Alignment",
    "CheckpointError",
    "Loss",
    "Manifest",
    "Metrics",
    "Ranks",
    "Recipe",
    "Report",
    "Start",
    "StepRecord",
    "Trainer",
    "TrainingPlan",
    "TrainingState",
    "activation_spread",
    "baselines",
    "broken_batch",
    "broken_masks",
    "build_trainer",
    "cross_entropy",
    "evaluate",
    "finish",
    "from_checkpoint",
    "joined",
    "learning_rate",
    "local_device",
    "make_model",
    "model_config_for",
    "plan_model_config",
    "plan_task",
    "predict",
    "report",
]
