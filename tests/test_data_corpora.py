"""Numerals, dates, pinyin, verbs, traditional characters, letters, text: each against what it should mean."""

from __future__ import annotations

import datetime
import random
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.data import Pair, tasks
from attnviz.data.hsk import align_syllables, plain_reading, sentences
from attnviz.data.hsk_corrections import corrected, corrections
from attnviz.data.tasks.dates import STYLES, parsed, written
from attnviz.data.tasks.inflection import verb_forms
from attnviz.data.tasks.numbers import english_words
from attnviz.data.tasks.numerals import LIMIT, chinese_numeral
from attnviz.data.tasks.pinyin import dictionary_reading
from attnviz.data.tasks.symbols import SymbolTask
from attnviz.data.tasks.traditional import converted

NUMBERS = st.one_of(
    st.integers(0, LIMIT - 1),
    st.lists(st.sampled_from("0001257"), min_size=1, max_size=12).map(lambda digits: int("".join(digits))),
)


# ---- numbers


def read_chinese(words: str) -> int:
    """Read a numeral from left to right: a reader that knows nothing of how it was written."""
    total = section = digit = 0
    for char in words:
        if char in "十百千":
            section += (digit or 1) * 10 ** ("十百千".index(char) + 1)
            digit = 0
        elif char in "万亿":
            total += (section + digit) * {"万": 10**4, "亿": 10**8}[char]
            section = digit = 0
        else:
            digit = "零一二三四五六七八九".index(char)
    return total + section + digit


@given(NUMBERS)
def test_chinese_numerals_read_back(number: int) -> None:
    words = chinese_numeral(number)
    assert read_chinese(words) == number
    assert number == 0 or not words.endswith("零")
    assert "零零" not in words
    assert not words.startswith("一十")


@given(NUMBERS)
def test_a_zero_is_said_exactly_where_digits_are_skipped(number: int) -> None:
    text = chinese_numeral(number)
    digits = str(number).rjust(12, "0")
    expected, said = 0, False  # gaps between two non-zero digits, counted once a group boundary at most
    groups = [digits[:4], digits[4:8], digits[8:]]
    for i, group in enumerate(groups):
        if not group.strip("0"):
            continue
        inner = group.lstrip("0").rstrip("0")
        expected += len([gap for gap in inner.replace("0", " ").split(" ") if gap]) - 1
        skipped = i > 0 and not groups[i - 1].strip("0")
        expected += said and (group.startswith("0") or skipped)
        said = True
    assert text.count("零") == (expected if number else 1)


@pytest.mark.parametrize("number", [-1, LIMIT])
def test_numerals_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="allowed"):
        chinese_numeral(number)


def read_english(words: list[str]) -> int:
    small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    ones = {word: i for i, word in enumerate(f"{small} seventeen eighteen nineteen".split())}
    tens = {
        word: 10 * i
        for i, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
    }
    total = section = 0
    for word in words:
        if word in ("thousand", "million", "billion"):
            total += section * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word]
            section = 0
        elif word == "hundred":
            section *= 100
        else:
            section += tens[word.rstrip("-")] if word.rstrip("-") in tens else ones[word]
    return total + section


@given(NUMBERS)
def test_english_numbers_read_back(number: int) -> None:
    assert read_english(list(english_words(number))) == number


def test_typed_numbers_may_have_commas_and_wide_digits() -> None:
    task = tasks.get("numbers-zh", size=211)
    assert task.tokenize("７,830 021") == list("7830021")
    assert task.reference("12a") is None


# ---- dates

DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))


@pytest.mark.parametrize(("language", "style"), [(name, style) for name in STYLES for style in STYLES[name]])
@given(day=DAYS)
@example(day=datetime.date(1999, 9, 22))
def test_dates_read_back(language: str, style: tuple[str, str], day: datetime.date) -> None:
    task = tasks.get("dates", size=211)
    text = written(day, *style)
    assert parsed(text, (language,)) == day
    assert parsed("".join(task.tokenize(text))) == day
    assert task.reference(text.upper()) == day.isoformat()


@given(DAYS, DAYS)
def test_two_days_are_never_written_alike(one: datetime.date, two: datetime.date) -> None:
    texts = [{written(day, *style).lower() for styles in STYLES.values() for style in styles} for day in (one, two)]
    assert one == two or not (texts[0] & texts[1])


@pytest.mark.parametrize("text", ["03/04/05", "3/4/2024", "2023-02-29", "31 June 2020", "soon", "2024年13月1日"])
def test_what_is_no_date_or_two_has_no_reference(text: str) -> None:
    assert tasks.get("dates", size=211).reference(text) is None


