"""图片 Pictures: a Vision Transformer on small pictures, its patches, heads and answers."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.pictures import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("pictures", body)
