"""What a link to Attention holds: what every link can hold, and the heads that are off."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.ui.frame import shared_link
from attnviz.ui.frame.link import Field, Fields
from attnviz.ui.sentence.reading import Head

LONGEST = 4000  # characters that are read


@dataclass(frozen=True)
class HeadsOff(Field[tuple[Head, ...]]):
    """Heads, counted from 1: `decoder.1.self_attn.2~…`."""

    def read(self, text: str) -> tuple[Head, ...] | None:
        """What is no head is left out."""
        found = []
        for part in text[:LONGEST].split("~"):
            site, _, number = part.rpartition(".")
            if site and number.isascii() and number.isdigit() and int(number[:6]) >= 1:
                found.append((site, int(number[:6]) - 1))
        return tuple(found) or None

    def write(self, value: tuple[Head, ...]) -> str | None:
        """None where all are on."""
        return "~".join(f"{site}.{head + 1}" for site, head in value) or None


OFF = HeadsOff("off")
FIELDS: Fields = (*shared_link.FIELDS, OFF)
