"""注意力 Attention: what every head of a trained Transformer looks at."""

from attnviz.ui.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui import attention  # torch comes with it: only now, when the frame is on screen

    attention.show(frame)


run("attention", body)
