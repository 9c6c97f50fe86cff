"""Plain values for a component, as one text.

A dict inside a component's `data` makes Streamlit look for data frames in it, and import pandas and pyarrow for that:
two thirds of a second before the first picture. A text is passed on as it is; the component's script parses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def plain_data(values: Mapping[str, Any]) -> str:
    """JSON; raises ValueError for NaN and infinities, which JSON has no word for."""
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
