"""Teacher forcing and free running on the same sentence: what goes in, and what each makes of a mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Shaped
from torch import Tensor

from attnviz.decoding.choice import check_tokens, entropy, likeliest
from attnviz.decoding.rules import Ends, end_ids
from attnviz.decoding.session import DecoderSession, longest
from attnviz.masks import MaskPlan
from attnviz.model import WatchedModel

LIKELIEST = 6  # tokens kept at a position


@dataclass(frozen=True, kw_only=True)
class ForcedPosition:
    """One decoder position under one of the two regimes."""

    position: int
    fed: int  # the decoder's input here: BOS or a token of the text before
    disturbed: bool  # the input is the mistake made on purpose
    target: int | None  # what the reference has here; None beyond its end
    predicted: int  # the most likely token
    written: int  # `predicted`, or the mistake made here on purpose
    probability: float  # of `predicted`
    target_probability: float | None
    entropy: float  # nats
    likeliest: tuple[tuple[int, float], ...] = ()  # tokens and their probabilities, the most probable first

    @property
    def correct(self) -> bool:
        """Whether the token that was written is the reference's."""
        return self.written == self.target


@dataclass(frozen=True)
class ForcingComparison:
    """The two regimes side by side, position by position; free running may be shorter or longer."""

    teacher: tuple[ForcedPosition, ...]
    free: tuple[ForcedPosition, ...]
    teacher_loss: float  # nats per target token

    @property
    def parts_at(self) -> int | None:
        """The first position whose inputs or written tokens differ; None: the two never part."""
        for one, other in zip(self.teacher, self.free, strict=False):
            if (one.fed, one.written) != (other.fed, other.written):
                return one.position
        shorter = min(len(self.teacher), len(self.free))
        return None if len(self.teacher) == len(self.free) else shorter

    @property
    def teacher_correct(self) -> int:
        """Positions that teacher forcing writes correctly."""
        return sum(position.correct for position in self.teacher)

    @property
    def free_correct(self) -> int:
        """Positions of the reference that free running gets right, place by place."""
        return sum(position.correct for position in self.free)


def compare_forcing(
    model: WatchedModel,
    src: Shaped[Tensor, "1 ..."] | None,
    targets: Sequence[int],
    *,
    bos_id: int,
    eos_id: Ends,
    max_len: int,
    mistakes: Mapping[int, int] | None = None,
    masks: MaskPlan | None = None,
) -> ForcingComparison:
    """Run both regimes greedily. `targets` is the reference with its EOS, which teacher forcing is fed shifted right.

    `mistakes` maps a position of the text to a wrong token, which both are made to write there: teacher forcing reads
    the reference on all the same, free running reads its mistake and has to live with it.
    """
    vocab_size = model.vocab_size
    reference = check_tokens("targets", targets, vocab_size)
    if not reference:
        raise ValueError("targets is empty; the reference needs at least its end token")
    wrong = dict(mistakes or {})
    check_tokens("mistakes", tuple(wrong.values()), vocab_size)
    if any(place < 0 for place in wrong):
        raise ValueError(f"mistakes names position {min(wrong)}; positions count from 0")

    taught = (bos_id, *reference[:-1])
    session = DecoderSession(model, src, masks=masks, use_cache=False)
    logits = session.feed(torch.tensor([taught], device=session.device))[0].cpu().double()
    log_probabilities = logits.log_softmax(dim=-1)
    teacher_loss = -float(log_probabilities[torch.arange(len(reference)), torch.tensor(reference)].mean())
    teacher = tuple(
        _position(place, fed, reference, log_probabilities[place].exp(), wrong) for place, fed in enumerate(taught)
    )

    session = DecoderSession(model, src, masks=masks)
    free: list[ForcedPosition] = []
    said, ends = bos_id, end_ids(eos_id)
    for place in range(longest(model, max_len)):
        logits = session.feed(torch.tensor([[said]], device=session.device))[0, -1].cpu().double()
        here = _position(place, said, reference, logits.softmax(dim=-1), wrong)
        free.append(replace(here, disturbed=place - 1 in wrong))
        said = here.written
        if said in ends:
            break
    return ForcingComparison(teacher, tuple(free), teacher_loss)


def _position(
    place: int, fed: int, reference: tuple[int, ...], probabilities: Tensor, wrong: Mapping[int, int]
) -> ForcedPosition:
    target = reference[place] if place < len(reference) else None
    order = likeliest(probabilities, LIKELIEST).tolist()
    predicted = order[0]
    return ForcedPosition(
        position=place,
        fed=fed,
        disturbed=False,
        target=target,
        predicted=predicted,
        written=wrong.get(place, predicted),
        probability=float(probabilities[predicted]),
        target_probability=None if target is None else float(probabilities[target]),
        entropy=entropy(probabilities.numpy()),
        likeliest=tuple((token, float(probabilities[token])) for token in order),
    )
