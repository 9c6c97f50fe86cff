"""Decoding: greedy, sampling and beam search, with and without a cache of keys and values."""

from attnviz.decoding.causality import cacheable, sees_only_the_past
from attnviz.decoding.greedy import greedy
from attnviz.decoding.session import DecoderSession, inference

__all__ = ["DecoderSession", "cacheable", "greedy", "inference", "sees_only_the_past"]
