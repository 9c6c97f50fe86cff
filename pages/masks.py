"""掩码 Masks: paint what may be seen, and see everything that follows."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.masks import page

    page.show(frame)


run("masks", body)
