"""Runs that belong together: the entries of a race with their seeds, or the folds of a cross-validation.

A group is a small file beside the runs, so that it survives a reload and a restart, and a link leads to it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from attnviz.runs import RunConfig
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import write_whole
from attnviz.ui.finetuning.choices import Choices
from attnviz.ui.runs.library import forget, library

FOLDER = "groups"
Kind = Literal["race", "folds"]
_ID = re.compile(r"(race|folds)-\d{1,6}")


@dataclass(frozen=True)
class Member:
    """One run of a group."""

    run: str
    entry: str  # the strategy, or the number of the fold
    seed: int
    trained: int  # parameters that train
    parameters: int
    size: int  # bytes of weights, gradients and the optimizer


@dataclass(frozen=True)
class Group:
    """A race or a cross-validation."""

    id: str
    kind: Kind
    name: str
    created: float
    members: tuple[Member, ...]

    @property
    def entries(self) -> tuple[str, ...]:
        """The entries in the order in which they were given."""
        return tuple(dict.fromkeys(member.entry for member in self.members))

    def of(self, entry: str) -> tuple[Member, ...]:
        """An entry's runs, seed by seed."""
        return tuple(member for member in self.members if member.entry == entry)


@dataclass(frozen=True)
class Planned:
    """A run that a group will have."""

    config: RunConfig
    entry: str
    seed: int
    trained: int
    parameters: int
    size: int


def _folder() -> Path:
    return library().root / FOLDER


def start(kind: Kind, name: str, plans: Sequence[Planned], data: bytes | None) -> Group:
    """Make all the runs and set them going; when one cannot be made, none stays. Raises InputError."""
    made: list[Member] = []
    try:
        for plan in plans:
            run = library().create(plan.config, data)
            made.append(Member(run.id, plan.entry, plan.seed, plan.trained, plan.parameters, plan.size))
        group = Group(_free(kind), kind, name, time.time(), tuple(made))
        with clear_errors(_folder()):
            _folder().mkdir(exist_ok=True)
            text = json.dumps({**asdict(group), "members": [asdict(member) for member in made]}, ensure_ascii=False)
            write_whole(_folder() / f"{group.id}.json", text.encode("utf-8"))
    except BaseException:
        for member in made:
            library().delete(member.run)
        raise
    tell(group, "play")
    return group


def _free(kind: Kind) -> str:
    taken = {one.id for one in every(kind)}
    return next(f"{kind}-{number}" for number in range(1, 1_000_000) if f"{kind}-{number}" not in taken)


def every(kind: Kind) -> tuple[Group, ...]:
    """All groups of a kind, the newest first; files that are no groups are passed over."""
    if not _folder().is_dir():
        return ()
    found = [read(path.stem) for path in _folder().glob(f"{kind}-*.json")]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: -one.created))


def read(name: str) -> Group | None:
    """The group of that name, less the runs that are gone; None if there is none, or its file is broken."""
    if not _ID.fullmatch(name):
        return None
    try:
        values: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))
        members = tuple(Member(**member) for member in values.pop("members"))
        group = Group(**values, members=members)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    there = {one.id for one in library().list()}
    return replace(group, members=tuple(member for member in members if member.run in there))


def tell(group: Group, kind: str) -> None:
    """Send a command to every run that it still concerns."""
    for member in group.members:
        run = library().open(member.run)
        status = run.status()
        if kind == "play" and status.step >= status.steps:
            continue
        if kind in ("stop", "pause") and status.state not in ("running", "waiting", "paused"):
            continue
        run.send(kind)


def discard(group: Group) -> None:
    """Its runs go to the trash, from where each can be restored; the group itself is forgotten."""
    for member in group.members:
        library().delete(member.run)
        forget(member.run)
    with clear_errors(_folder()):
        (_folder() / f"{group.id}.json").unlink(missing_ok=True)


def with_seed(choices: Choices, seed: int) -> Choices:
    """The same choices with another seed, for the weights and for which examples are used."""
    return choices.with_value("seed", seed).with_value("data_seed", seed)
