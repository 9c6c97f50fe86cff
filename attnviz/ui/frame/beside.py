"""Work beside a page: what takes seconds is counted once, and looked at when it is there.

Not by a daemon thread: the end of the server would cut it off in the middle of torch's own code, and the process would
abort (`terminate called without an active exception`). The end waits for what is under way instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


def beside(work: Callable[..., None], *arguments: object) -> threading.Thread:
    """Start `work(*arguments)` in a thread of its own. What it raises goes to the log; nobody waits for it."""
    thread = threading.Thread(target=work, args=arguments, name=f"beside: {work.__qualname__}", daemon=False)
    thread.start()
    return thread
