"""图结构 Graphs: a Graph Transformer, whose mask is the adjacency matrix."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.graphs import page  # torch comes with it: only now, when the frame is on screen

    page.show(frame)


run("graphs", body)
