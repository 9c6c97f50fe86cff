"""`attnviz open`: a model that lies on this computer, its facts before it is loaded, and what can be done to it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz import environment
from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("open", help="open a Hugging Face model that lies on this computer")
    command.add_argument(
        "model", metavar="FOLDER|NAME", help="a folder, a GGUF or zip file, a cached name, or an installed package"
    )
    command.add_argument("--text", help="a text to read; prints the heads that look hardest at one place")
    command.add_argument("--app", action="store_true", help="start the app with this model in its list")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Say what it is, load it, say what can be done to it; or start the app with it."""
    from attnviz.foreign import library
    from attnviz.foreign.load import size_text

    if not arguments.model.endswith(".zip"):
        about = library.look(arguments.model)
        facts: dict[str, Any] = dataclasses.asdict(about)
        said = f"{about.name}: {about.architecture}, {about.parameters:,} parameters, {size_text(about.bytes)}"
        print(f"{said}; takes {size_text(about.memory)} of memory …", file=sys.stderr, flush=True)
    else:
        facts = {}
    if arguments.app:
        return _in_the_app(library.find(arguments.model))
    model, texts = library.open_model(arguments.model)
    facts |= {
        "licence": facts.get("licence"),
        "can": sorted(model.can),
        "layers_without_map": model.layers_without_map,
        "attentions": {
            kind: {
                "layers": len(model.sites_of(kind)),
                "heads": model.heads(model.sites_of(kind)[0]),
                "groups": model.groups(model.sites_of(kind)[0]),
            }
            for kind in model.kinds
        },
    }
    if arguments.text is not None:
        if texts is None:
            raise ValueError(f"{model.name} reads no text")
        facts["heads"] = _heads(model, texts, arguments.text)
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return 0
    rows: list[tuple[object, ...]] = [("attention", "layers", "heads", "key/value groups")]
    rows += [(kind, one["layers"], one["heads"], one["groups"]) for kind, one in facts["attentions"].items()]
    print(table([tuple(map(str, row)) for row in rows]))
    print(f"licence: {facts['licence'] or 'not stated'}")
    print(f"can: {', '.join(facts['can'])}")
    if model.layers_without_map:
        print(f"layers without a map: {model.layers_without_map}")
    for head in facts.get("heads", ()):
        print(f"{head['site']} head {head['head']}: {head['query']} → {head['key']} {head['weight']:.2f}")
    return 0


def _in_the_app(path: Path) -> int:
    """The app, with the model at the end of its list."""
    from attnviz.cli import app

    others = [entry for entry in os.environ.get(environment.MODELS, "").split(os.pathsep) if entry]
    os.environ[environment.MODELS] = os.pathsep.join([*others, str(path.resolve())])
    return app.run(
        argparse.Namespace(port=None, address="127.0.0.1", host=[], lang=None, device=None, no_browser=False)
    )


def _heads(model: Any, texts: Any, text: str, most: int = 8) -> list[dict[str, Any]]:
    """The cells with the largest weight, one a head, first columns and the own place aside."""
    import numpy as np

    from attnviz.api import watch

    trace = watch(model, text, texts, taps=())
    found: list[dict[str, Any]] = []
    for site, record in trace.records.items():
        rows, columns = trace.labels(record.kind)
        for head, weights in enumerate(record.weights[0]):
            seen = weights.copy()
            seen[:, 0] = 0
            if record.kind != "cross":
                np.fill_diagonal(seen, 0)
            query, key = np.unravel_index(int(seen.argmax()), seen.shape)
            cell = {"query": rows[int(query)], "key": columns[int(key)], "weight": float(weights[query, key])}
            found.append({"site": site, "head": head, **cell})
    return sorted(found, key=lambda one: -one["weight"])[:most]
