"""Checkpoints: what is saved comes back; whatever is wrong with the files is said in one clear sentence."""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.config import TrainConfig
from attnviz.data import Pair, tasks
from attnviz.data.derived import derive
from attnviz.data.origins import ORIGINS, data_versions
from attnviz.data.split import SPLITS
from attnviz.errors import CheckpointError, Notice
from attnviz.model import Transformer
from attnviz.training import Manifest, Trainer, checkpoint, evaluate, finish, held_out, make_model, model_config_for


def trained(**shape: object) -> Trainer:
    task = tasks.get("reverse", size=100, symbols=5, max_length=5)
    config = model_config_for(task, **{"d_model": 12, "n_heads": 3, "d_ff": 17, "n_encoder_layers": 1, **shape})
    trainer = Trainer(make_model(config, 3), task, TrainConfig(steps=3, batch_size=11, eval_examples=3))
    list(trainer.run())
    return trainer


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Transformer, Manifest]:
    trainer = trained()
    manifest = finish(trainer, name="tiny")
    return (
        checkpoint.save(tmp_path_factory.mktemp("checkpoints") / "tiny", trainer.model, manifest),
        trainer.model,
        manifest,
    )


@pytest.fixture
def folder(original: tuple[Path, Transformer, Manifest], tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(original[0], tmp_path / "copy"))


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "manifest.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def refused(path: str | Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    assert len(str(caught.value)) < 500  # the details fit the sentence
    return caught.value


# ---- what is saved comes back -------------------------------------------------------------------------------


def test_round_trip(original: tuple[Path, Transformer, Manifest]) -> None:
    path, model, manifest = original
    loaded, task, read = checkpoint.load(path)
    assert read == replace(manifest, seconds=round(manifest.seconds, 1))
    assert not loaded.training
    assert task.state() == manifest.task
    batch = task.encode("abcde", "edcba")
    model.eval()
    with torch.no_grad():
        assert torch.equal(loaded(batch.src, batch.decoder_input), model(batch.src, batch.decoder_input))


def test_manifest_round_trip(original: tuple[Path, Transformer, Manifest]) -> None:
    manifest = original[2]
    again = Manifest.from_dict(json.loads(json.dumps(manifest.to_dict())))
    assert again == replace(manifest, seconds=round(manifest.seconds, 1))
    assert again.complete
    assert again.report is not None
    assert again.report.test == manifest.metrics["test"]


def test_tied_weights_are_written_once_and_tied_again(original: tuple[Path, Transformer, Manifest]) -> None:
    path = original[0]
    assert "output.weight" not in load_file(path / "model.safetensors")
    loaded, _, manifest = checkpoint.load(path)
    assert loaded.output.weight is loaded.embedding.tokens.weight
    assert manifest.parameters == sum(p.numel() for p in load_file(path / "model.safetensors").values())


@pytest.mark.parametrize("shape", [{"tied_embeddings": False}, {"positions": "sinusoidal"}, {"norm": "post"}])
def test_other_shapes_round_trip(shape: dict[str, object], tmp_path: Path) -> None:
    trainer = trained(**shape)
    checkpoint.save(tmp_path / "x", trainer.model, finish(trainer, name="x"))
    loaded, _, _ = checkpoint.load(tmp_path / "x")
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name


def test_half_precision_figures_are_those_of_the_file(tmp_path: Path) -> None:
    trainer = trained()
    manifest = finish(trainer, name="x", stored="float16")
    checkpoint.save(tmp_path / "x", trainer.model, manifest)
    assert all(value.dtype == torch.float16 for value in load_file(tmp_path / "x" / "model.safetensors").values())
    loaded, _, _ = checkpoint.load(tmp_path / "x")
    for name, value in trainer.model.state_dict().items():
        assert loaded.state_dict()[name].dtype == torch.float32
        assert torch.equal(loaded.state_dict()[name], value), name


def test_saving_again_replaces(folder: Path) -> None:
    trainer = trained()
    manifest = finish(trainer, name="second")
    checkpoint.save(folder, trainer.model, manifest)
    assert checkpoint.load(folder)[2].name == "second"
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.safetensors"]


# ---- the examples that figures were measured on ------------------------------------------------------------


def kept(folder: Path, trainer: Trainer) -> Path:
    """A checkpoint whose held-out examples lie beside it."""
    manifest = finish(trainer, name="x")
    return checkpoint.save(folder, trainer.model, manifest, held_out.of(trainer.task))


