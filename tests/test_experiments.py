"""Experiments: the catalogue, the verdicts, files of people's own; the exact ones run in full."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from attnviz import experiments
from attnviz.cli.main import main
from attnviz.config import TrainConfig
from attnviz.data import tasks
from attnviz.errors import ExperimentError, InputError
from attnviz.experiments import At, Bound, Choice, Experiment, Found, Lab, Plan, Progress, Quantity, Slider, Source, Try
from attnviz.experiments.recording import quoted, recipe_digest, record, recorded, recordings_folder
from attnviz.experiments.result import found
from attnviz.language import LANGUAGES, Language, Text
from attnviz.training import checkpoint
from attnviz.training.breakages import BREAKAGES
from attnviz.ui.frame.page import Frame
from attnviz.ui.pretraining import breaking
from attnviz.ui.text import texts, words

CATALOGUE = experiments.load().experiments
EXACT = [name for name, one in CATALOGUE.items() if not one.trains]
RECORDED = sorted(path.stem for path in recordings_folder().glob("*.json"))
TRAINED = [name for name, one in CATALOGUE.items() if one.trains]
SEEDS = (3, 5)

OWN = """
from attnviz.experiments import Bound, Choice, Experiment, Quantity, Source, Try
from attnviz.language import Text


def measure(models, at):
    return {"sum": 1.0 + at.seed - at.seed}


