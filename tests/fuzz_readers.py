"""Hostile inputs for all that reads files of others: `python tests/fuzz_readers.py 10000` (seeded, with figures).

Each input is a valid file with something wrong: flipped, cut or doubled bytes, values of another kind or size, names
that lead elsewhere. Whatever happens must be a coded error or a success; never another exception, seconds or gigabytes.
"""

from __future__ import annotations

import io
import json
import random
import resource
import sqlite3
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from tiny_runs import tiny_config, trained

from attnviz.data import InputError
from attnviz.runs import Library, RunConfig
from attnviz.runs.folder import RunFolder
from attnviz.runs.run import Run
from attnviz.training import checkpoint
from attnviz.training.manifest import Manifest
from attnviz.ui.finetuning.saving import unpack

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 1.5, -1e308, 1e308, 1e-308, 2**31, 2**61 - 1, 2**64, 10**400, 30000, 2_000_000,
    "", "x", "a" * 70_000, "\ud800", "\0", "../../etc/passwd", "NaN", "decoder.9.cross_attn", [], {}, [[]], [None],
    {"a": {"b": [1, {"c": None}]}}, float("inf"), float("nan"), [1] * 5000, {str(i): i for i in range(3000)},
)  # fmt: skip


def values_changed(value: Any, generator: random.Random) -> Any:
    """The value with one place replaced, dropped or added."""
    if isinstance(value, dict) and value and generator.random() < 0.9:
        key = generator.choice(list(value))
        copy = dict(value)
        match generator.randrange(8):
            case 0:
                del copy[key]
            case 1:
                copy[generator.choice(["step", "unknown", "", "loss", key + "x"])] = generator.choice(NASTY)
            case 2:
                copy[key] = generator.choice(NASTY)
            case _:
                copy[key] = values_changed(value[key], generator)
        return copy
    if isinstance(value, list) and value and generator.random() < 0.7:
        place = generator.randrange(len(value))
        return [*value[:place], values_changed(value[place], generator), *value[place + 1 :]]
    return generator.choice(NASTY)


def as_json(value: Any, generator: random.Random) -> bytes:
    text = json.dumps(value)
    match generator.randrange(12):
        case 0:
            text = text.replace("1", "1" * 5000, 1)
        case 1:
            text = "[" * 20_000
        case 2:
            return bytes_changed(text.encode(), generator)
    return text.encode("utf-8")


def bytes_changed(content: bytes, generator: random.Random) -> bytes:
    """Flipped, cut, doubled or random bytes."""
    changed = bytearray(content)
    for _ in range(generator.choice([1, 1, 2, 5, 30])):
        if not changed:
            break
        place = generator.randrange(len(changed))
        match generator.randrange(5):
            case 0:
                del changed[place:]
            case 1:
                del changed[place : place + generator.randrange(1, 200)]
            case 2:
                changed[place:place] = changed[place : place + 100]
            case 3:
                changed[place : place + 4] = generator.randbytes(4)
            case _:
                changed[place] ^= 1 << generator.randrange(8)
    return bytes(changed)


