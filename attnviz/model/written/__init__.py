"""The forward and the backward pass of a Transformer written out, without autograd inside: for training only.

Beside the readable modules, because it is 2.5 times as fast in bfloat16 where the processor multiplies that natively:
queries, keys and values are one product, weights and gradients lie in one buffer, nothing is computed twice and no
operation is recorded. Whoever looks, explains, intervenes or generates uses the modules; a test holds the two together,
logits and gradients, for every kind of model.
"""

from attnviz.model.written.flat import FlatParameters
from attnviz.model.written.whole import WrittenTransformer, can_be_written

__all__ = ["FlatParameters", "WrittenTransformer", "can_be_written"]
