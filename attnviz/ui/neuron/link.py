"""What a link to Neuron holds: a view, an activation, what is to be learned, how fast, and after how many steps."""

from __future__ import annotations

from attnviz.training.neuron import ACTIVATIONS, TARGETS
from attnviz.ui.frame.link import Count, Fields, Number, OneOf
from attnviz.ui.frame.shared_link import FIELDS as SHARED

VIEWS = ("one", "activations", "layers", "heads")
RATES = ("0.1", "0.5", "1", "5", "20")
MOST_STEPS = 500
LIMIT = 6.0  # of z, to either side
VIEW = OneOf("view", VIEWS, default="one", complaint="url_value")
ACTIVATION = OneOf("activation", ACTIVATIONS, default="sigmoid", complaint="url_value")
DATA = OneOf("data", tuple(TARGETS), default="or", complaint="url_value")
RATE = OneOf("rate", RATES, default="0.5", complaint="url_value")
STEP = Count("step", low=0, high=MOST_STEPS, default=0, complaint="url_value")
Z = Number("z", low=-LIMIT, high=LIMIT, default=1.0, complaint="url_value")
OWN: Fields = (VIEW, ACTIVATION, DATA, RATE, STEP, Z)
FIELDS: Fields = (*SHARED, *OWN)
