"""Looking at a run beside its training: at a copy of the weights, in a thread of its own.

What a kept step says and which heads have found their work is worked out from exactly the weights of that step, while
the next steps are being made. At most one look is under way; a second one waits for it, so that nothing piles up.
"""

from __future__ import annotations

import copy
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch

from attnviz.model import Transformer
from attnviz.runs.samples import Sample, samples_of_model
from attnviz.training import Trainer
from attnviz.training.emergence import HeadProbe, HeadScore


@dataclass(frozen=True)
class Look:
    """What was seen at a step."""

    step: int
    samples: tuple[Sample, ...]
    scores: tuple[HeadScore, ...]


class Onlooker:
    """Looks at the model of a trainer, one look at a time."""

    def __init__(self, trainer: Trainer, probe: str | None) -> None:
        self.trainer = trainer
        self.probe = probe
        train = trainer.config
        self._heads = HeadProbe(trainer.model, trainer.task, seed=train.seed, without=train.without)
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: Future[Look] | None = None
        self._copy: Transformer | None = None

    def begin(self) -> list[Look]:
        """Look at the weights as they are now; returns what was seen before, which is waited for.

        What goes wrong in a look is raised here, or in `seen`.
        """
        found = self.seen(wait=True)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="onlooker")
        step, threads = self.trainer.step_number, torch.get_num_threads()
        self._waiting = self._thread.submit(self._look, self._weights_now(), step, threads)
        return found

    def _weights_now(self) -> Transformer:
        """The copy, which nobody looks at now, with the weights of this moment."""
        if self._copy is None:
            self._copy = copy.deepcopy(self.trainer.model)
            return self._copy
        with torch.no_grad():
            for old, new in zip(self._copy.parameters(), self.trainer.model.parameters(), strict=True):
                old.copy_(new)
        return self._copy

    def seen(self, *, wait: bool = False) -> list[Look]:
        """What has been seen since it was last asked for; `wait`: also that which is being looked at."""
        if self._waiting is None or not (wait or self._waiting.done()):
            return []
        looked, self._waiting = self._waiting, None
        return [looked.result()]

    def close(self) -> None:
        """Let the thread go; a look that is under way is given up."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = None
        if self._waiting is not None and self._waiting.done() and not self._waiting.cancelled():
            problem = self._waiting.exception()
            if problem is not None:
                traceback.print_exception(problem)
        self._waiting = None

    def _look(self, model: Transformer, step: int, threads: int) -> Look:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)  # a new thread would take all cores
        without = self.trainer.config.without
        samples = samples_of_model(model, self.trainer.task, self.probe, step=step, without=without)
        return Look(step, tuple(samples), self._heads.score(model))
