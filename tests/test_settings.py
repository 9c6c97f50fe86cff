"""One row a setting: configs, forms, the command line and `runs set` agree, and whatever is impossible is said."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.cli import train
from attnviz.config import Compute, FineTuneConfig, ModelConfig, TrainConfig, divisors
from attnviz.errors import InputError, SettingError
from attnviz.language import LANGUAGES
from attnviz.model.making import new_model
from attnviz.model.parameter_shapes import MOST_PARAMETERS, check_size, count_parameters
from attnviz.runs.commands import checked
from attnviz.settings import COMPUTE, FINETUNING, MODEL, SETTABLE, TRAINING, Setting
from attnviz.ui.runs.fields import bounds, fitting

CONFIGS = [(ModelConfig, MODEL), (TrainConfig, TRAINING), (FineTuneConfig, FINETUNING), (Compute, COMPUTE)]
ROWS = [(config, row) for config, rows in CONFIGS for row in rows.values()]
NEEDED: Mapping[type, dict[str, Any]] = {ModelConfig: {"vocab_size": 7, "src_vocab_size": 7}}
each_row = pytest.mark.parametrize(("config", "row"), ROWS, ids=lambda one: getattr(one, "name", ""))


def made(config: type, name: str, value: Any) -> Any:
    return config(**{**NEEDED.get(config, {}), name: value})


def refusal(config: type, name: str, value: Any) -> SettingError | None:
    try:
        made(config, name, value)
    except SettingError as error:
        return error
    return None


@pytest.mark.parametrize(("config", "rows"), CONFIGS, ids=lambda one: getattr(one, "__name__", ""))
def test_every_field_has_a_row_and_every_default_is_accepted(config: type, rows: Mapping[str, Setting]) -> None:
    assert {one.name for one in fields(config)} == set(rows)
    for one in fields(config):
        if one.default is not MISSING:
            rows[one.name].check(one.default)


@each_row
def test_what_a_form_offers_is_what_the_config_accepts(config: type, row: Setting) -> None:
    assert all(row.label[language] for language in LANGUAGES)
    for number in (*row.offered, *(row.within or ())):
        row.check(number)
    if row.kind in ("whole", "real") and row.within:
        assert row.least <= row.within[0] < row.within[1] <= row.most
        told = bounds(row)
        assert {type(told[key]) for key in ("min_value", "max_value", "step")} == {
            int if row.kind == "whole" else float
        }
        assert fitting(row, math.inf) == told["max_value"]
        if row.kind == "real":
            assert round(row.step, row.digits) == row.step, "a step that the form cannot show"
            assert round(row.within[0], row.digits) == row.within[0]


@each_row
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, "a", True, 1.5, [7], {}, b"", 10**31, "x" * 3000])
def test_a_value_is_either_accepted_or_refused_with_a_sentence_at_once(config: type, row: Setting, value: Any) -> None:
    said = refusal(config, row.name, value)
    if said is None:
        row.check(value)
    else:
        assert row.name in str(said) or said.code in (
            "setting_heads",
            "setting_tied",
            "setting_labels",
            "setting_source",
        )
        assert all(len(said.text(language)) < 400 for language in LANGUAGES)


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (TrainConfig, "seed", 2**64),
        (TrainConfig, "batch_size", 1.5),
        (TrainConfig, "steps", 1.5),
        pytest.param(TrainConfig, "steps", 10**5000, id="more digits than Python writes"),
        (TrainConfig, "warmup_steps", True),
        (TrainConfig, "weight_decay", math.inf),
        (TrainConfig, "eval_examples", 10**9),
        (ModelConfig, "dropout", "a"),
        (ModelConfig, "d_model", 2**61 - 1),
        (ModelConfig, "n_encoder_layers", 2_000_000),
        (FineTuneConfig, "folds", 1),
        (FineTuneConfig, "lora_targets", ()),
        (FineTuneConfig, "lora_targets", "q_proj"),
        (FineTuneConfig, "dropout", "a"),
    ],
)
def test_impossible_values_are_refused_by_name(config: type, name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=name):
        made(config, name, value)


@pytest.mark.parametrize(
    ("config", "values"), [(TrainConfig, {"no such": 1}), (ModelConfig, {}), (TrainConfig, {3: 4})]
)
def test_a_field_that_is_unknown_or_missing_is_a_sentence(config: Any, values: dict[Any, Any]) -> None:
    with pytest.raises(SettingError):
        config.from_dict(values)


def test_a_model_of_too_many_parameters_is_refused_before_it_is_made() -> None:
    wide = ModelConfig(vocab_size=11, src_vocab_size=13, d_model=16_384, n_heads=1, d_ff=65_536, n_encoder_layers=97)
    assert count_parameters(wide) > MOST_PARAMETERS
    for make in (check_size, new_model):
        with pytest.raises(SettingError, match="parameters"):
            make(wide)
    small = ModelConfig(vocab_size=11, src_vocab_size=13, d_model=6, n_heads=3, d_ff=7, max_len=5)
    assert count_parameters(small) == sum(weight.numel() for weight in new_model(small).parameters())


@given(st.integers(1, 20_000))
def test_divisors_are_all_that_divide(number: int) -> None:
    assert divisors(number) == [one for one in range(1, number + 1) if number % one == 0]


def test_the_command_line_has_an_option_for_every_row_that_names_one() -> None:
    parser = argparse.ArgumentParser()
    train.add(parser.add_subparsers())
    command = parser._subparsers._group_actions[0].choices["train"]  # type: ignore[union-attr,index]
    command.format_help()  # no % in a help that argparse would take for a blank
    options = {action.dest: action for action in command._actions}
    for row in (*MODEL.values(), *TRAINING.values()):
        assert (row.name in options) == bool(row.option), row.name
        if row.option:
            assert row.option in options[row.name].option_strings
            assert row.kind != "choice" or options[row.name].choices == row.values


def test_what_may_be_set_while_training_is_checked_by_its_row() -> None:
    assert {"learning_rate", "dropout", "without", "cross_mask"} <= set(SETTABLE)
    for name in SETTABLE:
        row = TRAINING[name] if name in TRAINING else MODEL[name]
        with pytest.raises(InputError):
            checked("set", {name: {"not": "a value"}})
        if row.within:
            assert checked("set", {name: row.within[1]}) == {name: row.within[1]}
