"""`python -m attnviz.ui.frame.serve run app.py …`: Streamlit's own command, less what would leave this machine.

Streamlit asks an outside service for this machine's public address when it starts without a browser, and whenever a
page of another origin knocks. Nobody here needs to know that address.

With `--with-its-parent` before `run`, the server ends when whoever started it is gone, however that one ended: its
standard input is a pipe that nobody writes to and that closes with the parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress

from streamlit import net_util

WITH_ITS_PARENT = "--with-its-parent"
END_SECONDS = 20.0  # that the server may take to end by itself


def no_public_address() -> None:
    """Instead of asking outside: this machine has none that matters here."""
    return


def stay_here() -> None:
    """From now on nothing in this process asks for the public address. May be called again."""
    net_util.get_external_ip = no_public_address


def end_with_input(descriptor: int) -> None:
    """Wait until the pipe's other end is closed; then end this process as Ctrl-C would, by force after a while."""
    with suppress(OSError):
        while os.read(descriptor, 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)


def main() -> None:
    """The command line of Streamlit."""
    stay_here()
    if WITH_ITS_PARENT in sys.argv[1:2]:
        del sys.argv[1]
        # It sleeps in the system all the time: nothing of it can be cut off at the end.
        threading.Thread(target=end_with_input, args=(sys.stdin.fileno(),), daemon=True).start()
    from streamlit.web import cli

    sys.exit(cli.main(prog_name="streamlit"))


if __name__ == "__main__":
    main()
