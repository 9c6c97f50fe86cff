"""Processes: who I am, whether somebody is still alive, and starting one that outlives its parent."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.openmp import wait_passively

LOG_BYTES = 2**20  # a worker's log longer than this is begun anew
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started: str  # when the system says that it began
    host: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @property
    def local(self) -> bool:
        """Whether it ran on this machine."""
        return self.host == host()

    @property
    def alive(self) -> bool:
        """Whether it is running on this machine now."""
        return self.local and bool(self.started) and start_time(self.pid) == self.started


def myself() -> Identity:
    """This process."""
    return Identity(os.getpid(), start_time(os.getpid()) or "", host())


@cache
def host() -> str:
    """This machine's name."""
    return platform.node() or "localhost"


def start_time(pid: int) -> str | None:
    """When process `pid` began, as text that no other process of that number has; None if there is none."""
    if pid <= 0:
        return None
    for child in _children:
        child.poll()  # an ended child is only gone when its parent has asked for it
    if sys.platform == "win32":
        return _windows_start_time(pid)
    proc = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            after_name = proc.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if after_name[0] in "ZX" else f"{_boot()} {after_name[19]}"
    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    )
    state, _, began = found.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else " ".join(began.split())


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _windows_start_time(pid: int) -> str | None:
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]  # Windows only
    kernel.OpenProcess.restype = wintypes.HANDLE
    query, running = 0x1000, 259  # PROCESS_QUERY_LIMITED_INFORMATION, STILL_ACTIVE
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return None
    try:
        times = [wintypes.FILETIME() for _ in range(4)]
        code = wintypes.DWORD()
        if not kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code)) or code.value != running:
            return None
        if not kernel.GetProcessTimes(wintypes.HANDLE(handle), *map(ctypes.byref, times)):
            return None
        return f"{times[0].dwHighDateTime}:{times[0].dwLowDateTime}"
    finally:
        kernel.CloseHandle(wintypes.HANDLE(handle))


def start_detached(arguments: Sequence[str], log: Path) -> int:
    """Start `python arguments…` so that it lives on when this process ends or its terminal closes; returns its pid."""
    _children[:] = [child for child in _children if child.poll() is None]
    package_parent = str(Path(__file__).resolve().parents[2])
    path = [package_parent, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1"}
    wait_passively(environment)
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        no_window, new_group = 0x08000000, 0x00000200  # CREATE_NO_WINDOW, CREATE_NEW_PROCESS_GROUP
        detached = {"creationflags": no_window | new_group}
    mode = "wb" if not log.exists() or log.stat().st_size > LOG_BYTES else "ab"
    with log.open(mode) as output:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=log.parent,
            close_fds=True,
            **detached,
        )
    _children.append(child)
    return child.pid
