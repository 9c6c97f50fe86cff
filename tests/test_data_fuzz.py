"""Files and formulas that nobody would write: each is read or refused with a sentence in both languages, and soon.

The quick run draws a few hundred; `pytest -m slow tests/test_data_fuzz.py -n 0 -s` draws 12,000 and prints what it
found.
"""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from attnviz.data import tasks
from attnviz.data.file_encoding import CODECS
from attnviz.data.user_table import CHOICES
from attnviz.errors import InputError
from attnviz.masks import parse
from attnviz.masks.files import from_csv, from_npy
from attnviz.ui.sentence.own_file import read_file

LONGEST = 5.0  # CPU seconds
BITS = (
    *("word", "two words", "词语", "文字。", "été", "naïve", "сло́во", "हिन्दी", "ไทย", "한국어", "かな", "e\u0301"),
    *('"', '""', "'", ",", ";", "\t", "|", "\n", "\r\n", "\r", "\u2028", "\u200b", "\u202e", "\ufeff"),
    *("\ud800", "\U000e0001", "\u0600", "1", "0", "-inf", "1e309", "nan", "3,5", "<b>", "=cmd", "<pad>", "text"),
    *(" ", "  ", "\u3000", "source", "target", "id", "v1", "a" * 99, "٣", "²", "\\", "/", "#", "\u0301" * 7, "label"),
    *("👩🏽\u200d🚒", "🇳🇿", "\ufe0f"),
)
FORMULAS = (
    *("causal", "full", "window", "padding", "pads", "prefix", "global", "dilated", "random", "heads", "cells"),
    *("(", ")", "&", "|", "~", "¬", "∧", "∨", ",", ":", "-", "0", "7", "99999999999", "0.5", "1e400", " ", "x", "é"),
    *("(3)", "(0:1)", "(0-3:5)", "documents(0,0,1)", "٣", "((((", "~~~~", "\n", "graph"),
)
TIMES = (0, 1, 1, 2, 7)


def a_table(draw: random.Random) -> str:
    """Rows that look like a table, with bits that do not belong."""
    separator, columns = draw.choice([",", ";", "\t", "|"]), draw.randint(1, 5)
    rows = []
    for number in range(draw.choice([0, 1, 2, 11, 40, 300])):
        cells = [draw.choice((str(number), draw.choice(BITS), f"{draw.choice(BITS)} {number}")) for _ in range(columns)]
        if draw.random() < 0.1:
            cells = [f'"{cell}"' for cell in cells]
        if draw.random() < 0.05:
            cells.insert(draw.randint(0, columns), draw.choice(BITS) * draw.choice(TIMES))
        rows.append(separator.join(cells))
    return draw.choice(["\n", "\r\n", "\r"]).join(rows)


def a_file(draw: random.Random) -> bytes:
    """A table or a heap of bits, in some encoding, perhaps cut, flipped or doubled."""
    text = a_table(draw) if draw.random() < 0.7 else "".join(draw.choices(BITS, k=draw.choice([3, 50, 900])))
    encoding = draw.choice([*CODECS.values(), "utf-8", "utf-8", "utf-8-sig", "utf-32"])
    unusual = encoding.startswith("utf") and draw.random() < 0.1
    data = text.encode(encoding, "surrogatepass" if unusual else "ignore")
    if draw.random() < 0.1:
        data = draw.randbytes(draw.randint(0, 900))
    for _ in range(draw.choice((0, 0, 1, 5))):
        place = draw.randint(0, len(data))
        bad = draw.choice((b"", draw.randbytes(3), b'"', b"\xff", b"\x00", b"\n" * 99))
        data = data[:place] + bad + data[place + 1 :]
    return data[: draw.randint(0, len(data))] if draw.random() < 0.1 else data


def a_mask(draw: random.Random) -> bytes:
    """A mask as text or NPY, mostly damaged."""
    shape = tuple(draw.choice([0, 1, 3, 5, 64]) for _ in range(draw.randint(0, 5)))
    values = np.random.default_rng(draw.randrange(2**31)).integers(0, 2, shape)
    array = np.where(values, draw.choice([1, 0, True, 2, np.nan]), draw.choice([0, -np.inf, -1e9, False]))
    stream = io.BytesIO()
    if draw.random() < 0.5 and array.ndim in (1, 2):
        np.savetxt(stream, array, fmt=draw.choice(["%d", "%g", "%.18e"]) if np.isfinite(array).all() else "%g")
    else:
        with np.errstate(over="ignore"):
            np.save(stream, array.astype(draw.choice(["f2", "f4", "f8", "?", ">f8", "c8", "U3"])))
    data = bytearray(stream.getvalue())
    for _ in range(draw.choice((0, 1, 9))):
        if data:
            data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)


