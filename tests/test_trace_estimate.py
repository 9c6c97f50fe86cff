"""What heads are worth by one backward pass, and induction: against finite differences and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import VOCAB, make_model, padded_src

from attnviz.data import Batch
from attnviz.model import WatchedModel
from attnviz.model.inference import inference
from attnviz.trace import all_heads, mean_loss
from attnviz.trace.estimate import head_estimates
from attnviz.trace.interventions import Head
from attnviz.trace.statistics import induction


class Damped:
    """One head's output times a number."""

    hears = frozenset({"head_output"})

    def __init__(self, head: Head, by: float) -> None:
        self.head, self.by = head, by

    def wants(self, site: str) -> bool:
        return site == self.head[0]

    def tap(self, site: str, name: str, value: torch.Tensor) -> torch.Tensor:
        if name != "head_output" or site != self.head[0]:
            return value
        value = value.clone()
        value[:, self.head[1]] *= self.by
        return value


def loss_of(model: WatchedModel, batch: Batch, head: Head, by: float) -> float:
    with inference(model):
        logits = model(batch.src, batch.decoder_input, probe=Damped(head, by))
    assert batch.targets is not None
    assert batch.scored is not None
    return mean_loss(logits, batch.targets, batch.scored)


@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only"])
def test_an_estimate_is_the_slope_of_the_loss_at_the_heads_gate(architecture: str) -> None:
    model = make_model(5, architecture).double().train()
    src = padded_src(2, 7, 3)
    ids = torch.randint(4, VOCAB, (2, 11), generator=torch.Generator().manual_seed(7))
    batch = Batch(src=src if model.has_encoder else None, decoder_input=ids, targets=ids.roll(-1, 1))
    found = head_estimates(model, batch)
    assert tuple(found) == all_heads(model)
    for head in (all_heads(model)[0], all_heads(model)[-1]):
        step = 1e-2
        slope = (loss_of(model, batch, head, 1 + step) - loss_of(model, batch, head, 1 - step)) / (2 * step)
        assert found[head] == pytest.approx(-slope, abs=2e-5)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    with pytest.raises(ValueError, match="nothing of this batch is scored"):
        head_estimates(model, replace(batch, targets=None, scored=None))


def test_induction_is_the_weight_on_what_followed_the_same_token_before() -> None:
    tokens = [5, 7, 11, 5, 7, 13]
    weights = np.random.default_rng(3).random((2, 3, 6, 6), dtype=np.float32)
    found = induction(weights, tokens)
    assert found is not None
    np.testing.assert_allclose(found, (weights[:, :, 3, 1] + weights[:, :, 4, 2]) / 2, rtol=1e-6)
    assert induction(weights, [1, 2, 3, 4, 5, 6]) is None
    assert induction(weights[..., :2, :2], [9, 9]) is None  # what followed it is the query itself
