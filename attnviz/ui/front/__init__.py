"""What the components that draw on a canvas share: packed numbers, colours, elements, labels, painters, downloads."""

from attnviz.ui.front.bundle import FRONT, bundle
from attnviz.ui.front.packing import colours, pack

__all__ = ["FRONT", "bundle", "colours", "pack"]
