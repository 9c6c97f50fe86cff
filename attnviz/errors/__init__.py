"""What can be wrong, and what was changed on the way: one coded error, one table of sentences in both languages."""

from attnviz.errors.coded import (
    CheckpointError,
    ExperimentError,
    FineTuneError,
    ForeignError,
    InputError,
    MaskError,
    Notice,
    RunError,
    SettingError,
    detail,
    raised,
)
from attnviz.errors.sentences import SENTENCES, said

__all__ = [
    "SENTENCES",
    "CheckpointError",
    "ExperimentError",
    "FineTuneError",
    "ForeignError",
    "InputError",
    "MaskError",
    "Notice",
    "RunError",
    "SettingError",
    "detail",
    "raised",
    "said",
]
