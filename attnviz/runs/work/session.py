"""A run being trained in this process: obeys commands, steps, records, and can be cut off at any moment."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import torch

from attnviz.config import Compute
from attnviz.data import InputError
from attnviz.runs.contents import build_trainer, describe, load_task, remember_task
from attnviz.runs.errors import RunError
from attnviz.runs.folder import RunFolder
from attnviz.runs.status import NEW
from attnviz.runs.work.journal import Command, Journal
from attnviz.runs.work.ranks import Leader, Order
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.resumption import last_state
from attnviz.runs.work.step_walk import StepWalk, check_weight
from attnviz.runs.work.writer import WAITABLE, Writer
from attnviz.training import Trainer
from attnviz.training.compute import PLAIN, choose
from attnviz.training.distributed import Ranks

WAIT_SECONDS = 60.0  # a rank that hears nothing for long takes the others for dead
RATIO_EVERY = 5  # steps between update-to-weight ratios


class Session:
    """Opens a run for training; raises RunError or InputError when it cannot be.

    `work` does a little at a time, so that several sessions can take turns in one process. `hear` is told of every
    step. With `ranks` this is the first of several processes, and the others `follow`.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        device: str = "cpu",
        threads: int = 1,
        ranks: Ranks | None = None,
        hear: Callable[[Mapping[str, Any]], None] = lambda record: None,
    ) -> None:
        self.hear = hear
        self.ranks = ranks
        self._leader = None if ranks is None else Leader(ranks)
        self.folder = folder
        self.config = folder.read_config()
        self.journal = Journal(folder)
        self.closing = False  # nothing is left to do: the worker may let go
        self.deleting = False
        self.next_step_at = 0.0  # a monotonic time, when speed is limited
        self._walk: StepWalk | None = None
        self._last_order = time.monotonic()
        self._last_command = 0
        self._writer = Writer(self.journal)
        try:
            self.state: dict[str, Any] = {**NEW, **(self.journal.get("state") or {})}
            self._prepare(device, threads)
        except BaseException as error:
            self._refuse(error)
            raise

    # ---- beginning ----------------------------------------------------------------------------------------

    def _prepare(self, device: str, threads: int) -> None:
        self.threads = self.config.threads or self.state["threads"] or threads
        torch.set_num_threads(self.threads)
        task = load_task(self.folder, self.config)
        remember_task(self.folder, self.config, task)
        self.trainer: Trainer = build_trainer(self.folder, self.config, device, self.ranks)
        self.trainer.ratio_every = RATIO_EVERY
        self._decide_compute()
        found = last_state(self.folder, self.journal, self.trainer)
        if found is None:
            self.replay = [(step, changes) for _, step, changes in self.journal.settings()]
            self.journal.snapshot(self.trainer.capture(), kept=True)
        else:
            state, self.replay = found
            self._lead("restore", state)
        self.recorded = self.journal.last_step()
        self.recorder = StepRecorder(self.folder, self.journal, self.trainer, self.config.probe)
        self.journal.sweep()
        if self.trainer.step_number == 0 and not self.recorded:
            self.recorder.look()
        self._put(device=str(self.trainer.device), threads=self.threads, steps=self.trainer.config.steps)
        self.journal.beat()
        self.journal.flush()

    def _decide_compute(self) -> None:
        """Compute as the run has from its beginning; a new one tries what is fastest here, and keeps to it."""
        kept = self.config.compute or self.state["compute"]
        if kept is None and self.journal.snapshots():
            kept = PLAIN.to_dict()  # a run of before: it goes on with the numbers that it would have had
        if kept is not None:
            compute = Compute.from_dict(kept)
            compute = compute if self.trainer.can(compute) else PLAIN
        else:
            free = not self.config.threads and self.threads > 1 and self.ranks is None
            choice = choose(self.trainer, threads=(self.threads, 1) if free else ())
            compute, self.threads = choice.compute, choice.threads or self.threads
            torch.set_num_threads(self.threads)
            if choice.milliseconds:
                details = {**compute.to_dict(), "threads": self.threads, "tried": dict(choice.milliseconds)}
                self.journal.event(0, "compute", details, key="compute")
        if compute != self.trainer.compute:
            self._lead("adopt", compute)
            self.trainer.adopt(compute)
        self.state["compute"] = compute.to_dict()

    def _refuse(self, error: BaseException) -> None:
        """Say why the run cannot be opened, and let go of it."""
        if isinstance(error, Exception) and not (isinstance(error, RunError) and error.code in WAITABLE):
            for command in self.journal.commands():
                self.journal.done(command, 0, "failed")
            self._fail(error)
        elif isinstance(error, RunError):
            self.journal.notice(error)
        try:
            self.journal.close()
        except RunError as problem:
            self.journal.notice(problem)

    # ---- working ------------------------------------------------------------------------------------------

    @property
    def catching_up(self) -> bool:
        """Whether steps that are recorded already are being made again."""
        return self.trainer.step_number < self.recorded

    @property
    def running(self) -> bool:
        """Whether there is a step to be made."""
        return not self.closing and (self.catching_up or self.state["state"] == "running")

    def work(self, seconds: float) -> bool:
        """Obey and train for about `seconds`; whether anything was done."""
        torch.set_num_threads(self.threads)
        until = time.monotonic() + seconds
        worked = False
        while self.settle():
            if not self.catching_up:
                worked |= self._obey()
            if not self.running or self.next_step_at > time.monotonic():
                break
            self._advance()
            worked = True
            if self.closing or time.monotonic() >= until:
                break
        self.settle()
        return worked

    def settle(self, *, now: bool = False) -> bool:
        """Write what is due. False while that is impossible: the run then waits, and nothing is lost."""
        if time.monotonic() - self._last_order >= WAIT_SECONDS:
            self._lead("wait")
        return self._writer.write(self.recorder, self.trainer.step_number, now=now)

    def _advance(self) -> None:
        if (limit := self.state["speed"]) and not self.catching_up:
            now = time.monotonic()
            self.next_step_at = max(self.next_step_at + 1 / limit, now)
        self._guarded(self._one_step)

    def _one_step(self) -> None:
        self._replay_due()
        if self._walk is not None:
            self._finish_walk()
        elif self.trainer.step_number < self.trainer.config.steps:
            self._lead("step")
            self._record(self.trainer.step().to_dict())
        self._replay_due()
        self._end_if_done()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do a part of training; what goes wrong ends the session with a reason, and what was recorded stays."""
        try:
            act()
        except InputError as error:
            self._walk = None
            self._fail(error)
        except (RuntimeError, MemoryError) as error:
            self._walk = None
            if isinstance(error, torch.OutOfMemoryError) and self.trainer.device.type != "cpu":
                self._device_gone("device_full", error)
            elif self.trainer.device.type != "cpu" and not self.folder_gone:
                self._device_gone("device_unusable", error)
            else:
                self._fail(error)
        except Exception as error:
            self._walk = None
            self._fail(error)

    def _record(self, record: dict[str, Any]) -> None:
        step, loss = int(record["step"]), float(record["loss"])
        self.recorder.record(record, again=step <= self.recorded)
        self.hear(record)
        if not math.isfinite(loss):
            self._fail(RunError("run_diverged", loss=str(loss), step=step))

    def _replay_due(self) -> None:
        """Set again what was set at this step, or before it, when it was made the first time."""
        while self.replay and self.replay[0][0] <= self.trainer.step_number:
            self._change(self.replay.pop(0)[1])

    def _end_if_done(self) -> None:
        if self.closing or self.catching_up:
            return
        step = self.trainer.step_number
        if step >= self.trainer.config.steps:
            self._put(state="finished", until=None)
            self.journal.event(step, "finished", key=f"finished {step}")
            self.closing = True
        elif self.state["until"] is not None and step >= self.state["until"]:
            self._put(state="paused", until=None)
            self._snapshot_here()

    # ---- obeying ------------------------------------------------------------------------------------------

    def _obey(self) -> bool:
        obeyed = False
        for command in self.journal.commands():
            if command.id <= self._last_command or self.closing:
                continue
            self._last_command = command.id
            outcome = "done"
            try:
                self._do(command)
            except ValueError as error:  # InputError and what configs say about impossible values
                outcome = describe(error)
                self.journal.event(self.trainer.step_number, "refused", {"kind": command.kind, "problem": outcome})
            self.journal.done(command, self.trainer.step_number, outcome)
            obeyed = True
        if obeyed:
            self.settle(now=True)
        return obeyed

    def _do(self, command: Command) -> None:
        step, given = self.trainer.step_number, command.arguments
        match command.kind:
            case "play":
                self.play()
            case "step" if step < self.trainer.config.steps:
                self._put(state="running", until=step + int(given["n"]), error=None)
            case "pause":
                if self.state["state"] == "running":
                    self._put(state="paused", until=None)
                    self._snapshot_here()
            case "phase" if step < self.trainer.config.steps or self._walk is not None:
                if self.ranks is not None:
                    raise RunError("run_together", name="phase")
                check_weight(self.trainer, given.get("weight"), given.get("index"))
                self._put(state="paused", until=None, error=None)
                self._guarded(lambda: self._phase(given.get("weight"), given.get("index")))
            case "set":
                self._set(given)
            case "speed":
                self.next_step_at = 0.0
                self._put(speed=given["steps_per_second"])
            case "device":
                self._put(asked_device=given["device"])
                self._snapshot_here()
                self.closing = True
            case "stop":
                self.stop()
            case "delete":
                self.closing = self.deleting = True

    def _set(self, changes: dict[str, Any]) -> None:
        if self._walk is not None:
            self._finish_walk()
        before = {name: getattr(self.trainer.config, name, None) for name in changes}
        self._change(changes)
        self.journal.event(self.trainer.step_number, "set", changes)
        self.journal.event(self.trainer.step_number, "changed", {"from": before, "to": changes})
        self._put(steps=self.trainer.config.steps)

    def _change(self, changes: dict[str, Any]) -> None:
        self.trainer.set(**changes)
        self._lead("set", changes)

    def _lead(self, order: Order, value: Any = None) -> None:
        if self._leader is not None:
            self._leader.say(order, value)
            self._last_order = time.monotonic()

    def _phase(self, weight: str | None, index: list[int] | None) -> None:
        """Do the next phase; the step before it stays on the disk, since the middle of a step cannot be kept."""
        if self._walk is None:
            self._snapshot_here()
            self._walk = StepWalk(self.trainer, weight, index)
        phase = self._walk.next()
        self.journal.put("phase_reports", self._walk.reports)
        self._put(phase=phase)
        if (record := self._walk.record) is not None:
            self._walk = None
            self._record(record)
            self._end_if_done()

    def _finish_walk(self) -> None:
        assert self._walk is not None, "called in the middle of a step"
        while (record := self._walk.record) is None:
            self._walk.next()
        self._walk = None
        self._put(phase=None)
        self._record(record)

    def _snapshot_here(self) -> None:
        if self._walk is None:
            self.recorder.keep_here()

    def _put(self, **changes: Any) -> None:
        self.state |= changes
        self.journal.put("state", self.state)

    def play(self) -> None:
        """Go on, as the command does."""
        if self.trainer.step_number < self.trainer.config.steps:
            self._put(state="running", until=None, error=None)

    def stop(self) -> None:
        """Stop and keep this step, as the command does."""
        finished = self.trainer.step_number >= self.trainer.config.steps
        self._put(state="finished" if finished else "stopped", until=None)
        self._snapshot_here()
        self.closing = True

    # ---- ending -------------------------------------------------------------------------------------------

    @property
    def folder_gone(self) -> bool:
        return not self.folder.database.exists()

    def _device_gone(self, code: str, error: BaseException) -> None:
        """Go on on the CPU, from the last snapshot."""
        details = {"asked": str(self.trainer.device), "device": "cpu", "problem": describe(error)}
        self.journal.event(self.trainer.step_number, code, details)
        self._put(asked_device="cpu", device="cpu")
        self.recorder.drop_snapshot()
        self.closing = True

    def _fail(self, error: Exception) -> None:
        step = self.trainer.step_number if hasattr(self, "trainer") else 0
        if not isinstance(error, InputError):
            traceback.print_exception(error)
            error = RunError("run_failed", step=step, problem=describe(error))
        problem = {"code": error.code, "details": error.details}
        self.journal.event(step, "failed", problem)
        if hasattr(self, "recorder"):
            self.recorder.drop_snapshot()
        if hasattr(self, "state"):
            self._put(state="failed", until=None, error=problem)
        self.closing = True

    def close(self) -> None:
        """Write everything and give the run back; a run that is going on stays "running" for the next worker."""
        if self._walk is None and not self.closing and not self.catching_up:
            self._snapshot_here()
        self._put(phase=None)
        self.settle(now=True)
        self.journal.close()
        self._lead("end")
