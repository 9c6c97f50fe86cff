"""Beam search: several texts at once, always the best `beams` of their continuations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from attnviz.decoding.beam_tree import BeamNode, BeamTree, Halt, State
from attnviz.decoding.choice import check_tokens, likeliest
from attnviz.decoding.recorder import NewestRows
from attnviz.decoding.rules import Ends, end_ids, without
from attnviz.decoding.session import DecoderSession, longest
from attnviz.decoding.step import Reason
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Chain, Probe, WatchedModel


@dataclass(frozen=True, kw_only=True)
class BeamOptions:
    """How wide to search, how to compare texts of different length, when to stop."""

    beams: int = 4
    length_penalty: float = 0.0  # a complete text is worth score / length ** length_penalty; 0: the plain sum
    stop_when_full: bool = True  # stop at `beams` complete texts; False: not before no living text can overtake them
    never: frozenset[int] = frozenset()  # tokens that no text goes on with

    def __post_init__(self) -> None:
        if self.beams < 1:
            raise ValueError(f"beams is {self.beams!r}; it must be at least 1")
        if not self.length_penalty >= 0:
            raise ValueError(f"length_penalty is {self.length_penalty!r}; it must be at least 0")


@dataclass(frozen=True)
class _Candidate:
    parent: int  # a row of the session: a place in `living`
    token: int
    log_probability: float
    score: float


def beam_search(
    model: WatchedModel,
    src: Shaped[Tensor, "1 ..."] | None = None,
    *,
    bos_id: int,
    eos_id: Ends,
    max_len: int,
    options: BeamOptions | None = None,
    prefix: Sequence[int] = (),
    masks: MaskPlan | None = None,
    use_cache: bool = True,
    record: Collection[str] = (),
    probe: Probe = SILENT,
) -> Iterator[BeamTree]:
    """Yields the tree after every step, the last one with its `reason`.

    Each step looks at the 2 · beams best continuations of the living texts. Those that end, among the first `beams`,
    are complete; the best that do not end live on. `max_len` counts the prefix. Wrong inputs raise ValueError.
    """
    options = options or BeamOptions()
    forced = check_tokens("prefix", prefix, model.vocab_size)
    limit = longest(model, max_len) - len(forced)
    if limit < 1:
        raise ValueError(f"prefix has {len(forced)} tokens; this leaves no room below {longest(model, max_len)}")
    recorder = NewestRows(record, model)
    session = DecoderSession(model, src, masks=masks, use_cache=use_cache, probe=Chain((probe, recorder)))
    start = torch.tensor([[bos_id, *forced]], device=session.device)
    return _search(session, recorder, start, end_ids(eos_id), limit, options)


def _search(
    session: DecoderSession,
    recorder: NewestRows,
    fed: Int[Tensor, "B T"],
    ends_with: frozenset[int],
    limit: int,
    options: BeamOptions,
) -> Iterator[BeamTree]:
    _, *prefix = fed[0].tolist()
    nodes = [BeamNode(id=0, token=int(fed[0, -1]), state="living")]
    living, finished = [0], list[int]()
    reason: Halt | None = None
    while reason is None:
        position = nodes[living[0]].position + 1
        logits = session.feed(fed)[:, -1]
        looked_at = _best_continuations(
            logits, [nodes[node].score for node in living], 2 * options.beams, options.never
        )
        rows = [recorder.of(row) for row in range(len(living))]
        new, next_living, parents = list[int](), list[int](), list[int]()
        for rank, candidate in enumerate(looked_at):
            ends: Reason | None = "eos" if candidate.token in ends_with else "length" if position + 1 == limit else None
            state: State = "dropped"
            if ends and rank < options.beams:
                state = "finished"
            elif not ends and len(next_living) < options.beams:
                state = "living"
            node = BeamNode(
                id=len(nodes),
                parent=living[candidate.parent],
                token=candidate.token,
                position=position,
                log_probability=candidate.log_probability,
                score=candidate.score,
                normalised=candidate.score / (position + 1) ** options.length_penalty,
                state=state,
                reason=ends if state == "finished" else None,
                rows=rows[candidate.parent],
            )
            nodes.append(node)
            new.append(node.id)
            if state == "finished":
                finished.append(node.id)
            elif state == "living":
                next_living.append(node.id)
                parents.append(candidate.parent)
        finished = sorted(finished, key=lambda node: -nodes[node].normalised)[: options.beams]
        living = next_living
        reason = _halt(
            [nodes[node].normalised for node in finished], [nodes[node].score for node in living], limit, options
        )
        yield BeamTree(
            prefix=tuple(prefix),
            nodes=tuple(nodes),
            new=tuple(new),
            living=tuple(living),
            finished=tuple(finished),
            reason=reason,
        )
        if reason is None:
            session.select(parents)
            fed = torch.tensor([[nodes[node].token] for node in living], device=session.device)


def _best_continuations(
    logits: Float[Tensor, "B V"], scores: list[float], count: int, never: frozenset[int]
) -> list[_Candidate]:
    log_probabilities = without(logits.cpu().double().log_softmax(dim=-1), never)
    sums = log_probabilities + torch.tensor(scores, dtype=torch.double)[:, None]
    order = likeliest(sums.flatten(), count)
    vocab_size = logits.size(1)
    return [
        _Candidate(
            place // vocab_size,
            place % vocab_size,
            float(log_probabilities[place // vocab_size, place % vocab_size]),
            float(sums[place // vocab_size, place % vocab_size]),
        )
        for place in order.tolist()
    ]


def _halt(finished: list[float], living: list[float], limit: int, options: BeamOptions) -> Halt | None:
    if not living:
        return "length"
    if len(finished) < options.beams:
        return None
    if options.stop_when_full:
        return "full"
    # Log-probabilities only subtract, so the best that a living text can reach is its score at the greatest length.
    return "settled" if max(living) / limit**options.length_penalty <= finished[-1] else None
