"""What earlier versions wrote still opens: a run's folder and an exported zip, made before weights were kept alone."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import tell, train

from attnviz.runs import Library, Run

FIXTURES = Path(__file__).parent / "fixtures"
# What the version that wrote them went on to: four more steps of eleven.
LOSSES = [
    2.4426000118255615,
    2.510639190673828,
    2.763230085372925,
    2.9222891330718994,
    2.7851028442382812,
    3.1774742603302,
    2.5954105854034424,
    2.8913071155548096,
    3.2639591693878174,
    2.3273708820343018,
    2.689277410507202,
]


def unpacked(root: Path) -> Run:
    with zipfile.ZipFile(FIXTURES / "run_folder_before.zip") as archive:
        archive.extractall(root / "old-run")
    return Library(root).open("old-run")


def imported(root: Path) -> Run:
    return Library(root).import_zip(FIXTURES / "run_exported_before.zip")


@pytest.mark.parametrize("come", [unpacked, imported])
def test_a_run_of_an_earlier_version_opens_and_goes_on_as_it_would_have(tmp_path: Path, come: object) -> None:
    run = come(tmp_path)  # type: ignore[operator]
    (listed,) = Library(tmp_path).list()
    assert listed.error is None
    assert listed.name == "old run"
    assert run.kept_steps() == list(range(8))
    assert run.status().step == 7
    assert len(run.samples()) > 0
    model, task = run.model_at(5)
    assert task.info.name == "reverse"
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"
    np.testing.assert_allclose(run.metrics()["loss"], LOSSES, rtol=1e-5)


def repacked(source: Path, target: Path) -> Path:
    """As a file manager packs what it has unpacked: one folder around all, and files of its own."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("old run/", b"")
        new.writestr("old run/.DS_Store", b"\0\0\0\1Bud1")
        new.writestr("old run/snapshots/", b"")
        for info in old.infolist():
            new.writestr(f"old run/{info.filename}", old.read(info))
            name = info.filename.rpartition("/")
            new.writestr(f"__MACOSX/old run/{name[0]}{name[1]}._{name[2]}", b"\0\5\x16\7")
    return target


def test_a_zip_that_a_file_manager_packed_again_is_welcome(tmp_path: Path) -> None:
    packed = repacked(FIXTURES / "run_exported_before.zip", tmp_path / "again.zip")
    run = Library(tmp_path / "runs").import_zip(packed)
    assert run.kept_steps() == list(range(8))


def test_a_zip_may_come_from_an_open_file(tmp_path: Path) -> None:
    with (FIXTURES / "run_exported_before.zip").open("rb") as file:
        assert Library(tmp_path).import_zip(file).status().step == 7


def test_an_exported_run_comes_back_as_it_went(tmp_path: Path) -> None:
    run = unpacked(tmp_path)
    shutil.copytree(run.folder.path, tmp_path / "kept")
    again = Library(tmp_path).import_zip(Library(tmp_path).export_zip(run.id))
    for name, values in run.metrics().items():
        np.testing.assert_array_equal(again.metrics()[name], values, err_msg=name)
    assert [(e.step, e.kind, e.details) for e in again.events()] == [(e.step, e.kind, e.details) for e in run.events()]
    assert again.samples() == run.samples()
