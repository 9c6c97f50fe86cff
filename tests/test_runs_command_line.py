"""`attnviz runs`, `attnviz train` and torchrun on the folders that the app reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import OPTIONS, tell, trained

import attnviz
from attnviz.cli.main import main
from attnviz.runs import Library, Run
from attnviz.runs.folder import RunFolder
from attnviz.runs.work.recorder import StepRecorder


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)


def test_the_command_line_lists_forks_sets_resumes_exports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    run = trained(tmp_path / "runs")

    def said(*arguments: str) -> str:
        assert main(["runs", *arguments]) == 0
        return capsys.readouterr().out

    assert "finished  23/23" in said()
    fork = said("fork", run.id, "learning_rate=0.02", "without=[]", "--step", "8", "--name", "half").strip()
    assert Library().open(fork).config.train.learning_rate == 0.02
    assert "step 23 of 23" in said("resume", fork)
    said("rename", fork, "zwei")
    assert {one["name"] for one in json.loads(said("list", "--json"))} == {"tiny", "zwei"}
    assert "restore" in said("delete", fork)
    assert fork in said("list", "--deleted")
    said("restore", fork)
    assert said("export", run.id).strip() == f"{run.id}.zip"
    copy = said("import", f"{run.id}.zip", "--name", "copy").strip()
    assert Library().open(copy).status().step == 23
    assert main(["runs", "export", run.id]) == 2
    assert main(["runs", "fork", run.id, "--step", "9"]) == 2
    assert main(["runs", "resume", "nonsense"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_train_writes_a_run_that_can_be_gone_on_with(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shape = ["--d-model", "6", "--heads", "3", "--d-ff", "5", "--decoder-layers", "1", "--encoder-layers", "0"]
    options = [part for name, value in OPTIONS.items() for part in ("--option", f"{name}={value}")]
    command = ["train", "--task", "reverse", *options, *shape, "--device", "cpu", "--out", str(tmp_path / "run")]
    assert main([*command, "--steps", "7", "--batch-size", "11"]) == 0
    run = Run(RunFolder(tmp_path / "run"))
    assert run.metrics()["step"].tolist() == list(range(1, 8))
    assert run.kept_steps() == list(range(8))
    model, _ = attnviz.load(tmp_path / "run")
    kept = run.model_at(7)[0].state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    tell(run, "set", steps=9)
    capsys.readouterr()
    assert main(["runs", "resume", str(tmp_path / "run"), "--device", "cpu"]) == 0
    assert run.status().step == 9
    loaded, _ = attnviz.load(tmp_path / "run")  # the checkpoint in the folder is older than the run
    assert not torch.equal(next(loaded.parameters()), next(model.parameters()))


@pytest.mark.skipif(sys.platform == "win32", reason="torch on Windows has no gloo rendezvous without libuv")
def test_torchrun_writes_the_same_folder(tmp_path: Path) -> None:
    shape = ["--d-model", "6", "--heads", "3", "--d-ff", "5", "--decoder-layers", "1", "--encoder-layers", "0"]
    options = [part for name, value in OPTIONS.items() for part in ("--option", f"{name}={value}")]
    train_it = ["-m", "attnviz", "train", "--task", "reverse", *options, *shape, "--device", "cpu", "--threads", "1"]
    train_it += ["--steps", "5", "--batch-size", "12", "--dropout", "0", "--out"]
    together = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
    assert main([*train_it[2:], str(tmp_path / "alone")]) == 0
    found = subprocess.run(
        [*together, *train_it, str(tmp_path / "together")], capture_output=True, text=True, timeout=200, check=False
    )
    assert found.returncode == 0, found.stderr[-2000:]
    alone, both = (Run(RunFolder(tmp_path / name)) for name in ("alone", "together"))
    assert both.kept_steps() == alone.kept_steps()
    np.testing.assert_allclose(both.metrics()["loss"], alone.metrics()["loss"], atol=1e-6)
    assert both.metrics()["tokens"].tolist() == alone.metrics()["tokens"].tolist()
    assert {path.name for path in both.folder.path.iterdir()} >= {"config.json", "run.sqlite", "model.safetensors"}
