"""The user's own text and CSV: good ones become tasks, bad ones are refused with a reason."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from attnviz.data import InputError, Task, tasks
from attnviz.data.split import SPLITS
from attnviz.data.tasks.user import blocks
from attnviz.data.user_table import MAX_ROWS

ROWS = [(f"第{i}个 字", f"word {i}, and {i * i}") for i in range(53)]
CSV = "\n".join(f'{source},"{target}"' for source, target in ROWS)
PROSE = "\n".join(f"Line {i} says {i * 37 % 101} & more, isn't it?" for i in range(97))


def codes(task: Task) -> list[str]:
    return [notice.code for notice in task.notices]


def read(data: bytes, **options: object) -> Task:
    return tasks.from_csv(data, **options)


# ---- good files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found_and_said(encoding: str) -> None:
    task = read(CSV.encode(encoding))
    found = {"".join(pair.source) for name in SPLITS for pair in task.split(name)}
    assert found == {source for source, _ in ROWS}
    assert codes(task) == ([] if encoding.startswith("utf-8") else ["encoding_used"])
    assert [notice.details["encoding"] for notice in task.notices] == [encoding] * len(task.notices)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    task = read("\n".join(f"a{i}{separator}b{i}" for i in range(23)).encode())
    assert all(pair.target == ("b", *pair.source[1:]) for pair in task.split("train"))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_system(line_end: str) -> None:
    task = read(line_end.join(f"a{i},b{i}" for i in range(23)).encode())
    assert sum(len(task.split(name)) for name in SPLITS) == 23


def test_columns_choose_their_own_tokens() -> None:
    task = read(CSV.encode())
    assert (task.options["source_tokens"], task.options["target_tokens"]) == ("characters", "words")
    pair = task.split("train")[0]
    number = task.detokenize_source(pair.source)[1:-3]
    assert task.detokenize(pair.target) == f"word {number}, and {int(number) ** 2}"
    assert task.reference(task.detokenize_source(pair.source)) == task.detokenize(pair.target)
    assert task.reference("something else") is None


@pytest.mark.parametrize(
    ("first", "skipped"),
    [
        ("原文,译文", True),
        ("Source,Target", True),
        ("句子,参考答案", True),
        ("Sentence,reference", True),
        ("cat,猫", False),
    ],
)
def test_a_heading_is_found(first: str, skipped: bool) -> None:
    task = read(f"{first}\n{CSV}".encode())
    assert ("header_skipped" in codes(task)) == skipped
    assert sum(len(task.split(name)) for name in SPLITS) == len(ROWS) + (not skipped)


def test_a_heading_can_be_insisted_on_or_ruled_out() -> None:
    assert "header_skipped" in codes(read(CSV.encode(), heading="yes"))
    assert "header_skipped" not in codes(read(f"source,target\n{CSV}".encode(), heading="no"))


def test_rows_that_cannot_be_used_are_left_out_and_counted() -> None:
    extra = "\n".join(["a,", ",b", "  ,c", "lonely", "x,y,z", "x,y", "long," + "w " * 200, "", ",,"])
    task = read(f"{CSV}\n{extra}".encode())
    said = {notice.code: notice.details["rows"] for notice in task.notices}
    assert said == {
        "empty_cells": 3,
        "one_column_rows": 1,
        "ragged_rows": 1,
        "long_cells": 1,
    }
    assert sum(len(task.split(name)) for name in SPLITS) == len(ROWS) + 1


def test_one_source_with_two_answers_stays_in_one_split() -> None:
    rows = [f"s{i % 29},t{i}" for i in range(87)]
    task = read("\n".join(rows).encode())
    owners = [{pair.source for pair in task.split(name)} for name in SPLITS]
    assert sum(map(len, owners)) == len(set().union(*owners)) == 29


def test_a_million_rows_are_capped() -> None:
    data = "".join(f"{i},{i * i}\n" for i in range(1_000_000)).encode()
    task = read(data)
    (notice,) = task.notices
    assert (notice.code, notice.details) == ("rows_capped", {"kept": MAX_ROWS, "given": 1_000_000})
    assert sum(len(task.split(name)) for name in SPLITS) == MAX_ROWS


def test_a_large_vocabulary_is_capped_and_said() -> None:
    task = read("\n".join(f"{chr(0x4E00 + i)},{i % 7}" for i in range(211)).encode(), max_vocab=53)
    assert task.src_vocab is not None
    assert len(task.src_vocab) == 53
    (notice,) = task.notices
    assert notice.code == "vocabulary_capped"
    assert notice.details["kept"] == 49
    assert any(task.collate(task.split("train")).unknown_src)


def test_markup_in_a_cell_is_text() -> None:
    rows = [f"<script>alert({i})</script>,=cmd|{i}" for i in range(23)]
    task = read("\n".join(rows).encode())
    assert task.split("train")[0].source[:8] == tuple("<script>")


@pytest.mark.parametrize("tokens", ["characters", "words"])
def test_a_text_becomes_a_language_model_task(tokens: str) -> None:
    task = tasks.from_text(PROSE.encode(), name="prose.txt", tokens=tokens, window=31)
    text = "".join(token for name in SPLITS for pair in task.split(name) for token in pair.target)
    assert sorted(text.split("\n")) == sorted(PROSE.split("\n")) or len(text) == len(PROSE)
    assert task.info.title["en"].endswith("prose.txt")
    assert task.examples
    assert task.encode("Line 7").size == 1
    assert not task.notices


def test_a_text_of_gb18030_and_one_too_long() -> None:
    task = tasks.from_text(("银行里有行人。\n" * 3 + PROSE).encode("gb18030"))
    assert codes(task) == ["encoding_used"]
    long = "".join(f"{i} " for i in range(400_000))
    task = tasks.from_text(long)
    assert codes(task) == ["text_capped"]
    assert sum(len(pair.target) for name in SPLITS for pair in task.split(name)) == 2_000_000


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(1, 31))
def test_blocks_join_back_and_are_of_their_size(text: str, size: int) -> None:
    found = blocks(text, size)
    assert "".join(found) == text
    assert all(size <= len(block) < 2 * size for block in found[:-1])


# ---- bad files

ONE_COLUMN = "\n".join(f"line {i}" for i in range(31)).encode()
BAD = [
    (b"", "empty_file"),
    (b" \r\n\t ", "empty_file"),
    (b"\xef\xbb\xbf", "empty_file"),
    (b"PK\x03\x04" + CSV.encode(), "binary"),
    (b"%PDF-1.7\n" + CSV.encode(), "binary"),
    (CSV.encode() + b"\x00", "binary"),
    (bytes(range(1, 32)) * 99, "binary"),
    (bytes(range(128, 256)) * 31, "encoding"),
]


@pytest.mark.parametrize(("data", "code"), BAD)
def test_files_that_are_not_text_are_refused(data: bytes, code: str) -> None:
    for reader in (tasks.from_csv, tasks.from_text):
        with pytest.raises(InputError) as refused:
            reader(data)
        assert refused.value.code == code
        assert str(refused.value)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ONE_COLUMN, "one_column"),
        (b"just one", "one_column"),
        (b"a,b\nc,d\n", "too_few_rows"),
        (b"a,b\n" * 999, "too_few_rows"),
        (b",\n" * 999, "too_few_rows"),
    ],
)
def test_csv_files_that_hold_no_pairs_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        tasks.from_csv(data)
    assert refused.value.code == code
    assert str(refused.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [("too short", "too_little_text"), ("abc\n" * 9999, "repetitive_text"), ("\x00" * 999, "empty_file")],
)
def test_texts_that_hold_too_little_are_refused(text: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        tasks.from_text(text)
    assert refused.value.code == code


@examples(100)
@given(st.binary(max_size=400))
def test_no_bytes_crash_the_readers(data: bytes) -> None:
    for reader in (tasks.from_csv, tasks.from_text):
        with contextlib.suppress(InputError):
            reader(data)


# ---- coming back from a checkpoint


def test_a_restored_file_task_encodes_but_has_no_data() -> None:
    for made, text in ((read(CSV.encode()), "第7个 字"), (tasks.from_text(PROSE), "Line 7")):
        again = tasks.restore(**made.state())
        one, two = made.encode(text), again.encode(text)
        assert (one.src_labels, one.decoder_labels) == (two.src_labels, two.decoder_labels)
        assert one.unknown_src == two.unknown_src
        with pytest.raises(InputError) as refused:
            again.split("train")
        assert refused.value.code == "no_data"
        assert again.reference(text) is None
