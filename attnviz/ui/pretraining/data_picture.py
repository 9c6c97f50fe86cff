"""The data tab's pictures as HTML. Whatever comes from a text is escaped; colours are the palette's."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from attnviz.figures import colour
from attnviz.figures.text import printable
from attnviz.figures.theme import DARK, LIGHT
from attnviz.ui.pretraining.preparation import Divided, Splits, Vectors
from attnviz.ui.text import Words

MOST_TOKENS = 40  # drawn of one sentence
MOST_CELLS = 64  # columns of a one-hot row that are drawn as cells; beyond, a row is a strip


def step(number: int, title: str, note: str, body: str) -> str:
    """One numbered step of the way from text to numbers."""
    heading = f"<h3><b>{number}</b><span>{escape(title)}</span><small>{escape(note)}</small></h3>"
    return f'<section class="dt-step">{heading}{body}</section>'


def raw(text: str) -> str:
    """The text with what cannot be seen made visible."""
    shown = "".join(_visible(character) for character in text[:400])
    return f'<div class="dt-raw" dir="auto">{shown}{"…" if len(text) > 400 else ""}</div>'


def _visible(character: str) -> str:
    if character == "\n":
        return '<i class="dt-mark">↵</i><br>'
    seen = printable(character)
    return escape(character) if seen == character else f'<i class="dt-mark">{escape(seen)}</i>'


def chips(tokens: Sequence[str], under: Sequence[str] = (), unknown: Sequence[int] = ()) -> str:
    """Tokens as chips, with a line under each."""
    found = []
    for place, token in enumerate(tokens[:MOST_TOKENS]):
        below = f"<small>{escape(under[place])}</small>" if under else ""
        odd = ' class="dt-odd"' if place in set(unknown) else ""
        found.append(f"<span{odd}><em>{escape(printable(token))}</em>{below}</span>")
    more = f"<span><em>… +{len(tokens) - MOST_TOKENS}</em></span>" if len(tokens) > MOST_TOKENS else ""
    return f'<div class="dt-chips">{"".join(found)}{more}</div>'


def ways(divided: Sequence[Divided], used: Sequence[str], t: Words) -> str:
    """The same text divided in several ways, the task's own marked."""
    rows, matched = [], False
    for one in divided:
        own = list(one.tokens) == list(used) and not matched
        matched |= own
        rows.append(_way(t(f"way_{one.way}"), one.tokens, one.known, t, own))
    if not matched:
        rows.append(_way(t("way_task"), tuple(used), None, t, True))
    merged = next((one.merges for one in divided if one.merges), ())
    learned = " ".join(f"<code>{escape(printable(piece))}</code>" for piece in merged)
    below = f'<p class="dt-note">{escape(t("way_merges"))}{learned}</p>' if merged else ""
    return f'<div class="dt-ways">{"".join(rows)}</div><p class="dt-note">{escape(t("way_why"))}</p>{below}'


def _way(name: str, tokens: Sequence[str], known: int | None, t: Words, own: bool) -> str:
    line = f"{len(tokens)}" if known is None else t("way_line", count=len(tokens), known=f"{known:,}")
    mark = f'<u title="{escape(t("way_used"))}">★ {escape(t("way_used"))}</u>' if own else ""
    return (
        f'<div class="dt-way{" dt-own" if own else ""}"><div><b>{escape(name)}</b><small>{escape(line)}</small>{mark}'
        f"</div>{chips(tokens)}</div>"
    )


def one_hot(found: Vectors, size: int) -> str:
    """A row a token: all cells when they fit, else a strip with the lit cell at its place."""
    rows = []
    for label, number in zip(found.labels[:12], found.ids, strict=False):
        if size <= MOST_CELLS:
            cells = "".join("<i class='on'>1</i>" if column == number else "<i></i>" for column in range(size))
            drawn = f'<div class="dt-cells" style="grid-template-columns:repeat({size},1fr)">{cells}</div>'
        else:
            left = 100 * number / (size - 1)
            drawn = (
                f'<div class="dt-strip"><i style="left:{left:.2f}%"></i><b style="left:{left:.2f}%">{number}</b></div>'
            )
        rows.append(f"<em>{escape(printable(label))}</em>{drawn}")
    return f'<div class="dt-rows">{"".join(rows)}</div>'


def bag(found: Vectors) -> str:
    """Counts as bars."""
    most = max((count for _, count in found.bag), default=1)
    rows = "".join(
        f'<em>{escape(printable(token))}</em><div class="dt-bar"><i style="width:{100 * count / most:.0f}%"></i>'
        f"<b>{count}</b></div>"
        for token, count in found.bag[:14]
    )
    return f'<div class="dt-rows dt-two">{rows}</div>'


def embedding(found: Vectors) -> str:
    """Every row of W as a strip of colours, the same scale for all."""
    largest = float(np.abs(found.embedding).max()) if found.embedding.size else 1.0
    rows = []
    for label, row in zip(found.labels[:12], found.embedding, strict=False):
        first = " ".join(f"{value:+.2f}" for value in row[:4])
        rows.append(
            f'<em>{escape(printable(label))}</em><div class="dt-heat"><div style="background:{gradient(row, largest)}">'
            f"</div><small>{first} …</small></div>"
        )
    return f'<div class="dt-rows">{"".join(rows)}</div>'


def gradient(values: np.ndarray, largest: float) -> str:
    """Numbers as a CSS background of equal cells, in both appearances."""
    places = (values / (largest or 1.0) + 1) / 2
    light, dark = (colour.at(palette.difference, np.clip(places, 0, 1)) for palette in (LIGHT, DARK))
    n = len(values)
    stops = (
        f"light-dark({colour.hex_colour(a)},{colour.hex_colour(b)}) {100 * i / n:.2f}% {100 * (i + 1) / n:.2f}%"
        for i, (a, b) in enumerate(zip(light, dark, strict=True))
    )
    return f"linear-gradient(90deg,{','.join(stops)})"


def split_bar(found: Splits, t: Words) -> str:
    """The three splits as one bar and three lines."""
    total = sum(share.examples for share in found.shares) or 1
    bar = "".join(
        f'<i class="dt-{share.name}" style="flex:{max(share.examples / total, 0.02):.4f}"></i>'
        for share in found.shares
    )
    lines = "".join(
        f'<li class="dt-{share.name}"><b>{escape(t(f"split_{share.name}"))}</b>'
        f"{escape(t('split_line', examples=f'{share.examples:,}', tokens=f'{share.tokens:,}'))}</li>"
        for share in found.shares
    )
    verdict = t("split_disjoint") if not found.in_two else t("split_overlap", count=found.in_two)
    return (
        f'<div class="dt-split"><div class="dt-whole">{bar}</div><ul>{lines}</ul>'
        f'<p class="{"dt-good" if not found.in_two else "dt-bad"}">{escape(verdict)}</p>'
        f'<p class="dt-note">{escape(t("split_why"))}</p></div>'
    )


def first_examples(found: Splits, t: Words, name: str = "train") -> str:
    """The first examples of a split, source and target side by side."""
    share = next(one for one in found.shares if one.name == name)
    rows = "".join(
        f'<tr><td dir="auto">{escape(_short(source))}</td><td>{"→" if source else ""}</td>'
        f'<td dir="auto">{escape(_short(target))}</td></tr>'
        for source, target in share.first
    )
    heading = t("examples_of", name=t(f"split_{name}"))
    return f'<div class="dt-first"><h2>{escape(heading)}</h2><table>{rows}</table></div>'


def _short(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 60 else shown[:59] + "…"
