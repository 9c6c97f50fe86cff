"""Graphs: an edge that is there goes, one that is not comes; the mask is the adjacency matrix of what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.data import Batch, InputError, Pair
from attnviz.data.tasks.fields import FieldTask
from attnviz.data.tasks.graphs import Edge, GraphTask, read, written
from attnviz.masks import MaskPlan
from attnviz.ui.fields.look import Look
from attnviz.ui.fields.scene import Change, Changed, Scene, Source
from attnviz.ui.graphs.layout import places_of
from attnviz.ui.text import Words


def graph_task(task: FieldTask) -> GraphTask:
    """The task as one of graphs."""
    assert isinstance(task, GraphTask), f"{task.info.name} is about no graphs"
    return task


def edge_of(change: Change) -> Edge:
    """0-3 → (0, 3)."""
    one, other = change.split("-")
    return int(one), int(other)


def graph_of(task: FieldTask, source: Source) -> tuple[int, set[Edge]]:
    """Nodes and edges, each edge with the smaller number first."""
    nodes, edges = read(source, graph_task(task).most_nodes)
    return nodes, {(min(edge), max(edge)) for edge in edges}


def changed_source(task: FieldTask, source: Source, changed: Changed) -> Source:
    """The graph with these edges turned over: gone where they were, there where they were not."""
    nodes, edges = graph_of(task, source)
    return written(nodes, sorted(edges ^ {edge_of(one) for one in changed}))


class Graphs(Scene):
    """A change is an edge, "0-3", the smaller number first."""

    page = "graphs"
    shipped = ("graph-connected", "karate-club")
    package = "networkx"
    extra = "graphs"

    def read(self, task: FieldTask, source: Source, variants: Sequence[Changed]) -> tuple[Batch, MaskPlan | None]:
        sources = [changed_source(task, source, changed) for changed in variants]
        labels = (self.positions(task, source),) * len(variants)
        field = task.field(sources)
        return Batch(src=None, decoder_input=None, targets=None, pixels=field, src_labels=labels), None

    def possible(self, task: FieldTask, source: Source) -> frozenset[Change]:
        nodes, _ = graph_of(task, source)
        return frozenset(f"{one}-{other}" for one, other in combinations(range(nodes), 2))

    def tried(self, task: FieldTask, source: Source) -> tuple[Change, ...]:
        nodes, edges = graph_of(task, source)
        if task.per_token or _connected(nodes, edges):
            return tuple(f"{one}-{other}" for one, other in sorted(edges))
        return tuple(f"{one}-{other}" for one, other in combinations(range(nodes), 2) if (one, other) not in edges)

    def truth(self, task: FieldTask, pair: Pair, changed: Changed) -> tuple[str | None, ...]:
        places = len(task.places(pair.source))
        if not task.per_token:
            found = task.answer(changed_source(task, pair.source, changed))
            return (found[0], *(None for _ in range(places)))
        known: list[str | None] = [None] * places
        for split in ("train", "validation", "test"):
            with suppress(InputError):  # the training split comes with the package
                for node, label in enumerate(task.split(split)[0].target):
                    known[node] = known[node] or (label if label in task.labels else None)
        return (None, *known)

    def drawn(
        self, task: FieldTask, source: Source, gallery: Sequence[Pair]
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        nodes, edges = graph_of(task, source)
        others = [graph_of(task, pair.source) for pair in gallery]
        values = {
            "nodes": nodes,
            "edges": sorted(edges),
            "thumbnails": [{"nodes": count, "edges": sorted(lines)} for count, lines in others],
        }
        return values, {"places": places_of(nodes, sorted(edges))}

    def facts(self, t: Words, task: FieldTask, pair: Pair, now: Look, changed: Changed) -> list[str]:
        said = [t("fact_non_edges", weight=f"{now.most_blocked:g}")]
        if task.per_token:
            truth = self.truth(task, pair, changed)
            held = [node for node, label in enumerate(task.split("test")[0].target, start=1) if label in task.labels]
            right = sum(task.labels[int(now.chances[node].argmax())] == truth[node] for node in held)
            said.append(t("fact_members", right=right, count=len(held)))
        else:
            nodes, edges = graph_of(task, changed_source(task, pair.source, changed))
            said.append(t("fact_edges", nodes=nodes, edges=len(edges)))
        return said

    def named(self, t: Words, task: FieldTask, change: Change) -> Mapping[str, Any]:
        one, other = edge_of(change)
        return {"one": one, "other": other}

    def title(self, t: Words, number: int, task: FieldTask, pair: Pair) -> str:
        return task.info.title[t.language] if task.per_token else t("title_graph", number=number + 1)

    def adds(self, source: Source, change: Change) -> bool:
        return change not in source

    def remarks(self, t: Words, task: FieldTask, source: Source, changed: Changed) -> list[str]:
        return [] if graph_of(task, changed_source(task, source, changed))[1] else [t("no_edges")]


def _connected(nodes: int, edges: set[Edge]) -> bool:
    reached = np.eye(nodes, dtype=bool)
    for one, other in edges:
        reached[one, other] = reached[other, one] = True
    for _ in range(nodes):
        reached = reached @ reached
    return bool(reached.all())
