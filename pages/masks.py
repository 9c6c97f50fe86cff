"""掩码 Masks: paint what may be seen, and see everything that follows."""

from attnviz.ui.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui import model_picker  # torch comes with it: only now, when the frame is on screen
    from attnviz.ui.mask_lab import page

    loaded = model_picker.pick_model(frame)
    if loaded is not None:
        page.explore(frame, loaded)


run("masks", body)
