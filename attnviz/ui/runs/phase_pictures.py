"""The numbers of each phase of one step, as HTML, and the attention of its forward pass."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from attnviz.figures import colour
from attnviz.figures.text import printable
from attnviz.figures.theme import DARK, LIGHT
from attnviz.language import Language, spoken
from attnviz.masks import KINDS, kind_of
from attnviz.training.gradients import layer_of
from attnviz.training.phase_reports import (
    BatchReport,
    ClipReport,
    ForwardReport,
    GradientReport,
    LossReport,
    PhaseReport,
    UpdateReport,
)
from attnviz.training.updates import UpdateNorms
from attnviz.ui.attention.picture import AttentionPicture, KindPicture
from attnviz.ui.frame.appearance import colour_names
from attnviz.ui.runs.curves import number
from attnviz.ui.text import Words, texts

ROWS = 3  # examples of the batch that are printed
TOKENS = 24  # of an example
BARS = 12  # layers


def draw(report: PhaseReport, t: Words) -> str:
    """One phase."""
    match report:
        case BatchReport():
            return _batch(report, t)
        case ForwardReport():
            return _forward(report, t)
        case LossReport():
            return _loss(report, t)
        case GradientReport():
            return _gradients(report, t)
        case ClipReport():
            return _clip(report, t)
        case UpdateReport():
            return _update(report, t)
    return ""


def _facts(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f'<dl class="ph-facts">{rows}</dl>'


def _tokens(labels: Sequence[str], kind: str = "", under: Sequence[str] = (), shades: Sequence[str] = ()) -> str:
    found = []
    for place, label in enumerate(labels[:TOKENS]):
        below = f"<small>{escape(under[place])}</small>" if place < len(under) else ""
        shade = f' style="{shades[place]}"' if place < len(shades) else ""
        found.append(f"<span{shade}><em>{escape(printable(label, 12))}</em>{below}</span>")
    more = "<span><em>…</em></span>" if len(labels) > TOKENS else ""
    return f'<div class="dt-chips ph-{kind}">{"".join(found)}{more}</div>'


def _batch(report: BatchReport, t: Words) -> str:
    facts = _facts(
        [
            (t("ph_examples"), f"{report.examples:,}"),
            (t("ph_scored"), f"{report.tokens:,}"),
            (t("ph_padding"), f"{100 * report.padding:.0f}%"),
            (t("ph_epoch"), f"{report.epoch + 1} · {report.index:,}"),
        ]
    )
    rows = []
    for row in range(min(ROWS, report.examples)):
        for name, labels in (
            ("ph_source", report.src_labels),
            ("ph_decoder", report.decoder_labels),
            ("ph_target", report.target_labels),
        ):
            if row < len(labels):
                rows.append(f"<b>{escape(t(name))}</b>{_tokens(labels[row])}")
    note = t("ph_batch_note" if report.decoder_labels else "ph_batch_note_encoder")
    return f'{facts}<div class="ph-rows">{"".join(rows)}</div><p class="rn-why">{escape(note)}</p>'


def _forward(report: ForwardReport, t: Words) -> str:
    rows = []
    for place, candidates in enumerate(report.candidates[:TOKENS]):
        wanted = report.target_labels[place] if place < len(report.target_labels) else ""
        bars = "".join(
            f'<span class="{"ph-hit" if token == wanted else ""}"><em>{escape(printable(token, 8))}</em>'
            f'<i style="width:{100 * share:.0f}%"></i><small>{100 * share:.0f}%</small></span>'
            for token, share in candidates[:3]
        )
        read = report.decoder_labels[place] if place < len(report.decoder_labels) else ""
        rows.append(f"<b>{escape(printable(read, 8))} →</b><div>{bars}</div>")
    why = t("ph_forward_note", **colour_names(t.language, "right"))
    return f'<p class="rn-why">{escape(why)}</p><div class="ph-guesses">{"".join(rows)}</div>'


def _loss(report: LossReport, t: Words) -> str:
    facts = [
        (t("ph_mean"), f"{report.nats:.4f}"),
        (t("ph_right"), f"{100 * report.token_accuracy:.0f}%"),
    ]
    if report.label_smoothing:
        facts.append((t("ph_smoothed"), f"{report.objective:.4f}"))
    if report.penalty:
        facts.append((t("ph_penalty"), f"{report.penalty:.4f}"))
    rows = []
    for row in range(min(ROWS, len(report.target_labels))):
        losses = report.token_losses[row]
        labels = report.target_labels[row]
        under = [f"{loss:.2f}" if math.isfinite(loss) else "" for loss in losses[: len(labels)]]
        shades = [_shade(float(loss)) for loss in losses[: len(labels)]]
        said = report.said_labels[row] if row < len(report.said_labels) else ()
        rows.append(f"<b>{escape(t('ph_target'))}</b>{_tokens(labels, under=under, shades=shades)}")
        rows.append(f"<b>{escape(t('ph_said'))}</b>{_tokens(said)}")
    return f'{_facts(facts)}<div class="ph-rows">{"".join(rows)}</div><p class="rn-why">{escape(t("ph_loss_note"))}</p>'


def _shade(loss: float) -> str:
    """The colour of a loss: pale is 0 nats, strong is 4 or more."""
    if not math.isfinite(loss):
        return ""
    place = np.array([0.5 - min(loss, 4.0) / 8])
    light, dark = (colour.hex_colour(colour.at(palette.difference, place)[0]) for palette in (LIGHT, DARK))
    inks = LIGHT.ink_on(light), DARK.ink_on(dark)
    return f"background:light-dark({light},{dark});color:light-dark({inks[0]},{inks[1]})"


def _gradients(report: GradientReport, t: Words) -> str:
    check = report.check
    error = abs(check.gradient - check.difference)
    place = ", ".join(map(str, check.index))
    agrees = error <= 1e-4 * max(1.0, abs(check.gradient))
    box = (
        f'<div class="ph-check"><b>{escape(t("ph_check"))}</b><code>{escape(check.parameter)}[{place}]</code>'
        + _facts(
            [
                (t("ph_weight"), f"{check.value:+.6f}"),
                (t("ph_autograd"), f"{check.gradient:+.8f}"),
                (t("ph_above", step=f"{check.step:g}"), f"{check.loss_above:.8f}"),
                (t("ph_below", step=f"{check.step:g}"), f"{check.loss_below:.8f}"),
                (t("ph_difference", both=f"{2 * check.step:g}"), f"{check.difference:+.8f}"),
            ]
        )
        + f'<p class="{"rn-good" if agrees else "rn-bad"}">{"✓" if agrees else "✗"} '
        f"{escape(t('ph_agree', error=f'{error:.1g}'))}</p></div>"
    )
    return f"{bars(report.norms.by_layer(), t('ph_by_layer'))}{box}"


def bars(values: Mapping[str, float], title: str) -> str:
    """Numbers by layer as bars."""
    most = max(values.values(), default=0.0) or 1.0
    rows = "".join(
        f'<em>{escape(name)}</em><div class="dt-bar"><i style="width:{75 * value / most:.1f}%"></i>'
        f"<b>{number(value)}</b></div>"
        for name, value in list(values.items())[:BARS]
    )
    return f'<h2 class="rn-small">{escape(title)}</h2><div class="dt-rows ph-bars">{rows}</div>'


def _clip(report: ClipReport, t: Words) -> str:
    if not report.limit:
        verdict = t("ph_never_clipped")
    elif report.factor >= 1:
        verdict = t("ph_short_enough")
    else:
        verdict = t("ph_scaled", factor=f"{report.factor:.3f}")
    most = max(report.norm, report.limit, 1e-9)
    limit = f'<u style="left:{100 * report.limit / most:.1f}%"></u>' if report.limit else ""
    lines = "".join(
        f'<em>{escape(t(name))}</em><div class="ph-gauge"><i style="width:{100 * value / most:.1f}%"></i>{limit}'
        f"<b>{number(value)}</b></div>"
        for name, value in (("ph_before", report.norm), ("ph_after", report.after))
    )
    return f'<div class="dt-rows">{lines}</div><p class="rn-why">{escape(verdict)}</p>'


def _update(report: UpdateReport, t: Words) -> str:
    updates = report.updates
    facts = _facts(
        [
            (t("learning_rate"), number(report.learning_rate)),
            (t("update_ratio"), number(report.ratio)),
            (t("ph_share"), f"{100 * float(np.mean(updates.moved)):.0f}%"),
        ]
    )
    moved = "".join(
        f"<tr><td><code>{escape(one.parameter)}[{', '.join(map(str, one.index))}]</code></td>"
        f"<td>{one.before:+.4f}</td><td>{one.after:+.4f}</td></tr>"
        for one in updates.largest
    )
    table = (
        f'<table class="rn-samples ph-moved"><tr><th>{escape(t("ph_moved_most"))}</th><th>{escape(t("ph_before"))}</th>'
        f"<th>{escape(t('ph_after'))}</th></tr>{moved}</table>"
    )
    return f"{facts}{bars(moved_by_layer(updates), t('ph_moved'))}{table}"


def moved_by_layer(updates: UpdateNorms) -> dict[str, float]:
    """The length of each layer's part of the update, in the order of the model."""
    squares: dict[str, float] = {}
    for name, norm in zip(updates.parameters, updates.update.tolist(), strict=True):
        squares[layer_of(name)] = squares.get(layer_of(name), 0.0) + norm**2
    return {layer: square**0.5 for layer, square in squares.items()}


def attention(report: ForwardReport, language: Language, scope: str) -> AttentionPicture | None:
    """Every head of the forward pass, on one example of the batch."""
    kinds = []
    for kind in KINDS:
        sites = tuple(site for site in report.weights if kind_of(site) == kind)
        if not sites:
            continue
        rows = report.src_labels if kind == "encoder_self" else report.decoder_labels
        columns = report.decoder_labels if kind == "decoder_self" else report.src_labels
        kinds.append(
            KindPicture(
                kind=kind,
                weights=np.stack([report.weights[site] for site in sites]).astype(np.float32),
                mask=np.stack([report.masks[site] for site in sites]),
                row_labels=rows,
                column_labels=columns,
                sites=sites,
            )
        )
    if not kinds:
        return None
    return AttentionPicture(
        kinds=tuple(kinds),
        kind=kinds[-1].kind,
        text=spoken(texts("attention_stage"), language),
        scope=scope,
        mirror_url=False,
    )
