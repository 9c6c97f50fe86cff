"""One row a setting: its type, bounds, step and words. Configs, the command line, forms and `runs set` read it.

Defaults stand in the config's dataclass, which lies above: `attnviz.config`.
"""

from attnviz.settings.finetuning import FINETUNING
from attnviz.settings.model import MODEL
from attnviz.settings.setting import Setting
from attnviz.settings.training import COMPUTE, TRAINING

SETTABLE: tuple[str, ...] = tuple(row.name for rows in (TRAINING, MODEL) for row in rows.values() if row.settable)

__all__ = ["COMPUTE", "FINETUNING", "MODEL", "SETTABLE", "TRAINING", "Setting"]
