"""What the page does for a model from elsewhere, without a page around it: what `attnviz bench foreign` times.

A process of its own: it is given the model's name, how often, the tokens of a short and of a long text, and prints
seconds of CPU time by act and turn, and the bytes kept of the long text, as JSON; null where there is no such model.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable

import torch

from attnviz.bench.figures import Times, in_turns
from attnviz.data import Batch
from attnviz.errors import ForeignError
from attnviz.foreign import library
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.texts import ForeignTexts
from attnviz.trace.estimate import head_estimates
from attnviz.ui.attention import views
from attnviz.ui.attention.payload import pack
from attnviz.ui.frame.shared_link import SharedLink
from attnviz.ui.sentence import reading

WORD = " animal"


def first_picture(model: ForeignModel, texts: ForeignTexts, text: str) -> bytes:
    """From a text to all that travels."""
    sentence = reading.take_in(model, texts, text)
    kinds = views.kind_pictures(reading.look(model, texts, sentence, "reference"))
    return pack(
        views.stage_picture(
            kinds, asked=SharedLink(), best=None, heads_off=(), seq=0, scope="", name="bench", language="en"
        )
    )


def plain(model: ForeignModel, batch: Batch) -> Callable[[], object]:
    """A forward pass as transformers does it, fused: another model of its class with the same weights."""
    net = type(model.net)(copy.deepcopy(model.config)).eval()
    net.load_state_dict(model.net.state_dict(), assign=True)
    net.set_attn_implementation("sdpa")

    def run() -> object:
        with torch.inference_mode():
            return net(batch.decoder_input, use_cache=False).logits

    return run


def text_of(texts: ForeignTexts, tokens: int) -> str:
    """A text of so many tokens, with what is read in front of it, or of a word's fewer."""
    one, two = (len(texts.encode(WORD * count).decoder_labels[0]) for count in (1, 2))
    before = 2 * one - two
    return WORD * max(1, (tokens - before) // (two - one))


def acts(model: ForeignModel, texts: ForeignTexts, tokens: int, repeats: int) -> Times:
    """Seconds of every act, in turns."""
    text = text_of(texts, tokens)
    batch = texts.encode(text)
    return in_turns(
        {
            "plain": plain(model, batch),
            "picture": lambda: first_picture(model, texts, text),
            "estimate": lambda: head_estimates(model, batch),
        },
        repeats,
        clock=time.process_time,
    )


def kept(model: ForeignModel, texts: ForeignTexts, tokens: int) -> int:
    """Bytes that the page keeps of a long text."""
    sentence = reading.take_in(model, texts, text_of(texts, tokens))
    return reading.look(model, texts, sentence, "reference").bytes


def main(name: str, repeats: int, short: int, long: int) -> None:
    """Measure and print."""
    try:
        model, texts = library.open_model(name)
    except ForeignError:
        print("null")
        return
    assert texts is not None, "a model that reads text"
    print(json.dumps({"times": acts(model, texts, short, repeats), "bytes": kept(model, texts, long)}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
