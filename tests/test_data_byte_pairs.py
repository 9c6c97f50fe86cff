"""Byte-pair tokens: SentencePiece is the reference for how a text is divided; a task of them comes back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from attnviz.data import UNK, Task, tasks
from attnviz.data.byte_pairs import BytePairs
from attnviz.data.merging import Merger
from attnviz.data.objectives import with_objective

ENGLISH = [f"the {a} cat sat on {b} mats and sang of a {a} {b}" for a in ("old", "new", "blue") for b in "abcdefgh"]
CHINESE = [f"今天{a}气很好，我们一起去{b}店吃饭。" for a in "天地人" for b in "饭书花茶"]
LINES = ENGLISH + CHINESE
TEXT = "\n".join(LINES)


@pytest.fixture(scope="module")
def pairs() -> BytePairs:
    return BytePairs.learn(LINES, 150)


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.from_text(TEXT, tokens="byte-pairs", pieces=150, window=11)


@examples(100)
@given(st.one_of(st.sampled_from(LINES), st.text(sorted({*TEXT} - {"\n"}), max_size=40)))
def test_a_text_is_divided_as_by_the_library_that_learned(pairs: BytePairs, text: str) -> None:
    merger = Merger({piece: rank for rank, piece in enumerate(pairs.merges(len(pairs)))})
    assert merger.tokens(text) == pairs.encode(text)


@given(st.text(max_size=60))
def test_nothing_is_lost(pairs: BytePairs, text: str) -> None:
    merger = Merger({piece: rank for rank, piece in enumerate(pairs.merges(len(pairs)))})
    assert "".join(merger.tokens(text)) == text


def test_the_training_text_has_no_unknown_piece_and_fewer_tokens_than_characters(task: Task) -> None:
    stream = [token for pair in task.split("train") for token in pair.target]
    assert UNK not in task.tgt_vocab.encode(stream)
    assert len(stream) < 0.6 * len("".join(stream))
    assert any(len(token) > 2 for token in stream)
    assert task.tgt_vocab.counts is not None
    assert sum(task.tgt_vocab.counts) == len(stream)


@pytest.mark.parametrize("objective", [None, "masked-lm"])
def test_a_task_of_pieces_comes_back_without_its_text(task: Task, objective: str | None) -> None:
    seen = with_objective(task, objective)
    back = tasks.restore(**json.loads(json.dumps(seen.state())))
    assert back.tgt_vocab == seen.tgt_vocab
    for line in LINES[:3]:
        assert back.tokenize(line) == seen.tokenize(line)
        assert back.detokenize(back.tokenize(line)) == line
