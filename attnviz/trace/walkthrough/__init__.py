"""One attention by hand: every matrix, every number's arithmetic, edits, variants and the same as code."""

from attnviz.trace.walkthrough.arithmetic import Arithmetic, arithmetic
from attnviz.trace.walkthrough.compute import walk
from attnviz.trace.walkthrough.examples import EXAMPLES, example
from attnviz.trace.walkthrough.from_model import setup_of
from attnviz.trace.walkthrough.head_setup import HeadSetup, Projection, Turn
from attnviz.trace.walkthrough.setup import Affine, Edit, FeedForward, Norm, Setup, Variant
from attnviz.trace.walkthrough.shapes import WRONG_SHAPES, ShapeClash, Shaped, product_shape
from attnviz.trace.walkthrough.snippet import NUMBERS_FILE, Snippet, snippet
from attnviz.trace.walkthrough.step import Axis, Step, Walk

__all__ = [
    "EXAMPLES",
    "NUMBERS_FILE",
    "WRONG_SHAPES",
    "Affine",
    "Arithmetic",
    "Axis",
    "Edit",
    "FeedForward",
    "HeadSetup",
    "Norm",
    "Projection",
    "Setup",
    "ShapeClash",
    "Shaped",
    "Snippet",
    "Step",
    "Turn",
    "Variant",
    "Walk",
    "arithmetic",
    "example",
    "product_shape",
    "setup_of",
    "snippet",
    "walk",
]
