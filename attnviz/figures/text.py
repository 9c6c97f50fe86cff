"""The words on figures, in Chinese and English, and what it takes to print people's own text safely.

Plotly reads its labels as pseudo-HTML (`<b>`, `<a href>`, `&lt;`) and, in notebooks, `$…$` as TeX. Tokens come from
what people type, so every label passes through `label` (or `escape`) before it reaches a figure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

Language = Literal["en", "zh"]

_WORDS: dict[str, tuple[str, str]] = {
    "weight": ("weight", "权重"),
    "score": ("score", "分数"),
    "query": ("query", "查询"),
    "key": ("key", "键"),
    "visible": ("□ visible", "□ 可见"),
    "blocked": ("■ blocked", "■ 屏蔽"),
    "blocked_yet": ("blocked, yet has weight", "已屏蔽，却仍有权重"),
    "changed": ("changed", "已改动"),
    "nan": ("NaN: not a number", "NaN：不是数"),
    "head": ("L{layer} H{head}", "L{layer} H{head}"),
    "layer_axis": ("layer", "层"),
    "head_axis": ("head", "头"),
    "difference": ("difference", "差"),
    "before": ("before", "之前"),
    "after": ("after", "之后"),
    "pooled": ("one cell = the largest of {n} × {n} weights", "一格 = {n} × {n} 个权重中的最大值"),
}

# Names of curves and numbers that are translated when a table or a run uses them.
_QUANTITIES: dict[str, tuple[str, str]] = {
    "step": ("step", "步"),
    "epoch": ("epoch", "轮次"),
    "value": ("value", "值"),
    "probability": ("probability", "概率"),
    "baseline": ("baseline", "基线"),
    "loss": ("loss", "损失"),
    "train_loss": ("training loss", "训练损失"),
    "validation_loss": ("validation loss", "验证损失"),
    "accuracy": ("accuracy", "准确率"),
    "token_accuracy": ("token accuracy (teacher-forced)", "词元准确率（教师强制）"),
    "exact_match": ("exact match (free-running)", "逐序列正确率（自由生成）"),
    "perplexity": ("perplexity", "困惑度"),
    "learning_rate": ("learning rate", "学习率"),
    "seconds": ("seconds", "秒"),
    "tokens_per_second": ("tokens per second", "每秒词元数"),
    "grad_norm": ("gradient norm", "梯度范数"),
    "unigram": ("unigram baseline", "一元基线"),
    "bigram": ("bigram baseline", "二元基线"),
}

_STATISTICS: dict[str, tuple[str, str]] = {
    "entropy": ("entropy", "熵"),
    "distance": ("mean distance", "平均距离"),
    "previous": ("share on the previous token", "落在前一词元的比例"),
    "first": ("share on the first token", "落在第一个词元的比例"),
    "same": ("share on the same token", "落在同一词元的比例"),
    "importance": ("Δ loss without this head", "关掉此头后的 Δ 损失"),
    "nats": ("nats", "纳特"),
    "tokens": ("tokens", "词元"),
    "share": ("share", "比例"),
}

_VISIBLE = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥", "\u00a0": "⍽", "\u3000": "□"}
# Marks that reorder or hide text around them; a token must not be able to touch its neighbours.
_DIRECTION = {"\u200e", "\u200f", "\u061c", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def word(key: str, language: Language = "en", **values: object) -> str:
    """A term of the figures' own, in the language asked for."""
    return _WORDS[key][_column(language)].format(**values)


def term(name: str, language: Language = "en") -> str:
    """A quantity's name translated if it is known ('loss' → 损失), else as it is, escaped."""
    column = _column(language)
    return _QUANTITIES[name][column] if name in _QUANTITIES else escape(name)


def statistic(name: str, language: Language = "en") -> str:
    """The same for a statistic of a head or its unit ('entropy' → 熵)."""
    column = _column(language)
    return _STATISTICS[name][column] if name in _STATISTICS else term(name, language)


def _column(language: str) -> int:
    if language not in ("en", "zh"):
        raise ValueError(f"language is {language!r}; allowed: 'en', 'zh'")
    return int(language == "zh")


def printable(token: str, limit: int = 24) -> str:
    """A token as it can be seen: blanks get signs, controls a �, long ones are cut with '…'."""
    if not token:
        return "∅"
    out = []
    for character in token[: 4 * limit]:
        if character in _DIRECTION:
            continue
        if character in _VISIBLE and (character != " " or len(token) == 1):
            out.append(_VISIBLE[character])
        elif unicodedata.category(character) in ("Cc", "Cs"):
            out.append("\ufffd")
        else:
            out.append(character)
    shown = "".join(out) or "∅"
    return shown if len(shown) <= limit and len(token) <= 4 * limit else shown[: limit - 1] + "…"


def escape(text: str) -> str:
    """Text that Plotly prints as it is: no tags, no entities, no TeX."""
    safe = text.encode("utf-8", "replace").decode("utf-8")
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("$", "&#36;")


def label(token: str, limit: int = 24) -> str:
    """A token ready for a tick or a hover box; right-to-left text is isolated, so that its neighbours stay in place."""
    shown = printable(token, limit)
    if any(unicodedata.bidirectional(c) in ("R", "AL") for c in shown):
        shown = f"\u2068{shown}\u2069"
    return escape(shown)


def width_em(text: str) -> float:
    """Estimated width in units of the font size: 1 for a CJK character, about half for a Latin one."""
    return sum(
        0.0 if unicodedata.combining(c) else 1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in text
    )


def widest(tokens: Sequence[str], limit: int) -> float:
    """Width of the widest token as it will be printed, in units of the font size."""
    return max((width_em(printable(token, limit)) for token in tokens), default=0.0)
