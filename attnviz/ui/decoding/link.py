"""What a link to Decoding holds: a view, the knobs, and where the walk through a sentence has got to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, get_args

from attnviz.model import heads_of
from attnviz.ui.decoding.progress import Progress, tokens_at
from attnviz.ui.decoding.settings import RANGES, STRATEGIES, USED_BY, Settings
from attnviz.ui.decoding.subject import Subject
from attnviz.ui.frame.link import Field, Fields, Link, Number, OneOf, read, written
from attnviz.ui.frame.shared_link import FIELDS as SHARED

View = Literal["steps", "forcing", "cache"]
VIEWS: tuple[View, ...] = get_args(View)
LONGEST = 2000  # characters of tokens that are read

_DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Settings)}
STRATEGY = OneOf("strategy", STRATEGIES, default=_DEFAULTS["strategy"], complaint="url_choice")
KNOBS: Mapping[str, Field[Any]] = {
    name: Number(name, range.low, range.high, range.whole, default=_DEFAULTS[name], complaint="url_range")
    for name, range in RANGES.items()
}
VIEW = OneOf("view", VIEWS, default=VIEWS[0], complaint="url_choice")
ARRIVAL: Fields = (STRATEGY, *KNOBS.values(), VIEW)


@dataclass(frozen=True)
class TokensAt(Field[Mapping[int, int]]):
    """Tokens by position, `3:17,5:2`, of those that a subject has; `none` is the word for no token, if there is one."""

    subject: Subject
    none: str = ""

    def read(self, text: str) -> Mapping[int, int] | None:
        """What makes no sense is left out; None where nothing is left."""
        if self.none and text == self.none:
            return {}
        pairs = [part.split(":") for part in text[:LONGEST].split(",") if part.count(":") == 1]
        numbers = [
            [int(n) for n in pair] for pair in pairs if all(n.isascii() and n.isdigit() and len(n) < 7 for n in pair)
        ]
        return tokens_at(numbers, self.subject) or None

    def write(self, value: Mapping[int, int]) -> str | None:
        """By position."""
        return ",".join(f"{position}:{token}" for position, token in sorted(value.items())) or self.none or None


class Place(NamedTuple):
    """Where a walk through a sentence is; what can be written depends on the sentence and its model."""

    step: Number
    head: Number
    part: OneOf
    forced: TokensAt
    mistake: TokensAt


def place_in(subject: Subject) -> Place:
    """The fields of one sentence."""
    return Place(
        step=Number("step", 0, subject.room, whole=True, complaint="url_range"),
        head=Number("head", 1, heads_of(subject.model), whole=True, complaint="url_range"),
        part=OneOf("part", subject.model.sites, complaint="url_choice"),
        forced=TokensAt("forced", subject, complaint="url_tokens"),
        mistake=TokensAt("mistake", subject, "none", complaint="url_tokens"),
    )


def fields_of(subject: Subject) -> Fields:
    """Everything that a link to the page can hold while a sentence is walked through."""
    return (*SHARED, *ARRIVAL, *place_in(subject))


def settings_of(link: Link) -> Settings:
    """The knobs as a link sets them."""
    named: dict[str, Any] = {one.name: link[one] for one in (STRATEGY, *KNOBS.values())}
    return Settings(**named)


def parameters(settings: Settings) -> dict[str, str | None]:
    """The knobs that the strategy uses and that differ from the defaults; None takes a name out of the address."""
    used = USED_BY[settings.strategy]
    knobs = {of: getattr(settings, name) if name in used else None for name, of in KNOBS.items()}
    return written({STRATEGY: settings.strategy, **knobs})


def begun(params: Mapping[str, str], subject: Subject) -> Progress:
    """Where a link says that a sentence is to be opened; what cannot be used is left out, with a remark."""
    place = place_in(subject)
    link = read(place, params)
    kept = Progress(step=None if (step := link[place.step]) is None else int(step))
    part, head, forced, mistake = link[place.part], link[place.head], link[place.forced], link[place.mistake]
    kept.look(subject.model, part, None if head is None else head - 1)
    kept.forced = dict(forced) if forced else {}
    kept.mistake = next(iter(mistake.items()), None) if mistake else None
    kept.mistake_settled = link.says(place.mistake)
    kept.remarks = link.remarks
    return kept
