"""A trained model on disk: a folder with model.safetensors and manifest.json. Loading never executes code.

The examples that its figures were measured on may lie beside them, in held_out.json.gz.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize
from torch import Tensor

import attnviz
from attnviz.config import ModelConfig
from attnviz.data import Task, tasks
from attnviz.errors import CheckpointError, Notice
from attnviz.model import Transformer
from attnviz.model.making import new_model
from attnviz.model.parameter_shapes import parameter_shapes
from attnviz.training import held_out, int8
from attnviz.training.manifest import FILE as MANIFEST
from attnviz.training.manifest import MAX_POSITIONS, Manifest

WEIGHTS = "model.safetensors"
FILES = (WEIGHTS, MANIFEST, held_out.FILE)  # the last may be missing
MAX_MANIFEST_BYTES = 32 * 2**20
MAX_WEIGHTS_BYTES = 4 * 2**30
STORABLE = {"float32": torch.float32, "float16": torch.float16}

# In the order in which they are offered.
_SHIPPED = (
    *("pinyin", "pinyin-2enc", "pinyin-phrases", "numbers-zh", "numbers-en"),
    *("dates", "reverse", "questions", "lm-zh", "lm-en"),
)
_SHIPPED_FIELDS = ("digits", "digits-low", "graph-connected", "karate-club")  # they read pictures and graphs


def shipped_folder() -> Path:
    """Where the ready-trained models lie: in the installed package, or beside it in a source tree."""
    package = Path(attnviz.__file__).resolve().parent
    inside = package / "assets" / "checkpoints"
    return inside if inside.is_dir() else package.parent / "assets" / "checkpoints"


def shipped() -> tuple[str, ...]:
    """Names of the ready-trained models of text that are there, in display order."""
    return _there(_SHIPPED)


def shipped_fields() -> tuple[str, ...]:
    """Names of those of pictures and graphs, likewise."""
    return _there(_SHIPPED_FIELDS)


def every_shipped() -> tuple[str, ...]:
    """Both, text first."""
    return (*shipped(), *shipped_fields())


def _there(names: tuple[str, ...]) -> tuple[str, ...]:
    folder = shipped_folder()
    return tuple(name for name in names if (folder / name / MANIFEST).is_file())


def find(name_or_path: str | Path) -> Path:
    """The folder of a shipped name or a path. A name of a shipped model wins over a folder of that name."""
    if isinstance(name_or_path, str) and name_or_path in every_shipped():
        return shipped_folder() / name_or_path
    path = Path(name_or_path)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError):  # a name too long for the file system, a null character
        is_folder = exists = False
    if is_folder:
        return path
    if exists:
        raise CheckpointError("checkpoint_not_folder", path=str(path))
    if isinstance(name_or_path, str) and not {"/", "\\"} & set(name_or_path):
        raise CheckpointError("checkpoint_unknown", name=_shown(name_or_path), known=", ".join(every_shipped()))
    raise CheckpointError("checkpoint_missing", path=_shown(name_or_path))


def _shown(name: str | Path) -> str:
    return str(name)[:200].replace("\0", "�")


def load(name_or_path: str | Path) -> tuple[Transformer, Task, Manifest]:
    """The model (on the CPU, in evaluation mode, float32), its task and its manifest.

    Whatever is wrong with the files raises CheckpointError; nothing half-loaded is returned.
    """
    folder = find(name_or_path)
    manifest = load_manifest(folder)
    task = _restore_task(manifest)
    task.keep(held_out.read(folder, {split: size.fingerprint for split, size in manifest.splits.items()}))
    model = _load_weights(folder, manifest.model, manifest.stored)
    return model, task, manifest


def load_task(name_or_path: str | Path) -> tuple[Task, Manifest]:
    """The task, without the examples that travel with the model, and the manifest: no weight is read."""
    manifest = load_manifest(name_or_path)
    return _restore_task(manifest), manifest


def load_manifest(name_or_path: str | Path) -> Manifest:
    """The manifest alone: what a list of models needs."""
    folder = find(name_or_path)
    text = _read_text(folder, MANIFEST)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:  # also of numbers with thousands of digits
        raise CheckpointError("checkpoint_json", file=MANIFEST, problem=error) from None
    return Manifest.from_dict(values)


def save(path: str | Path, model: Transformer, manifest: Manifest, kept: held_out.Examples | None = None) -> Path:
    """Write the folder and return it. Tied weights are written once; a checkpoint already there is replaced.

    `kept` are the held-out examples that the manifest's figures were measured on, where they are to travel along.
    Raises CheckpointError when the folder holds something else or cannot be written.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / MANIFEST).exists():
            raise CheckpointError("checkpoint_occupied", path=str(folder))
        weights = stored_weights(model, manifest.stored)
        text = _one_entry_a_line(manifest.to_dict())
        contents = {WEIGHTS: serialize(weights, metadata={"format": "pt"}), MANIFEST: text.encode("utf-8")}
        if kept:
            contents[held_out.FILE] = held_out.packed(kept)
        # All files are complete before any old one is replaced.
        for name, content in contents.items():
            (folder / f"{name}.part").write_bytes(content)
        if not kept:
            (folder / held_out.FILE).unlink(missing_ok=True)
        for name in contents:
            (folder / f"{name}.part").replace(folder / name)
    except (OSError, SafetensorError) as error:
        raise CheckpointError("checkpoint_write", path=str(folder), problem=error) from error
    return folder


