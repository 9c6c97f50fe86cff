"""One forward pass with every named value kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.masks import MaskPlan
from attnviz.model import ATTENTION_TAPS, Chain, MultiHeadAttention, Probe, Transformer, WatchedModel
from attnviz.model.inference import inference
from attnviz.model.probe import ALL_TAPS, BEHIND_THE_HEADS, MAKINGS, heard
from attnviz.trace.interventions import Intervention, fresh_probe
from attnviz.trace.loss import mean_loss
from attnviz.trace.record import AttentionRecord, Trace, UnmadeRecord


def to_numpy(value: Tensor) -> np.ndarray:
    """Detached, on the CPU, as float32 (bool and integers keep their type)."""
    value = value.detach().cpu()
    return (value.float() if value.is_floating_point() else value).numpy()


class Recorder:
    """A probe that keeps what passes at the chosen sites and changes nothing.

    With `scales`, by site, what scores are multiplied with, weights are not listened to but made from queries and keys
    when they are asked for: attention may then stay the fused one.
    """

    def __init__(
        self,
        sites: Collection[str],
        taps: Collection[str] | None = None,
        scales: Mapping[str, float] | None = None,
    ) -> None:
        self.sites = frozenset(sites)
        self.scales = scales or {}
        makings = {"q", "k"} if scales else {"weights"}
        self.taps = None if taps is None else frozenset({"mask", "output", *makings, *taps})
        self._asked = frozenset(taps or ())
        self._makings: dict[str, dict[str, Tensor]] = {}
        self.hears = ALL_TAPS if self.taps is None else self.taps
        self.kept: dict[str, dict[str, np.ndarray]] = {}

    def wants(self, site: str) -> bool:
        return site in self.sites

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        # What a model does not show arrives without numbers.
        if site in self.sites and (self.taps is None or name in (*self.taps, "sink")) and value.numel():
            if self.scales and name in ("q", "k"):
                self._makings.setdefault(site, {})[name] = value.detach()
                if name not in self._asked:
                    return value
            self.kept.setdefault(site, {})[name] = to_numpy(value)
        return value

    def records(self) -> dict[str, AttentionRecord]:
        """The attentions seen, in order of computation."""
        found: dict[str, AttentionRecord] = {}
        for site, values in self.kept.items():
            if made := self._makings.get(site):
                taps = {name: value for name, value in values.items() if name != "mask"}
                found[site] = UnmadeRecord(site, values["mask"], made["q"], made["k"], self.scales[site], taps)
            elif "weights" in values:
                # The model's masks have axes of size 1 where they don't differ; a view costs nothing.
                mask = np.broadcast_to(values["mask"], values["weights"].shape)
                taps = {name: value for name, value in values.items() if name not in ("mask", "weights")}
                found[site] = AttentionRecord(site=site, mask=mask, weights=values["weights"], taps=taps)
        return found

    def outputs(self) -> dict[str, np.ndarray]:
        """Hidden states after each block seen."""
        return {site: values["output"] for site, values in self.kept.items() if "output" in values}


def block_sites(model: WatchedModel) -> tuple[str, ...]:
    """The sites whose `output` is a block's hidden states: `encoder.0`, `decoder.1` …"""
    return tuple(dict.fromkeys(site.rsplit(".", 1)[0] for site in model.sites))


def check_sites(model: WatchedModel, sites: Collection[str]) -> None:
    """Raise ValueError for a site that the model does not have."""
    known = model.sites + block_sites(model)
    for site in sites:
        if site not in known:
            raise ValueError(f"site is {site!r}; this model has {', '.join(known)}")


def watch(
    model: WatchedModel,
    batch: Batch,
    *,
    masks: MaskPlan | None = None,
    interventions: Sequence[Probe | Intervention] = (),
    sites: Collection[str] | None = None,
    taps: Collection[str] | None = None,
    unmade: bool = False,
) -> Trace:
    """Run `batch` through the model and keep every step at `sites` (None: all of them).

    `taps` are the steps that are kept beside masks and weights, out of `ATTENTION_TAPS` (None: all of them; (): none,
    which is all that a map needs: long texts in large models take gigabytes otherwise).

    `unmade`: where that can be, weights are made when they are asked for, head by head; the pass costs little more than
    one nobody watches, and all heads together cost more than if they had been kept.

    `interventions` act in their order; the trace shows what the model went on with. `masks` None: the model's own.
    The model is in eval mode meanwhile. Raises ValueError for an unknown site and for a batch that does not fit.
    """
    wanted = model.sites + block_sites(model) if sites is None else tuple(sites)
    check_sites(model, wanted)
    for tap in taps or ():
        if tap not in ATTENTION_TAPS:
            raise ValueError(f"tap is {tap!r}; allowed: {', '.join(ATTENTION_TAPS)}")
    acting = [fresh_probe(intervention) for intervention in interventions]
    recorder = Recorder(wanted, taps, _scales(model, taps, acting) if unmade else None)
    probe = Chain([*acting, recorder])
    batch = batch.to(model.device)
    with inference(model, tokens=batch.positions):
        logits = model(batch.source, batch.decoder_input, masks=masks, probe=probe)
        loss = None
        if batch.targets is not None and batch.scored is not None:
            loss = mean_loss(logits, batch.targets, batch.scored)
    return Trace(
        batch=batch.to("cpu"),
        records=recorder.records(),
        outputs=recorder.outputs(),
        logits=to_numpy(logits),
        targets=None if batch.targets is None else to_numpy(batch.targets),
        scored=None if batch.scored is None else to_numpy(batch.scored),
        loss=loss,
    )


def _scales(model: WatchedModel, taps: Collection[str] | None, acting: Sequence[Probe]) -> dict[str, float] | None:
    """What the scores of each site are multiplied with, where weights need not be made during the pass.

    That is where nobody asks for the steps around them and nobody who acts would hear them. None: they must be.
    """
    fused = type(model) is Transformer and taps is not None and set(taps) <= MAKINGS
    if not fused or not frozenset[str]().union(*map(heard, acting)) <= BEHIND_THE_HEADS:
        return None
    attentions = [one for one in model.modules() if isinstance(one, MultiHeadAttention)]
    if any(type(one) is not MultiHeadAttention for one in attentions):
        return None
    return {one.site: one.scale for one in attentions}