def test_held_out_examples_travel_with_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trained()
    folder = kept(tmp_path / "x", trainer)
    monkeypatch.setattr(type(trainer.task), "load", lambda task: {name: [Pair(("a",), ("b",))] for name in SPLITS})
    model, task, manifest = checkpoint.load(folder)
    for split in held_out.HELD_OUT:
        assert list(task.split(split)) == list(trainer.task.split(split))
        assert evaluate(model, task, split) == manifest.metrics[split]
        assert task.live_split(split) == [Pair(("a",), ("b",))]
    assert task.split("train") == [Pair(("a",), ("b",))]
    other = derive(task, splits={"test": [Pair(("c",), ("d",))]})
    assert other.split("test") == [Pair(("c",), ("d",))]
    assert other.split("validation") == task.split("validation")


def test_without_them_the_installed_data_are_used(folder: Path) -> None:
    _, task, _ = checkpoint.load(folder)
    assert not task.kept
    assert task.split("test") == task.live_split("test")


def dates() -> Trainer:
    task = tasks.get("dates", size=211, language="zh")
    config = model_config_for(task, d_model=12, n_heads=3, d_ff=17, n_encoder_layers=1)
    return Trainer(make_model(config, 3), task, TrainConfig(steps=1, batch_size=11))


@pytest.mark.parametrize(("travels", "code"), [(True, "data_moved"), (False, "data_moved_not_kept")])
def test_data_that_moved_are_said(travels: bool, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = dates()
    given = held_out.of(trainer.task) if travels else None
    folder = checkpoint.save(tmp_path / "x", trainer.model, finish(trainer, name="x"), given)

    def remark() -> Notice | None:
        _, task, manifest = checkpoint.load(folder)
        return held_out.moved(task, manifest)

    assert remark() is None
    monkeypatch.setattr("attnviz.data.tasks.dates.written", lambda day, *style: f"{day:%d of %m, %Y}")
    assert remark() is None, "the versions are those of then: nothing was read"
    monkeypatch.setattr("attnviz.training.held_out.data_versions", lambda name: {"Babel": "99.3"})
    found = remark()
    assert found is not None
    assert found.code == code
    assert "Babel 99.3" in found.text("zh")
    assert f"Babel {version('Babel')}" in found.text("en")
    edit(folder, lambda manifest: manifest.pop("data_from"))
    assert (found := remark()) is not None
    assert found.code == code
    monkeypatch.undo()
    assert remark() is None, "nobody noted the versions, and the data are the same"


def test_data_that_are_not_here_have_not_moved(tmp_path: Path) -> None:
    own = tasks.from_csv("\n".join(f"{n},{n + 1}" for n in range(97)))
    config = model_config_for(own, d_model=12, n_heads=3, d_ff=17, n_encoder_layers=1)
    trainer = Trainer(make_model(config, 3), own, TrainConfig(steps=1, batch_size=11))
    folder = checkpoint.save(tmp_path / "x", trainer.model, finish(trainer, name="x"), held_out.of(own))
    _, task, manifest = checkpoint.load(folder)
    assert held_out.moved(task, replace(manifest, data_from=None)) is None


def test_every_task_says_what_its_data_come_from() -> None:
    assert set(ORIGINS) <= {*tasks.names(), *tasks.field_names()}
    for name in tasks.names():
        assert tasks.info(name).synthetic or name in ORIGINS, name
        assert set(data_versions(name)) == set(ORIGINS.get(name, ()))


def test_they_go_when_another_checkpoint_takes_their_place(tmp_path: Path) -> None:
    trainer = trained()
    folder = kept(tmp_path / "x", trainer)
    checkpoint.save(folder, trainer.model, finish(trainer, name="second"))
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.safetensors"]


def test_a_file_of_ones_own_stays_ones_own() -> None:
    own = tasks.from_csv("\n".join(f"{n},{n + 1}" for n in range(97)))
    assert held_out.of(own) == {}


def test_other_examples_than_the_manifest_says_are_refused(tmp_path: Path) -> None:
    folder = kept(tmp_path / "x", trained())
    path = folder / held_out.FILE
    examples = json.loads(gzip.decompress(path.read_bytes()))
    examples["test"][3][1].reverse()
    examples["test"][3][1].append("!")
    path.write_bytes(gzip.compress(json.dumps(examples).encode()))
    error = refused(folder)
    assert (error.code, error.details["split"]) == ("checkpoint_held_out", "test")


DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "checkpoint_json"),
    "not compressed": (b"plain text", "checkpoint_unreadable"),
    "cut": (gzip.compress(b'{"test": [[["a"], ["b"]]]}')[:-9], "checkpoint_unreadable"),
    "not text": (gzip.compress(b"\xff\xfe"), "checkpoint_json"),
    "half a character": (gzip.compress(b'{"test": [[["\\ud800"], ["b"]]]}'), "checkpoint_json"),
    "deep": (gzip.compress(b"[" * 100_000), "checkpoint_json"),
    "numbers": (gzip.compress(b'{"test": [[1, 2]]}'), "checkpoint_json"),
    "strings": (gzip.compress(b'{"test": [["a", "b"]]}'), "checkpoint_json"),
    "another split": (gzip.compress(b'{"train": []}'), "checkpoint_json"),
    "no examples": (gzip.compress(b'{"test": []}'), "checkpoint_held_out"),
    "large": (gzip.compress(bytes(200_003)), "checkpoint_too_large"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_of_examples_is_refused(damage: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_out, "MAX_UNPACKED_BYTES", 200_002)
    content, code = DAMAGED[damage]
    (folder / held_out.FILE).write_bytes(content)
    assert refused(folder).code == code


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, original: tuple[Path, Transformer, Manifest]) -> None:
    (tmp_path / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CheckpointError, match="not empty") as caught:
        checkpoint.save(tmp_path, original[1], original[2])
    assert caught.value.code == "checkpoint_occupied"
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_where_nothing_can_be_written(tmp_path: Path, original: tuple[Path, Transformer, Manifest]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CheckpointError) as caught:
        checkpoint.save(tmp_path / "file" / "inside", original[1], original[2])
    assert caught.value.code == "checkpoint_write"


