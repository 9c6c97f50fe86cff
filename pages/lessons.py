"""课程 Lessons: paths through the pages, each a few steps: predict, do, and see what came out."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.lessons import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("lessons", body)
