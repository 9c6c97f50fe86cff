"""掩码 Masks: paint what may be seen, and see everything that follows."""

from attnviz.ui.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.mask_lab import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("masks", body)
