"""Tables as people have them: how they are divided, headed and encoded is found, and can be said."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.data import tasks
from attnviz.data.file_encoding import CODECS, decode
from attnviz.data.split import SPLITS
from attnviz.data.user_table import Layout, Purpose, Table, read_table
from attnviz.errors import InputError, Notice

TRADITIONAL = ("圖書館裡非常安靜，大家都在看書。", "你為什麼還沒有打電話給她？", "我們坐車去海邊吃魚")
JAPANESE = ("電車が遅れて会議に間に合わなかった。", "庭に白い花が咲いています", "もう一度ゆっくり言ってください")
KOREAN = ("도서관은 아주 조용합니다.", "내일 친구와 바다에 갑니다", "이 문제는 어렵지 않아요")
SIMPLIFIED = ("图书馆里非常安静，大家都在看书。", "你为什么还没有打电话给她？", "我们坐车去海边吃鱼")
FRENCH = ("L'été dernier, nous étions à la plage", "Où est passé l'élève ?", "Ça coûte très cher à Noël")
GERMAN = ("Die Brücke führt über den Fluß", "Schöne Grüße aus München", "Das Mädchen hört zu")
RUSSIAN = ("В библиотеке очень тихо", "Завтра мы поедем к морю", "Почему ты не позвонил ей?")
CZECH = ("V knihovně je velmi tichý večer", "Proč jsi jí ještě nezavolal?", "Příliš žluťoučký kůň")
GREEK = ("Στη βιβλιοθήκη έχει ησυχία", "Αύριο πάμε στη θάλασσα", "Γιατί δεν της τηλεφώνησες;")
WRITTEN = (
    ("gb18030", SIMPLIFIED),
    ("big5", TRADITIONAL),
    ("shift-jis", JAPANESE),
    ("euc-jp", JAPANESE),
    ("euc-kr", KOREAN),
    ("latin-1", FRENCH),
    ("latin-1", GERMAN),
    ("windows-1250", CZECH),
    ("windows-1251", RUSSIAN),
    ("koi8-r", RUSSIAN),
    ("windows-1253", GREEK),
    ("utf-16-le", SIMPLIFIED),
    ("utf-16-be", KOREAN),
    ("utf-16-le", FRENCH),
    ("utf-16", JAPANESE),
)


def table(text: str | bytes, purpose: Purpose = "pairs", **layout: object) -> Table:
    return read_table(text, Layout(**layout), purpose)  # type: ignore[arg-type]


def said(found: Table) -> dict[str, object]:
    return {notice.code: notice.details.get("rows") for notice in found.pairs()[1]}


# ---- separators and quotation marks


def test_a_comma_in_a_sentence_is_not_a_separator() -> None:
    lines = [f"Well, {'so, ' * (i % 5)}it is {i};Nun, {'ja, ' * (i % 3)}{i}" for i in range(31)]
    rows, notices = table("\n".join(lines)).pairs()
    assert rows == [tuple(line.split(";")) for line in lines]
    assert not notices


def test_a_decimal_comma_is_not_a_separator() -> None:
    rows, _ = table("\n".join(f"{i},{i % 7};{i * 2},{i % 5}" for i in range(23))).pairs()
    assert rows[3] == ("3,3", "6,3")


def test_a_semicolon_in_every_sentence_is_not_a_separator() -> None:
    rows, _ = table("\n".join(f"one; {i},two; {i}" for i in range(23))).pairs()
    assert rows[5] == ("one; 5", "two; 5")


@pytest.mark.parametrize(("separator", "name"), [("\t", "tab"), (",", "comma"), (";", "semicolon"), ("|", "bar")])
def test_quoted_cells_may_hold_any_separator_and_line_ends(separator: str, name: str) -> None:
    lines = [f'"a{i},;|\t ""b"" \nc"{separator}"d{i}"' for i in range(19)]
    found = table("\n".join(lines))
    assert (found.layout.separator, found.layout.quoting) == (name, "yes")
    assert found.pairs()[0] == [(f'a{i},;|\t "b"  c', f"d{i}") for i in range(19)]


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("where", [7, 500, 996])
def test_a_stray_quotation_mark_swallows_nothing(separator: str, where: int) -> None:
    lines = [f"source {i}{separator}target {i}" for i in range(997)]
    lines[where] = f'"source {where}{separator}target'
    for quoted in (False, True):
        if quoted:
            lines[where - 3] = f'"in{separator}marks"{separator}"there"'
        found = table("\n".join(lines))
        rows, _ = found.pairs()
        assert len(rows) == 997
        assert rows[where] == (f'"source {where}', "target")
        assert said(found) == ({"stray_quotes": 1} if quoted else {})


def test_two_stray_marks_far_apart_do_not_enclose_rows() -> None:
    lines = [f'"quoted {i}"\t"{i}"' for i in range(97)]
    lines[11], lines[83] = 'x\t"open', 'y"\tz'
    found = table("\n".join(lines))
    assert len(found.pairs()[0]) == 97
    assert said(found) == {"stray_quotes": 1}  # the second stands inside a cell, where it is text anyway


@given(
    st.lists(
        st.tuples(st.text('ab"\n\t,;| ', min_size=1, max_size=7), st.text('cd"\n,', min_size=1, max_size=5)),
        min_size=1,
        max_size=29,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["auto", "yes", "no"]),
)
@example([('"', '"')], ",", "auto")
def test_every_line_is_read_or_counted(cells: list[tuple[str, str]], separator: str, quoting: str) -> None:
    """Whatever the marks do: rows read, rows counted as left out and lines that are blank make up the file."""
    text = "\n".join(separator.join(pair) for pair in cells)
    if not any(mark in line for line in text.split("\n") if line.strip() for mark in ",;|\t"):
        return  # no table
    if quoting != "no" and '"' in text:  # quotes may keep every separator from dividing its line
        try:
            table(text, heading="no", quoting=quoting)
        except InputError as error:
            if error.code == "one_column":
                return
            raise
    found = table(text, heading="no", quoting=quoting)
    rows, _ = found.pairs()
    left = sum(count for code, count in said(found).items() if code != "stray_quotes" and isinstance(count, int))
    mark = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|"}[found.layout.separator]
    lines = [line for line in text.split("\n") if line.replace(mark, "").replace('"', "").strip()]
    if quoting == "no":
        lines = [line for line in text.split("\n") if line.replace(mark, "").strip()]
        assert len(rows) + left == len(lines)
    assert len(rows) + left <= text.count("\n") + 1
    assert sum(map(len, ("".join(row) for row in rows))) <= len(text)


def test_a_row_with_too_many_cells_is_left_out_and_counted() -> None:
    found = table("\n".join([*(f"a{i},b{i}" for i in range(9)), "one, two,three", "x,y, "]))
    assert len(found.pairs()[0]) == 10
    assert said(found) == {"ragged_rows": 1}


# ---- headings and columns


def body(*columns: str, rows: int = 23) -> list[str]:
    """Rows of `name` and number, or of labels, or counting from 0."""
    labels = ("good", "bad", "so so")
    made = {
        "count": str,
        "label": lambda i: labels[i % 3],
        "score": lambda i: str(i * 7 % 5 - 2),
        "blank": lambda i: "",
    }
    return [",".join(made[one](i) if one in made else f"{one} {i} {one}" for one in columns) for i in range(rows)]


@pytest.mark.parametrize(
    ("purpose", "heading", "columns", "read"),
    [
        ("pairs", "id,en,zh", ("count", "word", "ci"), (2, 3)),
        ("pairs", ",source,target", ("count", "s", "t"), (2, 3)),
        ("pairs", "Unnamed: 0,question,answer", ("count", "s", "t"), (2, 3)),
        ("pairs", "answer,question", ("t", "s"), (2, 1)),
        ("pairs", "译文,原文", ("t", "s"), (2, 1)),
        ("pairs", "note,english,german,source", ("n", "a", "b", "s"), (4, 1)),
        ("pairs", "", ("word", "ci"), (1, 2)),
        ("pairs", "", ("count", "word", "ci"), (2, 3)),
        ("pairs", "", ("count", "word"), (1, 2)),
        ("labels", "review,sentiment", ("r", "label"), (1, 2)),
        ("labels", "v1,v2", ("label", "sms text"), (2, 1)),
        ("labels", "v1,v2,,", ("label", "sms text", "blank", "blank"), (2, 1)),
        ("labels", "label,text", ("label", "t"), (2, 1)),
        ("labels", ",tweet,polarity", ("count", "t", "score"), (2, 3)),
        ("labels", "", ("label", "headless text"), (2, 1)),
        ("labels", "", ("headless text", "label"), (1, 2)),
        ("labels", "", ("count", "headless text", "label"), (2, 3)),
        ("labels", "id,date,text,stars", ("count", "d", "text", "score"), (3, 4)),
        ("labels", "aspect,verdict", ("long aspect text", "label"), (1, 2)),
    ],
)
def test_names_and_what_columns_hold_say_which_are_read(
    purpose: Purpose, heading: str, columns: tuple[str, ...], read: tuple[int, int]
) -> None:
    lines = body(*columns)
    found = table("\n".join([*([heading] if heading else []), *lines]), purpose)
    assert (found.layout.source, found.layout.target) == read
    assert found.names == (tuple(heading.split(",")) if heading else None)
    rows, _ = found.pairs()
    assert rows == [(line.split(",")[read[0] - 1], line.split(",")[read[1] - 1]) for line in lines]


def test_columns_can_be_chosen_by_number_or_name_and_swapped() -> None:
    text = "\n".join(["id,en,zh", *body("count", "word", "ci")])
    for source in (3, "zh", "ZH "):
        assert table(text, source=source).layout == table(text, source=3, target=2).layout
    first = table(text)
    swapped = read_table(text, first.layout.swapped())
    assert swapped.pairs()[0] == [(b, a) for a, b in first.pairs()[0]]
    assert read_table(text, first.layout).layout == first.layout  # what was found reads the same again
    assert said(first).keys() == {"header_skipped", "columns_used"}


@pytest.mark.parametrize(
    ("layout", "code"),
    [
        ({"source": "fr"}, "column_unknown"),
        ({"source": 4}, "column_unknown"),
        ({"source": 2, "target": 2}, "column_twice"),
        ({"separator": "bar"}, "one_column"),
        ({"encoding": "shift-jis"}, "encoding_chosen"),
        ({"separator": "/"}, "bad_option"),
        ({"encoding": "klingon"}, "bad_option"),
        ({"heading": True}, "bad_option"),
        ({"source": 0}, "bad_option"),
        ({"target": ["x"]}, "bad_option"),
    ],
)
def test_a_wrong_choice_is_a_sentence(layout: dict[str, object], code: str) -> None:
    text = "\n".join(["id,en,zh", *body("count", "word", "词")]).encode()
    with pytest.raises(InputError) as refused:
        tasks.from_csv(text, **layout)
    assert refused.value.code == code
    assert str(refused.value)


def test_a_task_keeps_how_its_file_was_read() -> None:
    content = "\n".join(["label;text", *(f"{'ab'[i % 2]};long text {i}" for i in range(29))]).encode("utf-16")
    for make in (tasks.from_csv, tasks.from_labels):
        task = make(content)
        again = make(content, **task.options)
        assert again.options == task.options
        assert [again.split(name) for name in SPLITS] == [task.split(name) for name in SPLITS]
        assert task.options["separator"] == "semicolon"
    assert tasks.from_labels(content).tgt_vocab.tokens[-2:] == ("a", "b")


def test_a_text_of_tabbed_lines_is_said_to_be_a_table() -> None:
    text = "\n".join(f"Line number {i} goes on\tZeile Nummer {i} geht weiter\tby somebody" for i in range(37))
    assert [notice.code for notice in tasks.from_text(text).notices] == ["looks_like_pairs"]
    assert tasks.from_csv(text).split("train")


# ---- encodings


@pytest.mark.parametrize(("encoding", "sentences"), WRITTEN)
@pytest.mark.parametrize("few", [True, False])
def test_an_encoding_is_found_by_what_it_makes_of_the_bytes(
    encoding: str, sentences: tuple[str, ...], few: bool
) -> None:
    lines = sentences[1:] if few else sentences * 11
    text = "".join(f"{line}\t{i}\n" for i, line in enumerate(lines))
    written = text.encode(CODECS[encoding])
    found = decode(written)
    assert (found.encoding, found.text) == (encoding, text)
    assert found.sure == (encoding == "utf-16")
    assert decode(written, encoding).text == text


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-8"])
@pytest.mark.parametrize("cut", range(1, 7))
def test_a_file_that_is_cut_inside_a_character_loses_only_that(encoding: str, cut: int) -> None:
    text = "".join(f"{line},x\n" for line in SIMPLIFIED * 3)
    found = decode(text.encode(CODECS[encoding])[:-cut], encoding, whole=False)
    assert text.startswith(found.text)
    assert len(found.text) >= len(text) - 1 - cut


def test_a_few_broken_bytes_in_utf_8_are_counted() -> None:
    content = "".join(f"第{i}个词,word {i}\n" for i in range(31)).encode() + b"\xff,\xfe\n"
    task = tasks.from_csv(content)
    assert Notice("bytes_replaced", {"count": 2}) in task.notices
    assert sum(len(task.split(name)) for name in SPLITS) == 32
