"""The page: a trained model, or a training."""

from __future__ import annotations

from collections.abc import Callable

from attnviz.ui.fields import link, training
from attnviz.ui.fields.explore import explore
from attnviz.ui.fields.models import shipped_model
from attnviz.ui.fields.scene import FieldModel, Scene
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import live
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import style
from attnviz.ui.runs.chosen_run import chosen_run
from attnviz.ui.runs.library import wake_runs
from attnviz.ui.runs.link import RUN, STEP


def show(
    frame: Frame, scene: Scene, starts: Callable[[], training.Starts], looking: Callable[[FieldModel], FieldModel]
) -> None:
    """Draw the page. `looking` draws what else the strip holds beside a trained model, which it may add to."""
    style.apply()
    with frame.controls:
        view = choose(
            f"{scene.page}-view",
            frame.t("view"),
            link.VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default="train" if said(RUN) else said(link.VIEW) or "look",
            look="segments",
        )
    if view == "train":
        wake_runs()
        training.show(frame, scene, starts)
        run = chosen_run(scene.page).run
        mirror("address-view", **written({link.VIEW: view, RUN: run, shared_link.MODEL: None}))
        return
    asked = said(shared_link.MODEL)
    with frame.controls:
        name = choose(
            f"{scene.page}-model",
            frame.t("which_model"),
            scene.shipped,
            lambda name: frame.t(f"model_{name.replace('-', '_')}"),
            default=asked if asked in scene.shipped else scene.shipped[0],
            look="segments",
        )
        model = looking(shipped_model(name))
    model_said = None if name == scene.shipped[0] else name
    mirror("address-view", **written({link.VIEW: view, RUN: None, STEP: None, shared_link.MODEL: model_said}))
    live(explore)(frame, scene, model)
