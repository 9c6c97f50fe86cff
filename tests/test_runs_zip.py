"""Export and import: a round trip keeps everything; whatever is broken or hostile is refused whole."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from tiny_runs import tell, tiny_config, train

from attnviz.data import InputError
from attnviz.runs import Library, Run, RunError
from attnviz.runs.contents import load_state
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.zip import rows, unpack

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StepRecorder, "look", lambda self: None)
        made = Library(tmp_path_factory.mktemp("runs")).create(tiny_config("原 one", train={"steps": 9}))
        for kind, arguments in (("step", {"n": 4}), ("set", {"learning_rate": 0.02}), ("play", {})):
            tell(made, kind, **arguments)
            train(made)
        yield made


@pytest.fixture(scope="module")
def zipped(run: Run) -> bytes:
    return Library(run.folder.path.parent).export_zip(run.id)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "there")


def files(zipped: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rezipped(content: Files) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()


def refused(library: Library, zipped: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        library.import_zip(zipped)
    assert str(caught.value)
    left = [path.name for path in library.root.rglob("*")] if library.root.exists() else []
    assert left == []
    return caught.value


def test_a_round_trip_keeps_curve_events_snapshots_and_goes_on_bit_for_bit(
    run: Run, zipped: bytes, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)
    copy = library.import_zip(zipped, "copy")
    assert copy.name == "copy"
    assert copy.status().state == run.status().state == "finished"
    for name, values in run.metrics().items():
        np.testing.assert_array_equal(copy.metrics()[name], values, err_msg=name)
    assert [event.kind for event in copy.events()] == [event.kind for event in run.events()]
    assert copy.kept_steps() == run.kept_steps()
    model, _ = copy.model_at(5)
    assert all(torch.equal(value, load_state(run.folder, 5).model[name]) for name, value in model.state_dict().items())
    fork = library.fork(copy.id, 5)
    tell(fork, "play")
    train(fork)
    np.testing.assert_array_equal(fork.metrics()["loss"], run.metrics()["loss"])
    assert library.import_zip(library.export_zip(copy.id)).id != copy.id


def test_the_users_own_file_travels_along(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)
    rows = "\n".join(f"{word},{word[::-1]}" for word in (f"w{i}x{i * 7}" for i in range(60)))
    config = tiny_config("mine", task="user-pairs", task_options={}, own_file="我的 pairs.csv", train={"steps": 3})
    run = library.create(config, rows.encode())
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"
    copy = library.import_zip(library.export_zip(run.id))
    assert copy.model_at(3)[1].split("train") == run.model_at(3)[1].split("train")
    content = files(library.export_zip(run.id))
    content["data/other.csv"] = b"a,b"
    with pytest.raises(RunError, match="its data are not those"):
        library.import_zip(rezipped(content))


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "snapshots/../../evil.safetensors",
        "/etc/evil",
        "C:/evil.txt",
        "C:\\evil.txt",
        "snapshots\\step-00000001.safetensors",
        "snapshots/step-1.safetensors",
        "snapshots/deep/step-00000001.safetensors",
        "snapshots/step-00000001.pt",
        "evil.py",
        "config.json/evil",
        "data/../evil",
        "data/.hidden",
        "data/con.txt",
        "data/name ",
        "start/evil.pkl",
        "evil/",
        "Config.json",
    ],
)
def test_a_name_that_no_run_has_is_refused(name: str, zipped: bytes, library: Library) -> None:
    assert refused(library, rezipped({**files(zipped), name: b"x"})).code == "zip_hostile"
    assert not (library.root.parent / "evil.txt").exists()


def changed_infos(zipped: bytes, change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files(zipped).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            if name.startswith("snapshots/"):
                change(info)
            archive.writestr(info, data)
    return stream.getvalue()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_links_and_devices_are_refused(kind: int, zipped: bytes, library: Library) -> None:
    assert changed_infos(zipped, lambda info: None)

    def turn(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    assert refused(library, changed_infos(zipped, turn)).code == "zip_hostile"


def test_bombs_and_crowds_are_refused(zipped: bytes, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files(zipped).items():
            archive.writestr(name, data if name != "task.json" else b"0" * 30_000_000)
    problem = refused(library, stream.getvalue())
    assert "far more" in str(problem)
    monkeypatch.setattr(unpack, "MAX_FILES", 5)
    assert refused(library, zipped).code == "zip_too_large"
    monkeypatch.undo()
    monkeypatch.setattr(unpack, "MAX_BYTES", 1000)
    assert refused(library, zipped).code == "zip_too_large"
    monkeypatch.undo()
    monkeypatch.setattr(unpack, "MAX_SMALL_BYTES", 100)
    assert refused(library, zipped).code == "zip_too_large"


def test_too_many_rows_are_refused_before_any_is_looked_at(
    zipped: bytes, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[object] = []
    monkeypatch.setattr(rows, "_metrics", lambda row, names: looked_at.append(row))
    monkeypatch.setattr(rows, "MOST_ROWS", {**rows.MOST_ROWS, "metrics": 2})
    problem = refused(library, zipped)
    assert (problem.code, problem.details["given"], looked_at) == ("zip_too_large", "> 2", [])


def test_a_size_that_lies_is_found_out(zipped: bytes, library: Library) -> None:
    content = bytearray(zipped)
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        info = archive.getinfo("config.json")
    place = content.rfind(b"config.json") - 46 + 24  # the size in the central directory
    assert int.from_bytes(content[place : place + 4], "little") == info.file_size
    content[place : place + 4] = (10).to_bytes(4, "little")
    assert refused(library, bytes(content)).code in ("zip_damaged", "zip_hostile", "run_config", "run_config_file")


def test_a_file_that_is_there_twice_is_refused(zipped: bytes, library: Library) -> None:
    stream = io.BytesIO(zipped)
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    assert "twice" in str(refused(library, stream.getvalue()))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_torn_zip_is_refused(share: float, zipped: bytes, library: Library) -> None:
    assert refused(library, zipped[: int(len(zipped) * share)]).code == "zip_damaged"
    assert refused(library, b"PK\x03\x04" + bytes(100)).code == "zip_damaged"


def test_a_flipped_byte_is_refused(zipped: bytes, library: Library) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        start = archive.getinfo("snapshots/step-00000005.safetensors").header_offset
    content = bytearray(zipped)
    content[start + 3000] ^= 0xFF
    assert refused(library, bytes(content)).code == "zip_damaged"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"\xff\xfe"),
        ("config.json", b'{"name": "x"}'),
        ("config.json", b'{"name": "x", "task": "../../etc"}'),
        ("config.json", b"[" * 100_000),
        ("task.json", b"{}"),
        ("task.json", b'{"name": "reverse", "options": {"size": "huge"}}'),
        ("snapshots/step-00000005.safetensors", b""),
        ("snapshots/step-00000005.safetensors", b"\x80\x04cos\nsystem\n(S'true'\ntR."),
        ("snapshots/step-00000005.safetensors", save({"model:evil": torch.zeros(3)})),
        ("run.sqlite", b""),
        ("run.sqlite", b"not a database" * 100),
    ],
)
def test_broken_or_foreign_content_is_refused(file: str, content: bytes, zipped: bytes, library: Library) -> None:
    refused(library, rezipped({**files(zipped), file: content}))


@pytest.mark.parametrize("needed", ["config.json", "run.sqlite"])
def test_a_missing_part_is_refused(needed: str, zipped: bytes, library: Library) -> None:
    rest = {name: data for name, data in files(zipped).items() if name != needed}
    assert refused(library, rezipped(rest)).code == "zip_not_a_run"


def test_weights_of_another_shape_or_without_a_number_are_refused(zipped: bytes, run: Run, library: Library) -> None:
    name = "snapshots/step-00000005.safetensors"
    state = load_state(run.folder, 5)
    first = next(iter(state.model))
    for value in (torch.zeros(2, 3), torch.full_like(state.model[first], float("nan"))):
        path = library.root.parent / "x.safetensors"
        load_state(run.folder, 5)
        broken = {**state.model, first: value}
        type(state)(**{**vars(state), "model": broken}).save(path)
        assert refused(library, rezipped({**files(zipped), name: path.read_bytes()})).code == "run_snapshot_bad"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM metrics; END",
        "CREATE VIEW evil AS SELECT 1",
        "CREATE TABLE evil (x)",
        "ALTER TABLE metrics ADD COLUMN evil AS (zeroblob(1000000000))",
        "CREATE INDEX evil ON events (abs(step))",
        "DROP TABLE samples",
        "PRAGMA user_version=99",
        "UPDATE metrics SET loss = 'text'",
        "UPDATE metrics SET loss = x'00'",
        "UPDATE metrics SET more = '[1'",
        'UPDATE metrics SET more = \'{"x": "text"}\'',
        "UPDATE events SET details = '{'",
        "UPDATE events SET kind = '<script>'",
        "UPDATE events SET step = -1",
        "UPDATE snapshots SET settings = 'x'",
        "INSERT INTO samples VALUES (1, 'x', 'a', 'b', NULL)",
        "UPDATE events SET details = printf('%.*c', 5000000, 'x')",
    ],
)
def test_a_database_that_is_not_ours_word_for_word_is_refused(
    statement: str, zipped: bytes, library: Library, tmp_path: Path
) -> None:
    content = files(zipped)
    (tmp_path / "x.sqlite").write_bytes(content["run.sqlite"])
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()
    content["run.sqlite"] = (tmp_path / "x.sqlite").read_bytes()
    assert refused(library, rezipped(content)).code in ("run_damaged", "run_version")


def test_what_a_foreign_run_was_doing_is_not_taken_over(zipped: bytes, library: Library, tmp_path: Path) -> None:
    content = files(zipped)
    (tmp_path / "x.sqlite").write_bytes(content["run.sqlite"])
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        state = {"state": "running", "threads": 10**9, "device": "cuda:7", "evil": True}
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('state', ?)", (json.dumps(state),))
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('owner', '{}')")
        connection.execute("INSERT INTO commands (kind, arguments) VALUES ('delete', '{}')")
        connection.commit()
    content["run.sqlite"] = (tmp_path / "x.sqlite").read_bytes()
    status = library.import_zip(rezipped(content)).status()
    assert (status.state, status.device, status.pending, status.worker_alive) == ("paused", None, 0, False)


def test_a_clock_set_before_zip_files_existed_is_no_reason_to_fail(
    run: Run, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    os.utime(run.folder.config, (0, 0))
    assert library.import_zip(Library(run.folder.path.parent).export_zip(run.id)).status().step == 9
