"""The written passes are the model: logits and every gradient, whatever the model is like."""

from __future__ import annotations

import pytest
import torch
from small_models import VOCAB, make_model, padded_src
from torch import Tensor

from attnviz import masks
from attnviz.config import Precision
from attnviz.data import Batch
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.model.lora import add_lora
from attnviz.model.written import FlatParameters, WrittenTransformer, can_be_written
from attnviz.model.written.parts import Dropout
from attnviz.trace import watch

KINDS = [
    ("encoder-decoder", {}),
    ("encoder-decoder", {"norm": "post", "activation": "relu", "positions": "sinusoidal"}),
    ("encoder-decoder", {"n_encoder_layers": 0, "tied_embeddings": False}),
    ("decoder-only", {"positions": "rotary", "scale_scores": False}),
    ("decoder-only", {"norm": "post", "positions": "none", "tied_embeddings": False}),
    ("encoder-only", {"positions": "learned"}),
    ("decoder-only", {"tied_embeddings": False, "n_labels": 7}),
]


def inputs(model: Transformer, batch: int = 3, source: int = 7, target: int = 5) -> tuple[Tensor | None, Tensor | None]:
    src = padded_src(batch, source, 1) if model.config.has_encoder else None
    ids = torch.randint(3, VOCAB, (batch, target), generator=torch.Generator().manual_seed(2))
    return src, ids if model.config.has_decoder else None


def written(model: Transformer, precision: Precision = "fp32") -> WrittenTransformer:
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "tokens" not in n and "learned" not in n]
    return WrittenTransformer(model, FlatParameters(model, matrices, precision))


def gradients(model: Transformer, logits: Tensor) -> dict[str, Tensor]:
    toward = torch.randn(logits.shape, generator=torch.Generator().manual_seed(3))
    (logits * toward).sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("architecture", "changes"), KINDS)
@pytest.mark.parametrize("masked", [False, True])
def test_the_written_passes_are_the_models(architecture: str, changes: dict[str, object], masked: bool) -> None:
    model = make_model(5, architecture, dropout=0.0, **changes).train()
    src, ids = inputs(model)
    plan = None
    if masked:  # one row of one head sees nothing at all
        blocked = ~masks.heads([1]) | masks.cells([(q, k) for q in range(7) for k in range(7) if q != 2])
        plan = model.default_masks(src, ids)
        for site in model.sites:
            plan = plan.with_site(site, plan.at(site) & blocked)
    expected = model(src, ids, masks=plan)
    wanted = gradients(model, expected)
    model.zero_grad()
    names = {name: value.clone() for name, value in model.state_dict().items()}
    passes = written(model)
    logits = passes(src, ids, plan)
    torch.testing.assert_close(logits, expected, atol=2e-6, rtol=1e-5)
    found = gradients(model, logits)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, atol=2e-5, rtol=1e-4, msg=name)
    for name, value in model.state_dict().items():  # taking the parameters over changes none
        assert torch.equal(value, names[name])


@pytest.mark.parametrize(("architecture", "changes"), KINDS)
def test_without_autograd_the_passes_leave_the_same_gradients(architecture: str, changes: dict[str, object]) -> None:
    passes = written(make_model(5, architecture, dropout=0.0, **changes).train())
    src, ids = inputs(passes.model)
    logits = passes(src, ids)
    slope = torch.randn(logits.shape, generator=torch.Generator().manual_seed(3))
    logits.backward(slope)
    wanted = passes.flat.gradients.clone()
    passes.flat.gradients.zero_()
    assert torch.equal(passes.predict(src, ids), logits)
    passes.back(slope.flatten(0, 1))
    assert torch.equal(passes.flat.gradients, wanted)
    with pytest.raises(RuntimeError, match="no pass waits"):
        passes.back(slope.flatten(0, 1))


@pytest.mark.parametrize(("architecture", "changes"), KINDS[:4])
def test_in_bfloat16_they_are_as_near_as_bfloat16_is(architecture: str, changes: dict[str, object]) -> None:
    model = make_model(5, architecture, dropout=0.0, **changes).train()
    src, ids = inputs(model)
    expected = model(src, ids)
    wanted = gradients(model, expected)
    model.zero_grad()
    logits = written(model, "bf16")(src, ids)
    assert logits.dtype == torch.float32
    found = gradients(model, logits)
    for a, b in [(logits, expected), *((found[name], value) for name, value in wanted.items())]:
        assert (a - b).norm() <= 0.05 * b.norm() + 0.02


