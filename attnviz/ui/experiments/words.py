"""Numbers and times in words."""

from __future__ import annotations

import re

from attnviz.ui.text import Words

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def lasting(t: Words, seconds: float) -> str:
    """About how long something takes."""
    if seconds < 90:
        return t("seconds", count=max(1, round(seconds)))
    return t("minutes", count=round(seconds / 60))


def digits(said: str) -> str:
    """8.3e-08 as people write it: 8.3×10⁻⁸."""
    return re.sub(r"e([-+]\d+)", lambda found: "×10" + str(int(found[1])).translate(_RAISED), said).replace("-", "−")
