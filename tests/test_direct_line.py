"""A direct answer is what a run of the page would hand to the component; without a line to a session there is none."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Mapping
from typing import Any
from unittest import mock

import app_driver
import numpy as np
import pytest
from app_driver import ran
from starlette.requests import Request
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from attnviz.ui.attention.payload import unpack_kind
from attnviz.ui.attention.seeing import Asked, answered_by
from attnviz.ui.frame.direct import LONGEST, OPEN, PREFIX, Line, answered, route
from attnviz.ui.front.packing import split
from attnviz.ui.masks import rounds
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.rounds import Kept, Round, SubjectKey
from attnviz.ui.masks.setting import Target


def posted(token: str, body: bytes, pieces: int = 1) -> Response:
    """What the server answers to one request."""
    length = -(-len(body) // pieces) or 1
    parts = [body[start : start + length] for start in range(0, max(len(body), 1), length)]
    messages = iter(
        {"type": "http.request", "body": part, "more_body": number + 1 < len(parts)}
        for number, part in enumerate(parts)
    )

    async def receive() -> Any:
        return next(messages)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "path_params": {"token": token}}
    return asyncio.run(answered(Request(scope, receive)))


def element(at: AppTest, stage: str) -> bytes:
    (one,) = [one for one in at.get("bidi_component") if one.proto.id.endswith(stage)]
    data: bytes = one.proto.bytes
    return data


def line_of(data: bytes) -> Line:
    path = split(data)[0]["line"]
    assert path.startswith(f"/{PREFIX}/")
    return OPEN[path.rsplit("/", 1)[1]]


# ---- the request --------------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_bytes_that_nobody_packs_again() -> None:
    line, heard = Line(), []

    def answer(message: Mapping[str, Any]) -> bytes:
        heard.append((message, threading.current_thread()))
        return b"AV02 and so on"

    line.answer = answer
    got = posted(line.token, json.dumps({"n": [1, 2, 3]}).encode(), pieces=3)
    assert (got.status_code, got.body) == (200, b"AV02 and so on")
    assert got.headers["content-encoding"] == "identity"
    assert got.headers["cache-control"] == "no-store"
    assert [message for message, _ in heard] == [{"n": [1, 2, 3]}]
    assert heard[0][1] is not threading.main_thread(), "others are served meanwhile"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[1, 2]", 400),
        (b"[" * 100_000, 400),
        (b'{"a": "' + b"x" * LONGEST + b'"}', 413),
        (b"{}", 204),
    ],
)
def test_what_is_no_question_has_no_answer(body: bytes, status: int) -> None:
    line = Line()
    line.answer = lambda message: None
    assert posted(line.token, body).status_code == status


def test_an_answer_that_fails_tells_nothing() -> None:
    line = Line()

    def fail(message: Mapping[str, Any]) -> bytes:
        raise RuntimeError("a secret of the server")

    line.answer = fail
    got = posted(line.token, b"{}")
    assert (got.status_code, got.body) == (500, b"")


def test_a_line_is_open_as_long_as_its_session_and_to_nobody_else() -> None:
    line = Line()
    token = line.token
    line.answer = lambda message: b"mine"
    assert posted(token, b"{}").body == b"mine"
    assert posted(token[:-1], b"{}").status_code == 404
    del line
    gc.collect()
    assert posted(token, b"{}").status_code == 404


def test_the_server_asks_by_post_alone_below_its_own_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config

    assert route().path == f"/{PREFIX}/{{token}}"
    assert route().methods == {"POST"}
    monkeypatch.setattr(config, "get_option", lambda name: "/class/attention/")
    assert route().path == f"/class/attention/{PREFIX}/{{token}}"
    assert Line().path.startswith(f"/class/attention/{PREFIX}/")


# ---- the lab of masks ---------------------------------------------------------------------------------------------


def paint(scope: str, seq: int, row: int, column: int) -> dict[str, Any]:
    areas = [row, row, column, column]
    return {"scope": scope, "operations": [{"op": "paint", "seq": seq, "stroke": seq, "visible": True, "areas": areas}]}


def test_a_painted_cell_answered_directly_is_what_the_next_run_draws() -> None:
    at = app_driver.opened("masks", model="reverse", example="2", **{"mask.decoder_self": "causal"})
    before = element(at, "mask-lab")
    scope, line = split(before)[0]["scope"], line_of(before)
    direct = line.ask(paint(scope, 1, 0, 2))
    assert direct is not None
    said, was = split(direct)[0], split(before)[0]
    assert (was["seq"], said["seq"]) == (0, 1)
    assert said["loss"]["now"] != was["loss"]["now"]
    kept_in(at).done = None  # so that the run computes it itself
    assert element(ran(at.run()), "mask-lab") == direct
    # Said twice it is done once.
    assert line.ask(paint(scope, 1, 1, 3)) == direct


def kept_in(at: AppTest) -> Kept:
    (kept,) = at.session_state["mask-labs"].values()
    assert isinstance(kept, Kept)
    return kept


def test_the_run_behind_a_direct_answer_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    at = app_driver.opened("masks", model="reverse", example="2")
    before = element(at, "mask-lab")
    direct = line_of(before).ask(paint(split(before)[0]["scope"], 1, 0, 2))
    with monkeypatch.context() as patched:
        patched.setattr(rounds, "measure", None)
        assert element(ran(at.run()), "mask-lab") == direct
    kept_in(at).lab = Lab(target=kept_in(at).lab.target)  # another lab has another answer
    assert element(ran(at.run()), "mask-lab") != direct


def test_an_operation_of_another_session_changes_nothing() -> None:
    at = app_driver.opened("masks", model="reverse", example="2")
    before = element(at, "mask-lab")
    assert line_of(before).ask(paint("another", 1, 0, 2)) == before


def test_a_line_knows_nothing_of_another_sentence() -> None:
    at = app_driver.opened("masks", model="reverse", example="2")
    before = element(at, "mask-lab")
    line, stale = line_of(before), line_of(before).answer
    scope = split(before)[0]["scope"]
    at.session_state["sentences"]["reverse"] = "olleh"  # as long as the other
    ran(at.run())
    assert stale is not None
    assert stale(paint(scope, 1, 0, 2)) is None
    now = split(line.ask({}) or b"")[0]
    assert (now["seq"], len(now["rows"])) == (0, len(split(before)[0]["rows"]))
    assert now["rows"] != split(before)[0]["rows"]


# ---- the stage of attention ---------------------------------------------------------------------------------------


def switched(data: bytes, heads: list[list[Any]], **more: Any) -> dict[str, Any]:
    header = split(data)[0]
    return {"scope": header["scope"], "seq": header["seq"] + 1, "heads": heads, **more}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_switch_answered_directly_is_what_a_run_draws(language: str) -> None:
    at = app_driver.opened("attention", model="reverse", example="2", lang=language)
    before = element(at, "attention-stage")
    direct = line_of(before).ask(switched(before, [["decoder.0.cross_attn", 1]]))
    assert direct is not None
    drawn = element(ran(at.run()), "attention-stage")
    assert drawn == direct
    assert split(direct)[0]["heads_off"] == [["decoder.0.cross_attn", 1]]
    assert not np.array_equal(unpack_kind(direct, "cross")[0], unpack_kind(before, "cross")[0])


def test_a_sentence_answered_directly_is_what_a_run_draws() -> None:
    at = app_driver.opened("attention", model="reverse", example="2")
    before = element(at, "attention-stage")
    header = split(before)[0]
    direct = line_of(before).ask({"scope": header["scope"], "seq": header["seq"], "heads": [], "text": "fedcba"})
    assert direct is not None
    at.session_state["sentences"]["reverse"] = "fedcba"
    assert element(ran(at.run()), "attention-stage") == direct


@pytest.mark.parametrize(
    ("more", "drawn"),
    [
        ({"text": "banana 银行"}, True),
        ({"text": "a" * 5000}, True),
        ({"text": ""}, False),
        ({"scope": "another"}, False),
    ],
    ids=["unknown", "long", "empty", "another"],
)
def test_what_the_page_has_to_speak_about_is_left_to_it(more: dict[str, Any], drawn: bool) -> None:
    at = app_driver.opened("attention", model="reverse", example="2")
    before = element(at, "attention-stage")
    direct = line_of(before).ask(switched(before, [], seq=0) | more)
    assert (direct is not None) == drawn
    if drawn:
        at.session_state["sentences"]["reverse"] = more["text"]
        assert element(ran(at.run()), "attention-stage") == direct


def test_after_a_sentence_that_was_answered_directly_the_old_one_is_drawn_anew() -> None:
    """Streamlit hands nothing over that equals what it handed over before."""
    at = app_driver.opened("attention", model="reverse", example="2")
    before = element(at, "attention-stage")
    line_of(before).ask(switched(before, [], seq=0, text="fedcba"))
    assert element(ran(at.run()), "attention-stage") != before


def test_the_newest_switches_count_in_whatever_order_they_come() -> None:
    at = app_driver.opened("attention", model="reverse", example="2")
    before = element(at, "attention-stage")
    line = line_of(before)
    line.ask(switched(before, [], seq=6))
    line.ask(switched(before, [["decoder.0.cross_attn", 1]], seq=5))
    header = split(element(ran(at.run()), "attention-stage"))[0]
    assert (header["seq"], header["heads_off"]) == (6, [])


def test_nothing_keeps_a_line_but_its_session() -> None:
    kept = Kept(Lab(Target("decoder_self")), {}, SubjectKey("a", "b"))
    Round(kept.key, lambda: pytest.fail("nobody asks"), "paint", "name", "en", near=True).opens(kept)
    asked = Asked()
    answered_by(asked, mock.sentinel.screen, mock.sentinel.question, lambda text: None, None)
    tokens = [kept.line.token, asked.line.token]
    assert all(token in OPEN for token in tokens)
    gc.disable()  # at once, not when somebody looks for circles
    try:
        del kept, asked
        assert not any(token in OPEN for token in tokens)
    finally:
        gc.enable()


@pytest.mark.parametrize("heads", [None, "x", [["nowhere", 0]], [["decoder.0.cross_attn", 99]], [[1, 2], {}]])
def test_heads_that_are_none_are_ignored(heads: Any) -> None:
    at = app_driver.opened("attention", model="reverse", example="2")
    before = element(at, "attention-stage")
    assert line_of(before).ask(switched(before, heads, seq=0)) == before
