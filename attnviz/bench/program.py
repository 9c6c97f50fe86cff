"""A module of ours as a process of its own: what it prints last, as JSON, is its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

PATIENCE = 1200  # seconds


def answer_of(module: str, *arguments: object) -> Any:
    """Run it to its end; raises CalledProcessError where it fails."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment(), timeout=PATIENCE)
    return json.loads(done.stdout.decode().splitlines()[-1])


def environment() -> dict[str, str]:
    """This process's, with its own way to modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
