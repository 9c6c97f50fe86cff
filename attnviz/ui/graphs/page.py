"""The page: a Graph Transformer that is trained already, or one that is trained here."""

from __future__ import annotations

from attnviz.training.recipes import RECIPES
from attnviz.ui.fields import view
from attnviz.ui.fields.scene import FieldModel
from attnviz.ui.fields.training import Start, Starts, quick
from attnviz.ui.frame.page import Frame
from attnviz.ui.graphs import own
from attnviz.ui.graphs.scene import Graphs
from attnviz.ui.text import texts

SCENE = Graphs()
STEPS = {"graph-connected": 400, "karate-club": 120}


def show(frame: Frame) -> None:
    """Draw the page."""
    view.show(frame, SCENE, starts, lambda model: looking(frame, model))


def starts() -> Starts:
    """Both tasks, as the shipped models were trained, in fewer steps."""
    return {
        name: Start(
            name,
            texts("graphs")[f"task_{name.replace('-', '_')}"],
            RECIPES[name].shape,
            quick(RECIPES[name].train, steps),
        )
        for name, steps in STEPS.items()
    }


def looking(frame: Frame, model: FieldModel) -> FieldModel:
    """Beside a trained model: a graph of one's own."""
    return model if model.task.per_token else own.added(frame, model)
