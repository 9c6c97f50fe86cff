"""The page Experiments: nothing before a prediction, then numbers and their verdict; runs that go on by themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import address, all_notices, answered_in_its_part, html, opened, ran
from streamlit.testing.v1 import AppTest
from test_experiments import OWN

from attnviz import experiments
from attnviz.errors import ExperimentError
from attnviz.experiments import Found, background
from attnviz.language import LANGUAGES
from attnviz.runs import job
from attnviz.runs.folder import default_root
from attnviz.ui.experiments.numbers import Scale, bar
from attnviz.ui.experiments.reveal import try_link
from attnviz.ui.text import words

TABLE = 'class="av-exp-table"'
TRAINED = """
from attnviz.config import TrainConfig
from attnviz.experiments import Bound, Choice, Experiment, Plan, Quantity, Slider, Source, Try
from attnviz.language import Text

SHAPE = {"d_model": 16, "n_heads": 2, "d_ff": 16, "n_encoder_layers": 1, "n_decoder_layers": 1}


def plans(at):
    train = TrainConfig(steps=STEPS, batch_size=5, warmup_steps=0, eval_every=0, eval_examples=2, seed=at.seed)
    return {"one": Plan(task="reverse", shape=SHAPE, train=train)}


EXPERIMENT = Experiment(
    name="NAME",
    title=Text("练", "trained"),
    claim=Text("练", "trained"),
    question=Text("几步？", "how many steps?"),
    choices=(
        Choice("few", Text("少", "few"), (Bound("steps", at_most=9),)),
        Choice("many", Text("多", "many"), (Bound("steps", at_least=9),)),
    ),
    expected="few",
    truth=Text("少", "few"),
    source=Source("nobody", 2020, "javascript:alert(1)"),
    recipe=Text("练几步", "some steps"),
    quantities=(Quantity("steps", Text("步", "steps"), "number"),),
    plans=plans,
    measure=lambda models, at: {"steps": float(models["one"].steps)},
    try_it=Try("by_hand", {"what": "apples"}),
)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A teacher's folder of experiments, and a folder of runs of its own."""
    mine = tmp_path / "mine"
    mine.mkdir()
    monkeypatch.setenv("ATTNVIZ_EXPERIMENTS", str(mine))
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    return mine


def press(at: AppTest, key: str) -> AppTest:
    return ran(next(button for button in at.button if str(button.key).startswith(key)).click().run())


