"""A Hugging Face model that somebody has already, watched once and left as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.foreign.adapter import ForeignModel
from attnviz.trace import Trace, watch

# What tokenizers hand out beside the tokens, and the value at which it says nothing.
SILENT = {"attention_mask": 1, "token_type_ids": 0}


def watch_net(net: Any, what: Any, **how: Any) -> Trace:
    """Watch a model of transformers: it attends through us for one pass, then as before.

    `what` is its main input, a tuple of that and the decoder's input, or a dict by transformers' own names. Raises
    ValueError for names that would change the numbers in a way that is not watched.
    """
    main, written = _inputs(net, what)
    training, before = net.training, net.config._attn_implementation
    try:
        model = ForeignModel(net)
        if not model.has_encoder:
            main, written = None, main
        pictured = main is not None and main.is_floating_point()
        batch = Batch(
            src=None if pictured else main,
            decoder_input=written,
            targets=None,
            pixels=main if pictured else None,
            pad_id=None,
        )
        return watch(model, batch, **how)
    finally:
        net.set_attn_implementation(before)
        net.train(training)


def _inputs(net: Any, what: Any) -> tuple[Tensor | None, Tensor | None]:
    names = (str(net.main_input_name), "decoder_input_ids")
    if isinstance(what, Mapping):
        given = {str(name): value for name, value in what.items() if value is not None}
    else:
        several = what if isinstance(what, tuple) else (what,)
        if len(several) > len(names):
            raise ValueError(f"{len(several)} inputs are given; allowed: {', '.join(names)}")
        given = dict(zip(names, several, strict=False))
    for name, value in given.items():
        if not isinstance(value, Tensor):
            raise ValueError(f"{name} is {type(value).__name__}; a tensor is needed")
        if name in SILENT and bool((value != SILENT[name]).any()):
            raise ValueError(f"{name} is not {SILENT[name]} everywhere; give one text without filling at a time")
        if name not in SILENT and name not in names:
            raise ValueError(f"{name} cannot be watched; allowed: {', '.join((*names, *SILENT))}")
    if names[0] not in given:
        raise ValueError(f"{names[0]} is missing")
    return given[names[0]], given.get(names[1])
