"""微调 Fine-tuning: what a strategy trains, what moves, what is gained and what is forgotten."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.finetuning import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("finetuning", body)
