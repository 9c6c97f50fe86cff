"""What the model predicts, token by token: right or wrong, and the five most likely at the chosen one."""

from attnviz.ui.attention.prediction.panel import Candidate, Panel, Step, prediction_panel

__all__ = ["Candidate", "Panel", "Step", "prediction_panel"]
