"""Greedy decoding of a whole batch: at every step the most likely token, nothing remembered but the tokens."""

from __future__ import annotations

from collections.abc import Collection

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from attnviz.decoding.rules import Ends, Rules, end_ids, without
from attnviz.decoding.session import DecoderSession, longest
from attnviz.masks import MaskPlan
from attnviz.model import WatchedModel

# Finished rows are dropped from the batch once this share is left: copying the cache costs about one step.
_COMPACT_AT = 0.75


def greedy(
    model: WatchedModel,
    src: Shaped[Tensor, "B ..."] | None,
    *,
    bos_id: int,
    eos_id: Ends,
    max_len: int,
    masks: MaskPlan | None = None,
    prefix: Int[Tensor, "B P"] | None = None,
    use_cache: bool = True,
    never: Collection[int] = (),
) -> Int[Tensor, "B T"]:
    """The most likely token, again and again, until every row has produced `eos_id` or holds `max_len` tokens.

    Returns ids without BOS, with EOS where it was produced and the model's pad_id after it. `prefix` is forced: every
    row begins with it, and it counts towards `max_len`. A decoder-only model takes `src` None; without a `prefix` its
    batch is 1. Several `eos_id` end a row as one does; None: nothing ends a row but the length. `never` holds ids
    that are not chosen. Stops early where the position table ends.
    """
    length = longest(model, max_len)
    device = model.device
    given = src if src is not None else prefix
    batch = 1 if given is None else given.size(0)
    if prefix is not None and prefix.size(0) != batch:
        raise ValueError(f"prefix has {prefix.size(0)} rows and src has {batch}; they must be the same")

    session = DecoderSession(model, src, masks=masks, use_cache=use_cache)
    start = torch.full((batch, 1), bos_id, dtype=torch.long, device=device)
    forced = start[:, :0] if prefix is None else prefix[:, :length].to(device)
    fed = torch.cat((start, forced), dim=1)
    out = torch.full((batch, length), model.pad_id, dtype=torch.long, device=device)
    out[:, : forced.size(1)] = forced

    ends = torch.tensor(sorted(end_ids(eos_id)), dtype=torch.long, device=device)
    rows = torch.arange(batch, device=device)  # the rows of `out` that the session still decodes
    going = torch.ones(batch, dtype=torch.bool, device=device)
    ended = False  # whether any row of the session has; while none has, nothing needs to be picked out
    for column in range(forced.size(1), length):
        token = without(session.feed(fed)[:, -1], never).argmax(dim=-1)
        if not ended and len(rows) == batch:
            out[:, column] = token
        else:
            out[rows[going], column] = token[going]
        fed = token[:, None]
        if not len(ends):
            continue
        going &= ~torch.isin(token, ends)
        left = int(going.sum())
        ended = left < len(rows)
        if not left:
            return out[:, : column + 1]
        if left <= _COMPACT_AT * len(rows):
            session.select(going.nonzero()[:, 0].tolist())
            rows, fed, going = rows[going], fed[going], going[going]
    return out


def greedy_by(
    rules: Rules,
    model: WatchedModel,
    src: Shaped[Tensor, "B ..."] | None,
    *,
    max_len: int,
    masks: MaskPlan | None = None,
) -> Int[Tensor, "B T"]:
    """`greedy` for texts that begin and end as `rules` say."""
    begins = torch.tensor([rules.begins] * (1 if src is None else src.size(0))) if rules.begins else None
    return greedy(
        model,
        src,
        bos_id=rules.first,
        eos_id=rules.ends,
        max_len=max_len,
        masks=masks,
        prefix=begins,
        never=rules.never,
    )
