"""What the garbage collector need not look at again.

torch, Streamlit and the models are half a million objects that live as long as the app. A full collection walks over
all of them, under the interpreter's lock: Streamlit's own, after every run (`runner.postScriptGC`, off in
`.streamlit/config.toml`), took longer than the runs themselves. Here they are set aside once they are loaded, so that
the collector, which Python goes on calling by itself, sees only what sessions make, and is quick.
"""

from __future__ import annotations

import gc
import sys
import threading

_settling = threading.Lock()
_modules_seen = 0


def settle(*, anew: bool = False) -> bool:
    """Collect, and set aside what is left, whenever modules have been loaded since the last call; says whether it did.
    `anew`: in any case, for something large is to go.

    Called at the end of a page, when its picture is on screen. What was set aside before is looked at again, so that
    nothing of a session that has ended stays behind.
    """
    global _modules_seen
    if (len(sys.modules) == _modules_seen and not anew) or not _settling.acquire(blocking=False):
        return False
    try:
        _modules_seen = len(sys.modules)
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    finally:
        _settling.release()
    return True
