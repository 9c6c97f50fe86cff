"""What Pretraining claims about a run is what the run has recorded; its button goes to the step and the head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_driver import html, opened, ran
from tiny_runs import trained

from attnviz.config import TrainConfig
from attnviz.language import LANGUAGES
from attnviz.runs import Event, Library, RunConfig, RunStatus
from attnviz.runs.feed import Feed, RunView
from attnviz.training.emergence import Emergence, HeadMarker
from attnviz.ui.front.packing import split
from attnviz.ui.pretraining import claim
from attnviz.ui.text import words


def view(events: list[tuple[int, dict[str, Any]]], exact: list[float]) -> RunView:
    steps = np.arange(1, len(exact) + 1)
    metrics = {"step": steps, "loss": 7.0 / steps, "validation_loss": np.where(np.isnan(exact), np.nan, 1.0)}
    return RunView(
        id="r",
        config=RunConfig(name="r", task="reverse", train=TrainConfig(steps=100)),
        status=RunStatus(state="paused", step=len(exact), steps=100),
        metrics=metrics | {"exact_match": np.array(exact)},
        samples=(),
        events=tuple(Event(i, step, "head", details) for i, (step, details) in enumerate(events, 1)),
        kept=(0, 1, 2, 3, 5, 7),
    )


def became(site: str, head: int, share: float, *, kind: str = "diagonal", yes: bool = True) -> dict[str, Any]:
    return {"site": site, "head": head, "kind": kind, "score": share, "became": yes}


def test_of_all_heads_that_still_have_a_pattern_the_clearest_is_named() -> None:
    nan = float("nan")
    seen = view(
        [
            (2, became("decoder.0.self_attn", 0, 0.9)),
            (3, became("decoder.1.cross_attn", 2, 0.7, kind="aligned")),
            (3, became("decoder.1.self_attn", 1, 0.6)),
            (5, became("decoder.0.self_attn", 0, 0.2, yes=False)),
        ],
        [nan, 0.0, nan, nan, 0.25, nan, 0.75],
    )
    found = claim.birth(seen)
    assert found is not None
    assert (found.step, found.site, found.head, found.kind) == (3, "decoder.1.cross_attn", 2, "aligned")
    assert (found.then, found.now) == (0.0, 0.75)
    assert claim.fallen(seen) == (7, 7.0, 1.0)
    assert claim.birth(view([], [nan])) is None
    assert claim.fallen(view([], [nan])) is None
    assert claim.fallen(view([], [nan, nan])) == (2, 7.0, 3.5), "before the first evaluation it is the last step"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    monkeypatch.setattr("attnviz.ui.runs.library._Counting._count", lambda self, task: None)
    return tmp_path


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_a_run_the_button_trains(root: Path, language: str) -> None:
    at = opened("pretraining", lang=language)
    t = words("pretraining", language)  # type: ignore[arg-type]
    (trial,) = [one for one in at.button if one.key == "claim-trial"]
    assert t("claim_new_try", steps="800") == trial.label
    ran(trial.click().run())
    (one,) = Library(root).list()
    assert one.status is not None
    assert one.status.state == "waiting"


def test_the_button_goes_to_the_step_and_the_head_and_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(self: Emergence, step: int, scores: object) -> tuple[HeadMarker, ...]:
        return (HeadMarker(step, "decoder.0.cross_attn", 1, "diagonal", 0.71),) if step == 9 else ()

    monkeypatch.setattr(Emergence, "update", found)
    shape = {"d_model": 6, "n_heads": 3, "d_ff": 5, "n_encoder_layers": 1, "n_decoder_layers": 1}
    run = trained(root, train={"eval_every": 9}, shape=shape)
    assert 9 in run.kept_steps()
    t, common = words("pretraining", "en"), words("runs", "en")
    at = opened("pretraining", lang="en", run=run.id)
    born = claim.birth(Feed(run).view())
    assert born is not None
    values = {"head": "Cross-attention L1 H2", "step": "9", "share": "71%", "pattern": t("pattern_diagonal")}
    assert t("claim_birth", **values) in html(at)
    assert f">{common('attention_at', step='23')}<" in html(at)
    (trial,) = [one for one in at.button if one.key == "claim-trial"]
    assert "9" in trial.label
    ran(trial.click().run())
    assert f">{common('attention_at', step='9')}<" in html(at)
    assert t("claim_born", **values) in html(at)
    (stage,) = [one for one in at.get("bidi_component") if one.proto.id.endswith("run-stage")]
    chosen = split(stage.proto.bytes)[0]["chosen"]
    assert (chosen["kind"], chosen["layer"], chosen["head"], chosen["again"]) == ("cross", 0, 1, "told 1")
    (back,) = [one for one in at.button if one.key == "claim-trial"]
    ran(back.click().run())
    assert f">{common('attention_at', step='23')}<" in html(at)
