"""注意力 Attention: what every head of a trained Transformer looks at."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.attention import page as attention
    from attnviz.ui.sentence import model_picker
    from attnviz.ui.sentence.opened import OpenedPictures

    loaded = model_picker.pick_any(frame)
    if isinstance(loaded, OpenedPictures):
        attention.explore_picture(frame, loaded)
    elif loaded is not None:
        feed = attention.pick_feed(frame, loaded)
        attention.explore(frame, loaded, feed)


run("attention", body)
