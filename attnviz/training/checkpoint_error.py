"""Everything that can be wrong with a checkpoint: a code for the interface and an English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.data import InputError

CHECKPOINT_SENTENCES: Mapping[str, str] = {
    "checkpoint_unknown": "There is no checkpoint named {name!r}. Shipped: {known}; or give the path of a folder.",
    "checkpoint_missing": "There is no folder {path}.",
    "checkpoint_not_folder": "{path} is a file; a checkpoint is a folder with model.safetensors and manifest.json.",
    "checkpoint_file_missing": "{file} is missing in the folder {path}.",
    "checkpoint_unreadable": "{file} cannot be read: {problem}.",
    "checkpoint_too_large": "{file} has {given} bytes; at most {limit} are read.",
    "checkpoint_json": "{file} is not valid JSON: {problem}.",
    "checkpoint_format": "{file} is not the manifest of an attnviz checkpoint.",
    "checkpoint_version": "The checkpoint has format version {given}; this program reads version {known}.",
    "checkpoint_manifest": "{file} has a wrong entry {entry!r}: {problem}.",
    "checkpoint_task": "The checkpoint's task cannot be set up: {problem}",
    "checkpoint_damaged": "{file} is damaged or not a safetensors file: {problem}.",
    "checkpoint_names": "{file} does not fit the model: {problem}.",
    "checkpoint_shape": "{file} does not fit the model: {name} has shape {given}, the model needs {needed}.",
    "checkpoint_dtype": "{file}: {name} holds {given} values; floating-point numbers are needed.",
    "checkpoint_not_finite": "{file}: {name} holds values that are not finite numbers.",
    "checkpoint_held_out": "{file} does not hold the {split} examples that the manifest describes.",
    "checkpoint_write": "The checkpoint cannot be written to {path}: {problem}.",
    "checkpoint_occupied": "{path} is not empty and holds no checkpoint; choose another folder.",
}


class CheckpointError(InputError):
    """A checkpoint that cannot be used; `code` and `details` let the interface say so in any language."""

    def __init__(self, code: str, **details: Any) -> None:
        if code not in CHECKPOINT_SENTENCES:
            raise ValueError(f"code is {code!r}; allowed: {', '.join(CHECKPOINT_SENTENCES)}")
        super().__init__(code, **details)

    def __str__(self) -> str:
        return CHECKPOINT_SENTENCES[self.code].format(**self.details)