# ---- everything that can be wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nonsense", "", "Pinyin", "拼音", "x" * 5000, "a\0b"])
def test_unknown_name(name: str) -> None:
    error = refused(name)
    assert error.code in ("checkpoint_unknown", "checkpoint_file_missing")  # "" is the folder one stands in
    assert len(str(error)) < 500


def test_missing_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere").code == "checkpoint_missing"
    assert refused(str(tmp_path / "nowhere")).code == "checkpoint_missing"


def test_a_file_instead_of_a_folder(folder: Path) -> None:
    assert refused(folder / "manifest.json").code == "checkpoint_not_folder"


@pytest.mark.parametrize("file", ["model.safetensors", "manifest.json"])
def test_missing_file(folder: Path, file: str) -> None:
    (folder / file).unlink()
    error = refused(folder)
    assert (error.code, error.details["file"]) == ("checkpoint_file_missing", file)


@pytest.mark.parametrize("file", ["model.safetensors", "manifest.json"])
def test_a_folder_where_a_file_should_be(folder: Path, file: str) -> None:
    (folder / file).unlink()
    (folder / file).mkdir()
    assert refused(folder).code == "checkpoint_file_missing"


@pytest.mark.parametrize("share", [0, 0.0001, 0.1, 0.5, 0.999])
def test_truncated_weights(folder: Path, share: float) -> None:
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert refused(folder).code == "checkpoint_damaged"


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"\xff" * 100,
        b"\xff\xff\xff\xff\xff\xff\xff\x7f{}",
        b"\x02\0\0\0\0\0\0\0[]",
        b"PK\x03\x04" + b"\0" * 99,
    ],
    ids=["text", "ones", "huge header", "list header", "zip"],
)
def test_not_safetensors(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    assert refused(folder).code == "checkpoint_damaged"


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('code was executed')",))


def test_a_pickle_is_not_executed(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(_Bomb()))
    assert refused(folder).code == "checkpoint_damaged"


def test_foreign_names(folder: Path) -> None:
    save_file({"wte.weight": torch.zeros(2, 3)}, folder / "model.safetensors")
    error = refused(folder)
    assert error.code == "checkpoint_names"
    assert "wte.weight" in str(error)


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_one_name_too_few_or_too_many(folder: Path, change: str) -> None:
    weights = load_file(folder / "model.safetensors")
    if change == "missing":
        del weights["decoder_norm.weight"]
    else:
        weights["surplus"] = torch.zeros(1)
    save_file(weights, folder / "model.safetensors")
    assert ("decoder_norm.weight" if change == "missing" else "surplus") in str(refused(folder))


def test_wrong_shape(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["decoder_norm.weight"] = torch.zeros(13)
    save_file(weights, folder / "model.safetensors")
    error = refused(folder)
    assert (error.code, error.details["given"], error.details["needed"]) == ("checkpoint_shape", [13], [12])


def test_whole_numbers_instead_of_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["decoder_norm.weight"] = torch.zeros(12, dtype=torch.int64)
    save_file(weights, folder / "model.safetensors")
    assert refused(folder).code == "checkpoint_dtype"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(folder: Path, value: float) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["decoder_norm.weight"][5] = value
    save_file(weights, folder / "model.safetensors")
    assert refused(folder).code == "checkpoint_not_finite"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"format": "attnviz-checkpoint",', b"{}x"],
    ids=["empty", "open", "not utf-8", "deep", "cut", "more"],
)
def test_broken_json(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert refused(folder).code == "checkpoint_json"


@pytest.mark.parametrize("content", ["null", "3", "[]", "{}", '{"format": "other"}'])
def test_json_of_something_else(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    assert refused(folder).code == "checkpoint_format"


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_format_version(folder: Path, version: object) -> None:
    edit(folder, lambda values: values.update(format_version=version))
    assert refused(folder).code == "checkpoint_version"


ENTRIES = ("name", "recipe", "steps_done", "seconds", "parameters", "metrics", "splits", "model", "train", "task")


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_missing(folder: Path, entry: str) -> None:
    edit(folder, lambda values: values.pop(entry))
    error = refused(folder)
    assert (error.code, error.details["entry"]) == ("checkpoint_manifest", entry)


@pytest.mark.parametrize("wrong", [[], {"a": 1}, "text", -5, 1e999])
@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_of_another_kind(folder: Path, entry: str, wrong: object) -> None:
    def change(values: dict[str, Any]) -> None:
        values[entry] = wrong

    edit(folder, change)
    if entry in ("name", "recipe") and wrong == "text":
        checkpoint.load(folder)
    else:
        assert refused(folder).code == "checkpoint_manifest"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("d_model", 13),
        ("d_model", "12"),
        ("d_model", 24),
        ("n_heads", 0),
        ("n_encoder_layers", 10**9),
        ("n_decoder_layers", 10**9),
        ("n_encoder_layers", 2),
        ("max_len", 10**12),
        ("max_len", 9),
        ("vocab_size", 10**12),
        ("src_vocab_size", 3),
        ("architecture", "decoder-only"),
        ("positions", "sinusoidal"),
        ("dropout", "a lot"),
        ("made_up", 1),
    ],
)
def test_a_model_that_the_weights_are_not_of(folder: Path, field: str, value: object) -> None:
    edit(folder, lambda values: values["model"].update({field: value}))
    assert refused(folder).code in ("checkpoint_manifest", "checkpoint_names", "checkpoint_shape")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "no-such-task"},
        {"name": 7},
        {"options": {"no_such_option": 1}},
        {"options": {"symbols": "many"}},
        {"options": 5},
        {"tgt_vocab": ["a", "b"]},
        {"tgt_vocab": 3},
        {"src_vocab": None},
        {"max_tgt_len": "long"},
        {"max_src_len": -1},
        {"surplus": 1},
    ],
    ids=str,
)
def test_a_task_that_cannot_be_set_up(folder: Path, change: dict[str, object]) -> None:
    edit(folder, lambda values: values["task"].update(change))
    assert refused(folder).code in ("checkpoint_task", "checkpoint_manifest")


def test_huge_files_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MAX_WEIGHTS_BYTES", 1000)
    error = refused(folder)
    assert (error.code, error.details["file"]) == ("checkpoint_too_large", "model.safetensors")
    monkeypatch.setattr(checkpoint, "MAX_MANIFEST_BYTES", 10)
    assert refused(folder).details["file"] == "manifest.json"


def test_every_sentence_belongs_to_a_code_and_errors_survive_pickling() -> None:
    with pytest.raises(ValueError, match="code is"):
        CheckpointError("no such code")
    error = CheckpointError("checkpoint_missing", path="somewhere")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (CheckpointError, str(error))
