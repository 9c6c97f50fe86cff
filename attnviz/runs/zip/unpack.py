"""A run from a zip file that anybody may have made: refused whole if anything in it is not what a run has.

Nothing of the file is executed or trusted: names are compared with those that a run has, sizes are limited before and
while unpacking, weights are safetensors that must fit the model, and the rows of the database are read through a
connection that can do nothing else and written, checked, into a new one.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from attnviz.data import InputError
from attnviz.errors import Notice, RunError
from attnviz.model.parameter_shapes import count_parameters
from attnviz.runs import creation
from attnviz.runs.config import RunConfig
from attnviz.runs.contents import READERS, START, build_trainer, load_task
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import DATABASE, TASK, RunFolder, step_of
from attnviz.runs.notice import write_notice
from attnviz.runs.run import Run
from attnviz.runs.zip.archive import files, opened
from attnviz.runs.zip.rows import copy_checked
from attnviz.training import Trainer, TrainingState, held_out
from attnviz.training.build import plan_model_config, plan_task

MAX_FILES = 2_000
MAX_PARAMETERS = 100_000_000  # of a model that is built before its weights are seen
MAX_BYTES = 8 * 2**30  # of all files, unpacked
MAX_SMALL_BYTES = 256 * 2**20  # of each file that is not a snapshot
MAX_RATIO = 200  # unpacked to packed, of a file above a megabyte: nothing that a run holds comes near
_CHUNK = 2**20
_LIMITS = {"config.json": 2**20, TASK: 16 * 2**20}  # bytes: what a program must read whole, it must be able to
_SNAPSHOT = re.compile(r"snapshots/step-\d{8,12}\.safetensors")
_FIXED = (
    "config.json",
    DATABASE,
    TASK,
    f"{START}/model.safetensors",
    f"{START}/manifest.json",
    f"{START}/{held_out.FILE}",
)


def import_zip(root: Path, source: Path | bytes | IO[bytes], name: str | None = None) -> Run:
    """Unpack, check and keep a run under a new id. Raises RunError; nothing is left then."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    with opened(stream, lambda problem: RunError("zip_damaged", problem=problem)) as archive:
        entries = _checked_entries(archive)
        config = _config(archive, entries)
        if name is not None:
            config = replace(config, name=name)
        return creation.build_whole(root, config.name, lambda path: _fill(path, archive, entries, config))


def _checked_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files by name. A name that no run has, a link, an encrypted or oversized file refuses the whole."""
    if len(archive.infolist()) > MAX_FILES:
        raise RunError("zip_too_large", given=len(archive.infolist()), limit=MAX_FILES, unit="files")
    if len({info.filename for info in archive.infolist()}) < len(archive.infolist()):
        twice = next(info for info in archive.infolist() if archive.getinfo(info.filename) is not info)
        raise RunError("zip_hostile", problem="file_twice", name=twice.filename[:80])
    found: dict[str, zipfile.ZipInfo] = {}
    for name, info in files(archive).items():
        shown = info.filename[:80]
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise RunError("zip_hostile", problem="link", name=shown)
        if name.endswith("/"):
            if name in ("snapshots/", "data/", f"{START}/"):
                continue
            raise RunError("zip_hostile", problem="foreign_folder", name=shown)
        if not _belongs(name):
            raise RunError("zip_hostile", problem="foreign_file", name=shown)
        if info.flag_bits & 0x1:
            raise RunError("zip_hostile", problem="encrypted", name=shown)
        if info.file_size > 2**20 and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise RunError("zip_hostile", problem="bomb", name=shown)
        limit = _LIMITS.get(name, MAX_SMALL_BYTES)
        if not _SNAPSHOT.fullmatch(name) and info.file_size > limit:
            raise RunError("zip_too_large", given=info.file_size, limit=limit, unit="bytes")
        found[name] = info
    if (size := sum(info.file_size for info in found.values())) > MAX_BYTES:
        raise RunError("zip_too_large", given=size, limit=MAX_BYTES, unit="bytes")
    for needed in ("config.json", DATABASE):
        if needed not in found:
            raise RunError("zip_not_a_run", problem=Notice("reason_missing", {"name": needed}))
    return found


def _belongs(name: str) -> bool:
    if name in _FIXED or _SNAPSHOT.fullmatch(name):
        return True
    folder, _, file = name.partition("/")
    # The user's own file: a plain name, also for Windows, which drops dots and blanks at the end and knows devices.
    plain = bool(re.fullmatch(r'[^/\\:*?"<>|\x00-\x1f]{1,120}', file)) and file == file.strip(" .")
    device = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", file.lower())
    return folder == "data" and plain and not file.startswith(".") and device is None


def _config(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> RunConfig:
    content = b"".join(_unpacked(archive, entries["config.json"]))
    try:
        config = RunConfig.from_json(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise RunError("zip_not_a_run", problem="not_utf8") from None
    own = {name for name in entries if name.startswith("data/")}
    if own != (set() if config.own_file is None else {f"data/{config.own_file}"}):
        raise RunError("zip_not_a_run", problem="other_data")
    if config.own_file is None and config.task in READERS:
        raise RunError("run_own_file", task=config.task)
    return config


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content in pieces, never more than was announced."""
    size = 0
    with archive.open(info) as file:
        while piece := file.read(_CHUNK):
            size += len(piece)
            if size > info.file_size:
                raise RunError("zip_hostile", problem="understated", name=info.filename[:80])
            yield piece


def _fill(path: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], config: RunConfig) -> None:
    folder = RunFolder(path)
    foreign = path / "foreign.sqlite"
    with clear_errors(path):
        for name, info in entries.items():
            target = foreign if name == DATABASE else path.joinpath(*name.split("/"))
            target.parent.mkdir(exist_ok=True)
            with target.open("xb") as file:
                for piece in _unpacked(archive, info):
                    file.write(piece)
        folder.snapshots.mkdir(exist_ok=True)
        folder.config.write_text(config.to_json(), encoding="utf-8")
        write_notice(folder, {})
    steps = [step for file in folder.snapshots.iterdir() if (step := step_of(file.name)) is not None]
    trainer = _check_snapshots(folder, config, steps)
    copy_checked(foreign, folder.database, steps, tuple(trainer.model.sites))
    with clear_errors(path):
        foreign.unlink()


def _check_snapshots(folder: RunFolder, config: RunConfig, steps: list[int]) -> Trainer:
    """The run's trainer. Every snapshot must go on this run's trainer: same names, same shapes, finite numbers."""
    try:
        if config.start is None and config.finetune is None:  # else the weights are in the zip, and as large as it is
            shape = plan_model_config(config, plan_task(config, load_task(folder, config)))
            if (count := count_parameters(shape)) > MAX_PARAMETERS:
                raise RunError("zip_too_large", given=count, limit=MAX_PARAMETERS, unit="parameters")
        trainer = build_trainer(folder, config)
    except InputError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, MemoryError) as error:
        raise RunError("zip_not_a_run", problem=error) from None
    for step in steps:
        path = folder.snapshot(step)
        try:
            state = TrainingState.load(path)
            if state.step != step:
                raise InputError("reason_step", step=state.step)
            trainer.restore(state)
            if not state.finite:
                raise InputError("reason_not_finite", name=path.name)
        except (ValueError, RuntimeError, LookupError, TypeError, OverflowError, AttributeError) as error:
            raise RunError("run_snapshot_bad", step=step, problem=error) from None
    return trainer
