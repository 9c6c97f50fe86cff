"""The held-out examples that a model's figures were measured on, kept beside its weights.

Several tasks read data that other packages carry (and one reads Python's own documentation); another version of those
writes other examples. A figure can be measured again only on the examples that it was measured on, so they travel with
the checkpoint, as compressed JSON: split → list of [source tokens, target tokens].
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.data import Task, tasks
from attnviz.data.batch import Pair
from attnviz.data.origins import data_versions
from attnviz.data.split import fingerprint
from attnviz.errors import CheckpointError, InputError, Notice

if TYPE_CHECKING:
    from attnviz.training.manifest import Manifest

FILE = "held_out.json.gz"
HELD_OUT: tuple[str, ...] = ("validation", "test")
MAX_BYTES = 8 * 2**20  # as stored
MAX_UNPACKED_BYTES = 32 * 2**20

KEEPABLE = frozenset((*tasks.names(), *tasks.field_names()))  # tasks that come with this package

Examples = Mapping[str, Sequence[Pair]]


def of(task: Task) -> Examples:
    """The held-out examples of a task that comes with this package; {} of a user's own file, which stays theirs."""
    return {name: task.split(name) for name in HELD_OUT} if task.info.name in KEEPABLE else {}


def packed(examples: Examples) -> bytes:
    """The file's content; equal examples give equal bytes."""
    plain = {name: [[list(pair.source), list(pair.target)] for pair in pairs] for name, pairs in examples.items()}
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)


def read(folder: Path, fingerprints: Mapping[str, str]) -> Examples:
    """The examples kept in a checkpoint's folder; {} where none are.

    `fingerprints` are the manifest's, by split; examples that are not those raise CheckpointError, as does a file that
    cannot be read or unpacks to more than MAX_UNPACKED_BYTES.
    """
    path = folder / FILE
    try:
        if not path.exists():
            return {}
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError("checkpoint_too_large", file=FILE, given=path.stat().st_size, limit=MAX_BYTES)
        with gzip.open(path) as file:
            content = file.read(MAX_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CheckpointError("checkpoint_unreadable", file=FILE, problem=error) from None
    if len(content) > MAX_UNPACKED_BYTES:
        raise CheckpointError("checkpoint_too_large", file=FILE, given=len(content), limit=MAX_UNPACKED_BYTES)
    try:
        examples = _examples(json.loads(content))
        found = {name: fingerprint(pairs) for name, pairs in examples.items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError("checkpoint_json", file=FILE, problem=error) from None
    for name in examples:
        if found[name] != fingerprints.get(name):
            raise CheckpointError("checkpoint_held_out", file=FILE, split=name)
    return examples


def moved(task: Task, manifest: Manifest) -> Notice | None:
    """What to say where the data that are installed here are no longer those that a model was trained on; else None.

    `task` is the checkpoint's. Where the versions of what its data come from are those of then, nothing is read;
    otherwise all of the data are. Data that are not here (a file of the user's, a package that is gone) have not moved.
    """
    now = data_versions(task.info.name)
    if manifest.data_from == now:
        return None
    live = copy(task)  # what it reads is let go again
    try:
        same = all(fingerprint(live.live_split(name)) == size.fingerprint for name, size in manifest.splits.items())
    except InputError:
        return None
    if same:
        return None
    details = {"now": _listed(now), "then": _listed(manifest.data_from or {})}
    return Notice("data_moved" if task.kept else "data_moved_not_kept", details)


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{package} {version}" for package, version in versions.items()) or "?"


def _examples(plain: Any) -> Examples:
    if not isinstance(plain, dict) or not set(plain) <= set(HELD_OUT):
        raise InputError("reason_must_be", needed="/".join(HELD_OUT))
    return {name: tuple(_pair(item) for item in items) for name, items in plain.items()}


def _pair(item: Any) -> Pair:
    source, target = item
    if not all(isinstance(side, list) and all(isinstance(token, str) for token in side) for side in (source, target)):
        raise InputError("reason_must_be", needed="two_lists")
    return Pair(tuple(source), tuple(target))
