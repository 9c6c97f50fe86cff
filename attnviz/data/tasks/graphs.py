"""Graphs: is one connected? (networkx's atlas), and who stayed with whom? (Zachary's karate club, 1977)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

import torch
from torch import Tensor

from attnviz.data.batch import Pair
from attnviz.data.split import rank, split_by_key
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.fields import FieldTask, labelled
from attnviz.data.tasks.labels import label_vocabulary
from attnviz.data.vocabulary import Vocabulary
from attnviz.errors import InputError
from attnviz.language import Text

Edge = tuple[int, int]


def networkx() -> Any:
    """The package, imported when it is needed; InputError("missing_package") where it is not there."""
    if find_spec("networkx") is None:
        raise InputError("missing_package", package="networkx")
    import networkx

    return networkx


def written(nodes: int, edges: Sequence[Edge]) -> tuple[str, ...]:
    """A graph as tokens: the number of nodes, then `a-b` for every edge."""
    return (str(nodes), *(f"{min(edge)}-{max(edge)}" for edge in sorted({(min(e), max(e)) for e in edges})))


def read(tokens: Sequence[str], most: int) -> tuple[int, list[Edge]]:
    """The inverse of `written`; InputError for what is no graph of 1 … `most` nodes, or has no edge."""
    head = tokens[0] if tokens else ""
    nodes = int(head) if head.isascii() and head.isdigit() and len(head) < 5 else 0
    if not 1 <= nodes <= most:
        raise InputError("graph_nodes", given=head[:20], most=most)
    edges = []
    for token in tokens[1:]:
        ends = token.split("-")
        if len(ends) != 2 or not all(end.isascii() and end.isdigit() and len(end) < 5 for end in ends):
            raise InputError("graph_edge", given=token[:20], most=nodes - 1)
        one, other = map(int, ends)
        if one == other or max(one, other) >= nodes:
            raise InputError("graph_edge", given=token[:20], most=nodes - 1)
        edges.append((one, other))
    return nodes, edges


class GraphTask(FieldTask):
    """Graphs of at most `most_nodes`; the model reads who may see whom, CLS first."""

    most_nodes: ClassVar[int]

    @property
    def model_shape(self) -> Mapping[str, Any]:
        return {"architecture": "graph", "max_len": self.most_nodes + 1}

    def field(self, sources: Sequence[Sequence[str]]) -> Tensor:
        """(B, S, S): a node sees itself and its neighbours, CLS sees every node and itself."""
        table = torch.zeros(len(sources), self.most_nodes + 1, self.most_nodes + 1)
        for row, source in enumerate(sources):
            nodes, edges = read(source, self.most_nodes)
            there = torch.arange(nodes + 1)
            table[row, there, there] = 1
            table[row, 0, : nodes + 1] = 1
            for one, other in edges:
                table[row, one + 1, other + 1] = table[row, other + 1, one + 1] = 1
        return table

    def places(self, source: Sequence[str]) -> tuple[str, ...]:
        """The nodes' numbers; "" where there is none."""
        nodes = read(source, self.most_nodes)[0]
        return tuple(str(node) if node < nodes else "" for node in range(self.most_nodes))

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Any:
        """A batch of one; a graph that is typed must have an edge, as without one nobody sees anybody."""
        source = self.tokenize(text)
        if source and not text.strip().startswith("#") and not read(source, self.most_nodes)[1]:
            raise InputError("graph_no_edges")
        return super().encode(text, target, limit=limit)


class Connected(GraphTask):
    """Every graph of at most 7 nodes (Read & Wilson 1998): is there a way from each node to each other?

    In training the nodes are numbered anew in each epoch, since their numbers mean nothing.
    """

    info = INFOS["graph-connected"]
    most_nodes = 7
    examples = ("#0", "#1", "#2", "5 0-1 1-2 3-4", "5 0-1 1-2 2-3 3-4", "7 0-1 1-2 2-0 3-4 4-5 5-6")
    titles: ClassVar[Mapping[str, Text]] = {
        "yes": Text("连通", "connected"),
        "no": Text("不连通", "not connected"),
    }

    def load(self) -> Mapping[str, Sequence[Pair]]:
        package = networkx()
        pairs = []
        for graph in package.graph_atlas_g():
            if graph.number_of_nodes():
                label = "yes" if package.is_connected(graph) else "no"
                pairs.append(labelled(written(graph.number_of_nodes(), list(graph.edges())), label))
        keyed = [(" ".join(pair.source), pair) for pair in pairs]
        return split_by_key(keyed, self.options["seed"], validation=0.1, test=0.2)

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary(("no", "yes"))

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        pairs = self.split(split)
        return [self._renumbered(pair, generator) for pair in pairs] if split == "train" else pairs

    def _renumbered(self, pair: Pair, generator: random.Random) -> Pair:
        nodes, edges = read(pair.source, self.most_nodes)
        order = list(range(nodes))
        generator.shuffle(order)
        return Pair(written(nodes, [(order[one], order[other]) for one, other in edges]), pair.target)

    def answer(self, source: Sequence[str]) -> Any:
        """Computed: from node 0 along the edges."""
        nodes, edges = read(source, self.most_nodes)
        reached = {0}
        for _ in range(nodes):
            reached |= {b for edge in edges for a, b in (edge, edge[::-1]) if a in reached}
        return ("yes" if len(reached) == nodes else "no"), "exact"


class KarateClub(GraphTask):
    """34 members of a club that broke in two: from the known side of a few, the side of the others.

    All splits hold the same graph; each scores other members ("?" is not scored).
    """

    info = INFOS["karate-club"]
    most_nodes = 34
    unscored = "?"
    examples = ("#0",)
    KNOWN, VALIDATED = 10, 6  # members whose side is trained on, and validated on
    titles: ClassVar[Mapping[str, Text]] = {
        "Mr._Hi": Text("教练一边", "with the instructor"),
        "Officer": Text("会长一边", "with the president"),
    }

    def load(self) -> Mapping[str, Sequence[Pair]]:
        graph = networkx().karate_club_graph()
        sides = [graph.nodes[node]["club"].replace(" ", "_") for node in sorted(graph.nodes)]
        source = written(len(sides), list(graph.edges()))
        heads = [0, len(sides) - 1]  # the two who fell out are always known
        others = sorted(
            (node for node in range(len(sides)) if node not in heads), key=lambda node: rank(node, self.options["seed"])
        )
        known = {*heads, *others[: self.KNOWN - len(heads)]}
        validated = set(others[self.KNOWN - len(heads) : self.KNOWN - len(heads) + self.VALIDATED])
        chosen = {"train": known, "validation": validated, "test": set(range(len(sides))) - known - validated}
        return {
            name: [Pair(source, tuple(side if node in mine else "?" for node, side in enumerate(sides)))]
            for name, mine in chosen.items()
        }

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary(("Mr._Hi", "Officer"))
