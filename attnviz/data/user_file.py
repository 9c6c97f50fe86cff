"""Reading a file that somebody uploads: its encoding, and the rows of a CSV."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from attnviz.data.text import clean
from attnviz.errors import InputError, Notice

MAX_BYTES = 32_000_000  # the rest of a longer file is not looked at
MAX_ROWS = 50_000
ENCODINGS = ("utf-8", "gb18030")
SEPARATORS = ("\t", ",", ";", "|")
_SIGNATURES = {b"PK\x03\x04": "zip", b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"\x1f\x8b": "gzip"}
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HEADINGS = {
    *("source", "src", "input", "question", "prompt", "from", "text", "x", "en", "zh", "english", "chinese"),
    *("sentence", "word", "number", "date", "reference", "pinyin"),
    *("target", "tgt", "output", "answer", "response", "to", "label", "y", "translation"),
    *("原文", "源", "源文", "输入", "问题", "问", "中文", "文本", "左"),
    *("句子", "词语", "汉字", "数字", "日期", "参考", "参考答案", "拼音"),
    *("译文", "目标", "输出", "答案", "回答", "答", "英文", "翻译", "标签", "右"),
}


def decoded(data: bytes) -> tuple[str, list[Notice]]:
    """The text of a file and, if it is not UTF-8, a notice of the encoding it was read as.

    Raises InputError: empty_file, binary, encoding.
    """
    if not data.strip():
        raise InputError("empty_file")
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise InputError("binary", what=what)
    candidates: tuple[str, ...] = ENCODINGS
    if data.startswith(codecs.BOM_UTF8):
        candidates = ("utf-8-sig",)
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)
    elif b"\x00" in data[:MAX_BYTES]:
        raise InputError("binary", what="NUL")
    for encoding in candidates:
        try:
            # A file cut at MAX_BYTES may end inside a character: an incremental decoder leaves that out.
            decoder = codecs.getincrementaldecoder(encoding)("strict")
            text = decoder.decode(data[:MAX_BYTES], final=len(data) <= MAX_BYTES)
        except UnicodeError:
            continue
        if len(_CONTROLS.findall(text[:100_000])) > len(text[:100_000]) // 100:
            raise InputError("binary", what="control characters")
        if not clean(text).strip():
            raise InputError("empty_file")
        known = encoding in ("utf-8", "utf-8-sig")
        return text, [] if known else [Notice("encoding_used", {"encoding": encoding})]
    raise InputError("encoding", tried=", ".join(candidates))


def two_columns(text: str, *, header: bool | None = None) -> tuple[list[tuple[str, str]], list[Notice]]:
    """The first two columns of a CSV, at most MAX_ROWS rows, and what was left out.

    The separator is , ; | or tab, whichever divides most of the first lines. header=None: the first row is a
    heading if both its cells are usual names of columns. Raises InputError: one_column, csv.
    """
    rows: list[tuple[str, str]] = []
    skipped = {"one_column_rows": 0, "empty_cells": 0, "extra_columns": 0}
    heading: tuple[str, str] | None = None
    capped = False
    first = True
    text = clean(text)
    for row in _rows(text, _separator(text)):
        if len(rows) == MAX_ROWS:
            capped = True
            break
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < 2:
            skipped["one_column_rows"] += 1
            continue
        source, target = row[0].strip(), row[1].strip()
        if first and (header if header is not None else {source.lower(), target.lower()} <= _HEADINGS):
            heading, first = (source, target), False
            continue
        first = False
        skipped["extra_columns"] += any(cell.strip() for cell in row[2:])
        if source and target:
            rows.append((source, target))
        else:
            skipped["empty_cells"] += 1
    notices = [Notice("header_skipped", {"heading": " | ".join(heading)})] if heading else []
    notices += [Notice(code, {"rows": n}) for code, n in skipped.items() if n]
    if capped:
        notices.append(Notice("rows_capped", {"kept": len(rows), "limit": MAX_ROWS}))
    return rows, notices


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # a quotation mark that never ends, a cell beyond 131,072 characters
            raise InputError("csv", line=reader.line_num, problem=str(error)) from None


def _separator(text: str) -> str:
    """The separator that gives most of the first lines two columns or more."""
    sample = [line for _, line in zip(range(50), io.StringIO(text, newline=""), strict=False) if line.strip()][:20]
    best, most = "", 0
    for separator in SEPARATORS:
        divided = sum(len(row) > 1 for row in _rows("".join(sample), separator))
        if divided > most:
            best, most = separator, divided
    if not best:
        line = next(i for i, line in enumerate(io.StringIO(text, newline=""), start=1) if line.strip())
        raise InputError("one_column", line=line)
    return best
