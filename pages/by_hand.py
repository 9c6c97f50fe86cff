"""逐步计算 By hand: one attention, every number of it."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.by_hand import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("by_hand", body)
