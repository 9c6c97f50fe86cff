"""What By hand and Decoding claim is what one finds by computing it from outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnviz as av
from attnviz.data import BOS, EOS
from attnviz.decoding import Choice, Decoding
from attnviz.language import counted
from attnviz.trace.walkthrough import Variant, example, walk
from attnviz.ui.by_hand import claim as by_hand
from attnviz.ui.by_hand.sheet import Changes
from attnviz.ui.decoding import claim as decoding


@pytest.mark.parametrize("name", ["apples", "two-heads"])
def test_by_hand_says_what_dividing_does(name: str) -> None:
    setup = example(name)
    found = by_hand.claimed(setup, Changes())
    assert found is not None
    rows = {
        divide: walk(replace(setup, variant=Variant(divide=divide))).steps["weights"].values[found.head, found.row]
        for divide in (True, False)
    }
    assert found.divided
    assert found.now == pytest.approx(float(rows[True].max()))
    assert found.otherwise == pytest.approx(float(rows[False][found.column]))
    assert found.column == int(rows[True].argmax())
    back = by_hand.claimed(setup, Changes().switched("divide", False), found.row)
    assert back is not None
    assert not back.divided
    assert back.now == pytest.approx(float(rows[False].max()))


def test_by_hand_claims_nothing_where_there_is_no_such_row() -> None:
    setup = example("apples")
    assert by_hand.claimed(setup, Changes(), 99) is None
    broken = replace(setup, x=np.full_like(setup.x, np.nan))
    assert by_hand.claimed(broken, Changes()) is None


def test_decoding_says_where_the_choice_was_closest() -> None:
    model, task = av.load("pinyin")
    batch = task.encode("银行里有行人")
    steps = tuple(Decoding(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=20, choice=Choice()))
    found = decoding.closest(steps)
    assert found is not None
    leads = [step.alternatives[0].probability - step.alternatives[1].probability for step in steps]
    assert found.position == int(np.argmin(leads))
    assert found.probability - found.other_probability == pytest.approx(min(leads))
    forced = tuple(replace(step, forced=True) for step in steps)
    assert decoding.closest(forced) is None


def test_one_thing_is_not_called_many() -> None:
    assert counted("1 encoder layers, 2 decoder layers") == "1 encoder layer, 2 decoder layers"
    assert counted("0 encoder layers, 10 decoder layers") == "no encoder layers, 10 decoder layers"
    assert counted("CPU, 1 cores") == "CPU, 1 core"
    assert counted("11 layers × 1 heads, 21 cores") == "11 layers × 1 head, 21 cores"
