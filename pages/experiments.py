"""实验 Experiments: a claim as people meet it, a prediction, and the run that settles it."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.experiments import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("experiments", body)
