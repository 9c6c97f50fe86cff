"""What the browser tells the page Decoding: taken once, checked, and never trusted."""

from __future__ import annotations

import pytest

import attnviz as av
from attnviz.ui.decoding.link import place_in
from attnviz.ui.decoding.progress import Progress
from attnviz.ui.decoding.subject import Subject, take_in

NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def reverse() -> Subject:
    model, task = av.load("reverse")
    return take_in(model, task, task.examples[1], "")


def test_messages_are_taken_once_and_only_from_the_sentence_they_belong_to(reverse: Subject) -> None:
    kept = Progress(step=1)
    kept.take({"scope": "another", "seq": 5, "step": 4}, reverse)
    assert (kept.step, kept.seq) == (1, 0)
    kept.take({"scope": kept.scope, "seq": 1, "step": 3, "site": "decoder.0.cross_attn", "head": 2}, reverse)
    assert (kept.step, kept.site, kept.head) == (3, "decoder.0.cross_attn", 2)
    kept.take({"scope": kept.scope, "seq": 1, "step": 2}, reverse)
    assert kept.step == 3


@pytest.mark.parametrize(
    "message",
    [None, 7, [], {"seq": "x"}, {"seq": 1, "step": -3, "site": NASTY, "head": 10**9, "forced": [[0], "a", [1, 10**9]]}],
)
def test_messages_that_make_no_sense_change_nothing(reverse: Subject, message: object) -> None:
    kept = Progress(step=2)
    if isinstance(message, dict):
        message = {"scope": kept.scope, **message}
    kept.take(message, reverse)
    assert (kept.step, kept.site, kept.head, kept.forced) == (2, None, None, {})


def test_a_typed_token_is_forced_or_refused(reverse: Subject) -> None:
    kept = Progress(step=3)
    kept.take({"scope": kept.scope, "seq": 1, "typed": {"position": 1, "text": " c "}}, reverse)
    assert kept.forced == {1: reverse.task.tgt_vocab.id("c")}
    assert kept.step == 2
    kept.take({"scope": kept.scope, "seq": 2, "typed": {"position": 1, "text": "中"}}, reverse)
    assert kept.refused == "中"
    assert kept.forced == {1: reverse.task.tgt_vocab.id("c")}


def test_forced_tokens_go_through_an_address_and_back(reverse: Subject) -> None:
    forced = {0: 5, 3: 4}
    field = place_in(reverse).forced
    assert field.read(field.write(forced) or "") == forced
    assert field.read("0:99999,-1:4,3:4:5,x:y,\u0663:4") is None