def until(reached: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_experiment_has_a_card_that_opens_it(language: str) -> None:
    at = opened("experiments", lang=language)
    for one in experiments.load().experiments.values():
        assert one.title[language] in html(at).replace("&#x27;", "'")  # type: ignore[index]
    press(at, "experiment-open-E9")
    assert 'class="av-exp-claim"' in html(at)
    assert address(at)["experiment"] == "E9"
    assert TABLE not in html(at)


def test_numbers_come_after_the_prediction_which_stays_beside_them() -> None:
    at = opened("experiments", lang="en", experiment="e3")
    assert TABLE not in html(at)
    assert "av-exp-why" not in html(at)
    press(at, "experiment-predict-E3-0")
    said = html(at)
    assert TABLE in said
    assert words("experiments", "en")("missed") in said
    assert said.index("none at all") < said.index(words("experiments", "en")("your_prediction"))
    assert address(at) == {"lang": "en", "experiment": "E3", "guess": "none"}
    press(at, "experiment-seeds-E3")
    assert "seeds 3, 4, 5" in html(at)
    press(at, "experiment-again-E3")
    assert TABLE not in html(at)
    assert address(at)["guess"] is None


@pytest.mark.parametrize(("name", "guess"), [("E3", "none"), ("E1", "cheats")], ids=["at once", "trained"])
def test_whoever_asks_again_sees_the_question_at_once(folder: Path, name: str, guess: str) -> None:
    at = opened("experiments", lang="en", experiment=name, guess=guess)
    again = next(button for button in at.button if button.key == f"experiment-again-{name}")
    answered_in_its_part(at, again.click())
    assert TABLE not in html(at)
    assert words("experiments", "en")("predict_first") in html(at)
    assert address(at)["guess"] is None


@pytest.mark.parametrize("guess", ["", "x", "0", "None", "some;all", "9" * 400, "<b>"])
def test_no_address_gets_round_the_prediction(guess: str) -> None:
    at = opened("experiments", lang="en", experiment="E3", guess=guess, step="2", reveal="1")
    assert TABLE not in html(at)
    assert "av-exp-why" not in html(at)
    assert bool(all_notices(at)) == bool(guess)
    assert "<b>" not in all_notices(at)


def test_a_prediction_in_the_address_is_of_its_experiment_only() -> None:
    at = opened("experiments", lang="en", experiment="E3", guess="some")
    assert words("experiments", "en")("hit") in html(at)
    ran(at.selectbox[0].select("E6").run())
    assert TABLE not in html(at)


def test_a_recorded_result_is_marked_and_says_what_made_it() -> None:
    at = opened("experiments", lang="zh", experiment="E1", guess="cheats")
    said = html(at)
    made = json.loads((experiments.recording.recordings_folder() / "E1.json").read_text(encoding="utf-8"))
    assert 'class="recorded"' in said
    assert made["date"] in said
    assert f"torch {made['made_with']['torch']}" in said
    assert said.count('class="av-exp-bar"') == len(made["rows"])


def test_an_unknown_experiment_is_said_and_the_list_is_drawn() -> None:
    at = opened("experiments", lang="en", experiment="<i>E99</i>")
    assert "There is no experiment" in all_notices(at)
    assert "<i>" not in all_notices(at)
    assert "av-exp-how" in html(at)


def test_a_teachers_files_join_and_what_is_wrong_with_one_stops_no_other(folder: Path) -> None:
    (folder / "own.py").write_text(OWN, encoding="utf-8")
    (folder / "broken.py").write_text("1 / 0", encoding="utf-8")
    (folder / "plans.py").write_text(
        TRAINED.replace("NAME", "plans-broken").replace("STEPS", "1 // 0"), encoding="utf-8"
    )
    at = opened("experiments", lang="zh")
    assert "broken.py" in all_notices(at)
    assert "第 1 行" in all_notices(at)
    assert "E16" in html(at)
    press(at, "experiment-open-my-own")
    press(at, "experiment-predict-my-own-0")
    assert TABLE in html(at)
    at = opened("experiments", lang="en", experiment="plans-broken", guess="few")
    assert "ZeroDivisionError" in all_notices(at)
    (folder / "own.py").write_text(OWN.replace("1.0 + at", "2.0 + at"), encoding="utf-8")
    at = opened("experiments", lang="en", experiment="my-own", guess="two")
    assert words("experiments", "en")("hit") in html(at)  # the changed file, not what was kept of the old one


def test_a_slider_asks_for_a_number(folder: Path) -> None:
    text = OWN.replace("Source, Try", "Slider, Source, Try").replace(
        '    expected="one"', '    slider=Slider("sum", 0, 5, 0.5),\n    expected="one"'
    )
    (folder / "own.py").write_text(text, encoding="utf-8")
    at = opened("experiments", lang="en", experiment="my-own")
    assert TABLE not in html(at)
    ran(at.slider[0].set_value(1.0).run())
    press(at, "experiment-predict-my-own")
    assert words("experiments", "en")("hit") in html(at)
    assert address(at)["guess"] == "1"
    for guess in ("7", "nan", "few"):
        assert TABLE not in html(opened("experiments", lang="en", experiment="my-own", guess=guess))


def test_a_run_of_ones_own_goes_on_in_the_background_and_its_numbers_appear(folder: Path) -> None:
    (folder / "trained.py").write_text(TRAINED.replace("NAME", "trained").replace("STEPS", "3"), encoding="utf-8")
    at = opened("experiments", lang="en", experiment="trained", guess="few")
    assert words("experiments", "en")("no_numbers_yet") in html(at)
    assert "av-exp-why" not in html(at)  # what is true comes with the numbers
    press(at, "experiment-run-trained")
    one = experiments.load().get("trained")
    until(lambda: not background.state(one, default_root()).running)
    state = background.state(one, default_root())
    assert state.problem is None
    assert state.found is not None
    assert state.found.means == {"steps": 3.0}
    again = opened("experiments", lang="en", experiment="trained", guess="few")
    assert TABLE in html(again)
    assert words("experiments", "en")("run_here") in html(again)
    assert "av-exp-why" in html(again)
    assert "javascript:" not in html(again)


def test_a_run_survives_a_reload_is_stopped_and_can_be_started_again(folder: Path) -> None:
    for name in ("long", "longer", "longest"):
        text = TRAINED.replace("NAME", name).replace("STEPS", "1000000")
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    long, longer, longest = (experiments.load().get(name) for name in ("long", "longer", "longest"))
    root = default_root()
    try:
        press(opened("experiments", lang="en", experiment="long", guess="few"), "experiment-run-long")
        background.start(longer, root)
        with pytest.raises(ExperimentError, match="2 at once"):
            background.start(longest, root)
        until(lambda: background.state(long, root).step is not None)
        at = opened("experiments", lang="en", experiment="long", guess="few")  # another session, as after a reload
        assert 'role="progressbar"' in html(at)
        assert "Training one" in html(at)
        press(at, "experiment-stop-long")
        assert 'role="progressbar"' not in html(at)
        assert not background.state(long, root).running
        assert background.state(long, root).problem is None
        assert any(str(button.key) == "experiment-run-long" for button in at.button)
        assert background.state(longer, root).running
    finally:
        for one in (long, longer, longest):
            background.stop(one, root)


def test_a_process_that_was_killed_is_said(folder: Path) -> None:
    (folder / "trained.py").write_text(TRAINED.replace("NAME", "trained").replace("STEPS", "3"), encoding="utf-8")
    one = experiments.load().get("trained")
    place = background.folder_of(one, default_root())
    place.mkdir(parents=True)
    (place / job.PROCESS).write_text('{"pid": 1, "started": "never", "host": "elsewhere"}', encoding="utf-8")
    state = background.state(one, default_root())
    assert not state.running
    assert state.problem is not None
    assert state.problem.code == "experiment_ended"
    at = opened("experiments", lang="zh", experiment="trained", guess="few")
    assert "没有跑完" in all_notices(at)
    for damaged in ("", "[]", "{", '{"pid": 1}'):
        (place / job.PROCESS).write_text(damaged, encoding="utf-8")
        assert not background.state(one, default_root()).running


def test_what_breaks_in_the_background_is_a_sentence(folder: Path) -> None:
    text = TRAINED.replace("NAME", "breaks").replace("STEPS", "1").replace('models["one"].steps', "models[0]")
    (folder / "breaks.py").write_text(text, encoding="utf-8")
    one = experiments.load().get("breaks")
    place = background.folder_of(one, default_root())
    place.mkdir(parents=True)
    background.work("breaks", place, 1)
    problem = background.state(one, default_root()).problem
    assert problem is not None
    assert "KeyError" in problem.text("en")


def test_bars_end_where_the_numbers_are() -> None:
    from attnviz.experiments import Quantity, Row
    from attnviz.language import Text
    from attnviz.training.finetuning.spread import Spread

    quantity = Quantity("q", Text("量", "q"), "correlation")
    drawn = bar(Row(quantity, Spread((-0.5, -0.25))), Scale(-1.0, 1.0))
    assert "left:31.25%;width:18.75%" in drawn  # from −0.375 to 0
    assert drawn.count("<b ") == 2
    assert "<b" not in bar(Row(quantity, Spread((0.25,))), Scale(-1.0, 1.0))
    assert "<i" not in bar(Row(quantity, Spread((float("nan"), 1.0))), Scale(-1.0, 1.0))


TRIES = {(one.try_it.page, tuple(one.try_it.state.items())) for one in experiments.load().experiments.values()}
LIGHT = ("masks", "by_hand", "decoding")  # pages that write their whole state into the address


@pytest.mark.parametrize(("page", "state"), sorted(one for one in TRIES if one[0] in LIGHT))
def test_try_it_opens_its_page_in_exactly_that_state(page: str, state: tuple[tuple[str, str], ...]) -> None:
    at = opened(page, lang="en", **dict(state))
    assert "av-warning" not in all_notices(at)
    written = {name: str(value) for name, value in address(at).items() if value is not None}
    assert dict(state).items() <= written.items()


@pytest.mark.parametrize("state", sorted(state for page, state in TRIES if page == "finetuning"))
def test_try_it_names_choices_that_fine_tuning_has(state: tuple[tuple[str, str], ...]) -> None:
    from attnviz.ui.finetuning import link
    from attnviz.ui.frame.link import read

    asked = read((link.VIEW, *link.NEXT), dict(state))
    assert asked.refused == ()
    assert set(asked.values) == set(dict(state))


def test_try_it_links_carry_the_state_and_the_language() -> None:
    one = experiments.load().get("E5")
    assert try_link(one, "zh") == "masks?model=reverse&kind=decoder_self&how=after&lang=zh"


def test_a_verdict_is_read_off_the_numbers() -> None:
    from attnviz.experiments import recorded
    from attnviz.experiments.result import found

    one = experiments.load().get("E1")
    real: Found = recorded(one)
    turned = dict(real.means)
    turned["unmasked.exact"] = 1.0
    assert found(one, [turned], [0]).verdict.choice != real.verdict.choice
