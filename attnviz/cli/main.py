"""Reads the command line, calls the command, and turns what went wrong into one clear sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from attnviz import __version__
from attnviz.cli import app, bench, compress, evaluate, experiment, open_model, rates, runs, tasks, train
from attnviz.cli.terminal import use_utf8
from attnviz.openmp import wait_passively

FAILED, BAD_USAGE, INTERRUPTED = 1, 2, 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="attnviz", description="See, break and understand attention.")
    top.add_argument("--version", action="version", version=f"attnviz {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (app, open_model, tasks, train, evaluate, runs, experiment, rates, compress, bench):
        command.add(commands)
    return top


def completed(argv: Sequence[str]) -> list[str]:
    """Without a command it is the app that is meant, with or without the app's options."""
    options = {"--port", "--address", "--host", "--lang", "--no-browser"}
    return list(argv) if argv and argv[0].partition("=")[0] not in options else ["app", *argv]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 failed, 2 bad usage, 130 interrupted."""
    use_utf8()
    wait_passively(os.environ)
    try:
        arguments = parser().parse_args(completed(sys.argv[1:] if argv is None else argv))
        return int(arguments.run(arguments))
    except SystemExit as stop:  # argparse has said what was wrong, or --help and --version are done
        return stop.code if isinstance(stop.code, int) else FAILED
    except KeyboardInterrupt:
        print("attnviz: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, `head` perhaps, has gone
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # nothing more can be written at exit
        return 0
    except ValueError as error:  # InputError, CheckpointError and what configs say about impossible values
        print(f"attnviz: {error}", file=sys.stderr)
        return BAD_USAGE
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        print(f"attnviz: {named}", file=sys.stderr)
        return FAILED
    except RuntimeError as error:
        print(f"attnviz: {str(error).splitlines()[0] if str(error) else type(error).__name__}", file=sys.stderr)
        return FAILED
