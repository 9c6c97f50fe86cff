"""How many examples a law is tried on.

The quick profile, in use unless another is named, draws the same few examples every time, so that a run can be
repeated. The deep one draws freely and at least a thousand: `python -m pytest -m hypothesis --hypothesis-profile deep`.
What it finds is pinned with `@example`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

QUICK, DEEP = "quick", "deep"
QUICK_EXAMPLES, DEEP_EXAMPLES = 40, 1_000
COSTLY_EXAMPLES = 200  # deep, of a law that decodes with a model: a draw takes a second or more
DEEP_SECONDS = 3_600  # what a law may take in the deep profile

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


def register() -> None:
    """Make both profiles known and the quick one current; pytest's option then chooses."""
    settings.register_profile(QUICK, derandomize=True, max_examples=QUICK_EXAMPLES, **_COMMON)
    settings.register_profile(DEEP, derandomize=False, max_examples=DEEP_EXAMPLES, print_blob=True, **_COMMON)
    settings.load_profile(QUICK)


def deep() -> bool:
    """Whether the deep profile is in use."""
    return not settings.default.derandomize


def examples(quick: int, deep_too: int = DEEP_EXAMPLES) -> settings:
    """A law that costs more, or less, than others: so many examples in either profile."""
    return settings(max_examples=deep_too if deep() else quick)
