"""神经元 Neuron: one neuron step by step, activations, signals through layers, and what heads cost."""

from attnviz.ui.frame.page import Frame, run


def body(frame: Frame) -> None:
    from attnviz.ui.neuron import page

    page.show(frame)


run("neuron", body)
