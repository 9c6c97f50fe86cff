"""Rates: every strategy is searched in the same way, and the rate of a race stands in its table."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from fine_tuning_starts import TRAIN, start

from attnviz.cli.main import main
from attnviz.config import FineTuneConfig, Strategy
from attnviz.data import tasks
from attnviz.experiments import At, load
from attnviz.training.finetuning.found_rates import FOUND, SEARCHED
from attnviz.training.finetuning.presets import LARGEST_RATE, PRESETS
from attnviz.training.finetuning.race import entries
from attnviz.training.finetuning.rates import FACTORS, TunedRate, tuned_rates
from attnviz.ui.finetuning.choices import Choices


def test_the_best_score_wins_and_a_lower_loss_decides_between_equals() -> None:
    assert TunedRate("full", {1.0: (0.2, 9.0), 4.0: (0.7, 5.0), 10.0: (0.6, 0.1)}).factor == 4.0
    assert TunedRate("head", {1.0: (0.0, 5.0), 4.0: (0.0, 2.6), 10.0: (0.0, 2.7)}).factor == 4.0


def test_every_entry_is_tried_at_every_factor() -> None:
    begin = start("seq2seq")
    found = tuned_rates(
        begin,
        tasks.get("copy"),
        entries(("full", "head"), train_size=13),
        replace(TRAIN, steps=3),
        factors=(1.0, 4.0),
        limit=7,
    )
    assert list(found) == ["full", "head"]
    for tuned in found.values():
        assert set(tuned.tried) == {1.0, 4.0}
        assert tuned.factor in tuned.tried
        assert len({loss for _, loss in tuned.tried.values()}) == 2  # the rate made a difference


def test_pages_and_experiments_use_the_rates_that_were_found() -> None:
    experiments = {
        "finetune-reverse-copy": "reverse-copy",
        "finetune-pinyin": "sentences",
        "finetune-segmentation": "segmentation",
        "finetune-syntax": "syntax",
    }
    for name, preset in experiments.items():
        plans = load().get(name).plans(At())
        slowest = min(plan.train.learning_rate / FOUND[preset].get(strategy, 1) for strategy, plan in plans.items())
        for strategy, plan in plans.items():
            assert plan.train.learning_rate == pytest.approx(slowest * FOUND[preset].get(strategy, 1))
        assert PRESETS[preset].rates == FOUND[preset]


def test_reverse_to_copy_has_a_rate_for_every_strategy_scratch_included() -> None:
    preset = PRESETS["reverse-copy"]
    assert set(preset.rates) == set(get_args(Strategy))
    assert set(preset.rates.values()) <= set(FACTORS)
    for strategy in get_args(Strategy):
        chosen = Choices(preset="reverse-copy").with_value("strategy", strategy)
        expected = min(preset.train.learning_rate * preset.rates[strategy], LARGEST_RATE)
        assert chosen.train.learning_rate == pytest.approx(expected)
    assert FineTuneConfig().strategy == "full"


def test_the_command_searches_and_says_which_rate_was_best(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(PRESETS["reverse-copy"], train=replace(TRAIN, steps=3), finetune=FineTuneConfig(train_size=13))
    monkeypatch.setattr("attnviz.training.finetuning.presets.PRESETS", {**PRESETS, "reverse-copy": quick})
    assert main(["rates", "reverse-copy", "--strategies", "full", "--limit", "7", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert set(row["tried"]) == {f"{factor:g}" for factor in FACTORS}
    best = max(row["tried"].items(), key=lambda item: (item[1]["score"], -item[1]["loss"]))[0]
    assert (row["preset"], row["strategy"], row["factor"]) == ("reverse-copy", "full", float(best))
    assert main(["rates"]) == 0
    assert "sentences" in capsys.readouterr().out
    for wrong in (["rates", "nowhere"], ["rates", "reverse-copy", "--strategies", "best"]):
        assert main(wrong) == 2
        assert "there are:" in capsys.readouterr().err


def test_a_rate_that_nobody_searched_is_known_as_such() -> None:
    every = get_args(Strategy)
    assert Choices(preset="reverse-copy").unsearched(every) == ()
    assert Choices(preset="reverse-copy", start_chosen="copy").unsearched(every) == every  # another start
    assert "full" not in Choices(preset="sentences").unsearched(every)
    for name, preset in PRESETS.items():
        unsearched = Choices(preset=name).unsearched(every)
        assert set(unsearched) == set(every) - set(SEARCHED.get(name, {}))
        assert name in SEARCHED or set(preset.rates.values()) == {2, 4, 5, 10}  # the usual ones
    own = Choices(preset="formal").with_value("learning_rate", 0.003)
    assert own.unsearched(every) == (), "people's own rate is theirs"
