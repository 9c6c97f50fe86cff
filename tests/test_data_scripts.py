"""Text in the world's scripts: it comes back whole, words keep their marks, and what cannot be seen is said."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.data import tasks
from attnviz.data.text import characters, clean, invisible
from attnviz.data.words import fitting_tokens, joined_words, spaced_words, words
from attnviz.errors import Notice

# Script: a sentence, how many words it has where blanks divide words, and how many characters its first word has.
SPACED = {
    "Latin": ("Một buổi sáng mùa hè", 5, 3),
    "Greek": ("ἡ θάλασσα ἦν ἤρεμος", 4, 1),
    "Cyrillic": ("Утром шёл тихий дождь", 4, 5),
    "Armenian": ("Այսօր արևոտ օր է", 4, 5),
    "Georgian": ("დღეს კარგი ამინდია", 3, 4),
    "Hebrew": ("הַיֶּלֶד קוֹרֵא סֵפֶר", 3, 4),
    "Arabic": ("يَقْرَأُ الْوَلَدُ كِتَابًا", 3, 4),
    "Persian": ("کتاب‌ها را می‌خوانم", 3, 6),
    "Devanagari": ("बच्ची किताब पढ़ती है", 4, 2),
    "Bengali": ("মেয়েটি বই পড়ে", 3, 3),
    "Gurmukhi": ("ਕੁੜੀ ਕਿਤਾਬ ਪੜ੍ਹਦੀ ਹੈ", 4, 2),
    "Gujarati": ("છોકરી પુસ્તક વાંચે છે", 4, 3),
    "Tamil": ("சிறுமி புத்தகம் படிக்கிறாள்", 3, 3),
    "Telugu": ("అమ్మాయి పుస్తకం చదువుతోంది", 3, 3),
    "Kannada": ("ಹುಡುಗಿ ಪುಸ್ತಕ ಓದುತ್ತಾಳೆ", 3, 3),
    "Malayalam": ("കുട്ടി പുസ്തകം വായിക്കുന്നു", 3, 2),
    "Sinhala": ("ළමයා පොත කියවයි", 3, 3),
    "Ethiopic": ("ልጅቷ መጽሐፍ ታነባለች", 3, 3),
    "Hangul": ("아이가 책을 읽는다", 3, 3),
    "Mongolian": ("ᠬᠦᠦᠬᠡᠳ ᠨᠣᠮ ᠤᠩᠰᠢᠨᠠ", 3, 6),
}
SPACELESS = {
    "Thai": ("เด็กน้อยกำลังอ่านหนังสือ", 17),
    "Lao": ("ເດັກນ້ອຍກຳລັງອ່ານປຶ້ມ", 14),
    "Khmer": ("កុមារីអានសៀវភៅ", 8),
    "Burmese": ("ကလေးသည်စာဖတ်နေသည်", 10),
    "Japanese": ("子どもが本を読んでいる。", 12),
    "Chinese": ("小姑娘在看一本厚书。", 10),
}
EVERY = {name: one[0] for name, one in (SPACED | SPACELESS).items()}
EMOJI = ("👩🏽‍🚒", "🏳️‍🌈", "🇳🇿", "☎️", "3️⃣", "👨‍👩‍👦‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿")
HIDDEN = ("\u00ad", "\u200b", "\u200e", "\u200f", "\u202b", "\u2060", "\u2066", "\ufeff", "\u200d", "\ufe0f")


def rows(sentence: str, way: str) -> bytes:
    """A file of pairs of one script; each row is another one."""
    blank = " " if way == "words" else ""
    return "\n".join(f"{sentence}{blank}{i}\t{i}{blank}{sentence}" for i in range(23)).encode()


@pytest.mark.parametrize("way", ["words", "characters"])
@pytest.mark.parametrize("script", EVERY)
def test_a_sentence_comes_back_from_its_tokens(script: str, way: str) -> None:
    sentence = EVERY[script]
    task = tasks.from_csv(rows(sentence, way), source_tokens=way, target_tokens=way)
    assert task.src_vocab is not None
    pair = task.split("train")[0]
    number = pair.target[0] if way == "words" else "".join(one for one in pair.target if one.isdecimal())
    blank = " " if way == "words" else ""
    written = f"{clean(sentence)}{blank}{number}"
    batch = task.encode(unicodedata.normalize("NFD", written))  # typed in another form, it is the same text
    assert batch.src is not None
    assert not batch.unknown_src[0]
    assert task.detokenize_source(batch.src_labels[0][:-1]) == written
    assert task.detokenize_source(task.src_vocab.decode(batch.src[0, :-1].tolist())) == written
    assert task.detokenize(pair.target) == f"{number}{blank}{clean(sentence)}"


@pytest.mark.parametrize("way", ["words", "characters"])
def test_a_text_in_all_scripts_comes_back(way: str) -> None:
    text = "\n".join(f"{i} {sentence} {''.join(EMOJI)}" for i in range(7) for sentence in EVERY.values())
    task = tasks.from_text(text, tokens=way)
    found = "".join(task.tgt_vocab.decode(task.tgt_vocab.encode(task.tokenize(text))))
    whole = "".join(task.tokenize(text))
    assert whole == clean(text)
    assert len(found) >= 0.9 * len(whole)  # a number that stands in a held-out line only is unknown
    assert not task.notices


@pytest.mark.parametrize("script", SPACED)
def test_words_end_where_blanks_are_and_marks_stay(script: str) -> None:
    sentence, count, first = SPACED[script]
    found = words(sentence)
    assert found == clean(sentence).split()
    assert len(found) == count
    assert len(characters(found[0])) == first
    assert fitting_tokens([sentence] * 3) == "words"


@pytest.mark.parametrize("script", SPACELESS)
def test_where_no_blanks_divide_words_characters_do(script: str) -> None:
    sentence, count = SPACELESS[script]
    found = words(sentence)
    assert len(found) == count
    assert not any(unicodedata.category(one[0]).startswith("M") for one in found)
    assert joined_words(words(sentence)) == clean(sentence)
    assert fitting_tokens([sentence] * 3) == "characters"


@pytest.mark.parametrize("emoji", EMOJI)
def test_a_joined_emoji_is_one_token_either_way(emoji: str) -> None:
    assert characters(clean(emoji)) == words(emoji) == spaced_words(emoji) == [emoji]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_cannot_be_seen_is_taken_out_and_named(hidden: str) -> None:
    text = f"wa{hidden}ter fa{hidden}lls"
    assert clean(text) == "water falls"
    assert invisible(text) == {f"U+{ord(hidden):04X}": 2}


def test_joiners_stay_where_they_change_what_is_seen() -> None:
    for text in ("می‌خوانم", "क्‍ष", "👩🏽‍🚒", "☎️", "葛󠄀"):
        assert clean(text) == unicodedata.normalize("NFC", text)
        assert not invisible(text)


def test_a_file_says_which_invisible_characters_it_held() -> None:
    content = "\n".join(f"wa\u00adter{i}\u200b\tWasser{i}" for i in range(23)).encode()
    (notice,) = (one for one in tasks.from_csv(content).notices if one.code == "invisible_removed")
    assert notice == Notice("invisible_removed", {"count": 46, "shown": "U+00AD, U+200B"})


MIXED = st.lists(
    st.sampled_from([*HIDDEN, *EMOJI, *"aZ9-'’,.!( ", *" َ́̈ำ्်្ျาि", *"ँ؀܏ൎ", *"人かガ한가खកမกลר", "\u2028", "\u3000", "\r\n"]),
    max_size=17,
).map("".join)


@given(st.one_of(MIXED, st.text(st.characters(), max_size=23)))
@example("\u1781\u05b9\u17d2\u200d\u200d\u200b")  # marks that change places
@example("ᄀ\u094d\U0001f3fdन")  # a mark on nothing, then a letter that it would take
@example("\u070f\u200c\u0600")
@example("\u3000\ufe00")
def test_one_form_of_a_text_and_words_that_are_the_same_alone(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not invisible(once)
    assert "".join(characters(text)) == text
    assert "".join(spaced_words(text)) == once
    assert words(joined_words(words(text))) == words(text)
