"""压缩 Compress: take heads out, store weights in one byte, and see what each costs."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.compress import page

    page.show(frame)


run("compress", body)
