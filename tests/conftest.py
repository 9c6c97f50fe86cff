"""Shapes in signatures are checked while tests run; Hypothesis examples are repeatable and untimed."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

TYPED = ("masks", "data", "model", "trace", "decoding", "training")
install_import_hook([f"attnviz.{layer}" for layer in TYPED], "beartype.beartype")

settings.register_profile(
    "attnviz", deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("attnviz")
