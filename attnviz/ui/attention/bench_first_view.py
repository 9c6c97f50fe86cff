"""The data of a first view, ours and BertViz's, of the same weights: what `attnviz bench stage` times.

A process of its own, whose memory the next size does not share: it is given layers, heads, tokens and how often, and
prints seconds of CPU time by side and turn as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import torch

from attnviz.bench.figures import Times, in_turns
from attnviz.ui.attention.bench import made_up
from attnviz.ui.attention.payload import pack
from attnviz.ui.attention.picture import AttentionPicture

HEIGHT = 760  # pixels


def packed(picture: AttentionPicture) -> bytes:
    """All that travels, of a picture that nobody has packed: the weights are the same array, all else is new."""
    return pack(replace(picture, kinds=tuple(replace(kind) for kind in picture.kinds)), HEIGHT)


def model_view(picture: AttentionPicture) -> object:
    """BertViz's page of all heads; its tensors are the picture's own weights."""
    import bertviz

    kind = picture.chosen
    attention = [torch.from_numpy(layer)[None] for layer in kind.weights]  # no copy
    return bertviz.model_view(attention, list(kind.row_labels), html_action="return")


def sides(picture: AttentionPicture, repeats: int) -> Times:
    """Seconds of both, in turns."""
    variants = {"ours": lambda: packed(picture), "bertviz": lambda: model_view(picture)}
    return in_turns(variants, repeats, clock=time.process_time)


if __name__ == "__main__":
    layers, heads, tokens, repeats = map(int, sys.argv[1:5])
    print(json.dumps(sides(made_up(layers, heads, tokens), repeats)))
