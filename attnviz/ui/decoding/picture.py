"""From what was computed to what the browser is handed: plain values and arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.decoding import BeamNode, BeamTree, DecodingStep
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.parts import foreign_parts
from attnviz.model import Transformer, WatchedModel, heads_of
from attnviz.model.parts import Part, parts
from attnviz.ui.decoding.progress import Progress
from attnviz.ui.decoding.running import DecodedText, Search
from attnviz.ui.decoding.settings import Settings
from attnviz.ui.decoding.subject import Subject

Arrays = dict[str, NDArray[np.float32]]
Values = dict[str, Any]
MOST_WEIGHTS = 1_000_000  # that travel to the browser at once


def model_values(model: WatchedModel) -> Values:
    """The drawing: every part with its parameters, and the attention sites."""
    return {
        "parts": [
            {
                "path": part.path,
                "kind": part.kind,
                "block": part.block,
                "site": part.site,
                "parameters": part.parameters,
                "shared": part.shared_with,
            }
            for part in _parts(model)
        ],
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "sites": [
            {"site": site, "kind": kind, "heads": model.heads(site), "groups": model.groups(site)}
            for kind in model.kinds
            for site in model.sites_of(kind)
        ],
        "heads": heads_of(model),
        "has_encoder": model.has_encoder,
        "vocab_size": model.vocab_size,
    }


def _parts(model: WatchedModel) -> tuple[Part, ...]:
    if isinstance(model, Transformer):
        return parts(model)
    return foreign_parts(model) if isinstance(model, ForeignModel) else ()


def subject_values(subject: Subject) -> Values:
    """Labels of what is read."""
    return {
        "columns": list(subject.columns),
        "unknown_columns": list(subject.unknown_columns),
        "bos": subject.start_label,
        "prefix": len(subject.prefix),
    }


def state_values(progress: Progress) -> Values:
    """Where the browser begins, or is put back to."""
    return {
        "scope": progress.scope,
        "seq": progress.seq,
        "step": progress.step,
        "site": progress.site,
        "head": progress.head,
        "forced": sorted(progress.forced.items()),
        "attempt": progress.attempt,
        "refused": progress.refused,
    }


def run_values(subject: Subject, run: DecodedText, settings: Settings) -> tuple[Values, Arrays]:
    """Every step of a greedy or sampled text."""
    labels = subject.labels(run.steps[-1].tokens) if run.steps else ()
    values: Values = {
        "steps": [_step(subject, step, labels) for step in run.steps],
        "cached": run.cached,
        "sampled": settings.strategy == "sample",
        "most_entropy": math.log(subject.model.vocab_size),
        "written": [subject.written(step.tokens) for step in run.steps],
        "prompt_written": "",
    }
    return values, dict(run.weights)


def _step(subject: Subject, step: DecodingStep, labels: Sequence[str]) -> Values:
    tokens = subject.task.tgt_vocab.tokens
    return {
        "token": labels[step.position],
        "id": step.token,
        "fed": labels[step.position - 1] if step.position else subject.start_label,
        "p": step.probability,
        "chance": step.chance,
        "rank": step.rank,
        "log_p": step.log_probability,
        "cumulative": step.cumulative,
        "entropy": step.entropy,
        "chance_entropy": step.chance_entropy,
        "draw": step.draw,
        "forced": step.forced,
        "reason": step.reason,
        "reused": dict(step.reused),
        "alternatives": [
            {"id": one.token, "token": tokens[one.token], "p": one.probability, "chance": one.chance}
            for one in step.alternatives
        ],
    }


def search_values(subject: Subject, found: Search, settings: Settings) -> tuple[Values, Arrays]:
    """A beam search: all nodes once, and what each step did."""
    last = found.trees[-1]
    values: Values = {
        "beam": {
            "nodes": [_node(subject, node) for node in last.nodes],
            "steps": [
                {
                    "new": list(tree.new),
                    "living": list(tree.living),
                    "finished": list(tree.finished),
                    "best": leading(tree),
                    "reason": tree.reason,
                }
                for tree in found.trees
            ],
            "expansions": {str(parent): at for parent, at in found.expansions.items()},
            "prefix": list(subject.prefix_labels),
            "beams": settings.beams,
            "joint": " " if " " in subject.task.detokenize(["x", "x"]) else "",
            "penalised": settings.length_penalty > 0,
            "written": {str(node): subject.written(last.tokens(node)) for node in last.finished},
        }
    }
    return values, dict(found.weights)


def leading(tree: BeamTree) -> int:
    """The best text of all, complete or not; once the search is over the best complete one."""
    if tree.reason is not None:
        return tree.best
    return max((*tree.living, *tree.finished), key=lambda node: tree.nodes[node].normalised)


def _node(subject: Subject, node: BeamNode) -> Values:
    return {
        "token": subject.task.tgt_vocab.tokens[node.token] if node.parent is not None else subject.start_label,
        "parent": node.parent,
        "position": node.position,
        "log_p": node.log_probability,
        "score": node.score,
        "normalised": node.normalised,
        "state": node.state,
        "reason": node.reason,
    }


def within_reason(arrays: Arrays, site: str) -> Arrays:
    """All weights, or, where that is very much, those of the site on screen: another one is sent when it is chosen."""
    if sum(array.size for array in arrays.values()) <= MOST_WEIGHTS:
        return arrays
    return {name: array for name, array in arrays.items() if name == site}


def merged(*values: Mapping[str, Any]) -> Values:
    """One dictionary of several."""
    whole: Values = {}
    for one in values:
        whole |= one
    return whole
