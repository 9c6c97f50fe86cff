"""A folder with a model from elsewhere, looked at before anything of it is loaded: no code, no pickle, nothing absurd.

transformers itself refuses pickle and code; it does not refuse a config with 100,000 layers, and it fills missing
tensors with random numbers. So the header of the weights is compared with the model that the config describes, made
without memory.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import ForeignError

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
MOST_JSON = 64 * 2**20  # bytes of one JSON file; tokenizers of large models take 30 MB
MOST_HEADER = 64 * 2**20  # bytes of a header of weights
LIMITS: Mapping[str, int] = {"max_": 2**31, "layer": 1_000, "heads": 4_096, "vocab": 4_000_000, "experts": 4_096}
WIDEST = 1_000_000  # any other whole number of a config that makes tensors
WIDTHS = ("hidden", "d_model", "dim", "ffn", "inner", "intermediate", "embd", "embed", "d_ff", "d_kv", "rank", "size")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack")
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
BYTES |= {"F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "U32": 4, "U64": 8}
# What transformers may read of a folder; everything else stays unseen.
ALLOWED = re.compile(
    r"(generation_config|special_tokens_map|added_tokens|tokenizer|tokenizer_config|vocab|preprocessor_config"
    r"|processor_config|chat_template|target_vocab)\.json|vocab\.txt|merges\.txt|chat_template\.jinja"
    r"|[\w.-]+\.(spm|model)|[\w.-]*\.safetensors|model\.safetensors\.index\.json"
)


@dataclass(frozen=True, eq=False)
class Vetted:
    """What a folder holds, as far as that is known without loading it."""

    folder: Path
    config: Mapping[str, Any]  # without what could make transformers load something else
    architecture: str  # the class, as the config names it
    shapes: Mapping[str, tuple[int, ...]]  # of the tensors in the files
    bytes: int  # of the weights as they lie on disk
    licence: str | None  # as the README's front matter says

    @property
    def parameters(self) -> int:
        """Numbers in the files."""
        return sum(math.prod(shape) for shape in self.shapes.values())


def vet(folder: Path) -> Vetted:
    """Look at a folder; ForeignError says why it is refused."""
    config = read_json(folder, CONFIG)
    for file in (CONFIG, "tokenizer_config.json", "preprocessor_config.json", "processor_config.json"):
        if (folder / file).exists():
            _refuse_code(file, config if file == CONFIG else read_json(folder, file))
    _refuse_absurd(config)
    names = config.get("architectures")
    if not isinstance(names, list) or not names or not isinstance(names[0], str):
        raise ForeignError("foreign_config", problem="no_architecture")
    shapes, size = _weights(folder)
    layers = max((value for _, name, value in _numbers(config) if _counts_layers(name)), default=0)
    if layers > len(shapes):
        raise ForeignError("foreign_limit", file=CONFIG, name="layers", given=layers, limit=len(shapes))
    return Vetted(folder, _cleaned(config), names[0], shapes, size, licence_of(folder))


def read_json(folder: Path, file: str) -> dict[str, Any]:
    """An object in a JSON file of the folder."""
    path = folder / file
    try:
        if path.stat().st_size > MOST_JSON:
            raise ForeignError("foreign_limit", file=file, name="bytes", given=path.stat().st_size, limit=MOST_JSON)
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ForeignError("foreign_missing", file=file, path=str(folder)) from None
    except ForeignError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ForeignError("foreign_json", file=file, problem=error) from None
    if not isinstance(found, dict):
        raise ForeignError("foreign_json", file=file, problem="not_an_object")
    return found


def _refuse_code(file: str, values: Any) -> None:
    for path, name, _ in _entries(values):
        if name in ("auto_map", "custom_pipelines"):
            raise ForeignError("foreign_code", file=file, name=".".join((*path, name)))
    if isinstance(values, dict) and "quantization_config" in values:
        raise ForeignError("foreign_quantized", file=file)


def _entries(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """(path, name, value) of everything in an object and the objects in it."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield path, str(name), value
            yield from _entries(value, (*path, str(name)))
    elif isinstance(values, list):
        for value in values[:1000]:
            yield from _entries(value, path)


def _numbers(config: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, int]]:
    for path, name, value in _entries(dict(config)):
        if isinstance(value, int) and not isinstance(value, bool):
            yield path, name, value


