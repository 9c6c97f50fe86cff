"""预训练 Pretraining: watch heads form, stop, rewind, break and compare."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.pretraining import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("pretraining", body)
