"""A vetted folder becomes a model that can be watched: offline, from safetensors, with transformers' own classes."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from attnviz.errors import ForeignError, raised
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.texts import ForeignTexts
from attnviz.foreign.vet import ALLOWED, CONFIG, Vetted, vet

SPARE = 1.2  # times the weights: what loading and one pass take besides


@dataclass(frozen=True, eq=False)
class About:
    """What is said about a model before it is loaded, and after."""

    name: str
    architecture: str
    parameters: int
    bytes: int  # of the files
    memory: int  # bytes that the weights will take
    licence: str | None  # None: not stated


def about(vetted: Vetted, name: str) -> About:
    """Facts about what was vetted."""
    return About(
        name=name,
        architecture=vetted.architecture,
        parameters=vetted.parameters,
        bytes=vetted.bytes,
        memory=memory_of(vetted)[0],
        licence=vetted.licence,
    )


def open_folder(folder: Path, name: str = "") -> tuple[ForeignModel, ForeignTexts | None]:
    """The model in a folder and its texts (None: it reads no text). Raises ForeignError, and nothing has changed."""
    require("transformers")
    vetted = vet(folder)
    with staged(vetted) as clean, quiet():
        config, model_class = _class_of(vetted, clean)
        _compare(vetted, config, model_class)
        needs_text = getattr(model_class, "main_input_name", "input_ids") != "pixel_values"
        tokenizer = _tokenizer(clean, folder) if needs_text else None
        net = _weights(vetted, clean, config, model_class)
        model = ForeignModel(net, name=name or folder.name)
    return model, ForeignTexts(model, tokenizer) if tokenizer is not None else None


def require(package: str) -> Any:
    """An optional package, or a sentence that says how to install it."""
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError:
        raise ForeignError("foreign_extra", package=package) from None


@contextlib.contextmanager
def staged(vetted: Vetted) -> Iterator[Path]:
    """A folder that holds links to the files that may be read, and the cleaned config; nothing else is seen."""
    with tempfile.TemporaryDirectory(prefix="attnviz-") as place:
        clean = Path(place)
        for path in vetted.folder.iterdir():
            if ALLOWED.fullmatch(path.name) and path.is_file():
                _link(path.resolve(), clean / path.name)
        (clean / CONFIG).write_text(json.dumps(vetted.config), encoding="utf-8")
        yield clean


def _link(source: Path, target: Path) -> None:
    for way in (os.symlink, os.link):
        try:
            way(source, target)
        except (OSError, NotImplementedError):
            continue
        return
    target.write_bytes(source.read_bytes())  # a system without links


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """transformers says nothing meanwhile and draws no bars; what it said before, it says again afterwards."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _class_of(vetted: Vetted, clean: Path) -> tuple[Any, Any]:
    import transformers

    model_class = getattr(transformers, vetted.architecture, None)
    if not isinstance(model_class, type) or not issubclass(model_class, transformers.PreTrainedModel):
        version = transformers.__version__
        raise ForeignError("foreign_architecture", name=vetted.architecture[:80], version=version)
    try:
        config = transformers.AutoConfig.from_pretrained(clean, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise ForeignError("foreign_config", problem=raised(error)) from error
    config_class = model_class.config_class
    if config_class is None or not isinstance(config, config_class):
        raise ForeignError("foreign_config", problem=f"{type(config).__name__} / {vetted.architecture}")
    return config, model_class


def _compare(vetted: Vetted, config: Any, model_class: Any) -> None:
    """The tensors that the model needs against those in the files, without memory for either."""
    try:
        with torch.device("meta"):
            empty = model_class(config)
    except Exception as error:
        raise ForeignError("foreign_config", problem=raised(error)) from error
    needed = {name: tuple(tensor.shape) for name, tensor in empty.state_dict().items()}
    prefix = f"{empty.base_model_prefix}."
    for name, shape in needed.items():
        for known in (name, name.removeprefix(prefix), prefix + name):
            if known in vetted.shapes and vetted.shapes[known] != shape:
                raise ForeignError("foreign_shape", name=name, given=vetted.shapes[known], needed=shape)
    total = sum(parameter.numel() for parameter in empty.parameters())  # tied ones once
    if total > 1.05 * vetted.parameters + 1_000_000:
        missing = [n for n in needed if not {n, n.removeprefix(prefix), prefix + n} & set(vetted.shapes)]
        raise ForeignError("foreign_tensor_missing", count=len(missing), name=(missing or list(needed))[0])


def _tokenizer(clean: Path, folder: Path) -> Any:
    import transformers

    try:
        return transformers.AutoTokenizer.from_pretrained(clean, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise ForeignError("foreign_no_tokenizer", path=str(folder), problem=raised(error)) from error


def _weights(vetted: Vetted, clean: Path, config: Any, model_class: Any) -> Any:
    needed, dtype = memory_of(vetted)
    free = free_memory()
    if free is not None and needed * SPARE > free:
        raise ForeignError("foreign_memory", needed=size_text(needed), free=size_text(free))
    try:
        net, report = model_class.from_pretrained(
            clean,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation="eager",
            dtype=dtype,
            output_loading_info=True,
        )
    except Exception as error:
        raise ForeignError("foreign_load", problem=raised(error)) from error
    if missing := sorted(report.get("missing_keys", ())):
        raise ForeignError("foreign_tensor_missing", count=len(missing), name=missing[0])
    for mismatch in report.get("mismatched_keys", ()):
        name, given, wanted = (*mismatch, "?", "?")[:3]
        raise ForeignError("foreign_shape", name=str(name), given=given, needed=wanted)
    return net.eval()


def memory_of(vetted: Vetted) -> tuple[int, torch.dtype]:
    """Bytes that the weights will take, and as what: 32-bit numbers where they fit, else 16-bit ones."""
    wide, free = 4 * vetted.parameters, free_memory()
    if free is not None and wide * SPARE > free:
        return 2 * vetted.parameters, torch.bfloat16
    return wide, torch.float32


def free_memory() -> int | None:
    """Bytes that a program may still take; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        import psutil  # comes with accelerate; other systems than Linux say it through this

        return int(psutil.virtual_memory().available)
    except ImportError:
        return None


def size_text(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.1f} MB"
