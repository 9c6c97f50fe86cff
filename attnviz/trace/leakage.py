"""Who can influence whom, through all layers: followed through the masks, and measured by replacing inputs.

The first is exact: an input reaches an output when a path of visible cells leads there. The second is what really
moves: replace one token, run the model, and see which outputs change and by how much. A mask keeps its promise when
nothing moves that may not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.data.vocabulary import SPECIALS
from attnviz.masks import MaskPlan, causal, once
from attnviz.model import Chain, Probe, WatchedModel
from attnviz.model.inference import inference
from attnviz.trace.application import Application
from attnviz.trace.copies import repeated_plan
from attnviz.trace.interventions import Intervention, fresh_probe

Side = Literal["source", "decoder"]
ELEMENTS_AT_ONCE = 8_000_000  # of the largest tensor of a pass
TOLERANCE = 1e-5  # of the largest logit: below it a change is rounding


@dataclass(frozen=True, eq=False)
class Reach:
    """Which inputs can influence a position after each layer; None where the model has no such part.

    `source` is the source seen by decoder positions, through cross-attention and the encoder.
    """

    encoder: Bool[np.ndarray, "L S S"] | None
    decoder: Bool[np.ndarray, "L2 T T"] | None
    source: Bool[np.ndarray, "L2 T S"] | None

    @property
    def bytes(self) -> int:
        """What keeping it takes."""
        return sum(part.nbytes for part in (self.encoder, self.decoder, self.source) if part is not None)

    def of_outputs(self, side: Side) -> Bool[np.ndarray, "T J"]:
        """Which inputs of a side can influence each output of the model."""
        layers = self.decoder if side == "decoder" else self.source
        if self.decoder is None and side == "source":
            layers = self.encoder
        if layers is None:
            raise ValueError(f"this model has no {side} input")
        found: np.ndarray = layers[-1]
        return found


class Influence(NamedTuple):
    """What replacing some inputs does."""

    inputs: tuple[int, ...]
    amounts: Float[np.ndarray, "T j"]  # the largest change of a logit at every output
    logits: Float[np.ndarray, "T V"]  # without any replacement


@dataclass(frozen=True)
class Leak:
    """An output moved by an input that stands later; `amount`: the largest change of a logit, if it was measured."""

    row: int
    token: int
    amount: float | None


@dataclass(frozen=True)
class Verdict:
    """What a page says in words about outputs that see the future."""

    rows: tuple[int, ...]  # outputs that see a later input
    first: Leak | None  # the first such row and its nearest later token; None: the future stays unread
    worst: Leak | None  # where the change is largest; None when nothing leaks or nothing was measured

    @property
    def leaks(self) -> bool:
        """Whether any output sees a later input."""
        return bool(self.rows)


def reach(
    model: WatchedModel, batch: Batch, *, masks: MaskPlan | None = None, example: int = 0, how: Application = "own"
) -> Reach:
    """Follow visible cells through all layers; `how` the mask is applied decides what a blocked cell lets through.

    Applied after the softmax without renormalising, a mask lets everything through (the denominator reads all keys),
    except to a fully blocked row, which is zeroed; added as −1e9, it does only there. A position always keeps itself,
    by the residual connection.
    """
    masks = masks or model.default_masks(batch.src, batch.decoder_input)
    sources = None if batch.src is None else batch.src.size(1)
    targets = None if batch.decoder_input is None else batch.decoder_input.size(1)

    known: dict[tuple[int, int, int, int], np.ndarray] = {}  # layers have one and the same mask as a rule

    def fetched(site: str, queries: int, keys: int) -> np.ndarray:
        asked = id(masks.at(site)), model.heads(site), queries, keys
        if asked in known:
            return known[asked]
        mask = masks.at(site).broadcast(batch=batch.size, heads=model.heads(site), queries=queries, keys=keys)
        visible = mask[example if mask.size(0) > 1 else 0]
        if how == "none":
            visible = torch.ones_like(visible)
        elif how == "after":  # the denominator reads every key, but nothing of a row that is zeroed as a whole
            visible = torch.ones_like(visible) & visible.any(dim=-1, keepdim=True)
        elif how == "-1e9":
            visible = visible | ~visible.any(dim=-1, keepdim=True)
        known[asked] = visible.any(dim=0).expand(queries, keys).numpy()
        return known[asked]

    if model.layers_without_map:  # what mixes positions unseen may carry anything that came before
        everything = None if sources is None else np.ones((1, sources, sources), dtype=bool)
        if targets is None:
            return Reach(encoder=everything, decoder=None, source=None)
        past = causal().dense(batch=1, heads=1, queries=targets, keys=targets)[0].numpy()
        read = None if sources is None else np.ones((1, targets, sources), dtype=bool)
        return Reach(encoder=everything, decoder=past, source=read)
    encoder: list[np.ndarray] = []
    memory, grown = np.eye(sources or 0, dtype=bool), _Growing()
    for site in model.sites_of("encoder_self") if sources else ():
        memory = grown(fetched(site, len(memory), len(memory)), memory)
        encoder.append(memory)
    if targets is None:
        return Reach(encoder=np.stack(encoder or [memory]), decoder=None, source=None)
    own, source = np.eye(targets, dtype=bool), np.zeros((targets, sources or 0), dtype=bool)
    owns, found = [], []
    crossings = model.sites_of("cross")
    for layer, site in enumerate(model.sites_of("decoder_self")):
        cells = fetched(site, targets, targets)
        own = grown(cells, own)
        owns.append(own)
        if sources:
            source = grown(cells, source) | _through(fetched(crossings[layer], targets, sources), memory)
            found.append(source)
    return Reach(
        encoder=np.stack(encoder) if encoder else None,
        decoder=np.stack(owns or [own]),
        source=np.stack(found or [source]) if sources else None,
    )


def receptive_field(layers: Bool[np.ndarray, "L T J"]) -> np.ndarray:
    """How many inputs each position sees after each layer, (L, T): a window of w grows by w − 1 a layer and side."""
    count: np.ndarray = layers.sum(axis=-1)
    return count


def influences(
    model: WatchedModel,
    batch: Batch,
    side: Side,
    *,
    masks: MaskPlan | None = None,
    interventions: Sequence[Probe | Intervention] = (),
    example: int = 0,
    inputs: Sequence[int] | None = None,
    replacements: int = 2,
    seed: int = 0,
    specials: Collection[int] = range(len(SPECIALS)),
) -> Iterator[Influence]:
    """Replace inputs one at a time and yield what that does, as they are done.

    Each of `inputs` (None: all of `side`) is replaced by `replacements` other tokens in turn; the larger change counts.
    Masks stay those of the batch as it is, also where padding is replaced. As many variants as fit share a pass.
    `specials` are the numbers that stand for no text: they replace only where nothing else is left. In every pass the
    first example is the one without a replacement: a probe among `interventions` may watch it.
    """
    ids = batch.src if side == "source" else batch.decoder_input
    if ids is None:
        raise ValueError(f"this batch has no {side} input")
    if replacements < 1:
        raise ValueError(f"replacements is {replacements}; it must be at least 1")
    length = ids.size(1)
    chosen = tuple(range(length)) if inputs is None else tuple(inputs)
    for position in chosen:
        if not 0 <= position < length:
            raise ValueError(f"input is {position}; allowed: 0 … {length - 1}")
    device = model.device
    one = _example(batch, example).to(device)
    plan = once(repeated_plan(masks or model.default_masks(batch.src, batch.decoder_input), 1, example))
    vocabulary = model.src_vocab_size if side == "source" else model.vocab_size
    asked = tuple(ids[example].tolist()), vocabulary, replacements, seed, frozenset(specials), model.pad_id
    others = _other_tokens(*asked)
    variants = [(position, token) for position in chosen for token in others[position]]
    for start in range(0, len(chosen), at_once := _inputs_at_once(model, one, replacements)):
        done = chosen[start : start + at_once]
        chunk = variants[start * replacements : (start + at_once) * replacements]
        probe = Chain([fresh_probe(intervention) for intervention in interventions])
        with inference(model, tokens=one.positions * (len(chunk) + 1)):
            logits = _run(model, one, side, chunk, plan, probe)
            change = (logits[1:] - logits[0]).abs().amax(dim=-1)
        amounts = change.unflatten(0, (len(done), replacements)).amax(dim=1).T.float().cpu().numpy()
        yield Influence(done, amounts, logits[0].float().cpu().numpy())


def influence(
    model: WatchedModel,
    batch: Batch,
    side: Side,
    *,
    masks: MaskPlan | None = None,
    interventions: Sequence[Probe | Intervention] = (),
    example: int = 0,
    inputs: Sequence[int] | None = None,
    specials: Collection[int] = range(len(SPECIALS)),
) -> Float[np.ndarray, "T J"]:
    """The whole matrix of `influences`: row = output, column = input, value = largest change of a logit."""
    parts = influences(
        model,
        batch,
        side,
        masks=masks,
        interventions=interventions,
        example=example,
        inputs=inputs,
        specials=specials,
    )
    return np.concatenate([part.amounts for part in parts], axis=1)


def moved(amount: Float[np.ndarray, "T J"], logits: Float[np.ndarray, "B T V"]) -> Bool[np.ndarray, "T J"]:
    """Which outputs really moved: by more than rounding, relative to the largest of the `logits`; NaN counts."""
    largest = np.abs(logits[np.isfinite(logits)]).max(initial=1.0)
    found: Bool[np.ndarray, "T J"] = ~(amount <= TOLERANCE * largest)
    return found


def verdict(influenced: Bool[np.ndarray, "T T"], amount: Float[np.ndarray, "T T"] | None = None) -> Verdict:
    """Whether any output t is influenced by an input j > t, where first, and where most."""
    rows, tokens = np.nonzero(influenced)
    rows, tokens = rows[tokens > rows], tokens[tokens > rows]
    if not len(rows):
        return Verdict(rows=(), first=None, worst=None)

    def leak(at: int) -> Leak:
        row, token = int(rows[at]), int(tokens[at])
        return Leak(row, token, None if amount is None else float(amount[row, token]))

    worst = None if amount is None else leak(int(np.nan_to_num(amount[rows, tokens], nan=np.inf).argmax()))
    return Verdict(tuple(np.unique(rows).tolist()), leak(0), worst)


class _Growing:
    """What is reached when every position also reads what it sees. Most masks are one in all layers, and after one or
    two of them nothing is added any more: what does not grow stays the same array, and is not asked again."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def __call__(self, cells: np.ndarray, state: np.ndarray) -> np.ndarray:
        asked = id(cells), id(state)
        if asked not in self.known:
            more = state | _through(cells, state)
            self.known[asked] = cells, state, state if np.array_equal(more, state) else more
        return self.known[asked][2]


