"""Writing to a terminal: UTF-8 everywhere, tables whose columns line up in Chinese too, one line of progress."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import TextIO

BAR = 24  # characters of the progress bar
TERMINAL_PAUSE = 0.1  # seconds between redraws of the line
LOG_PAUSE = 10.0  # seconds between lines where nothing can be redrawn


def use_utf8() -> None:
    """Make both streams UTF-8, also on a Windows console whose code page knows no Chinese."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def width(text: str) -> int:
    """Columns a text takes: a Chinese character takes two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two spaces apart; the first row is the heading."""
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def duration(seconds: float) -> str:
    """Seconds as people say them: 45 s, 3 min 20 s, 1 h 05 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Progress:
    """One line that says how far it is and how long it will take; a line now and then where it is not a terminal."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self.total = total
        self.stream = sys.stderr if stream is None else stream
        self.redraws = self.stream.isatty()
        self.begin = time.monotonic()
        self._last = -LOG_PAUSE
        self._open = False

    def update(self, done: int, note: str = "") -> None:
        """Show `done` of `total`."""
        now = time.monotonic()
        pause = TERMINAL_PAUSE if self.redraws else LOG_PAUSE
        if now - self._last < pause and done < self.total:
            return
        self._last = now
        line = self.line(done, now - self.begin, note)
        if self.redraws:
            columns = shutil.get_terminal_size().columns - 1
            self.stream.write("\r\x1b[K" + line[:columns])
            self._open = True
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def line(self, done: int, spent: float, note: str = "") -> str:
        """`████····  120/1600  8 %  left 2 min 10 s  note`."""
        share = done / self.total
        filled = int(BAR * share)
        left = duration(spent / done * (self.total - done)) if done else "?"
        bar = "█" * filled + "·" * (BAR - filled)
        return f"{bar} {done}/{self.total} {share:4.0%}  left {left}  {note}".rstrip()

    def say(self, text: str) -> None:
        """A line that stays, above the progress."""
        self.close()
        self.stream.write(text + "\n")
        self.stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._open:
            self.stream.write("\n")
            self.stream.flush()
            self._open = False
