"""A run being trained in this process: obeys commands, steps, records, and can be cut off at any moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from attnviz.data import InputError
from attnviz.errors import RunError, detail
from attnviz.runs.contents import describe
from attnviz.runs.devices import most_moving
from attnviz.runs.folder import RunFolder
from attnviz.runs.status import GOING
from attnviz.runs.work.claim import Claimed, as_problem, claim
from attnviz.runs.work.journal import Command
from attnviz.runs.work.ranks import Leader, Order
from attnviz.runs.work.step_walk import StepWalk, check_weight
from attnviz.runs.work.writer import Writer
from attnviz.training.distributed import Ranks

MOST_AHEAD = 32  # steps that a GPU makes before their losses are read: a command waits no longer than these
WAIT_SECONDS = 60.0  # a rank that hears nothing for long takes the others for dead


class Session:
    """A run at work in this process.

    `work` does a little at a time, so that several sessions can take turns in one process. `hear` is told of every
    step. With a leader this is the first of several processes, and the others `follow`.
    """

    def __init__(
        self,
        claimed: Claimed,
        *,
        leader: Leader | None = None,
        hear: Callable[[Mapping[str, Any]], None] = lambda record: None,
    ) -> None:
        self.hear = hear
        self._leader = leader
        self.folder = claimed.folder
        self.config = claimed.config
        self.journal = claimed.journal
        self.state = claimed.state
        self.threads = claimed.threads
        self.trainer = claimed.trainer
        self.recorder = claimed.recorder
        self.replay = claimed.replay
        self.recorded = claimed.recorded
        self.diverged = claimed.diverged
        self.closing = False  # nothing is left to do: the worker may let go
        self.deleting = False
        self.held = False  # others are in motion: what would set the run going waits until it is not held
        self.next_step_at = 0.0  # a monotonic time, when speed is limited
        self._held_said = False
        self._walk: StepWalk | None = None
        self._last_order = time.monotonic()
        self._last_command = 0
        self._writer = Writer(self.journal)

    @classmethod
    def open(
        cls,
        folder: RunFolder,
        *,
        device: str = "cpu",
        threads: int = 1,
        ranks: Ranks | None = None,
        hear: Callable[[Mapping[str, Any]], None] = lambda record: None,
    ) -> Session:
        """Claim a run and make it ready to work; raises RunError or InputError when it cannot be."""
        leader = None if ranks is None else Leader(ranks)
        lead = (lambda order, value: None) if leader is None else leader.say
        return cls(claim(folder, device=device, threads=threads, ranks=ranks, lead=lead), leader=leader, hear=hear)

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

    def share(self, turns: int) -> None:
        """Note among how many runs, this one included, its device is shared."""
        if turns != self.state["turns"] and self.running:
            self._put(turns=turns)

    def settle(self, *, now: bool = False) -> bool:
        """Write what is due. False while that is impossible: the run then waits, and nothing is lost."""
        if time.monotonic() - self._last_order >= WAIT_SECONDS:
            self._lead("wait")
        self._guarded(lambda: self.recorder.collect(wait=now or self.closing))
        try:
            return self._writer.write(self.recorder, self.trainer.step_number, now=now)
        except RunError as error:
            if error.code != "run_weights":
                raise
            self._fail(error)
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
            for record in self.trainer.block(self._ahead()):
                if not self.closing:  # after a step that failed, the others are none
                    self._record(record.to_dict())
        self._replay_due()
        self._end_if_done()

    def _ahead(self) -> int:
        """Steps that may be made before the next thing that concerns the state after one of them."""
        if not self.trainer.runs_ahead or self._leader is not None or self.catching_up or self.state["speed"]:
            return 1
        step = self.trainer.step_number
        stops = [self.trainer.config.steps, self.recorder.next_kept(step, step + MOST_AHEAD)]
        stops += [] if self.state["until"] is None else [self.state["until"]]
        stops += [at for at, _ in self.replay[:1]]
        return max(1, min(stops) - step)

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
            if self.held and command.kind in GOING and not self.running:
                self.journal.look_again()  # it is heard as soon as the run is not held any more
                self._say_held()
                break
            if self._held_said:
                self._held_said = False
                self.journal.notice(None)
            self._last_command = command.id
            outcome = "done"
            try:
                self._do(command)
            except ValueError as error:  # InputError and what configs say about impossible values
                outcome = describe(error)
                self.journal.event(
                    self.trainer.step_number, "refused", {"kind": command.kind, "problem": detail(error)}
                )
            self.journal.done(command, self.trainer.step_number, outcome)
            obeyed = True
        if obeyed:
            self.settle(now=True)
        return obeyed

    def _say_held(self) -> None:
        if not self._held_said:
            self._held_said = True
            self.journal.notice(RunError("run_queued", limit=most_moving()))

    def _do(self, command: Command) -> None:
        step, given = self.trainer.step_number, command.arguments
        match command.kind:
            case "play":
                self.play()
            case "step" if step < self.trainer.config.steps:
                self._leave_divergence()
                begun = self.state["until"] if self.state["state"] == "running" else None
                self._put(state="running", until=(begun or step) + int(given["n"]), error=None)
            case "pause":
                if self.state["state"] == "running":
                    self._put(state="paused", until=None)
                    self._snapshot_here()
            case "phase" if step < self.trainer.config.steps or self._walk is not None:
                if self._leader is not None:
                    raise RunError("run_together", name="phase")
                self._leave_divergence()
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

    def _leave_divergence(self) -> None:
        """Go on from the last good snapshot, on which the trainer stands: what came after it leads nowhere."""
        if self.diverged is not None:
            self.journal.go_back(self.trainer.step_number, self.diverged)
            self.diverged = None

    def _set(self, changes: dict[str, Any]) -> None:
        self._leave_divergence()
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
            self._leave_divergence()
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
        """Whether somebody has taken the folder away."""
        return not self.folder.database.exists()

    def _device_gone(self, code: str, error: BaseException) -> None:
        """Go on on the CPU, from the last snapshot."""
        details = {"asked": str(self.trainer.device), "device": "cpu", "problem": detail(error)}
        self.journal.event(self.trainer.step_number, code, details)
        self._put(asked_device="cpu", device="cpu")
        self.recorder.drop_snapshot()
        self.closing = True

    def _fail(self, error: Exception) -> None:
        step = self.trainer.step_number
        problem = as_problem(error, step)
        written = {"code": problem.code, "details": problem.details}
        self.journal.event(step, "failed", written)
        self.recorder.drop_snapshot()
        self._put(state="failed", until=None, error=written)
        self.journal.look_again()
        for command in self.journal.commands():  # whoever told the run something is answered
            if command.id > self._last_command:
                self._last_command = command.id
                self.journal.done(command, step, "failed")
                self.deleting |= command.kind == "delete"
        self.closing = True

    def close(self) -> None:
        """Write everything and give the run back; a run that is going on stays "running" for the next worker."""
        if self._walk is None and not self.closing and not self.catching_up:
            self._snapshot_here()
        self._put(phase=None)
        self.settle(now=True)
        self.recorder.close()
        self.journal.close()
        self._lead("end")
