"""Training: objectives, schedules, the loop, evaluation, checkpoints and recipes."""

from attnviz.errors import CheckpointError
from attnviz.settings import SETTABLE
from attnviz.training.alignment import Alignment
from attnviz.training.baselines import baselines
from attnviz.training.breakages import BREAKAGES, Breakage
from attnviz.training.build import TrainingPlan, build_trainer, finish, plan_model_config, plan_task
from attnviz.training.distributed import Ranks, joined, local_device
from attnviz.training.emergence import Emergence, HeadMarker, HeadProbe, HeadScore
from attnviz.training.evaluation import Metrics, Report, evaluate, report
from attnviz.training.gradients import GradientCheck, GradientNorms, check_gradient, gradient_norms
from attnviz.training.initialiser import activation_spread, make_model
from attnviz.training.manifest import Manifest
from attnviz.training.objective import Loss, cross_entropy, predict
from attnviz.training.phase_reports import PHASES, PhaseReport
from attnviz.training.phases import walk
from attnviz.training.presets import PRESETS
from attnviz.training.recipes import RECIPES, Recipe, model_config_for
from attnviz.training.regime import broken_batch, broken_masks
from attnviz.training.samples import Sample, samples_of, say
from attnviz.training.schedule import learning_rate
from attnviz.training.start import Start, from_checkpoint
from attnviz.training.state import TrainingState
from attnviz.training.step_record import StepRecord
from attnviz.training.trainer import Trainer
from attnviz.training.updates import UpdateMeter, UpdateNorms

__all__ = [
    "BREAKAGES",
    "PHASES",
    "PRESETS",
    "RECIPES",
    "SETTABLE",
    "Alignment",
    "Breakage",
    "CheckpointError",
    "Emergence",
    "GradientCheck",
    "GradientNorms",
    "HeadMarker",
    "HeadProbe",
    "HeadScore",
    "Loss",
    "Manifest",
    "Metrics",
    "PhaseReport",
    "Ranks",
    "Recipe",
    "Report",
    "Sample",
    "Start",
    "StepRecord",
    "Trainer",
    "TrainingPlan",
    "TrainingState",
    "UpdateMeter",
    "UpdateNorms",
    "activation_spread",
    "baselines",
    "broken_batch",
    "broken_masks",
    "build_trainer",
    "check_gradient",
    "cross_entropy",
    "evaluate",
    "finish",
    "from_checkpoint",
    "gradient_norms",
    "joined",
    "learning_rate",
    "local_device",
    "make_model",
    "model_config_for",
    "plan_model_config",
    "plan_task",
    "predict",
    "report",
    "samples_of",
    "say",
    "walk",
]