def _through(cells: np.ndarray, state: np.ndarray) -> np.ndarray:
    if state.diagonal().all() and np.count_nonzero(state) == len(state) == state.shape[1]:
        return cells  # so far everything is only itself
    # A product of booleans, by the fast product of floats; sums stay far below 2**24.
    reached: np.ndarray = (torch.from_numpy(cells).float() @ torch.from_numpy(state).float() > 0).numpy()
    return reached


def _example(batch: Batch, example: int) -> Batch:
    def row(ids: Tensor | None) -> Tensor | None:
        return None if ids is None else ids[example : example + 1]

    return replace(batch, src=row(batch.src), decoder_input=row(batch.decoder_input), targets=None, scored=None)


@lru_cache(maxsize=32)  # the same for every cell that is painted
def _other_tokens(
    ids: tuple[int, ...], vocabulary: int, replacements: int, seed: int, specials: frozenset[int], pad_id: int
) -> tuple[tuple[int, ...], ...]:
    """For every position `replacements` tokens that do not stand there, specials only where nothing else is left."""
    generator = np.random.default_rng(seed)
    words = [token for token in range(vocabulary) if token not in specials]
    pool = words if len(words) > 1 else [token for token in range(vocabulary) if token != pad_id]
    if len(pool) < 2:
        raise ValueError(f"the vocabulary has {vocabulary} tokens; nothing can be replaced")
    found = []
    for token in ids:
        drawn = generator.permutation(len(pool))[: replacements + 1]
        others = [pool[i] for i in drawn if pool[i] != token][:replacements]
        found.append(tuple(others * replacements)[:replacements])
    return tuple(found)