@pytest.mark.parametrize(("language", "foreign"), [("zh", "March 5, 2024"), ("en", "2024年3月5日")])
def test_one_language_leaves_the_other_out(language: str, foreign: str) -> None:
    task = tasks.get("dates", size=211, language=language)
    assert task.reference(foreign) is None
    assert any(task.encode(foreign).unknown_src)


def test_all_styles_of_a_day_are_in_one_split() -> None:
    task = tasks.get("dates", size=2003)
    days = [{pair.target for pair in task.split(name)} for name in ("train", "validation", "test")]
    assert sum(map(len, days)) == len(set().union(*days))


# ---- pinyin


def test_placeholders_are_left_out_and_most_sentences_have_a_reading() -> None:
    assert len(sentences()) > 4200
    readable = [sentence for sentence in sentences() if sentence.syllables]
    assert len(readable) > 0.99 * len(sentences())
    assert all(len(sentence.characters) == len(sentence.syllables) for sentence in readable)
    assert not any("桌子之下有一个盒子" in sentence.text for sentence in sentences())


def test_a_rhotic_ending_is_taken_apart() -> None:
    assert align_syllables(tuple("他在哪儿"), ["tā", "zài", "nǎr"]) == ("tā", "zài", "nǎ", "r")
    assert align_syllables(tuple("女儿"), ["nǚ", "ér"]) == ("nǚ", "ér")
    assert align_syllables(tuple("女儿"), ["nǚ"]) == ()
    assert align_syllables(tuple("女"), ["nǚ", "ér"]) == ()


def test_every_correction_stands_in_the_corpus_and_fits_it() -> None:
    texts = "|".join("".join(sentence.characters) for sentence in sentences())
    for characters, syllables in corrections().items():
        assert len(characters) == len(syllables), characters
        assert characters in texts, characters


def test_the_longest_correction_wins_and_the_rest_stays() -> None:
    assert corrected("看到了", ("kàn", "dào", "liǎo")) == ("kàn", "dào", "le")
    assert corrected("结果", ("jiē", "guǒ")) == ("jié", "guǒ")
    assert corrected("秋结果实", ("x", "jiē", "guǒ", "shí")) == ("x", "jiē", "guǒ", "shí")
    assert corrected("银行", ("yín", "háng")) == ("yín", "háng")
    assert not [s.text for s in sentences() if "到了" in s.text and "liǎo" in s.syllables]


def test_words_carry_their_part_of_the_reading() -> None:
    for sentence in sentences():
        assert tuple(syllable for _, reading in sentence.words for syllable in reading) == sentence.syllables
        assert "".join(word for word, _ in sentence.words) == "".join(sentence.characters)


def test_dictionary_readings_are_written_like_the_sentences() -> None:
    assert plain_reading("一个不是点儿", ("yí", "gè", "bú", "shì", "diǎn", "er")) == (
        *("yī", "gè", "bù", "shì", "diǎn", "r"),
    )
    assert plain_reading("儿子", ("ér", "zi")) == ("ér", "zi")


@given(st.text(st.characters(), max_size=20))
def test_the_dictionary_gives_one_syllable_a_token(text: str) -> None:
    task = tasks.get("pinyin-sentences")
    tokens = task.tokenize(text)
    assert len(dictionary_reading(tokens)) == len(tokens)


def test_a_typed_sentence_may_have_punctuation() -> None:
    task = tasks.get("pinyin")
    assert task.tokenize(" 你好， 老师！(“好”) ") == list("你好老师好")
    text = "老师，您好！"
    assert task.reference(text) == "lǎo shī nín hǎo"
    assert task.reference_kind(text) == "exact"
    assert task.reference_kind("我在银行等你们老板") == "dictionary"
    assert task.reference("abc") is None


def test_held_out_sentences_are_those_of_the_sentence_task() -> None:
    mixed, plain = tasks.get("pinyin"), tasks.get("pinyin-sentences")
    for name in ("validation", "test"):
        assert mixed.split(name) == plain.split(name)
    assert set(plain.split("train")) < set(mixed.split("train"))


