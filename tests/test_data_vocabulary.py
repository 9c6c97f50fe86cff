"""Vocabulary, characters as people count them, splits, batches."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnviz.data import BOS, EOS, PAD, SPECIALS, UNK, InputError, Pair, Vocabulary
from attnviz.data.batch import collate_pairs, collate_prompt, collate_windows
from attnviz.data.split import SPLITS, split_by_key
from attnviz.data.stringing import string_together
from attnviz.data.text import characters, clean
from attnviz.data.words import joined_words, spaced_words, words

TEXT = st.text(st.characters(), max_size=60)  # every code point, halves of surrogate pairs included
WORDS = st.lists(st.text("abcdef银行😀", min_size=1, max_size=3), max_size=11)


# ---- vocabulary


@given(WORDS)
def test_known_tokens_come_back(tokens: list[str]) -> None:
    vocabulary = Vocabulary.build([tokens])
    assert vocabulary.decode(vocabulary.encode(tokens)) == tokens


def test_specials_come_first_and_pad_is_zero() -> None:
    vocabulary = Vocabulary.build([["b", "a", "b"]])
    assert vocabulary.tokens == (*SPECIALS, "b", "a")
    assert (PAD, BOS, EOS, UNK) == (0, 1, 2, 3)
    assert vocabulary.counts == (0, 0, 0, 0, 2, 1)


def test_no_text_can_spell_a_special_token() -> None:
    vocabulary = Vocabulary.build([list(SPECIALS)])
    assert len(vocabulary) == len(SPECIALS)
    assert vocabulary.encode(list(SPECIALS)) == [UNK] * 4


def test_min_count_and_max_size_leave_out_the_rare() -> None:
    tokens = list("aaaaabbbc")
    assert Vocabulary.build([tokens], min_count=3).tokens[4:] == ("a", "b")
    assert Vocabulary.build([tokens], max_size=5).tokens[4:] == ("a",)
    assert Vocabulary.build([tokens], min_count=3).encode(["c"]) == [UNK]


@given(WORDS)
def test_json_round_trip(tokens: list[str]) -> None:
    vocabulary = Vocabulary.build([tokens])
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '["a"]', '["<pad>","<s>","</s>","<unk>","a","a"]'])
def test_a_broken_vocabulary_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        Vocabulary.from_json(text)
    assert refused.value.code == "bad_vocabulary"


# ---- text


@given(TEXT)
def test_characters_join_back_and_cleaning_twice_is_cleaning_once(text: str) -> None:
    cleaned = clean(text)
    assert "".join(characters(text)) == text
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(
    st.lists(
        st.sampled_from(["字", "e\u0301", "👩\u200d👩\u200d👧", "👍🏽", "🇨🇳", "☎\ufe0f", "a", "\n", "ش"]), max_size=9
    )
)
def test_what_people_see_as_one_character_is_one(parts: list[str]) -> None:
    assert characters("".join(parts)) == parts


def test_surrogate_pairs_are_joined_and_halves_replaced() -> None:
    assert clean("\ud83d\ude00") == "😀"
    assert clean("a\ud83db") == "a\ufffdb"


def test_control_characters_go_and_line_ends_become_one() -> None:
    assert clean("\ufeffa\x00b\r\nc\rd\te") == "ab\nc\nd\te"


@given(TEXT)
def test_spaced_words_join_back(text: str) -> None:
    assert "".join(spaced_words(text)) == clean(text)


@given(TEXT)
def test_joined_words_split_the_same(text: str) -> None:
    tokens = words(text)
    assert words(joined_words(tokens)) == tokens


# ---- splits


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklm"), st.integers(0, 6)), min_size=1), st.integers(0, 99))
def test_splitting_loses_nothing_and_keeps_keys_together(items: list[tuple[str, int]], seed: int) -> None:
    keyed = [(key, (key, value)) for key, value in items]
    shares = split_by_key(keyed, seed, validation=0.1, test=0.2)
    assert sorted(item for share in shares.values() for item in share) == sorted(items)
    owners = [{key for key, _ in shares[name]} for name in SPLITS]
    assert sum(map(len, owners)) == len(set().union(*owners))
    if len({key for key, _ in items}) >= 3:
        assert all(owners)


def test_the_split_follows_the_seed_and_not_the_order() -> None:
    keyed = [(str(i), i) for i in range(211)]
    backwards = keyed[::-1]
    first = split_by_key(keyed, 7, validation=0.1, test=0.1)
    assert {name: set(share) for name, share in first.items()} == {
        name: set(share) for name, share in split_by_key(backwards, 7, validation=0.1, test=0.1).items()
    }
    assert set(first["test"]) != set(split_by_key(keyed, 8, validation=0.1, test=0.1)["test"])
    assert (len(first["validation"]), len(first["test"])) == (21, 21)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=31), st.integers(9, 23), st.integers(0, 9))
def test_stringing_keeps_every_token_and_its_partner(lengths: list[int], longest: int, seed: int) -> None:
    pairs = [
        Pair(tuple(f"s{i}.{j}" for j in range(n)), tuple(f"t{i}.{j}" for j in range(n))) for i, n in enumerate(lengths)
    ]
    strung = string_together(pairs, longest, random.Random(seed))
    assert max(len(pair.source) for pair in strung) <= longest
    assert sorted(token for pair in strung for token in pair.source) == sorted(
        token for pair in pairs for token in pair.source
    )
    assert all(s[1:] == t[1:] for pair in strung for s, t in zip(pair.source, pair.target, strict=True))


# ---- batches

VOCABULARY = Vocabulary.build([list("abcdefg")])


@given(
    st.lists(
        st.tuples(st.text("abcdefgX", min_size=1, max_size=7), st.text("abcdefg", max_size=5)),
        min_size=1,
        max_size=5,
    )
)
def test_a_batch_shifts_right_and_pads_at_the_end(rows: list[tuple[str, str]]) -> None:
    pairs = [Pair(tuple(source), tuple(target)) for source, target in rows]
    batch = collate_pairs(pairs, VOCABULARY, VOCABULARY)
    assert batch.src is not None
    assert batch.decoder_input is not None
    assert batch.targets is not None
    assert batch.size == len(rows)
    assert batch.n_scored == sum(len(pair.target) + 1 for pair in pairs)
    for i, pair in enumerate(pairs):
        source, target = len(pair.source), len(pair.target)
        assert batch.src[i, : source + 1].tolist() == [*VOCABULARY.encode(pair.source), EOS]
        assert batch.decoder_input[i, 0] == BOS
        assert torch.equal(batch.decoder_input[i, 1 : target + 1], batch.targets[i, :target])
        assert batch.targets[i, target] == EOS
        for tensor, used in ((batch.src, source), (batch.decoder_input, target), (batch.targets, target)):
            assert (tensor[i, : used + 1] != PAD).all()
            assert (tensor[i, used + 1 :] == PAD).all()
        assert batch.src_labels[i] == (*pair.source, "</s>")
        assert batch.decoder_labels[i] == ("<s>", *pair.target)
        assert batch.unknown_src[i] == tuple(j for j, token in enumerate(pair.source) if token == "X")


def test_a_window_predicts_each_of_its_tokens() -> None:
    batch = collate_windows([tuple("abc"), tuple("de")], VOCABULARY)
    assert batch.src is None
    assert batch.decoder_input is not None
    assert batch.targets is not None
    assert batch.targets.tolist() == [VOCABULARY.encode(tuple("abc")), [*VOCABULARY.encode(tuple("de")), PAD]]
    assert batch.decoder_input[:, 0].tolist() == [BOS, BOS]
    assert torch.equal(batch.decoder_input[0, 1:], batch.targets[0, :-1])
    assert batch.decoder_labels == (("<s>", "a", "b"), ("<s>", "d"))


def test_after_a_prompt_nothing_is_scored() -> None:
    batch = collate_prompt(["a", "X", "b"], VOCABULARY)
    assert batch.decoder_input is not None
    assert batch.targets is not None
    assert batch.decoder_input.tolist() == [[BOS, *VOCABULARY.encode(["a", "X", "b"])]]
    assert batch.targets[0, -1] == PAD
    assert batch.decoder_labels == (("<s>", "a", "X", "b"),)
    assert batch.unknown_decoder == ((2,),)


def test_moving_a_batch_keeps_its_labels() -> None:
    batch = collate_pairs([Pair(("a",), ("b",))], VOCABULARY, VOCABULARY).to("meta")
    assert batch.src is not None
    assert batch.src.device.type == "meta"
    assert batch.src_labels == (("a", "</s>"),)
