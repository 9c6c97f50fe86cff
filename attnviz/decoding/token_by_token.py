"""One sentence, one token at a time, forwards and backwards."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Shaped
from numpy.typing import NDArray
from torch import Tensor

from attnviz.decoding.choice import Choice, chances, check_tokens, entropy, likeliest, pick
from attnviz.decoding.recorder import NewestRows
from attnviz.decoding.rules import Ends, end_ids
from attnviz.decoding.session import DecoderSession, longest
from attnviz.decoding.step import Alternative, DecodingStep, Reason
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Chain, Probe, WatchedModel

FEW = 2048  # tokens of a vocabulary that are sorted as a whole faster than the likeliest are found


class Decoding:
    """A text that grows a token with each `step` and shrinks with `back`; iterate over it to run to the end.

    `src` is (1, S), None for a decoder-only model. `prefix` is forced first; `forced` maps a position to the token that
    is put there whatever the model says. `record` names the sites whose new row of weights each step keeps. The draws
    depend on the seed and the position alone: after `back`, the same step gives the same token. `choice` may be
    exchanged between two steps. Wrong inputs raise ValueError.
    """

    def __init__(
        self,
        model: WatchedModel,
        src: Shaped[Tensor, "1 ..."] | None = None,
        *,
        bos_id: int,
        eos_id: Ends,
        max_len: int,
        choice: Choice | None = None,
        prefix: Sequence[int] = (),
        forced: Mapping[int, int] | None = None,
        masks: MaskPlan | None = None,
        use_cache: bool = True,
        alternatives: int = 5,
        record: Collection[str] = (),
        probe: Probe = SILENT,
    ) -> None:
        vocab_size = model.vocab_size
        self.choice = choice or Choice()
        self.max_len = longest(model, max_len)
        self._bos_id, self._ends, self._alternatives = bos_id, end_ids(eos_id), min(alternatives, vocab_size)
        self._vocab_size = vocab_size
        self._forced = dict(enumerate(check_tokens("prefix", prefix, vocab_size)))
        later = forced or {}
        self._forced |= dict(zip(later, check_tokens("forced", tuple(later.values()), vocab_size), strict=True))
        if any(position < 0 for position in self._forced):
            raise ValueError(f"forced names position {min(self._forced)}; positions count from 0")
        self._recorder = NewestRows(record, model)
        listening = self._recorder if probe is SILENT else Chain((probe, self._recorder))
        self._session = DecoderSession(model, src, masks=masks, use_cache=use_cache, probe=listening)
        self._steps: list[DecodingStep] = []
        self._draws: list[float] = []
        self._source_of_draws: tuple[int, random.Random] | None = None

    @property
    def steps(self) -> tuple[DecodingStep, ...]:
        """What has happened so far."""
        return tuple(self._steps)

    @property
    def tokens(self) -> tuple[int, ...]:
        """The text so far, without BOS."""
        return self._steps[-1].tokens if self._steps else ()

    @property
    def reason(self) -> Reason | None:
        """Why it has ended; None while it goes on."""
        return self._steps[-1].reason if self._steps else None

    @property
    def cached(self) -> bool:
        """Whether keys and values are kept from one step to the next."""
        return self._session.cached

    def __iter__(self) -> Iterator[DecodingStep]:
        while self.reason is None:
            yield self.step()

    def step(self, token: int | None = None) -> DecodingStep:
        """Add one token: `token` where it is given, else the forced one, else the choice's. At the end: ValueError."""
        if self.reason is not None:
            raise ValueError(f"decoding has ended ({self.reason}); step back first")
        position, before = len(self._steps), self.tokens
        fed = before[-1] if before else self._bos_id
        forced = self._forced.get(position) if token is None else check_tokens("token", [token], self._vocab_size)[0]
        reused = self._session.kept()
        logits = self._session.feed(torch.tensor([[fed]], device=self._session.device))[:, -1].cpu().double()

        # A few hundred numbers: NumPy is done with them before PyTorch has begun.
        scores: NDArray[np.float64] = logits[0].numpy()
        shifted = scores - scores.max()
        log_probabilities = shifted - np.log(np.exp(shifted).sum())
        probabilities = np.exp(log_probabilities)
        greedily = self.choice.method == "greedy"
        if greedily and self.choice.repetition_penalty == 1 and not self.choice.never:
            chance = np.zeros_like(scores)
            chance[scores.argmax()] = 1.0
        else:
            history = torch.tensor([before], dtype=torch.long)
            chance = chances(logits, history, self.choice)[0].numpy()
        draw = None
        if forced is not None:
            chosen = forced
        elif greedily:
            chosen = int(chance.argmax())
        else:
            draw = self._draw(position)
            chosen = pick(torch.from_numpy(chance), draw)

        n = self._alternatives
        if len(probabilities) <= FEW:
            first = np.argsort(-probabilities, kind="stable")[:n]
        else:
            first = likeliest(torch.from_numpy(probabilities), n).numpy()
        above = probabilities > probabilities[chosen]
        above[:chosen] |= probabilities[:chosen] == probabilities[chosen]
        log_probability = float(log_probabilities[chosen])
        reason: Reason | None = "eos" if chosen in self._ends else "length" if position + 1 >= self.max_len else None
        step = DecodingStep(
            position=position,
            fed=fed,
            token=chosen,
            tokens=(*before, chosen),
            alternatives=tuple(
                map(
                    Alternative,
                    first.tolist(),
                    probabilities[first].tolist(),
                    chance[first].tolist(),
                )
            ),
            probability=float(probabilities[chosen]),
            chance=float(chance[chosen]),
            rank=int(above.sum()),
            log_probability=log_probability,
            cumulative=log_probability + (self._steps[-1].cumulative if self._steps else 0.0),
            entropy=entropy(probabilities),
            chance_entropy=0.0 if greedily else entropy(chance),
            draw=draw,
            forced=forced is not None,
            reason=reason,
            reused=reused,
            rows=self._recorder.of(0),
        )
        self._steps.append(step)
        return step

    def back(self, count: int = 1) -> None:
        """Undo the last `count` steps."""
        if not 0 <= count <= len(self._steps):
            raise ValueError(f"count is {count}; {len(self._steps)} steps can be undone")
        del self._steps[len(self._steps) - count :]
        self._session.rewind(len(self._steps))

    def _draw(self, position: int) -> float:
        if self._source_of_draws is None or self._source_of_draws[0] != self.choice.seed:
            self._source_of_draws, self._draws = (self.choice.seed, random.Random(self.choice.seed)), []
        while len(self._draws) <= position:
            self._draws.append(self._source_of_draws[1].random())
        return self._draws[position]
