"""What a screen prints for somebody else's tokens: every character once, blanks visible, nothing broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_folders import SIZE, byte_level_tokenizer, word_tokenizer

from attnviz.data import Tokens
from attnviz.foreign.tokens import ForeignTokens

BYTES = ForeignTokens(byte_level_tokenizer(), SIZE)
WORDS = ForeignTokens(word_tokenizer(), 13)


def test_pieces_of_a_character_say_which_part_they_are() -> None:
    assert isinstance(BYTES, Tokens)
    found = BYTES.read("the cat 银!")
    assert found.labels == ("the", "␣cat", "␣", "银 1/3", "银 2/3", "银 3/3", "!")
    assert found.spans[3:6] == ((8, 9),) * 3
    assert found.spans[1] == (4, 7)
    assert BYTES.text(found.ids) == "the cat 银!"


def test_a_piece_that_is_no_character_is_shown_as_its_bytes() -> None:
    first = BYTES.read("银").ids[0]
    assert BYTES.label(first) == "‹E9›"
    assert BYTES.label(SIZE + 5) == f"[{SIZE + 5}]"
    assert BYTES.label(0) == "<s>"
    assert BYTES.labels([first, BYTES.read("a").ids[0]]) == ("‹E9›", "a")


@given(st.text(max_size=20))
def test_no_label_is_ever_broken_and_spans_stay_inside(text: str) -> None:
    for tokens in (BYTES, WORDS):
        found = tokens.read(text)
        assert not any("\ufffd" in label or not label for label in found.labels)
        assert all(0 <= first <= end <= len(text) for first, end in found.spans)
        assert len(tokens.labels(found.ids)) == len(found.ids)
        assert "\ufffd" not in tokens.text(found.ids)
    if "\ufffd" not in text and "<" not in text:
        assert BYTES.text(BYTES.read(text).ids) == text


def test_unknown_words_keep_their_own_characters_and_pieces_their_marks() -> None:
    found = WORDS.framed("The cats 银行 ☃")
    assert found.labels == ("[CLS]", "the", "cat", "##s", "银", "行", "☃", "[SEP]")
    assert found.ids[-2] == 1
    assert found.spans[0] == (0, 0)
    assert found.spans[3] == (7, 8)
    assert (WORDS.pad_id, WORDS.bos_id, WORDS.eos_id, WORDS.mask_id) == (0, None, 3, 4)
    assert WORDS.special_ids == {0, 1, 2, 3, 4}
