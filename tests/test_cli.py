"""The command line: does what it says, says what was wrong, never shows a traceback."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import attnviz
from attnviz.cli.main import main
from attnviz.cli.terminal import Progress, duration, table, width
from attnviz.data import tasks
from attnviz.training import Trainer, checkpoint

SMALL = ["--option", "size=100", "--option", "symbols=5", "--d-model", "12", "--heads", "3", "--d-ff", "17"]
QUICK = ["--steps", "7", "--batch-size", "11", "--device", "cpu", "--eval-every", "5"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


# ---- bad usage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nonsense"], "required"),
        (["app", "--port", "0"], "1 to 65535"),
        (["--port", "many"], "no port"),
        (["app", "--address", "nowhere.invalid"], "name an address of this machine"),
        (["app", "--lang", "fr"], "invalid choice"),
        (["nonsense"], "invalid choice"),
        (["train"], "one of the arguments --recipe --task --text --csv is required"),
        (["train", "--task", "reverse", "--recipe", "reverse"], "not allowed with"),
        (["train", "--task", "nonsense"], "no task named 'nonsense'"),
        (["train", "--recipe", "nonsense"], "there is no recipe 'nonsense'; there are: pinyin"),
        (["train", "--task", "reverse", "--steps", "many"], "invalid int value"),
        (["train", "--task", "reverse", "--steps", "0"], "steps is 0; it must be a whole number, 1 ≤ steps"),
        (["train", "--task", "reverse", "--heads", "5"], "the heads must divide d_model"),
        (["train", "--task", "reverse", "--dropout", "1.5"], "dropout is 1.5"),
        (["train", "--task", "reverse", "--positions", "north"], "invalid choice"),
        (["train", "--task", "reverse", "--seed", "-1"], "seed is -1"),
        (["train", "--task", "reverse", "--cross-mask", "nonsense"], "nonsense"),
        (["train", "--task", "reverse", "--cross-mask-share", "2"], "cross_mask_share is 2.0"),
        (["train", "--task", "reverse", "--threads", "0"], "threads is 0"),
        (["train", "--task", "reverse", "--device", "abacus"], "no device 'abacus'"),
        (["train", "--task", "reverse", "--option", "size"], "KEY=VALUE"),
        (["train", "--task", "reverse", "--option", "colour=red"], "no option 'colour'"),
        (["train", "--task", "reverse", "--option", "size=huge"], "size"),
        (["eval"], "name a checkpoint, or --all"),
        (["train", "--task", "reverse", "--without", "shift,nonsense"], "without is 'nonsense'"),
        (["train", "--task", "reverse", "--optimizer", "luck"], "invalid choice"),
        (["eval", "nonsense"], "no checkpoint named 'nonsense'"),
        (["eval", "some/where"], "no folder"),
        (["eval", "reverse", "--split", "all"], "invalid choice"),
        (["eval", "reverse", "--limit", "0"], "0 is below 1"),
        (["eval", "reverse", "--device", "abacus"], "no device 'abacus'"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_bad_usage_is_two_and_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert not list(tmp_path.iterdir())  # nothing was left behind


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"attnviz {attnviz.__version__}\n", "")
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert {"tasks", "train", "eval"} <= set(out.split())


# ---- tasks --------------------------------------------------------------------------------------------------


def test_tasks_lists_every_task_with_source_and_licence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "tasks")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(tasks.names())
    code, out, _ = run(capsys, "tasks", "--json")
    found = json.loads(out)
    assert [info["name"] for info in found] == list(tasks.names())
    assert all(info["source"] and info["licence"] and info["title"]["zh"] and info["title"]["en"] for info in found)


# ---- train and eval -----------------------------------------------------------------------------------------


def test_train_writes_a_checkpoint_that_eval_measures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "数字 one"
    code, out, err = run(capsys, "train", "--task", "reverse", *SMALL, *QUICK, "--seed", "3", "--out", str(folder))
    assert code == 0
    assert str(folder) in out
    assert "exact match" in out
    assert "step 5: validation loss" in err
    assert re.search(r"7/7 100%", err)
    _, _, manifest = checkpoint.load(folder)
    assert (manifest.recipe, manifest.steps_done, manifest.train.seed, manifest.model.d_model) == (None, 7, 3, 12)

    code, out, _ = run(capsys, "eval", str(folder), "--json")
    assert code == 0
    (found,) = json.loads(out)
    assert found["loss"] == pytest.approx(manifest.metrics["test"].loss)
    assert found["loss"] == pytest.approx(found["manifest"]["loss"])
    assert found["aligned_share"] == pytest.approx(manifest.report.alignment if manifest.report else None)
    code, out, _ = run(capsys, "eval", str(folder), "--split", "validation", "--limit", "3")
    assert re.search(r"  validation  3  ", out)


def test_eval_says_where_the_installed_data_are_other_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.training.held_out.data_versions", lambda name: {"Babel": "99.3"})
    monkeypatch.setattr("attnviz.data.tasks.dates.written", lambda day, *style: f"{day:%d of %m, %Y}")
    code, out, err = run(capsys, "eval", "dates", "reverse", "--limit", "3")
    assert code == 0
    assert "Babel 99.3" not in out
    (line,) = (line for line in err.splitlines() if "Babel 99.3" in line)
    assert line.startswith("dates: ")
    code, out, err = run(capsys, "eval", "dates", "reverse", "--limit", "3", "--json")
    moved, same = json.loads(out)
    assert moved["remark"] == line.removeprefix("dates: ")
    assert same["remark"] is None
    assert "Babel" not in err


def test_the_same_command_gives_the_same_weights(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["train", "--task", "reverse", *SMALL, *QUICK, "--out", str(tmp_path / name)]) == 0
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


def test_a_changed_recipe_does_not_claim_the_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    quick = [*SMALL, *QUICK, "--out", str(tmp_path / "x")]
    assert run(capsys, "train", "--recipe", "reverse", *quick)[0] == 0
    manifest = checkpoint.load_manifest(tmp_path / "x")
    assert (manifest.name, manifest.recipe, manifest.train.warmup_steps) == ("reverse", None, 100)


def test_nothing_is_overwritten_unasked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = ["train", "--task", "reverse", *SMALL, *QUICK, "--out"]
    (tmp_path / "diary.txt").write_text("mine", encoding="utf-8")
    code, _, err = run(capsys, *command, str(tmp_path))
    assert code == 2
    assert "not empty" in err
    code, _, err = run(capsys, *command, str(tmp_path / "diary.txt"))
    assert code == 2
    assert "is a file" in err

    folder = str(tmp_path / "x")
    assert run(capsys, *command, folder)[0] == 0
    code, _, err = run(capsys, *command, folder)
    assert code == 2
    assert "already holds a checkpoint" in err
    assert run(capsys, *command, folder, "--overwrite", "--seed", "8")[0] == 0
    assert checkpoint.load_manifest(folder).train.seed == 8
    for damage, content in (("config.json", b"{"), ("run.sqlite", b"noise"), ("run.sqlite", None)):
        for path in tmp_path.glob("x/run.sqlite-*"):
            path.unlink()
        (tmp_path / "x" / damage).unlink()
        if content is not None:
            (tmp_path / "x" / damage).write_bytes(content)
        assert run(capsys, *command, folder, "--overwrite")[0] == 0
        assert run(capsys, "runs", "--root", str(tmp_path), "list")[1].count("finished") == 1


def test_a_loss_that_is_no_number_is_said_and_not_saved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "x"
    step = Trainer.step

    def poisoned(self: Trainer) -> object:
        if self.step_number == 3:
            next(self.model.parameters()).data.fill_(float("nan"))
        return step(self)

    monkeypatch.setattr(Trainer, "step", poisoned)
    code, _, err = run(capsys, "train", "--task", "reverse", *SMALL, *QUICK, "--out", str(folder))
    assert code == 1
    assert "the loss is nan at step 4" in err
    assert not (folder / "manifest.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one child alone")
def test_ctrl_c_keeps_what_was_learned(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    command = [sys.executable, "-m", "attnviz", "train", "--task", "reverse", *SMALL]
    command += ["--steps", "1000000", "--eval-every", "10", "--out", str(folder), "--device", "cpu", "--threads", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stderr is not None
    seen = ""
    begin = time.monotonic()
    while "step 20:" not in seen and time.monotonic() - begin < 60:
        seen += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "exact match" in out
    _, _, manifest = checkpoint.load(folder)
    assert 20 <= manifest.steps_done < 1_000_000
    assert not manifest.complete


def test_how_a_file_is_read_is_shown_and_can_be_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("\n".join(["id;en;zh", *(f"{i};well, {i};好 {i}" for i in range(19))]), encoding="gb18030")
    code, out, _ = run(capsys, "train", "--csv", str(file), "--source", "zh", "--preview")
    assert code == 0
    assert "source: zh" in out
    assert "--encoding gb18030 --separator semicolon --quoting no --heading yes --source 3 --target 2" in out
    assert len(out.split("\n\n")[0].splitlines()) == 11
    code, out, _ = run(capsys, "train", "--csv", str(file), "--separator", "|", "--preview")
    assert (code, out) == (2, "")
    code, out, _ = run(capsys, "train", "--text", str(file), "--encoding", "gb18030", "--preview")
    assert (code, out.splitlines()[1]) == (0, "0;well, 0;好 0")
    for wrong in (("--text", str(file), "--heading", "yes"), ("--task", "reverse", "--encoding", "utf-8")):
        code, _, err = run(capsys, "train", *wrong)
        assert (code, "goes with --csv" in err) == (2, True)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.csv"]


def test_a_run_writes_down_how_its_file_was_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes("".join(f"word {i};Wörter {i}\n" for i in range(19)).encode("latin-1"))
    out = tmp_path / "made"
    code, _, _ = run(capsys, "train", "--csv", str(file), "--target", "1", *SMALL[4:], *QUICK, "--out", str(out))
    assert code == 0
    options = json.loads((out / "config.json").read_text(encoding="utf-8"))["task_options"]
    known = {
        "encoding": "latin-1",
        "separator": "semicolon",
        "quoting": "no",
        "heading": "no",
        "source": 2,
        "target": 1,
    }
    assert options == known


def test_ones_own_text_and_pairs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = (f"第{number}行：{number * 37 % 101}个人，{number * 53 % 89}本书。\n" for number in range(1, 80))
    (tmp_path / "诗.txt").write_text("".join(lines), encoding="utf-8")
    shape = ["--d-model", "12", "--heads", "3", "--d-ff", "17", *QUICK]
    text = ["--text", str(tmp_path / "诗.txt"), "--option", "window=13"]
    code, out, err = run(capsys, "train", *text, *shape, "--out", str(tmp_path / "lm"))
    assert (code, "test loss" in out) == (0, True), err
    _, task, manifest = checkpoint.load(tmp_path / "lm")
    assert (manifest.name, task.info.name) == ("诗", "user-text")
    assert set(manifest.baselines) == {"unigram", "bigram"}
    assert _measured_again(capsys, tmp_path / "lm", tmp_path / "诗.txt") == manifest.metrics["test"].loss

    rows = "\n".join(f"{word},{word[::-1]}" for word in (f"w{i}x{i * 7}" for i in range(60)))
    (tmp_path / "pairs.csv").write_text(rows, encoding="utf-8")
    code, out, err = run(capsys, "train", "--csv", str(tmp_path / "pairs.csv"), *shape, "--out", str(tmp_path / "p"))
    assert (code, "exact match" in out) == (0, True), err
    _measured_again(capsys, tmp_path / "p", tmp_path / "pairs.csv")


def _measured_again(capsys: pytest.CaptureFixture[str], folder: Path, file: Path) -> float:
    """`eval` of a model of one's own file: with the run's copy of it, without it, with it named, with another one."""
    code, out, err = run(capsys, "eval", str(folder), "--json")
    (found,) = json.loads(out)
    assert (code, err, found["loss"], found["remark"]) == (0, "", pytest.approx(found["manifest"]["loss"]), None)
    (folder / "data").rename(folder / "elsewhere")  # as after the checkpoint alone was copied
    code, out, err = run(capsys, "eval", str(folder))
    assert (code, out) == (2, "")
    assert "--data FILE" in err
    code, out, _ = run(capsys, "eval", str(folder), "--data", str(file), "--json")
    assert (code, json.loads(out)[0]["loss"]) == (0, found["loss"])
    other = file.with_name(f"other{file.suffix}")
    other.write_text(file.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
    code, out, err = run(capsys, "eval", str(folder), "--data", str(other))
    assert (code, "not the data that the model was trained on" in err) == (0, True)
    return float(found["loss"])


def test_data_are_named_only_for_a_model_of_ones_own_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("words\n" * 99, encoding="utf-8")
    code, out, err = run(capsys, "eval", "reverse", "--data", str(tmp_path / "mine.txt"))
    assert (code, out) == (2, "")
    assert "models of your own file" in err


@pytest.mark.parametrize(
    ("option", "content"), [("--csv", b"one\ntwo\n"), ("--text", b""), ("--text", b"PK\x03\x04\0")]
)
def test_a_file_that_cannot_be_used(
    option: str, content: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(content)
    code, out, err = run(capsys, "train", option, str(tmp_path / "file"), "--out", str(tmp_path / "x"))
    assert (code, out) == (2, "")
    assert err.startswith("attnviz: ")
    code, _, err = run(capsys, "train", option, str(tmp_path / "nowhere"), "--out", str(tmp_path / "x"))
    assert code == 1
    assert "nowhere" in err
    assert not (tmp_path / "x").exists()


# ---- the terminal -------------------------------------------------------------------------------------------


def test_chinese_is_printed_whatever_the_console_speaks() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "attnviz", "tasks"]
    found = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=60)
    assert "汉字 → 拼音" in found.stdout.decode("utf-8")


def test_columns_line_up_in_chinese_too() -> None:
    lines = table([("a", "b"), ("汉字", "x"), ("abc", "y")]).splitlines()
    assert [width(line[: line.index(last)]) for line, last in zip(lines, "bxy", strict=True)] == [6, 6, 6]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (3660, "1 h 01 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_progress_says_how_far_and_how_long() -> None:
    line = Progress(200, io.StringIO()).line(50, spent=30, note="loss 1.0")
    assert " 50/200 " in line
    assert "25%" in line
    assert "left 1 min 30 s" in line
    assert line.count("█") == 6


def test_progress_writes_seldom_where_nothing_can_be_redrawn() -> None:
    stream = io.StringIO()
    progress = Progress(1000, stream)
    for done in range(1, 1001):
        progress.update(done)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2  # the first and the last
    assert "1000/1000" in lines[-1]


@pytest.mark.parametrize("name", ["second 中文", "Second", "a b"])
def test_a_run_that_no_list_would_show_is_refused_before_training(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    code, _, error = run(capsys, "train", "--task", "reverse", *SMALL, *QUICK, "--out", str(tmp_path / name))
    assert code == 2
    assert name in error
    assert "--out" in error
    assert list(tmp_path.iterdir()) == []


def test_positions_that_are_too_few_are_refused_before_training(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    code, _, error = run(capsys, "train", "--task", "reverse", "--max-len", "2", *QUICK, "--out", str(out))
    assert code == 2
    assert "max_len is 2" in error
    assert not out.exists()
