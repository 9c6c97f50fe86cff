"""What the user has set, as one frozen value: masks by target, how they are applied, padding. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from attnviz.masks import KINDS, Kind, Mask, MaskPlan, Own, full, key_padding, kind_of, own_at, site_of
from attnviz.masks.parse import parse
from attnviz.model import WatchedModel, heads_of
from attnviz.trace.application import Application, Precision

MOST_PADS = 12
ALL_LAYERS = "all"  # as an address writes them
EVERYTHING = full()


@dataclass(frozen=True)
class Target:
    """What a mask is meant for: a whole kind of attention, one of its layers, one head of a layer or of all layers.

    Layers and heads count from 0.
    """

    kind: Kind
    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; allowed: {', '.join(KINDS)}")

    @property
    def name(self) -> str:
        """As an address writes it, layers and heads from 1: `cross`, `cross.2`, `cross.2.3`, `cross.all.3`."""
        numbers = [str(n + 1) for n in (self.layer, self.head) if n is not None]
        every = [ALL_LAYERS] if self.layer is None and numbers else []
        return ".".join([str(self.kind), *every, *numbers])

    @property
    def wider(self) -> tuple[Target, ...]:
        """The targets that contain this one, the nearest first: head → layer → head of all layers → kind."""
        whole = Target(self.kind)
        if self.head is not None and self.layer is not None:
            return Target(self.kind, self.layer), Target(self.kind, None, self.head), whole
        return () if self == whole else (whole,)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Order of application: kinds first, exceptions after what they except from."""
        layer, head = (-1 if number is None else number for number in (self.layer, self.head))
        return KINDS.index(self.kind), layer, head


@dataclass(frozen=True)
class Setting:
    """Everything that changes a number on the page. Equal settings give equal pictures."""

    edits: tuple[tuple[Target, Mask], ...] = ()  # in order of `Target.rank`, each target once
    application: Application = "own"
    precision: Precision = "fp32"
    pads: int = 0  # PAD tokens added after the source

    def edit(self, target: Target) -> Mask | None:
        """The mask given to exactly this target."""
        return dict(self.edits).get(target)

    def with_edit(self, target: Target, mask: Mask | None) -> Setting:
        """The same with another mask for a target; None takes the edit back."""
        edits: dict[Target, Mask] = {known: given for known, given in self.edits if known != target}
        if mask is not None:
            edits[target] = mask
        return replace(self, edits=tuple(sorted(edits.items(), key=lambda item: item[0].rank)))

    def inherited(self, target: Target, own: MaskPlan) -> Mask:
        """The mask a target has without an edit of its own."""
        edits, mask = dict(self.edits), own_of(target, own)
        for wider in target.wider:
            if wider in edits:
                return own_at(edits[wider], mask)
        return mask

    def mask_at(self, target: Target, own: MaskPlan) -> Mask:
        """The mask that the target shows: its own edit, or what it inherits."""
        found = self.edit(target)
        return self.inherited(target, own) if found is None else found


def own_of(target: Target, own: MaskPlan) -> Mask:
    """The model's own mask of a target; of a whole kind that which most of its layers have."""
    return own.of(target.kind) if target.layer is None else own.at(site_of(target.kind, target.layer))


def plan_of(setting: Setting, own: MaskPlan, model: WatchedModel) -> MaskPlan:
    """The masks of the whole model: its own, then the edits from the widest to the narrowest.

    An edit of a whole kind holds in every layer, also in those whose own mask is another one.
    """
    plan = own
    for target, mask in setting.edits:
        if target.layer is None and target.head is None:
            plan = plan.with_kind(target.kind, mask)
            for site in own.by_site:
                if kind_of(site) == target.kind:
                    plan = plan.with_site(site, own_at(mask, own.at(site)))
            continue
        sites = model.sites_of(target.kind)
        for site in sites if target.layer is None else sites[target.layer : target.layer + 1]:
            here = own_at(mask, own.at(site))
            plan = plan.with_site(site, here) if target.head is None else plan.with_heads(site, [target.head], here)
    return plan


def exists(target: Target, model: WatchedModel) -> bool:
    """Whether a model has this kind, layer and head."""
    layers = len(model.sites_of(target.kind))
    return layers > (target.layer or 0) and heads_of(model) > (target.head or 0)


def target_of(site: str, model: WatchedModel, head: int | None = None) -> Target:
    """The target that is a site, or one head of it."""
    kind = kind_of(site)
    return Target(kind, model.sites_of(kind).index(site), head)


def written(mask: Mask, real: int) -> str:
    """The mask's complete text; the padding after `real` keys is written `padding`, whatever the sentence."""
    return mask.spec.replace(f"padding({real})", "padding")


def names_given(real: int, own: Mask = EVERYTHING) -> Mapping[str, Mask]:
    """What a formula may say without brackets: `padding` hides the keys that stand after the `real` ones, `own` is
    the model's own mask, in each layer its own."""
    return {"padding": key_padding([real]), "own": own if isinstance(own, Own) else Own(own)}


def read(text: str, real: int, own: Mask = EVERYTHING) -> Mask:
    """The inverse of `written`; MaskError says what is wrong with a typed formula. `own`: the kind's own mask."""
    return parse(text, names_given(real, own))


def refitted(
    setting: Setting, old: Mapping[Kind, int], new: Mapping[Kind, int], own: MaskPlan | None = None
) -> Setting:
    """The same setting for another sentence: `padding` now means the new sentence's. `own`: the model's own masks."""
    own = own or MaskPlan()
    if old == new:
        return setting
    moved = (
        (target, read(written(mask, old[target.kind]), new[target.kind], own.of(target.kind)))
        for target, mask in setting.edits
        if target.kind in old and target.kind in new
    )
    return replace(setting, edits=tuple(moved))