def layout(draw: random.Random) -> dict[str, object]:
    """Some choices of how a table is read; most files have no use for them."""
    chosen: dict[str, object] = {
        name: draw.choice(options) for name, options in CHOICES.items() if draw.random() < 0.15
    }
    return chosen | ({"source": draw.choice([1, 2, 9, "text", ""])} if draw.random() < 0.1 else {})


def readers(draw: random.Random) -> dict[str, Callable[[], object]]:
    """One input for each reader."""
    data, mask, how = a_file(draw), a_mask(draw), layout(draw)
    formula = "".join(draw.choices(FORMULAS, k=draw.choice([1, 4, 30, 400])))
    return {
        "text": lambda: tasks.from_text(data, **{name: value for name, value in how.items() if name == "encoding"}),
        "pairs": lambda: tasks.from_csv(data, name="x", **how),
        "labels": lambda: tasks.from_labels(data, **how),
        "sentences": lambda: read_file(data, draw.choice(["x.txt", "x.csv"])),
        "mask text": lambda: from_csv(mask),
        "mask npy": lambda: from_npy(mask, draw.choice([None, (5, 5)])),
        "formula": lambda: parse(formula),
    }


def outcome_of(read: Callable[[], object]) -> str:
    """ "read", or the code of a refusal that says so in both languages."""
    try:
        read()
    except InputError as error:
        return error.code if error.text("zh") != error.text("en") else "a refusal in one language"
    return "read"


def tried(seed: int, rounds: int) -> tuple[Counter[str], float, str]:
    """Outcomes by reader and code, and the slowest with its time."""
    draw = random.Random(seed)
    found: Counter[str] = Counter()
    slowest, which = 0.0, ""
    for number in range(rounds):
        for name, read in readers(draw).items():
            begin = time.process_time()
            outcome = outcome_of(read)
            spent = time.process_time() - begin
            found[f"{name}: {outcome}"] += 1
            if spent > slowest:
                slowest, which = spent, f"{name}, round {number} of seed {seed}"
    return found, slowest, which


def test_a_few_hundred_wild_inputs_are_read_or_refused() -> None:
    found, slowest, which = tried(seed=1, rounds=60)
    assert found.total() == 420
    assert slowest < LONGEST, which
    assert not any("one language" in name for name in found)
    assert all(found[f"{name}: read"] for name in ("pairs", "labels", "sentences", "mask text", "formula"))


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_twelve_thousand_wild_inputs_are_read_or_refused() -> None:
    found, slowest, which = tried(seed=3, rounds=1715)
    print(f"\n{found.total():,} inputs; slowest {slowest:.2f} CPU s: {which}")
    for name, count in sorted(found.items()):
        print(f"{count:7,}  {name}")
    assert found.total() >= 12_000
    assert not any("one language" in name for name in found)
    assert slowest < LONGEST, which


LARGE: dict[str, Callable[[], bytes]] = {
    "quotation marks only": lambda: b'"' * 2_000_000,
    "a mark on every line": lambda: b'x\t"y\n' * 200_000,
    "one line": lambda: b"word " * 4_000_000,
    "separators only": lambda: b",;|\t" * 500_000,
    "one character and its marks": lambda: ("e" + "\u0301" * 1_000_000 + "\n").encode() * 2,
    "invisible": lambda: ("a\ufe0f\u200d" * 500_000).encode(),
    "many columns": lambda: (b"x," * 20_000 + b"\n") * 20,
    "lines of Chinese in GB18030": lambda: "我们在学校。,好\n".encode("gb18030") * 300_000,
    "zero bytes": lambda: b"a\x00" * 1_000_000,
    "Latin letters": lambda: "é,è\n".encode("latin-1") * 500_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_a_large_file_of_one_kind_takes_no_longer(kind: str) -> None:
    data = LARGE[kind]()
    for name, read in (("text", tasks.from_text), ("pairs", tasks.from_csv), ("labels", tasks.from_labels)):
        begin = time.process_time()
        outcome = outcome_of(partial(read, data))
        spent = time.process_time() - begin
        print(f"{kind}, {len(data):,} bytes, {name}: {outcome}, {spent:.2f} CPU s")
        assert spent < LONGEST, name
