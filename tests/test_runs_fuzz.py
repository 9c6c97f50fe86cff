"""Files of others never break a reader: a fixed sample each time, ten thousand in the slow run."""

from __future__ import annotations

import pytest
from fuzz_readers import READERS, lora_files, main, try_one, valid

MOST_SECONDS = 5.0


@pytest.mark.parametrize("name", READERS)
def test_hostile_files_are_refused_with_a_sentence(name: str) -> None:
    valid()
    lora_files()
    outcomes = [try_one(name, seed) for seed in range(8)]
    assert all(said for said, _ in outcomes)
    assert max(seconds for _, seconds in outcomes) < MOST_SECONDS


@pytest.mark.slow
def test_ten_thousand_hostile_files_are_refused_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(10_000) == 0, capsys.readouterr().out
