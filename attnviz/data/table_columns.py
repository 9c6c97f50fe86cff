"""Which columns of a table are read, and whether its first line names them. Names win over what cells look like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from attnviz.errors import InputError

Column = int | str  # its number, from 1, its name, or "auto"
Row = Sequence[str]
MOST_LABELS = 100
_INDEX = frozenset(("", "id", "idx", "index", "no", "no.", "nr", "#", "row", "unnamed: 0", "序号", "编号"))
_SOURCE = frozenset(
    (
        *("source", "src", "input", "question", "prompt", "from", "x", "sentence", "word", "number", "date"),
        *("原文", "源", "源文", "输入", "问题", "问", "左", "句子", "词语", "汉字", "数字", "日期"),
    )
)
_TARGET = frozenset(
    (
        *("target", "tgt", "output", "answer", "response", "to", "translation", "reference", "pinyin"),
        *("译文", "目标", "输出", "答案", "回答", "答", "翻译", "参考", "参考答案", "拼音", "右"),
    )
)
_LANGUAGE = frozenset(
    (
        *(
            "en",
            "zh",
            "zh-cn",
            "zh-tw",
            "fr",
            "de",
            "es",
            "it",
            "pt",
            "ru",
            "ja",
            "ko",
            "ar",
            "hi",
            "vi",
            "th",
            "nl",
            "pl",
        ),
        *(
            "english",
            "chinese",
            "french",
            "german",
            "spanish",
            "italian",
            "portuguese",
            "russian",
            "japanese",
            "korean",
        ),
        *("英文", "中文", "英语", "汉语", "日语", "日文", "韩语", "韩文", "法语", "法文", "德语", "德文"),
    )
)
_TEXT = frozenset(
    (
        *("text", "review", "sentence", "content", "comment", "message", "tweet", "body", "sms", "headline", "title"),
        *("文本", "句子", "评论", "内容", "正文", "标题"),
    )
)
_LABEL = frozenset(
    (
        *("label", "labels", "class", "category", "sentiment", "target", "y", "tag", "topic", "intent", "emotion"),
        *("polarity", "rating", "stars", "score", "标签", "类别", "情感", "分类", "种类", "主题"),
    )
)
_USUAL = _INDEX - {""} | _SOURCE | _TARGET | _LANGUAGE | _TEXT | _LABEL
_NUMBER = re.compile(r"[-+]?[\d.,]+%?")


def is_heading(rows: Sequence[Row], purpose: Literal["pairs", "labels"]) -> bool:
    """Whether the first row names the columns rather than fill them."""
    if not rows:
        return False
    first, rest = [cell.lower() for cell in rows[0]], rows[1:]
    said = [cell for cell in first if cell]
    usual = sum(cell in _USUAL for cell in said)
    if len(said) != len(set(said)) or any(_NUMBER.fullmatch(cell) for cell in said):
        return False
    if said and (usual == len(said) or usual >= 2):
        return True
    for place, name in enumerate(first):
        below = _column(rest, place)
        if len(below) < 3:
            continue
        numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in below)
        if numbers > 0.9 * len(below) and (name or _counting(below)):
            return True
        labels = set(below)
        repeated = len(labels) <= min(MOST_LABELS, len(below) // 3)
        if purpose == "labels" and repeated and rows[0][place] not in labels and name and _short(rows[0], rest):
            return True
    return False


def chosen_columns(
    names: Row | None,
    rows: Sequence[Row],
    columns: int,
    purpose: Literal["pairs", "labels"],
    wanted: tuple[Column, Column],
) -> tuple[int, int]:
    """(source, target) from 1. What is "auto" is found by its name, then by what it holds.

    Raises InputError: column_unknown, column_twice.
    """
    given = [None if one == "auto" else _numbered(one, names, columns) for one in wanted]
    usable = _usable(names, rows, columns)
    left = [place for place in usable if place + 1 not in given]
    found = _labelled(names, rows, left) if purpose == "labels" else _paired(names, left)
    source, target = (one or guess + 1 for one, guess in zip(given, found, strict=True))
    if source == target:  # one was chosen, and the other was found in the same place
        others = [place + 1 for place in (*usable, *range(columns)) if place + 1 not in given]
        if (given[0] and given[1]) or not others:
            raise InputError("column_twice", column=source)
        source, target = (source, others[0]) if given[0] else (others[0], target)
    return source, target


def _numbered(wanted: Column, names: Row | None, columns: int) -> int:
    if isinstance(wanted, str):
        lowered = [name.lower() for name in names or ()]
        if wanted.strip().lower() in lowered:
            return lowered.index(wanted.strip().lower()) + 1
    elif 1 <= wanted <= columns:
        return wanted
    known = ", ".join(
        [str(one) for one in range(1, min(columns, 20) + 1)] + [name for name in names or () if name][:20]
    )
    raise InputError("column_unknown", name=wanted, known=known)


def _usable(names: Row | None, rows: Sequence[Row], columns: int) -> list[int]:
    """Columns that hold something and do not just count the rows; all where fewer than two are left."""
    found = []
    for place in range(columns):
        cells = _column(rows, place)
        name = names[place].lower() if names and place < len(names) else None
        counts = name in _INDEX or (columns > 2 and _counting(cells))
        if not counts and 2 * sum(bool(cell) for cell in cells) >= len(cells):
            found.append(place)
    return found if len(found) > 1 else list(range(columns))


def _paired(names: Row | None, usable: Sequence[int]) -> tuple[int, int]:
    source, target = _named(names, usable, _SOURCE | _TEXT), _named(names, usable, _TARGET)
    rest = [place for place in usable if place not in (source, target)] or [0]
    if source is None:
        source = next((place for place in rest if target is None or place != target), rest[0])
        rest = [place for place in rest if place != source] or [source]
    return source, rest[0] if target is None else target


def _labelled(names: Row | None, rows: Sequence[Row], usable: Sequence[int]) -> tuple[int, int]:
    """(text, label): by name; else the label is what recurs most, the text what is longest."""
    text, label = _named(names, usable, _TEXT), _named(names, usable, _LABEL)
    text = _named(names, usable, _SOURCE) if text is None else text
    if label is None:
        different = {place: len(set(_column(rows, place))) for place in usable if place != text}
        label = min(different, key=lambda place: (different[place], -place), default=0)
    if text is None:
        lengths = {place: sum(map(len, _column(rows, place))) for place in usable if place != label}
        text = max(lengths, key=lambda place: (lengths[place], -place), default=label)
    return text, label


def _named(names: Row | None, usable: Sequence[int], known: frozenset[str]) -> int | None:
    return next((place for place in usable if names and place < len(names) and names[place].lower() in known), None)


def _column(rows: Sequence[Row], place: int) -> list[str]:
    return [row[place] if place < len(row) else "" for row in rows]


def _counting(cells: Sequence[str]) -> bool:
    """0, 1, 2 … or from another number on: an index that a program wrote."""
    if len(cells) < 3 or not all(cell.isascii() and cell.isdigit() and len(cell) < 10 for cell in cells):
        return False
    first = int(cells[0])
    return [int(cell) for cell in cells] == list(range(first, first + len(cells)))


def _short(first: Row, rest: Sequence[Row]) -> bool:
    """Whether a row is as short as names are, beside the rows below it."""
    usual = sum(sum(map(len, row)) for row in rest) / max(1, len(rest))
    return all(len(cell) <= 30 and len(cell.split()) <= 3 for cell in first) and sum(map(len, first)) < 0.6 * usual
