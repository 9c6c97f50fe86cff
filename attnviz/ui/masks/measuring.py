"""From a setting to every number on the page: what the model makes of the masks, and what has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from attnviz.masks import Kind, MaskPlan, once
from attnviz.model import heads_of
from attnviz.trace.application import MaskApplication
from attnviz.trace.leakage import Influence, Reach, Side, influences, reach
from attnviz.trace.leakage import moved as really_moved
from attnviz.trace.predictions import log_probabilities
from attnviz.ui.masks.lens import Floats, Pass, run, run_replacing
from attnviz.ui.masks.setting import Setting, plan_of
from attnviz.ui.masks.subject import Subject

Made = TypeVar("Made")
UNMEASURED = -1.0
MOST_MEASURED = 128  # inputs beyond which nobody would wait for all of them
AT_ONCE = 12  # inputs whose influence is measured without being asked
LITTLE = 128  # tokens up to which one more example in a pass takes less time than another pass
REPLACEMENTS = 2  # tokens that take an input's place in turn
MOST_WORK = 2e10  # multiplications that are done unasked: about a second of a laptop's
SIDE_OF: Mapping[Kind, Side] = {"encoder_self": "source", "decoder_self": "decoder", "cross": "source"}


@dataclass(frozen=True, eq=False)
class Baseline:
    """The same subject under the model's own masks."""

    weights: Mapping[str, Floats]
    logits: Floats
    loss: float | None
    reach: Reach
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    def kept(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` makes of it, made once: it does not change while cells are painted."""
        if name not in self._made:
            self._made[name] = make()
        made: Made = self._made[name]
        return made

    @property
    def bytes(self) -> int:
        """What keeping it takes, with the probabilities that are made of its logits."""
        return 2 * self.logits.nbytes + sum(weights.nbytes for weights in self.weights.values()) + self.reach.bytes


@dataclass(frozen=True, eq=False)
class Measurement:
    """Everything the page shows. Rows are queries, columns keys; moved weight is a share of a row's weight."""

    plan: MaskPlan  # the masks of the whole model
    seen: Pass
    own: Baseline
    moved: Mapping[str, NDArray[np.float32]]  # by site, a share for every head; NaN where a weight is NaN
    reach: Reach
    influence: Floats | None  # outputs × inputs of the shown kind's side; UNMEASURED where nobody has looked
    shown: NDArray[np.bool_]  # which input of the shown kind reaches which position
    shown_own: NDArray[np.bool_]
    telling_row: int
    telling_position: int


def baseline(subject: Subject) -> Baseline:
    """The pass that every change is measured against: own masks, the model's own way, its own precision."""
    site = subject.model.sites[0]
    found = run(subject.model, subject.batch, subject.own, MaskApplication(), site, 0)
    return Baseline(found.weights, found.logits, found.loss, reach(subject.model, subject.batch, masks=subject.own))


def measure(
    subject: Subject, own: Baseline, setting: Setting, kind: Kind, look: tuple[int, int], *, everything: bool = False
) -> Measurement:
    """All numbers for a setting, looking at head `look` (layer, head) of a kind.

    Influence is measured for every input of short sequences, else (unless `everything`) for the first that reach
    back in time.
    """
    model = subject.model
    site = model.sites_of(kind)[look[0]]
    plan = once(plan_of(setting, subject.own, model))
    # Computing in float32 is the model's own way; without a cast its weights stay bit-equal to the baseline's.
    application = MaskApplication(setting.application, None if setting.precision == "fp32" else setting.precision)
    followed = reach(model, subject.batch, masks=plan, how=setting.application)
    shown, shown_own = shown_reach(followed, kind), shown_reach(own.reach, kind)
    opened = None if followed.decoder is None else followed.decoder[0]
    inputs = _inputs_to_measure(subject, kind, shown, opened, everything)
    looked = (model, subject.batch, plan, application, site, look[1])
    amounts = None
    if len(inputs) == 1 and subject.batch.positions <= LITTLE:
        seen, moved = run_replacing(*looked, side=SIDE_OF[kind], token=inputs[0], specials=subject.specials)
        amounts = _laid_out(subject, kind, [moved])
    else:
        seen = run(*looked)
        if inputs:
            amounts = _laid_out(subject, kind, _influence(subject, kind, plan, application, inputs))
    real = subject.real_source if kind == "encoder_self" else None
    row = _telling_row(seen, own.weights[site][look[1]], real)
    return Measurement(
        plan=plan,
        seen=seen,
        own=own,
        moved={one: moved_share(weights, own.weights[one]) for one, weights in seen.weights.items()},
        reach=followed,
        influence=amounts,
        shown=shown,
        shown_own=shown_own,
        telling_row=row,
        telling_position=_telling_position(seen.logits, own.logits),
    )


def passes_unasked(subject: Subject) -> int:
    """Forward passes that nobody needs to be asked for, at least one: a large model takes its time."""
    queries, keys = (max(numbers) for numbers in zip(*subject.sizes.values(), strict=True))
    weights = sum(parameter.numel() for parameter in subject.model.parameters())
    return max(1, int(MOST_WORK / (weights * max(queries, keys))))


def shown_reach(found: Reach, kind: Kind) -> NDArray[np.bool_]:
    """Which inputs reach which positions in the end, for the kind of attention that is looked at."""
    layers = {"encoder_self": found.encoder, "decoder_self": found.decoder, "cross": found.source}[kind]
    assert layers is not None, "a model without this kind is not looked at through it"
    last: NDArray[np.bool_] = layers[-1]
    return last


def moved_share(now: Floats, before: Floats) -> NDArray[np.float32]:
    """How much of each head's weight lies elsewhere than before: half the sum of absolute changes, mean over rows."""
    share: NDArray[np.float32] = (np.abs(now - before).sum(axis=-1) / 2).mean(axis=-1).astype(np.float32)
    return share


def layers_of(subject: Subject, plan: MaskPlan, kind: Kind) -> NDArray[np.bool_]:
    """The masks of a kind layer by layer, (L, T, S): what any head sees."""
    model, (queries, keys) = subject.model, subject.sizes[kind]
    heads = heads_of(model)
    masks = [plan.at(site).broadcast(batch=1, heads=heads, queries=queries, keys=keys) for site in model.sites_of(kind)]
    return np.stack([mask[0].any(dim=0).expand(queries, keys).numpy() for mask in masks])


def _inputs_to_measure(
    subject: Subject, kind: Kind, shown: NDArray[np.bool_], opened: NDArray[np.bool_] | None, everything: bool
) -> Sequence[int]:
    """Which inputs are replaced to see what moves: all of a short sequence, else the first one that leaks back.

    `opened` (T, J): what the first layer of the decoder lets through.
    """
    if kind == "encoder_self" and (subject.model.has_decoder or subject.scored == "vector"):
        return ()  # what is shown are the encoder's outputs; logits are further on, or there are none
    length = shown.shape[1]
    if length <= (MOST_MEASURED if everything else AT_ONCE) and (
        everything or length <= passes_unasked(subject) // REPLACEMENTS
    ):
        return range(length)
    if kind != "decoder_self" or opened is None:
        return ()
    future = from_the_future(shown.shape)
    leaking: list[list[int]] = np.argwhere(opened & future if (opened & future).any() else shown & future)[:1].tolist()
    return [token for _, token in leaking]


def _influence(
    subject: Subject, kind: Kind, plan: MaskPlan, application: MaskApplication, inputs: Sequence[int]
) -> Iterator[Influence]:
    # In the model's own way nothing needs to be watched, so torch's fused attention may do it.
    interventions = () if application == MaskApplication() else (application,)
    replacements = REPLACEMENTS if len(inputs) > 1 else 1
    return influences(
        subject.model,
        subject.batch,
        SIDE_OF[kind],
        masks=plan,
        interventions=interventions,
        inputs=inputs,
        replacements=replacements,
        specials=subject.specials,
    )


def _laid_out(subject: Subject, kind: Kind, parts: Iterable[Influence]) -> Floats:
    """How far each output moves when an input is replaced; 0 where it is no more than rounding."""
    found: Floats | None = None
    for inputs, amounts, logits in parts:
        if found is None:
            found = np.full((len(logits), subject.sizes[kind][1]), UNMEASURED, dtype=np.float32)
        found[:, list(inputs)] = np.where(really_moved(amounts, logits[None]), amounts, 0)
    assert found is not None, "something was replaced"
    return found


def from_the_future(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(T, J): whether input j stands after output t."""
    later: NDArray[np.bool_] = np.arange(shape[1])[None, :] > np.arange(shape[0])[:, None]
    return later


def _telling_row(seen: Pass, before: Floats, real: int | None) -> int:
    """The row whose weights have moved most; without any change, the last that is no padding."""
    now = np.asarray(seen.detail["weights"], dtype=np.float32)
    change = np.nan_to_num(np.abs(now - before).sum(axis=-1), nan=np.inf)
    return int(change.argmax()) if change.max() > 1e-6 else (real or len(change)) - 1


def _telling_position(now: Floats, before: Floats) -> int:
    """The position whose prediction has changed most; without any change, the least certain one."""
    with np.errstate(invalid="ignore"):
        after, then = np.exp(log_probabilities(now)), np.exp(log_probabilities(before))
    change = np.nan_to_num(np.abs(after - then).sum(axis=-1), nan=np.inf)
    return int(change.argmax()) if change.max() > 1e-3 else int(then.max(axis=-1).argmin())


def most_moved(moved: Mapping[str, NDArray[np.float32]]) -> tuple[str, int, float] | None:
    """The head that moved most (site, head, share); None where none did. A NaN counts as the largest change."""
    sizes = {site: np.nan_to_num(shares, nan=np.inf) for site, shares in moved.items()}
    found = [(float(size), site, head) for site, shares in sizes.items() for head, size in enumerate(shares)]
    if not found:
        return None
    most, site, head = max(found, key=lambda one: one[0])
    return None if most < 5e-4 else (site, head, float(moved[site][head]))


def heads_moved(moved: Mapping[str, NDArray[np.float32]]) -> int:
    """How many heads put at least half a percent of their weight elsewhere."""
    return int(sum((~(shares < 0.005)).sum() for shares in moved.values()))