def _inputs_at_once(model: WatchedModel, batch: Batch, replacements: int) -> int:
    lengths = [ids.size(1) for ids in (batch.src, batch.decoder_input) if ids is not None]
    widest = max(model.vocab_size, max(map(model.heads, model.sites), default=1) * max(lengths), model.inner_width)
    return max(1, ELEMENTS_AT_ONCE // (replacements * max(lengths) * widest))


def _run(
    model: WatchedModel, batch: Batch, side: Side, variants: Sequence[tuple[int, int]], plan: MaskPlan, probe: Probe
) -> Float[Tensor, "N T V"]:
    """Logits of the example as it is, then of each variant (position, token)."""
    copies = len(variants) + 1

    def varied(ids: Tensor) -> Tensor:
        many = ids.repeat(copies, 1)
        where, tokens = zip(*variants, strict=True)
        many[torch.arange(1, copies), torch.tensor(where)] = torch.tensor(tokens, device=ids.device)
        return many

    memory, source = None, batch.source
    if source is not None:
        if side == "source":
            memory = model.encode(varied(source), masks=plan, probe=probe)
        else:
            memory = model.encode(source, masks=plan, probe=probe).expand(copies, -1, -1)
    if batch.decoder_input is None:
        assert memory is not None, "a model without decoder reads a source"
        return model.logits_of(memory)
    decoder_input = batch.decoder_input
    decoder_input = varied(decoder_input) if side == "decoder" else decoder_input.repeat(copies, 1)
    return model.decode(decoder_input, memory, masks=plan, probe=probe)
