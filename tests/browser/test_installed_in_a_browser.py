"""Wheel and sdist, installed where there is no repository: `attnviz` starts the app from any folder, and ends clean."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of the repository and the wheel that is made from the sdist."""
    folder = tmp_path_factory.mktemp("built")
    run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)], REPOSITORY)
    (sdist,) = folder.glob("*.tar.gz")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-w",
        str(folder),
    ]
    run([*command, str(sdist)], folder)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment's folder with attnviz from the wheel; everything else is borrowed from this environment."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (wheel,) = built.glob("*.whl")
    run([sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], home)
    found = run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], home)
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(found.strip()) / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n", encoding="utf-8")
    return home


def run(command: list[str], cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=plain_environment(), timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain_environment(**more: str) -> dict[str, str]:
    """This process's environment without what leads to the repository."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "ATTNVIZ_RUNS"}} | more


@contextmanager
def app(home: Path, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`attnviz …` in a folder, and the address that it prints."""
    command = [str(home / ("Scripts" if os.name == "nt" else "bin") / "attnviz"), *options, "--no-browser"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env=plain_environment(OMP_NUM_THREADS="1")
    )
    try:
        assert process.stdout
        said = process.stdout.readline()
        address = re.search(r"http://\S+", said)
        assert address, said
        yield process, address.group()
    finally:  # whatever went wrong: the server that it started ends with it, which takes longer than a kill
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_a_wheel_holds_the_app_and_no_test(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"attnviz/site/app.py", "attnviz/site/pages/attention.py", "attnviz/site/.streamlit/config.toml"} <= set(
        names
    )
    assert not any(name.startswith("tests/") or "__pycache__" in name for name in names)


def test_attnviz_alone_opens_a_trained_model_and_ends_on_ctrl_c(
    installed: Path, chromium_page: Callable[..., Any], tmp_path: Path
) -> None:
    with app(installed, tmp_path, "--lang", "zh") as (process, address):
        wait_for(address)
        tab = chromium_page(locale="en-GB")
        tab.page.goto(address)
        tab.page.locator(".stage .head").first.wait_for()
        assert "/site/app.py" in script_of(installed)
        assert tab.page.evaluate("document.documentElement.lang") == "zh-CN"  # --lang speaks before the browser
        assert not tab.foreign_requests
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.CTRL_C_EVENT)
        assert process.wait(timeout=40) in {0, 130}
    with pytest.raises(OSError, match="refused"):
        wait_for(address, seconds=0.5)


def script_of(home: Path) -> str:
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return Path(
        run([str(python), "-c", "from attnviz.cli.app import script; print(script())"], home).strip()
    ).as_posix()


def wait_for(address: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
