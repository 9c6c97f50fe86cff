"""Names beside the points of a race never lie on each other."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.ui.finetuning.race_picture import apart

ROOM, MOST = 0.065, 1.02
PLACES = st.lists(st.floats(0, 1), max_size=13).map(sorted)


@given(PLACES)
def test_names_have_room_keep_their_order_and_stay_inside(places: list[float]) -> None:
    moved = apart(places, ROOM, MOST)
    assert len(moved) == len(places)
    assert all(above - below >= ROOM - 1e-9 for below, above in itertools.pairwise(moved))
    assert not moved or moved[-1] <= MOST


@given(st.lists(st.integers(0, 7), max_size=7, unique=True).map(sorted))
def test_names_that_have_room_stay_where_they_are(places: list[int]) -> None:
    spaced = [0.1 * place for place in places]
    assert apart(spaced, ROOM, MOST) == pytest.approx(spaced)
