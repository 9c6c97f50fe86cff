"""Decoding: greedy, sampling and beam search, with and without a cache of keys and values."""

from attnviz.decoding.beam import BeamOptions, beam_search
from attnviz.decoding.beam_tree import BeamNode, BeamTree
from attnviz.decoding.causality import cacheable, sees_only_the_past
from attnviz.decoding.choice import (
    Choice,
    chances,
    entropy,
    keep_top_k,
    keep_top_p,
    likeliest,
    penalise_repetition,
    pick,
)
from attnviz.decoding.forcing import ForcedPosition, ForcingComparison, compare_forcing
from attnviz.decoding.greedy import greedy, greedy_by
from attnviz.decoding.rules import Ends, Rules, end_ids
from attnviz.decoding.session import DecoderSession, longest
from attnviz.decoding.speed import CacheSpeed, cache_speed
from attnviz.decoding.step import Alternative, DecodingStep
from attnviz.decoding.token_by_token import Decoding
from attnviz.model.inference import inference

__all__ = [
    "Alternative",
    "BeamNode",
    "BeamOptions",
    "BeamTree",
    "CacheSpeed",
    "Choice",
    "DecoderSession",
    "Decoding",
    "DecodingStep",
    "Ends",
    "ForcedPosition",
    "ForcingComparison",
    "Rules",
    "beam_search",
    "cache_speed",
    "cacheable",
    "chances",
    "compare_forcing",
    "end_ids",
    "entropy",
    "greedy",
    "greedy_by",
    "inference",
    "keep_top_k",
    "keep_top_p",
    "likeliest",
    "longest",
    "penalise_repetition",
    "pick",
    "sees_only_the_past",
]