EXPERIMENT = Experiment(
    name="my-own",
    title=Text("我的", "mine"),
    claim=Text("一加零是二", "one and nothing is two"),
    question=Text("一加零是几？", "what is one and nothing?"),
    choices=(
        Choice("one", Text("一", "one"), (Bound("sum", at_least=1, at_most=1),)),
        Choice("two", Text("二", "two"), (Bound("sum", at_least=2, at_most=2),)),
    ),
    expected="one",
    truth=Text("是一", "it is one"),
    source=Source("Peano, Arithmetices principia", 1889, ""),
    recipe=Text("相加", "addition"),
    quantities=(Quantity("sum", Text("和", "sum"), "number"),),
    measure=measure,
    try_it=Try("by_hand", {"what": "apples"}),
)
"""


def tiny(**changes: object) -> Experiment:
    """An experiment that trains two models for two steps."""
    train = TrainConfig(steps=3, batch_size=5, warmup_steps=0, eval_every=0, eval_examples=2)

    def plans(at: At) -> dict[str, Plan]:
        one = Plan(task="copy", shape={"d_model": 12, "n_heads": 3, "d_ff": 7}, train=replace(train, seed=at.seed))
        return {"one": one, "same": one, "other": replace(one, train=replace(one.train, learning_rate=1e-4))}

    values: dict[str, object] = {
        "name": "tiny",
        "title": Text("小", "tiny"),
        "claim": Text("一", "one"),
        "question": Text("吗？", "really?"),
        "choices": (
            Choice("high", Text("高", "high"), (Bound("loss", at_least=0.1),)),
            Choice("low", Text("低", "low"), (Bound("loss", at_most=0.1),)),
        ),
        "expected": "high",
        "truth": Text("高", "high"),
        "source": Source("nobody", 2020, ""),
        "recipe": Text("三步", "three steps"),
        "quantities": (Quantity("loss", Text("损失", "loss"), "nats"), Quantity("same", Text("同", "same"), "nats")),
        "plans": plans,
        "measure": lambda models, at: {
            "loss": models["one"].metrics(limit=7).loss,
            "same": abs(models["one"].metrics(limit=7).loss - models["same"].metrics(limit=7).loss),
        },
        "try_it": Try("pretraining"),
    }
    return Experiment(**{**values, **changes})  # type: ignore[arg-type]


# ---- the catalogue


def test_the_catalogue_holds_all_sixteen_in_their_order() -> None:
    names = list(CATALOGUE)
    assert names[:16] == [f"E{n}" for n in range(1, 17)]
    assert EXACT == ["E3", "E6", "E9", "E10", "E15"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_experiment_says_everything_in_both_languages_and_names_what_exists(name: str) -> None:
    one = CATALOGUE[name]
    every = [one.title, one.claim, one.question, one.truth, one.recipe]
    every += [choice.title for choice in one.choices] + [quantity.title for quantity in one.quantities]
    for text in every:
        assert not set(text.en) & set("，。；：？！（）"), text.en
        for language in LANGUAGES:
            assert text[language]
    assert 1950 < one.source.year <= 2026
    assert one.source.cite
    for plan in one.plans(At(seed=7)).values():
        assert plan.task in (*tasks.names(), *tasks.field_names())
        assert plan.train.seed == 7
        if plan.start is not None:
            assert plan.start["checkpoint"] in checkpoint.every_shipped()
    assert all("text" not in key for key in one.try_it.state)


@pytest.mark.parametrize("name", RECORDED)
def test_no_numbers_support_two_choices_at_once_and_the_expected_one_is_told_from_all_others(name: str) -> None:
    one = CATALOGUE[name]
    kept = recorded(one)
    assert [c.code for c in one.choices if c.when and all(bound.met(kept.means) for bound in c.when)] == [one.expected]


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_experiment_comes_out(name: str) -> None:
    result = experiments.run(CATALOGUE[name], seeds=SEEDS)
    assert result.verdict.came_out, result.means
    assert result.verdict.choice == CATALOGUE[name].expected
    assert result.seeds == SEEDS


def test_entropy_falls_with_head_dim_only_where_scores_are_not_divided() -> None:
    found_here = CATALOGUE["E13"].measure({}, At(seed=3))
    unscaled = [found_here[f"unscaled.{dim}"] for dim in (16, 64, 1024)]
    scaled = [found_here[f"scaled.{dim}"] for dim in (16, 64, 1024)]
    assert unscaled[0] > 1.5 * unscaled[1] > 3 * unscaled[2]
    assert max(scaled) - min(scaled) < 0.1
    assert all(found_here[f"variance.{dim}"] == pytest.approx(1, abs=0.25) for dim in (16, 64, 1024))


# ---- trained ones, at reduced size


# One seed of these may say something else, as their recordings show: the mean over three shows the direction.
SCATTERED = ("E4", "E13", "ensembles")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_experiment_shows_its_direction_at_reduced_size(name: str) -> None:
    one = CATALOGUE[name]
    result = experiments.run(one, seeds=(0, 1, 2) if name in SCATTERED else (2,), size=one.small)
    assert result.verdict.choice == one.expected, result.means


# ---- running


def test_plans_that_are_equal_are_trained_once_and_progress_counts_all_of_them() -> None:
    steps = list(Lab().run(tiny(), seeds=SEEDS))
    records = [step for step in steps if isinstance(step, Progress)]
    assert [step.model for step in records[:6]] == ["one"] * 3 + ["other"] * 3
    assert len(records) == 12
    assert records[-1].done == records[-1].total == 18
    result = steps[-1]
    assert isinstance(result, Found)
    assert result.means["same"] == 0
    assert len(set(result.rows[0].spread.values)) == len(SEEDS)


def test_a_run_repeats_and_a_smaller_size_takes_fewer_steps() -> None:
    again = [experiments.run(tiny(), seeds=(3,)).means for _ in range(2)]
    assert again[0] == again[1]
    assert len(list(Lab().run(tiny(), seeds=(3,), size=0.5))) - 1 == 3 * 2  # the tiny plans do not shrink


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measure": lambda models, at: {"loss": 1.0}}, "experiment_measured"),
        ({"measure": lambda models, at: {}["nothing"]}, "experiment_broke"),
        ({"plans": lambda at: 1 / 0}, "experiment_broke"),
        ({"plans": lambda at: {"one": Plan(task="copy", shape={"n_heads": 7})}}, "setting_heads"),
    ],
)
def test_what_breaks_inside_an_experiment_is_a_sentence(changes: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        experiments.run(replace(tiny(), **changes), seeds=(1,))  # type: ignore[arg-type]
    assert caught.value.code == code
    assert all(caught.value.text(language) for language in LANGUAGES)


def test_no_seed_is_refused() -> None:
    with pytest.raises(ExperimentError, match="seed"):
        experiments.run(tiny(), seeds=())


# ---- verdicts and predictions


def test_a_verdict_is_read_off_the_means() -> None:
    one = tiny()
    high = found(one, [{"loss": 0.3, "same": 0}, {"loss": 0.1, "same": 0}], (0, 1))
    assert high.means["loss"] == pytest.approx(0.2)
    assert high.verdict.choice == "high"
    assert high.verdict.came_out
    low = found(one, [{"loss": 0.01, "same": 0}], (0,))
    assert low.verdict.choice == "low"
    assert not low.verdict.came_out
    nothing = found(one, [{"loss": math.nan, "same": 0}], (0,))
    assert nothing.verdict.choice is None
    assert not nothing.verdict.came_out
    assert nothing.to_dict()["rows"][0]["mean"] is None


def test_a_prediction_must_be_one_that_can_be_made() -> None:
    result = found(tiny(), [{"loss": 0.3, "same": 0}], (0,))
    assert result.hit("high")
    assert not result.hit("low")
    for prediction in ("", "HIGH", "x" * 1000):
        with pytest.raises(ExperimentError) as caught:
            result.hit(prediction)
        assert caught.value.code == "experiment_prediction"
    sliding = replace(result, experiment=tiny(slider=Slider("loss", 0.0, 1.0, 0.1)))
    assert sliding.hit("0.35")
    assert not sliding.hit("0.5")
    for prediction in ("", "1.1", "nan", "high"):
        with pytest.raises(ExperimentError):
            sliding.hit(prediction)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a b"},
        {"title": Text("", "tiny")},
        {"question": "really?"},
        {"choices": ()},
        {"expected": "nowhere"},
        {"quantities": ()},
        {
            "choices": (
                Choice("high", Text("高", "high"), (Bound("x", at_least=1),)),
                Choice("low", Text("低", "l"), ()),
            )
        },
        {"choices": (Choice("high", Text("高", "high"), ()), Choice("low", Text("低", "low"), ()))},
        {"slider": Slider("nothing", 0, 1, 0.1)},
    ],
)
def test_an_experiment_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ExperimentError):
        tiny(**changes)


# ---- files of people's own


def test_a_folder_adds_experiments_and_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "syntax.py").write_text("x = (\n\n", encoding="utf-8")
    (tmp_path / "raises.py").write_text("\n\nraise KeyError('lost')\n", encoding="utf-8")
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(3)\n", encoding="utf-8")
    (tmp_path / "empty.py").write_text("EXPERIMENT = 3\n", encoding="utf-8")
    (tmp_path / "taken.py").write_text(OWN.replace('"my-own"', '"e1"'), encoding="utf-8")
    (tmp_path / "wrong.py").write_text(OWN.replace('expected="one"', 'expected="three"'), encoding="utf-8")
    (tmp_path / "binary.py").write_bytes(b"\xff\x00\xfe")
    catalogue = experiments.load(tmp_path)
    assert set(catalogue.experiments) == {*CATALOGUE, "my-own"}
    assert experiments.run(catalogue.get("MY-own"), seeds=(1,)).verdict.choice == "one"
    by_file = {problem.details["file"]: problem for problem in catalogue.problems}
    assert set(by_file) == {f"{n}.py" for n in ("syntax", "raises", "leaves", "empty", "taken", "wrong", "binary")}
    assert by_file["raises.py"].details["line"] == 3
    assert "lost" in str(by_file["raises.py"])
    assert by_file["taken.py"].code == "experiment_name_taken"
    assert by_file["empty.py"].code == "experiment_file_empty"
    for problem in catalogue.problems:
        assert "Traceback" not in problem.text("zh") + problem.text("en")


def test_a_folder_that_is_none_is_a_sentence_and_the_others_go_on(tmp_path: Path) -> None:
    catalogue = experiments.load(tmp_path / "nowhere")
    assert set(catalogue.experiments) == set(CATALOGUE)
    assert [problem.code for problem in catalogue.problems] == ["experiment_folder"]


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.setenv("ATTNVIZ_EXPERIMENTS", str(tmp_path))
    assert "my-own" in experiments.load().experiments


# ---- recordings


def test_what_is_exact_is_recorded() -> None:
    assert set(EXACT) <= set(RECORDED) <= set(CATALOGUE)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_result_is_of_its_own_recipe_and_came_out(name: str) -> None:
    kept = recorded(CATALOGUE[name])
    assert kept.recorded is not None
    assert kept.recorded.recipe == recipe_digest(CATALOGUE[name])
    assert kept.recorded.date
    assert "torch" in kept.recorded.made_with
    assert len(kept.seeds) >= 3
    assert kept.size == 1
    assert kept.verdict.came_out, kept.means
    assert (recordings_folder() / f"{name}.json").stat().st_size < 16_000


def test_a_recording_reads_back_and_another_recipe_or_a_damaged_file_is_refused(tmp_path: Path) -> None:
    one = tiny()
    result = found(one, [{"loss": 0.25, "same": math.nan}], (7,), seconds=3)
    path = record(result, tmp_path)
    again = recorded(one, tmp_path)
    assert again.seeds == (7,)
    assert again.rows[0].spread == result.rows[0].spread
    assert math.isnan(again.means["same"])
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["recorded"] is True
    other = tiny(quantities=(*one.quantities, Quantity("more", Text("更多", "more"))))
    with pytest.raises(ExperimentError, match="another recipe"):
        recorded(other, tmp_path)
    for damage in ("", "[]", text[:-40], text.replace("attnviz-experiment", "x"), text.replace('"values"', '"v"')):
        path.write_text(damage, encoding="utf-8")
        with pytest.raises(ExperimentError) as caught:
            recorded(one, tmp_path)
        assert caught.value.code == "experiment_recording"
    path.unlink()
    with pytest.raises(ExperimentError, match="no recorded result"):
        recorded(one, tmp_path)


# ---- the command line


def test_the_command_lists_runs_and_says_whether_it_came_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    wrong = OWN.replace('"my-own"', '"wrong"').replace('expected="one"', 'expected="two"')
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    (tmp_path / "broken.py").write_text("(", encoding="utf-8")
    folder = ["--folder", str(tmp_path)]
    assert main(["experiment", "--list", *folder]) == 0
    seen = capsys.readouterr()
    assert "E16" in seen.out
    assert "my-own" in seen.out
    assert "broken.py" in seen.err
    assert main(["experiment", "e3", "my-own", "--seeds", "2", *folder]) == 0
    out = capsys.readouterr().out
    assert "the numbers say: a good deal" in out
    assert "came out" in out
    assert main(["experiment", "wrong", "--seeds", "1", "--json", *folder]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["expected"], said["came_out"]) == ("one", "two", False)
    assert [check["met"] for check in said["checks"]] == [False]
    assert main(["experiment", "E3", "--recorded", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recorded"]["date"]
    assert main(["experiment", "nonsense"]) == 2
    assert "There is no experiment nonsense" in capsys.readouterr().err
    assert main(["experiment", "E3", "--size", "0.5", "--record"]) == 2
    assert main(["experiment", "E3", "--seeds", "0"]) == 2


# ---- what the buttons of "Break it" promise


def test_every_button_of_break_it_does_what_it_says_at_the_size_of_the_page() -> None:
    kept = recorded(CATALOGUE["break-it"])
    means = kept.means
    assert kept.verdict.came_out
    assert {name.rpartition(".")[0] for name in means} == {"whole", *BREAKAGES}
    whole = means["whole.exact"]
    assert whole > 0.9
    for name in ("no-causal-mask", "no-shift"):  # "oddly low", "all wrong"
        assert means[f"{name}.loss"] < 0.5 * means["whole.loss"] or means[f"{name}.loss"] < 0.01
        assert means[f"{name}.exact"] < 0.05
    assert means["no-positions.exact"] < 0.2
    assert means["no-padding-mask.exact"] < whole - 0.2  # "goes wrong", "the more the more <pad>s"
    assert means["no-padding-mask.padded"] < means["no-padding-mask.exact"] - 0.1
    assert means["whole.padded"] > 0.9
    for name in ("no-scaling", "post-norm-no-warmup"):  # "learns all the same"
        assert means[f"{name}.exact"] > 0.6
        for language in LANGUAGES:
            said = texts("pretraining")[f"break_{name.replace('-', '_')}_watch"][language]
            assert ("照样学会" if language == "zh" else "all the same") in said
            assert {"no-scaling": "E13", "post-norm-no-warmup": "E8"}[name] in said


def test_where_break_it_points_for_more_the_more_is_there() -> None:
    wide, deep = recorded(CATALOGUE["E13"]).means, recorded(CATALOGUE["E8"]).means
    assert wide["unscaled.exact"] < wide["scaled.exact"] - 0.3
    assert deep["post"] < deep["pre"] - 0.3


@pytest.mark.parametrize("language", LANGUAGES)
def test_break_it_says_the_recorded_numbers(language: Language) -> None:
    means = recorded(CATALOGUE["break-it"]).means
    frame = Frame("pretraining", language, words("pretraining", language), *[None] * 3)  # type: ignore[arg-type]
    for name in BREAKAGES:
        what = "padded" if f"{name}.padded" in means else "exact"
        said = breaking.measured(frame, name)
        assert f"{means[f'{name}.{what}']:.0%}" in said
        assert f"{means[f'whole.{what}']:.0%}" in said


def test_where_nothing_is_recorded_nothing_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert quoted("break-it") == recorded(CATALOGUE["break-it"])
    monkeypatch.setattr("attnviz.experiments.recording.recordings_folder", lambda: tmp_path)
    assert quoted("break-it") is None
    (tmp_path / "break-it.json").write_text("{", encoding="utf-8")
    assert quoted("break-it") is None
    frame = Frame("pretraining", "en", words("pretraining", "en"), *[None] * 3)  # type: ignore[arg-type]
    assert breaking.measured(frame, "no-shift") == ""
