"""注意力 Attention: what every head of a trained Transformer looks at."""

from attnviz.ui.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui import attention, model_picker  # torch comes with them: only now, when the frame is on screen

    loaded = model_picker.pick_model(frame)
    if loaded is not None:
        feed = attention.pick_feed(frame, loaded)
        attention.explore(frame, loaded, feed)


run("attention", body)
