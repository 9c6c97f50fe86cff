"""解码 Decoding: what goes into the decoder, and how one token after the other comes out."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.decoding import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("decoding", body)