def stored_weights(model: Transformer, stored: str = "float32") -> dict[str, Tensor]:
    """Parameters by name, on the CPU, each shared one once, in the number format `stored`; "int8" brings scales."""
    if stored == int8.FORMAT:
        return int8.packed({name: parameter.detach().cpu() for name, parameter in model.named_parameters()})
    if stored not in STORABLE:
        raise ValueError(f"stored is {stored!r}; allowed: {', '.join(STORABLE)}, {int8.FORMAT}")
    return {
        name: parameter.detach().to("cpu", STORABLE[stored]).contiguous()
        for name, parameter in model.named_parameters()
    }


def round_weights(model: Transformer, stored: str) -> None:
    """Give the model exactly the weights that `save` would store, so that figures are those of the file."""
    with torch.no_grad():
        weights = stored_weights(model, stored)
        for name, value in (int8.unpacked(weights) if stored == int8.FORMAT else weights).items():
            parameter = model.get_parameter(name)
            parameter.copy_(value.to(parameter.dtype))


def _one_entry_a_line(values: dict[str, Any]) -> str:
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


# ---- reading with suspicion ---------------------------------------------------------------------------------


def _check_size(folder: Path, file: str, limit: int) -> None:
    try:
        if not (folder / file).is_file():
            raise CheckpointError("checkpoint_file_missing", file=file, path=str(folder))
        size = (folder / file).stat().st_size
    except OSError as error:
        raise CheckpointError("checkpoint_unreadable", file=file, problem=error) from None
    if size > limit:
        raise CheckpointError("checkpoint_too_large", file=file, given=size, limit=limit)


def _read_text(folder: Path, file: str) -> str:
    _check_size(folder, file, MAX_MANIFEST_BYTES)
    try:
        return (folder / file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CheckpointError("checkpoint_json", file=file, problem="not_utf8") from None
    except OSError as error:
        raise CheckpointError("checkpoint_unreadable", file=file, problem=error) from None


def _restore_task(manifest: Manifest) -> Task:
    try:
        task = tasks.restore(**manifest.task)
        source_size = 0 if task.src_vocab is None else len(task.src_vocab)
        target_size = len(task.tgt_vocab)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError("checkpoint_task", problem=error) from None
    config = manifest.model
    sizes = [("src_vocab_size", config.src_vocab_size, source_size), ("vocab_size", config.vocab_size, target_size)]
    if config.n_labels:  # a decoder that labels what it reads
        sizes = [("vocab_size", config.vocab_size, source_size), ("n_labels", config.n_labels, target_size)]
    for entry, given, needed in sizes:
        if given != needed:
            raise CheckpointError(
                "checkpoint_manifest",
                file=MANIFEST,
                entry=entry,
                problem=Notice("reason_tokens", {"given": given, "needed": needed}),
            )
    return task


def _load_weights(folder: Path, config: ModelConfig, stored: str) -> Transformer:
    """Compare names and shapes with the file's header before any memory is taken for the model."""
    _check_size(folder, WEIGHTS, MAX_WEIGHTS_BYTES)
    try:
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            names = set(file.keys())
            _check_modest(config, len(names))
            needed = parameter_shapes(config)
            if quantized := stored == int8.FORMAT:
                needed = int8.packed_shapes(needed)
            if names != set(needed):
                raise CheckpointError("checkpoint_names", file=WEIGHTS, problem=_difference(names, set(needed)))
            for name, shape in needed.items():
                given = tuple(file.get_slice(name).get_shape())
                if given != shape:
                    raise CheckpointError(
                        "checkpoint_shape", file=WEIGHTS, name=name, given=list(given), needed=list(shape)
                    )
            weights = {name: _checked(name, file.get_tensor(name), quantized=quantized) for name in needed}
    except (SafetensorError, OSError) as error:
        raise CheckpointError("checkpoint_damaged", file=WEIGHTS, problem=error) from None
    model = new_model(config)
    weights = int8.unpacked(weights) if quantized else weights
    model.load_state_dict(weights, strict=False)  # names were compared; tied weights appear once
    return model.eval()


def _check_modest(config: ModelConfig, tensors: int) -> None:
    # Each layer owns several tensors, so a manifest that promises more layers than the file has tensors lies; a few
    # are let through, to be told the names that differ. A table of sinusoidal positions is computed, not stored, so
    # the file's size does not bound it.
    layers = max(tensors, 64)
    for field, limit in (("n_encoder_layers", layers), ("n_decoder_layers", layers), ("max_len", MAX_POSITIONS)):
        if getattr(config, field) > limit:
            raise CheckpointError(
                "checkpoint_manifest",
                file=MANIFEST,
                entry=field,
                problem=Notice("reason_too_many", {"given": getattr(config, field)}),
            )


def _checked(name: str, tensor: Tensor, *, quantized: bool = False) -> Tensor:
    if quantized and tensor.dtype == torch.int8:
        return tensor
    if not tensor.is_floating_point():
        raise CheckpointError("checkpoint_dtype", file=WEIGHTS, name=name, given=str(tensor.dtype).split(".")[-1])
    tensor = tensor.to(torch.float32)
    if not tensor.isfinite().all():
        raise CheckpointError("checkpoint_not_finite", file=WEIGHTS, name=name)
    return tensor


def _difference(given: set[str], needed: set[str]) -> Notice:
    missing, foreign = sorted(needed - given), sorted(given - needed)
    if not foreign:
        return Notice("reason_lacks", {"name": missing[0], "count": len(missing)})
    if not missing:
        return Notice("reason_holds", {"name": foreign[0][:80], "count": len(foreign)})
    both = {"missing": missing[0], "count": len(missing), "foreign": foreign[0][:80], "more": len(foreign)}
    return Notice("reason_lacks_and_holds", both)
