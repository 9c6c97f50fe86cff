"""The words on figures, in Chinese and English, and what it takes to print people's own text safely.

Plotly reads its labels as pseudo-HTML (`<b>`, `<a href>`, `&lt;`) and, in notebooks, `$…$` as TeX. Tokens come from
what people type, so every label passes through `label` (or `escape`) before it reaches a figure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from attnviz.language import Language, Text, same, table

_WORDS = table(
    weight=Text("权重", "weight"),
    score=Text("分数", "score"),
    query=Text("查询", "query"),
    key=Text("键", "key"),
    visible=Text("□ 可见", "□ visible"),
    blocked=Text("■ 屏蔽", "■ blocked"),
    blocked_yet=Text("已屏蔽，却仍有权重", "blocked, yet has weight"),
    changed=Text("已改动", "changed"),
    nan=Text("NaN：不是数", "NaN: not a number"),
    head=Text("L{layer} H{head}", "L{layer} H{head}"),
    layer_axis=Text("层", "layer"),
    head_axis=Text("头", "head"),
    difference=Text("差", "difference"),
    before=Text("之前", "before"),
    after=Text("之后", "after"),
    pooled=Text("一格 = {n} × {n} 个权重中的最大值", "one cell = the largest of {n} × {n} weights"),
)

# Names of curves and numbers that are translated when a table or a run uses them.
_QUANTITIES = table(
    step=Text("步", "step"),
    epoch=Text("轮次", "epoch"),
    value=Text("值", "value"),
    probability=Text("概率", "probability"),
    baseline=Text("基线", "baseline"),
    loss=Text("损失", "loss"),
    train_loss=Text("训练损失", "training loss"),
    validation_loss=Text("验证损失", "validation loss"),
    accuracy=Text("准确率", "accuracy"),
    token_accuracy=Text("词元准确率（教师强制）", "token accuracy (teacher-forced)"),
    exact_match=Text("逐序列正确率（自由生成）", "exact match (free-running)"),
    perplexity=Text("困惑度", "perplexity"),
    learning_rate=Text("学习率", "learning rate"),
    seconds=Text("秒", "seconds"),
    tokens_per_second=Text("每秒词元数", "tokens per second"),
    grad_norm=Text("梯度范数", "gradient norm"),
    unigram=Text("一元基线", "unigram baseline"),
    bigram=Text("二元基线", "bigram baseline"),
)

_STATISTICS = table(
    entropy=Text("熵", "entropy"),
    distance=Text("平均距离", "mean distance"),
    previous=Text("落在前一词元的比例", "share on the previous token"),
    first=Text("落在第一个词元的比例", "share on the first token"),
    same=Text("落在同一词元的比例", "share on the same token"),
    importance=Text("关掉此头后的 Δ 损失", "Δ loss without this head"),
    nats=Text("奈特", "nats"),
    tokens=Text("词元", "tokens"),
    share=Text("比例", "share"),
)

_VISIBLE = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥", "\u00a0": "⍽", "\u3000": "□"}
# Marks that reorder or hide text around them; a token must not be able to touch its neighbours.
_DIRECTION = {"\u200e", "\u200f", "\u061c", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def word(key: str, language: Language = "en", **values: object) -> str:
    """A term of the figures' own, in the language asked for; ValueError for another language."""
    return _WORDS[key][language].format(**values)


def term(name: str, language: Language = "en") -> str:
    """A quantity's name translated if it is known ('loss' → 损失), else as it is, escaped."""
    return _QUANTITIES.get(name, same(escape(name)))[language]


def statistic(name: str, language: Language = "en") -> str:
    """The same for a statistic of a head or its unit ('entropy' → 熵)."""
    return _STATISTICS[name][language] if name in _STATISTICS else term(name, language)


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