def _counts_layers(name: str) -> bool:
    return name in _LAYERS or name.endswith("hidden_layers")


_LAYERS = {"num_layers", "n_layer", "n_layers", "encoder_layers", "decoder_layers", "num_decoder_layers", "num_blocks"}


def _refuse_absurd(config: Mapping[str, Any]) -> None:
    for path, name, value in _numbers(config):
        least = 0 if _counts_layers(name) else -(2**31)
        known = next((limit for part, limit in LIMITS.items() if part in name), None)
        limit = known if known is not None else WIDEST if any(part in name for part in WIDTHS) else 2**31
        if not least <= value <= limit:
            raise ForeignError("foreign_limit", file=CONFIG, name=".".join((*path, name)), given=value, limit=limit)


def _cleaned(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config without wishes about how to compute: they may name code elsewhere."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if "_implementation" not in k and k != "name_or_path"}
        return value

    found: dict[str, Any] = clean(dict(config))
    found.pop("_name_or_path", None)
    return found


def _weights(folder: Path) -> tuple[dict[str, tuple[int, ...]], int]:
    """Shapes of all tensors of a folder, and the bytes of its files."""
    files = ["model.safetensors"]
    if (folder / INDEX).is_file():
        named = read_json(folder, INDEX).get("weight_map")
        values = list(named.values()) if isinstance(named, dict) else []
        files = sorted({value for value in values if isinstance(value, str)})
        if not files or any(not ALLOWED.fullmatch(file) for file in files):
            raise ForeignError("foreign_json", file=INDEX, problem="not_an_object")
    elif not (folder / files[0]).is_file():
        pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
        if pickles:
            raise ForeignError("foreign_pickle", path=str(folder), file=pickles[0])
        raise ForeignError("foreign_missing", file="model.safetensors", path=str(folder))
    shapes: dict[str, tuple[int, ...]] = {}
    size = 0
    for file in files:
        shapes |= header(folder / file)
        size += (folder / file).stat().st_size
    return shapes, size


def header(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes by name from the header of a safetensors file; nothing else of it is read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 10:
                raise ForeignError("foreign_header", file=path.name, problem="too_short")
            if length > min(MOST_HEADER, size - 8):
                limit = min(MOST_HEADER, size - 8)
                raise ForeignError("foreign_limit", file=path.name, name="header", given=length, limit=limit)
            found = json.loads(file.read(length))
    except FileNotFoundError:
        raise ForeignError("foreign_missing", file=path.name, path=str(path.parent)) from None
    except ForeignError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ForeignError("foreign_header", file=path.name, problem=error) from None
    if not isinstance(found, dict):
        raise ForeignError("foreign_header", file=path.name, problem="not_an_object")
    shapes, spans = {}, []
    for name, entry in found.items():
        if name == "__metadata__":
            continue
        shape, span = _entry(entry)
        if shape is None or span is None:
            raise ForeignError("foreign_header", file=path.name, problem=name)
        shapes[name] = shape
        spans.append(span)
    end = 0
    for first, last in sorted(spans):
        if first != end:
            raise ForeignError("foreign_header", file=path.name, problem="overlap")
        end = last
    if 8 + length + end != size:
        raise ForeignError("foreign_header", file=path.name, problem="size")
    return shapes


def _entry(entry: Any) -> tuple[tuple[int, ...] | None, tuple[int, int] | None]:
    """Shape and place of a tensor, if the entry is what it should be."""
    if not isinstance(entry, dict):
        return None, None
    shape, span, width = entry.get("shape"), entry.get("data_offsets"), BYTES.get(str(entry.get("dtype")))
    if not (isinstance(shape, list) and isinstance(span, list) and len(span) == 2 and width):
        return None, None
    if not all(type(number) is int and number >= 0 for number in (*shape, *span)):
        return None, None
    return (tuple(shape), (span[0], span[1])) if math.prod(shape) * width == span[1] - span[0] else (None, None)


def licence_of(folder: Path) -> str | None:
    """The licence that the README's front matter names; None where it does not say."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:20_000]
    except OSError:
        return None
    front = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    line = re.search(r"^licen[sc]e:\s*(.+)$", front[1], re.MULTILINE) if front else None
    return line[1].strip().strip("'\"")[:60] if line else None
