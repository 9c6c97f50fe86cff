"""`attnviz compress`: take heads out of a model, store its weights in one byte each, and say what it costs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.training.compress import PrunePoint
    from attnviz.training.evaluation import Metrics


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("compress", help="prune heads, quantize weights; measure, and store the result")
    command.add_argument("checkpoint", metavar="NAME|PATH", help="a shipped model or a folder")
    command.add_argument("--chart", action="store_true", help="measure with more and more heads out, in both orders")
    command.add_argument("--prune", type=int, default=0, metavar="N", help="take the N least important heads out")
    command.add_argument("--int8", action="store_true", help="store matrices as whole numbers of one byte")
    command.add_argument("--out", type=Path, metavar="DIR", help="write the compressed model there")
    command.add_argument("--limit", type=int, default=256, metavar="N", help="examples a measurement (default: 256)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure what is asked for, print it, and store the model where `--out` says."""
    from attnviz.training import checkpoint
    from attnviz.training.compress import head_order, prune, pruning_chart, quantize, save_compressed

    if arguments.limit < 1 or arguments.prune < 0:
        raise ValueError("--limit is at least 1 and --prune at least 0")
    model, task, manifest = checkpoint.load(arguments.checkpoint)
    found: dict[str, Any] = {"model": manifest.name}
    order = head_order(model, task.collate(task.split("validation")[: arguments.limit])) if model.sites else ()
    if arguments.chart:
        *_, chart = pruning_chart(model, task, order, limit=arguments.limit)
        found["chart"] = {
            "importance": [_point(point) for point in chart.importance],
            "random": [[_point(point) for point in curve] for curve in chart.random],
        }
    if arguments.prune:
        model = prune(model, order[: arguments.prune])
        found["pruned"] = [list(head) for head in order[: arguments.prune]]
    stored = None
    if arguments.int8:
        small = quantize(model, task, manifest, limit=arguments.limit)
        model, stored = small.model, "int8"
        found["int8"] = {
            "bytes_before": small.bytes_before,
            "bytes_after": small.bytes_after,
            "before": _score(small.before),
            "after": _score(small.after),
            "attention_moved_mean": small.moved_mean,
            "attention_moved_most": small.moved_most,
        }
    if arguments.out is not None:
        name, limit = arguments.out.name, arguments.limit
        save_compressed(arguments.out, model, task, manifest, name=name, stored=stored, limit=limit)
        print(f"written: {arguments.out}", file=sys.stderr)
    print(json.dumps(found, ensure_ascii=False, indent=1) if arguments.json else _as_text(found))
    return 0


def _point(point: PrunePoint) -> dict[str, Any]:
    return {"out": len(point.out), "share": point.share, "score": point.score, "loss": point.loss}


def _score(metrics: Metrics) -> dict[str, float | None]:
    return {"loss": metrics.loss, "token_accuracy": metrics.token_accuracy, "exact_match": metrics.exact_match}


def _as_text(found: dict[str, Any]) -> str:
    lines = [str(found["model"])]
    if "chart" in found:
        rows: list[tuple[str, ...]] = [("heads out", "share", "by importance", "at random, mean", "least", "most")]
        for one, *others in zip(found["chart"]["importance"], *found["chart"]["random"], strict=True):
            scores = [other["score"] for other in others]
            said = (one["score"], sum(scores) / len(scores), min(scores), max(scores))
            rows.append((str(one["out"]), f"{one['share']:.2f}", *(f"{score:.3f}" for score in said)))
        lines.append(table(rows))
    if "pruned" in found:
        lines.append("out: " + ", ".join(f"{site} head {head}" for site, head in found["pruned"]))
    if (small := found.get("int8")) is not None:
        share = small["bytes_after"] / small["bytes_before"]
        lines.append(f"int8: {small['bytes_before']:,} → {small['bytes_after']:,} bytes ({share:.2f})")
        for name in ("loss", "token_accuracy", "exact_match"):
            before, after = small["before"][name], small["after"][name]
            if before is not None:
                lines.append(f"  {name}: {before:.4f} → {after:.4f}")
        lines.append(f"  attention moved by {small['attention_moved_mean']:.2g} on average")
        lines.append(f"  and by {small['attention_moved_most']:.2g} at most")
    return "\n".join(lines)