@cache
def valid() -> dict[str, bytes]:
    """The files of an exported run."""
    with tempfile.TemporaryDirectory() as folder:
        shape = {"d_model": 4, "n_heads": 2, "d_ff": 3, "n_encoder_layers": 0, "n_decoder_layers": 1}
        run = trained(Path(folder), train={"steps": 5, "eval_every": 3}, shape=shape)
        with zipfile.ZipFile(io.BytesIO(Library(folder).export_zip(run.id))) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def database_changed(content: bytes, generator: random.Random) -> bytes:
    """One value of one row of another kind or size; or rows of a kind that no run has; or a view."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        path.write_bytes(content)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            table = generator.choice(["meta", "metrics", "events", "samples", "snapshots"])
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            column = generator.choice(columns)
            value = generator.choice([*NASTY, b"\xff\x00", '{"step": 1e300}', '{"site": "x", "head": 0}', "[" * 5000])
            if isinstance(value, list | dict):
                value = json.dumps(value)
            if isinstance(value, int) and abs(value) >= 2**63:
                value = str(value)
            if isinstance(value, str):
                value = value.encode("utf-8", "ignore").decode()
            try:
                match generator.randrange(6):
                    case 0:
                        connection.execute(f"DROP TABLE {table}")
                        connection.execute(f"CREATE VIEW {table} AS SELECT 1")
                    case 1:
                        marks = ", ".join("?" * len(columns))
                        connection.execute(f"INSERT INTO {table} VALUES ({marks})", [value] * len(columns))
                    case _:
                        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
            except (sqlite3.Error, OverflowError):
                pass
        return path.read_bytes()


# ---- one function a reader: it makes an input and has it read --------------------------------------------------


def zip_of_a_run(generator: random.Random, root: Path) -> None:
    files = dict(valid())
    content = None
    match generator.randrange(7):
        case 0:
            content = bytes_changed(packed(files, generator.choice([0, 8])), generator)
        case 1:
            files["config.json"] = as_json(values_changed(json.loads(files["config.json"]), generator), generator)
        case 2:
            files["task.json"] = as_json(values_changed(json.loads(files["task.json"]), generator), generator)
        case 3:
            files["run.sqlite"] = database_changed(files["run.sqlite"], generator)
        case 4:
            files["run.sqlite"] = bytes_changed(files["run.sqlite"], generator)
        case 5:
            name = generator.choice([name for name in files if name.endswith("safetensors")])
            files[name] = bytes_changed(files[name], generator)
        case 6:
            names = (
                "../x",
                "/etc/x",
                "snapshots/step-00000001.safetensors/x",
                "data/CON",
                "x" * 300,
                "__MACOSX/x",
                "a/",
            )
            files[generator.choice(names)] = b"x" * generator.choice([0, 10, 3_000_000])
    library = Library(root)
    run = library.import_zip(content if content is not None else packed(files))
    use(run, library)


def use(run: Run, library: Library) -> None:
    """What a page does with a run."""
    for one in library.list():
        str(one.error)
    run.status()
    run.metrics()
    run.events()
    run.samples()
    run.kept_steps()


def folder_of_a_run(generator: random.Random, root: Path) -> None:
    path = root / "run"
    (path / "snapshots").mkdir(parents=True)
    for name, content in valid().items():
        changed = content
        if generator.random() < 0.35:
            if name.endswith(".json") and generator.random() < 0.6:
                changed = as_json(values_changed(json.loads(content), generator), generator)
            elif name.endswith("sqlite") and generator.random() < 0.6:
                changed = database_changed(content, generator)
            else:
                changed = bytes_changed(content, generator)
        (path / name).write_bytes(changed)
    library = Library(root)
    library.list()
    run = library.open("run")
    use(run, library)
    run.model_at(generator.choice(run.kept_steps() or [0]))


def config_file(generator: random.Random, root: Path) -> None:
    value = values_changed(json.loads(valid()["config.json"]), generator)
    RunConfig.from_json(as_json(value, generator).decode("utf-8", "replace")).to_json()


def new_run(generator: random.Random, root: Path) -> None:
    """Settings as a form or a command line may give them."""
    value = values_changed(values_changed(tiny_config().to_dict(), generator), generator)
    if isinstance(value, dict):
        Library(root).create(RunConfig.from_dict(value))


def manifest_file(generator: random.Random, root: Path) -> None:
    path = checkpoint.shipped_folder() / "reverse"
    value = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    if generator.random() < 0.5:
        Manifest.from_dict(values_changed(value, generator))
        return
    (root / "manifest.json").write_bytes(as_json(values_changed(value, generator), generator))
    weights = (path / "model.safetensors").read_bytes()
    (root / "model.safetensors").write_bytes(bytes_changed(weights, generator) if generator.random() < 0.3 else weights)
    checkpoint.load(root)


def task_state(generator: random.Random, root: Path) -> None:
    value = values_changed(json.loads(valid()["task.json"]), generator)
    if isinstance(value, dict):
        path = root / "run"
        path.mkdir()
        (path / "task.json").write_bytes(as_json(value, generator))
        from attnviz.runs.contents import load_task

        load_task(RunFolder(path), tiny_config())


def lora(generator: random.Random, root: Path) -> None:
    from attnviz.training.finetuning.lora_file import DESCRIPTION, WEIGHTS, load_lora

    model, description, weights = lora_files()
    if generator.random() < 0.4:
        content = bytes_changed(packed({DESCRIPTION: description, WEIGHTS: weights}), generator)
    elif generator.random() < 0.5:
        changed = as_json(values_changed(json.loads(description), generator), generator)
        content = packed({DESCRIPTION: changed, WEIGHTS: weights})
    else:
        content = packed({DESCRIPTION: description, WEIGHTS: bytes_changed(weights, generator)})
    from attnviz.model.lora import plain_copy

    unpack(content, root)
    load_lora(root, plain_copy(model))


@cache
def lora_files() -> tuple[Any, bytes, bytes]:
    from safetensors.torch import save

    from attnviz.config import ModelConfig
    from attnviz.model import Transformer
    from attnviz.model.lora import add_lora, lora_weights, plain_copy
    from attnviz.training.finetuning.lora_file import FORMAT, VERSION

    model = Transformer(ModelConfig(architecture="decoder-only", vocab_size=7, d_model=6, n_heads=3, d_ff=5))
    base = plain_copy(model)
    add_lora(model, targets=("q_proj", "v_proj"), rank=2, alpha=4.0)
    weights = lora_weights(model)
    layers = sorted({name.rpartition(".")[0] for name in weights})
    description = {"format": FORMAT, "format_version": VERSION, "base": "x", "rank": 2, "alpha": 4.0, "layers": layers}
    return base, json.dumps(description).encode(), save(weights)


READERS: dict[str, Callable[[random.Random, Path], None]] = {
    one.__name__: one for one in (zip_of_a_run, folder_of_a_run, config_file, new_run, manifest_file, task_state, lora)
}
SHARES = {"config_file": 6, "manifest_file": 2, "task_state": 3, "lora": 3}  # the cheap ones more often


def try_one(name: str, seed: int) -> tuple[str, float]:
    """(what came of it, seconds of computing). Raises what no reader may raise."""
    generator = random.Random(f"{name} {seed}")
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        try:
            READERS[name](generator, Path(folder))
            said = "read"
        except InputError as error:
            said = error.code if error.text("zh") and error.text("en") else ""
        except ValueError as error:
            # What a config says of an impossible value: a sentence of ours, which pages and commands show as it is.
            if name not in ("new_run", "config_file") or type(error) is not ValueError:
                raise
            said = "refused"
        return said, time.process_time() - began


def main(count: int, seed: int = 0) -> int:
    valid()
    lora_files()
    names = [name for name in READERS for _ in range(SHARES.get(name, 1))]
    said: Counter[str] = Counter()
    slowest, broken = (0.0, ""), []
    for number in range(count):
        name = names[number % len(names)]
        try:
            outcome, seconds = try_one(name, seed + number)
        except Exception as error:
            broken.append(f"{name} {seed + number}: {type(error).__name__}: {str(error)[:150]}")
            continue
        said[outcome] += 1
        slowest = max(slowest, (seconds, f"{name} {seed + number}"))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count} inputs, {len(broken)} broken; slowest {slowest[0]:.2f} s ({slowest[1]}); at most {megabytes:.0f} MB"
    )
    print(dict(said.most_common()))
    print("\n".join(broken[:40]))
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
