"""`python -m attnviz.ui.frame.serve run app.py …`: Streamlit's own command, less what would leave this machine.

Streamlit asks an outside service for this machine's public address when it starts without a browser, and whenever a
page of another origin knocks. Nobody here needs to know that address.
"""

from __future__ import annotations

import sys

from streamlit import net_util


def no_public_address() -> None:
    """Instead of asking outside: this machine has none that matters here."""
    return


def stay_here() -> None:
    """From now on nothing in this process asks for the public address. May be called again."""
    net_util.get_external_ip = no_public_address


def main() -> None:
    """The command line of Streamlit."""
    stay_here()
    from streamlit.web import cli

    sys.exit(cli.main(prog_name="streamlit"))


if __name__ == "__main__":
    main()
