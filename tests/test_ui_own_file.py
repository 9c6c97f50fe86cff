"""Sentences out of people's own files."""

from __future__ import annotations

import pytest

from attnviz.data import InputError
from attnviz.ui.sentence.own_file import read_file


def test_a_csv_gives_sentences_and_references_in_its_order() -> None:
    own = read_file(b"b,2\na,1\nb,3\n", "x.csv")
    assert own.sentences == (("b", "2"), ("a", "1"))
    assert [notice.code for notice in own.notices] == ["repeated_rows"]


def test_a_text_gives_its_lines_without_references() -> None:
    own = read_file("\ufeff 银行 \r\n\r\n<b>x</b>\n银行\n".encode(), "x.TXT")
    assert own.sentences == (("银行", None), ("<b>x</b>", None))


def test_gb18030_is_read_and_said_so() -> None:
    own = read_file("银行,yín háng\n行人,xíng rén\n".encode("gb18030"), "x.csv")
    assert own.sentences[0] == ("银行", "yín háng")
    assert [notice.code for notice in own.notices] == ["encoding_used"]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "x.csv", "empty_file"),
        (b" \n ", "x.txt", "empty_file"),
        (b"one\ncolumn\nonly\n", "x.csv", "one_column"),
        (bytes(range(128, 256)) * 9, "x.csv", "encoding"),
        (b"\x89PNG\r\n", "x.txt", "binary"),
        (b",\n,\n", "x.csv", "empty_file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(data: bytes, name: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        read_file(data, name)
    assert refused.value.code == code


def test_a_million_rows_are_cut() -> None:
    data = b"abc,cba\n" * 1_000_000
    own = read_file(data, "x.csv")
    assert {"rows_capped", "repeated_rows"} == {notice.code for notice in own.notices}