def test_pinyin_training_shows_phrases_once_and_sentences_several_times() -> None:
    task = tasks.get("pinyin", phrases=1000, copies=2, max_length=20)
    alone = tasks.get("pinyin-sentences").split("train")
    train = task.split("train")
    assert len(train) == len(alone) + 1000
    expected = Counter(token for pair in (*alone, *train) for token in pair.source)
    strung = task.epoch("train", random.Random(5))
    assert Counter(token for pair in strung for token in pair.source) == expected
    assert max(len(pair.source) for pair in strung) <= 20
    assert Counter(map(len, (pair.source for pair in strung)))[20] > 0
    for pair in strung:
        assert len(pair.source) == len(pair.target)


# ---- verbs and traditional characters


def test_all_forms_of_a_verb_are_in_one_split() -> None:
    task = tasks.get("inflection")
    lemmas = [{pair.source[:-1] for pair in task.split(name)} for name in ("train", "validation", "test")]
    assert sum(map(len, lemmas)) == len(set().union(*lemmas))


def test_irregular_verbs_are_known_and_a_missing_participle_is_the_past() -> None:
    task = tasks.get("inflection")
    said = {
        text: task.reference(text) for text in ("sing past", "sing participle", "Sing", "go third", "walk participle")
    }
    assert list(said.values()) == ["sang", "sung", "sang", "goes", "walked"]
    assert all(verb_forms()[lemma, "ing"].endswith("ing") for lemma in ("stop", "write", "do"))
    assert task.alignment(Pair(("s", "t", "o", "p", "ing"), tuple("stopping"))) == (0, 1, 2, 3, *(None,) * 4)


def test_conversion_takes_the_longest_match() -> None:
    assert converted(list("理发")) == "理髮"
    assert converted(list("发现")) == "發現"
    assert converted(list("abc")) == "abc"
    task = tasks.get("traditional")
    assert task.reference_kind("头发") == "exact"
    assert task.reference_kind("头发发现头发") == "dictionary"


# ---- letters


@given(st.text("abcdefgh", min_size=1, max_size=8))
def test_letter_tasks_do_what_they_say(text: str) -> None:
    assert tasks.get("reverse").reference(text) == text[::-1]
    assert tasks.get("copy").reference(text) == text
    assert tasks.get("sort").reference(text) == "".join(sorted(text))


@pytest.mark.parametrize("name", ["reverse", "copy", "sort", "lookup"])
def test_the_alignment_is_where_the_answer_stands(name: str) -> None:
    task = tasks.get(name, size=211)
    for pair in task.split("train"):
        alignment = task.alignment(pair)
        assert alignment is not None
        assert tuple(pair.source[i] for i in alignment if i is not None) == pair.target
        if name != "lookup":
            assert sorted(i for i in alignment if i is not None) == list(range(len(pair.source)))


def test_lookup_answers_the_key_that_is_asked() -> None:
    task = tasks.get("lookup", size=211)
    for pair in task.split("test"):
        table = dict(zip(pair.source[:-2:2], pair.source[1:-2:2], strict=True))
        assert pair.target == (table[pair.source[-1]],)
    assert task.reference("a3 b7 ?c") is None
    assert task.reference("hello") is None


def test_letter_tasks_number_letters_alike() -> None:
    letters = [tasks.get(name, size=211) for name in ("reverse", "copy", "sort")]
    assert all(isinstance(task, SymbolTask) for task in letters)
    assert (
        len({task.tgt_vocab.tokens for task in letters} | {task.src_vocab.tokens for task in letters if task.src_vocab})
        == 1
    )


def test_a_small_world_gives_as_many_examples_as_it_has() -> None:
    task = tasks.get("copy", size=1000, symbols=2, min_length=1, max_length=3)
    assert sum(len(task.split(name)) for name in ("train", "validation", "test")) == 2 + 4 + 8


# ---- language models


@pytest.mark.parametrize("name", ["lm-en", "lm-zh"])
def test_windows_cover_the_text_once_wherever_they_are_cut(name: str) -> None:
    task = tasks.get(name, window=61)
    whole = [token for pair in task.split("train") for token in pair.target]
    orders = []
    for seed in range(3):
        epoch = task.epoch("train", random.Random(seed))
        assert [token for pair in epoch for token in pair.target] == whole
        assert max(len(pair.target) for pair in epoch) == 61
        orders.append(len(epoch[0].target))
    assert len(set(orders)) > 1


def test_no_paragraph_or_sentence_is_in_two_splits() -> None:
    for name, separator in (("lm-en", "\n\n"), ("lm-zh", "\n")):
        task = tasks.get(name)
        parts = [
            set("".join(token for pair in task.split(split) for token in pair.target).rstrip("\n").split(separator))
            for split in ("train", "validation", "test")
        ]
        assert sum(map(len, parts)) == len(set().union(*parts))
