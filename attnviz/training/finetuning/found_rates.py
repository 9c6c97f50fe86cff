"""What `attnviz rates` found: by what each strategy multiplies the learning rate of its plan, for each recipe.

Of ×1, ×4 and ×10 the best on validation (200 examples), one run each with a seed that no race uses. Beside it the
score: exact match of texts, accuracy of labels. Strategies that are not listed for a recipe were not searched there;
they take what few trained numbers usually need.
"""

from __future__ import annotations

from collections.abc import Mapping

from attnviz.config import Strategy

# Not searched: what trains few numbers takes larger steps than what trains all of them; a head that must not disturb
# the old task does not.
USUAL: Mapping[Strategy, float] = {"last-layers": 4.0, "layer-decay": 2.0, "gradual": 2.0, "lora": 10.0, "adapter": 5.0}

_REVERSE_COPY: Mapping[Strategy, float] = {
    "full": 10.0,  # .880
    "head": 4.0,  # .000 at every rate; the lowest loss decides
    "last-layers": 10.0,  # .767
    "layer-decay": 4.0,  # .870
    "gradual": 10.0,  # .863
    "lora": 10.0,  # .807
    "adapter": 10.0,  # .847
    "scratch": 4.0,  # .597
}
_SENTENCES: Mapping[Strategy, float] = {
    "full": 1.0,  # .655, .345 at ×4
    "scratch": 4.0,  # .055, .005 at ×1
    "lora": 4.0,  # .710, .705 at ×1
    "head": 1.0,  # .650, .315 at ×4
    "last-layers": 1.0,  # .655, .365 at ×4
    "layer-decay": 1.0,  # .655, .345 at ×4
    "gradual": 1.0,  # .660, .310 at ×4
    "adapter": 4.0,  # .705, .700 at ×1
}
_SEGMENTATION: Mapping[Strategy, float] = {
    "full": 4.0,  # .904, .898 at ×1
    "scratch": 4.0,  # .895, .881 at ×1
    "lora": 10.0,  # .844, .813 at ×4
    "head": 10.0,  # .735 at ×4 and ×10; the lower loss decides
    "last-layers": 4.0,  # .862, .855 at ×10
    "layer-decay": 4.0,  # .902, .901 at ×10
    "gradual": 4.0,  # .899, .886 at ×1
    "adapter": 10.0,  # .820, .804 at ×4
}
_SYNTAX: Mapping[Strategy, float] = {
    "full": 1.0,  # .964, .961 at ×4
    "scratch": 1.0,  # .936, .928 at ×4
    "lora": 4.0,  # .930, .909 at ×10
    "head": 10.0,  # .708, .705 at ×4
    "last-layers": 4.0,  # .925, .908 at ×10
    "layer-decay": 4.0,  # .960, .952 at ×10
    "gradual": 1.0,  # .952, .923 at ×4
    "adapter": 10.0,  # .923, .920 at ×4
}
_TOPIC: Mapping[Strategy, float] = {
    "full": 4.0,  # .726, .708 at ×10
    "head": 1.0,  # .358, .349 at ×4
    "last-layers": 4.0,  # .575, .538 at ×10
    "layer-decay": 10.0,  # .689 at ×4 and ×10; the lower loss decides
    "gradual": 4.0,  # .679, .670 at ×10
    "lora": 10.0,  # .528, .519 at ×4
    "adapter": 10.0,  # .434, .406 at ×4
    "scratch": 4.0,  # .726, .717 at ×1
}
_FORMAL: Mapping[Strategy, float] = {
    "full": 4.0,  # 1.000 at ×1 and ×4; the lower loss decides
    "head": 10.0,  # 1.000 at ×4 and ×10; the lower loss decides
    "last-layers": 4.0,  # 1.000 at every rate; the lowest loss decides
    "layer-decay": 4.0,  # 1.000, .990 at ×10
    "gradual": 4.0,  # 1.000 at ×1 and ×4; the lower loss decides
    "lora": 10.0,  # 1.000 at ×4 and ×10; the lower loss decides
    "adapter": 10.0,  # 1.000 at ×4 and ×10; the lower loss decides
    "scratch": 4.0,  # .625, .145 at ×1
}
_TRADITIONAL: Mapping[Strategy, float] = {
    "full": 1.0,  # .495, .325 at ×4
    "head": 4.0,  # .565, .520 at ×10
    "last-layers": 4.0,  # .550, .370 at ×10
    "layer-decay": 4.0,  # .575, .335 at ×1
    "gradual": 1.0,  # .400, .390 at ×4
    "lora": 4.0,  # .510, .430 at ×10
    "adapter": 10.0,  # .580, .540 at ×4
    "scratch": 1.0,  # .050, .010 at ×4
}
_SENTIMENT: Mapping[Strategy, float] = {
    "full": 1.0,  # 1.000, .995 at ×4
    "head": 1.0,  # .615, .610 at ×4
    "last-layers": 4.0,  # .895, .885 at ×10
    "layer-decay": 4.0,  # 1.000, .990 at ×1
    "gradual": 1.0,  # 1.000, .990 at ×4
    "lora": 4.0,  # .970, .655 at ×10
    "adapter": 10.0,  # .965, .935 at ×4
    "scratch": 4.0,  # 1.000, .995 at ×1
}
# With 100 pictures; an adapter cannot be put into a model of pictures.
_DIGITS_HIGH: Mapping[Strategy, float] = {
    "full": 4.0,  # .944, .922 at ×10
    "head": 10.0,  # .711, .633 at ×4
    "last-layers": 10.0,  # .944, .878 at ×4
    "layer-decay": 10.0,  # .967, .944 at ×4
    "gradual": 4.0,  # .956, .933 at ×10
    "lora": 10.0,  # .900, .856 at ×4
    "scratch": 10.0,  # .933, .922 at ×4
}
SEARCHED: Mapping[str, Mapping[Strategy, float]] = {
    "reverse-copy": _REVERSE_COPY,
    "sentences": _SENTENCES,
    "segmentation": _SEGMENTATION,
    "syntax": _SYNTAX,
    "topic": _TOPIC,
    "formal": _FORMAL,
    "traditional": _TRADITIONAL,
    "sentiment": _SENTIMENT,
    "digits-high": _DIGITS_HIGH,
}
# With what those take that were not searched.
FOUND: Mapping[str, Mapping[Strategy, float]] = {name: {**USUAL, **found} for name, found in SEARCHED.items()}