def test_dropout_drops_its_share_and_the_gradient_with_it() -> None:
    torch.manual_seed(7)
    x = torch.ones(101, 103)
    y, dropped = Dropout.apply(x, 0.3)
    assert dropped.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert torch.equal(y == 0, dropped)
    assert y[~dropped].unique().tolist() == pytest.approx([1 / 0.7])
    assert torch.equal(Dropout.back(x, 0.3, dropped), y)
    assert Dropout.apply(x, 0.0)[0] is x


def test_with_dropout_the_same_generator_gives_the_same_numbers() -> None:
    model = make_model(5, dropout=0.4).train()
    src, ids = inputs(model)
    passes = written(model)
    found = []
    for seed in (11, 11, 13):
        torch.manual_seed(seed)
        logits = passes(src, ids)
        found.append((logits.detach().clone(), gradients(model, logits)))
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(found[0][1][name], found[1][1][name]) for name in found[0][1])
    assert not torch.equal(found[0][0], found[2][0])


def test_with_dropout_the_gradient_is_that_of_the_numbers_computed() -> None:
    model = make_model(5, dropout=0.4).train()
    src, ids = inputs(model)
    passes = written(model)
    weight = model.decoder[0].cross_attn.v_proj.weight
    toward = torch.randn(3, 5, VOCAB, generator=torch.Generator().manual_seed(3))

    def value(moved: float) -> Tensor:
        with torch.no_grad():
            weight[2, 3] += moved
        torch.manual_seed(17)
        loss = (passes(src, ids) * toward).sum()
        with torch.no_grad():
            weight[2, 3] -= moved
        return loss

    value(0.0).backward()
    assert weight.grad is not None
    slope = (value(1e-2) - value(-1e-2)).item() / 2e-2
    assert weight.grad[2, 3].item() == pytest.approx(slope, rel=2e-2, abs=1e-3)


def test_what_they_do_not_know_is_refused() -> None:
    assert can_be_written(make_model(1))
    assert not can_be_written(add_lora(make_model(1), rank=2, alpha=2.0))
    assert not can_be_written(make_model(1, adapter_size=3))
    frozen = make_model(1)
    frozen.output.weight.requires_grad_(False)
    assert not can_be_written(frozen)
    with pytest.raises(ValueError, match="do not know"):
        written(frozen)


def test_masks_of_other_lengths_do_not_meet_in_the_cache() -> None:
    model = make_model(5, "decoder-only", dropout=0.0).train()
    passes = written(model)
    for length in (2, 11, 3, 11, 5):
        _, ids = inputs(model, target=length)
        torch.testing.assert_close(passes(None, ids), model(None, ids), atol=2e-6, rtol=1e-5)
    plan = MaskPlan(decoder_self=masks.sliding_window(2) & masks.causal())
    torch.testing.assert_close(passes(None, ids, plan), model(None, ids, masks=plan), atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize(("architecture", "changes"), KINDS[:4])
def test_the_weights_of_the_last_pass_are_still_there(architecture: str, changes: dict[str, object]) -> None:
    model = make_model(5, architecture, dropout=0.0, **changes).train()
    src, ids = inputs(model)
    passes = written(model)
    assert passes.heads(0) == {}
    passes(src, ids).sum().backward()
    trace = watch(model, Batch(src=src, decoder_input=ids, targets=None))
    for row in (0, 2):
        found = passes.heads(row)
        assert tuple(found) == model.sites
        for site, weights in found.items():
            torch.testing.assert_close(weights, torch.from_numpy(trace[site].weights[row]), atol=2e-6, rtol=1e-5)


def test_one_pass_at_a_time() -> None:
    model = make_model(5, "decoder-only", dropout=0.0).train()
    passes = written(model)
    _, ids = inputs(model)
    first, second = passes(None, ids).sum(), passes(None, ids).sum()
    with pytest.raises(RuntimeError, match="another pass"):
        first.backward()
    second.backward()
    with pytest.raises(RuntimeError):
        second.backward()


def test_what_other_shapes_left_behind_does_no_harm() -> None:
    model = make_model(5, "encoder-decoder", dropout=0.0).train()
    passes = written(model)
    for source, target in ((7, 5), (17, 19), (7, 5), (3, 2)):
        src, ids = inputs(model, source=source, target=target)
        logits = passes(src, ids)
        torch.testing.assert_close(logits, model(src, ids), atol=2e-6, rtol=1e-5)
        logits.sum().backward()
        for store in passes.rooms._stores.values():
            store.fill_(torch.nan)
