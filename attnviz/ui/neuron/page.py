"""The page Neuron: the strip with its four views, and the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import here, read, said, written
from attnviz.ui.frame.notices import notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.neuron import activations, heads, layers, link, one, style
from attnviz.ui.runs.style import apply as apply_cards

VIEW = "neuron-view"
SHOW: Mapping[str, Callable[[Frame], None]] = {
    "one": one.show,
    "activations": activations.show,
    "layers": layers.show,
    "heads": heads.show,
}


def show(frame: Frame) -> None:
    """Draw the page."""
    apply_cards()
    style.apply()
    with frame.controls:
        chosen = choose(
            VIEW,
            frame.t("view"),
            link.VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default=said(link.VIEW) or link.VIEWS[0],
            look="segments",
        )
    with frame.notices:
        arrived = read(link.OWN, here())
        notice_lines([frame.t(remark.key, **remark.values) for remark in arrived.remarks], "warning")
    mirror("address-neuron-view", **written({link.VIEW: chosen}))
    SHOW[chosen](frame)
