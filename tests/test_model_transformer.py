"""Laws of the whole model: paths agree, the future stays unread, padding is nowhere felt, nothing is left behind."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_masks import trees
from small_models import SRC_VOCAB, VOCAB, make_model, padded_src
from torch import Tensor

from attnviz import masks
from attnviz.config import ModelConfig
from attnviz.masks import Mask, MaskPlan
from attnviz.model import Chain, Transformer

ARCHITECTURES = ("encoder-decoder", "decoder-only", "encoder-only")
POSITIONS = ("learned", "sinusoidal", "rotary", "none")


class Explicit:
    """A probe that wants everything and changes nothing: the readable path throughout."""

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        return value


def tokens(batch: int, length: int, seed: int = 0) -> Tensor:
    return torch.randint(1, VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))


def run(model: Transformer, src: Tensor, target: Tensor, **options: object) -> Tensor:
    config = model.config
    with torch.no_grad():
        logits: Tensor = model(src if config.has_encoder else None, target if config.has_decoder else None, **options)
    return logits


@pytest.mark.parametrize(
    ("architecture", "positions", "norm", "activation"),
    list(itertools.product(ARCHITECTURES, POSITIONS, ("pre", "post"), ("gelu", "relu"))),
)
def test_watched_and_unwatched_models_agree(architecture: str, positions: str, norm: str, activation: str) -> None:
    model = make_model(1, architecture, positions=positions, norm=norm, activation=activation).eval()
    src, target = padded_src(3, 7, 2), tokens(3, 5)
    fused = run(model, src, target)
    assert fused.shape == (3, 7 if architecture == "encoder-only" else 5, VOCAB)
    torch.testing.assert_close(run(model, src, target, probe=Explicit()), fused, atol=2e-5, rtol=1e-5)


@given(trees(), trees(), trees(), st.booleans())
def test_they_agree_under_any_masks(encoder: Mask, decoder: Mask, cross: Mask, scaled: bool) -> None:
    model = make_model(3, scale_scores=scaled).eval()
    plan = MaskPlan(encoder, decoder, cross, {"decoder.1.self_attn": encoder})
    src, target = padded_src(3, 7, 2), tokens(3, 5)
    fused = run(model, src, target, masks=plan)
    assert fused.isfinite().all()
    torch.testing.assert_close(run(model, src, target, masks=plan, probe=Explicit()), fused, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only"])
def test_the_future_cannot_move_the_past(architecture: str, positions: str) -> None:
    model = make_model(4, architecture, positions=positions).eval()
    src, target = padded_src(3, 7, 2), tokens(3, 11)
    before = run(model, src, target)
    for changed in range(11):
        other = target.clone()
        other[:, changed] = other[:, changed] % (VOCAB - 1) + 1
        after = run(model, src, other)
        torch.testing.assert_close(after[:, :changed], before[:, :changed], atol=1e-6, rtol=0)
        assert (after[:, changed] - before[:, changed]).abs().amax(dim=-1).min() > 1e-3


@given(st.integers(1, 5), st.sampled_from(POSITIONS), st.integers(0, 2), st.sampled_from(["pre", "post"]))
def test_padding_the_source_changes_nothing(pads: int, positions: str, layers: int, norm: str) -> None:
    model = make_model(5, positions=positions, n_encoder_layers=layers, norm=norm).eval()
    src, target = padded_src(3, 7, 2), tokens(3, 5)
    longer = torch.nn.functional.pad(src, (0, pads))
    torch.testing.assert_close(run(model, longer, target), run(model, src, target), atol=1e-5, rtol=1e-5)
    alone = [run(model, row[None, : int((row != 0).sum())], target[i, None]) for i, row in enumerate(src)]
    torch.testing.assert_close(torch.cat(alone), run(model, src, target), atol=1e-5, rtol=1e-5)


def test_padding_without_its_mask_is_felt() -> None:
    model = make_model(5).eval()
    src, target = padded_src(1, 7, 2), tokens(1, 5)
    longer = torch.nn.functional.pad(src, (0, 4))
    unmasked = run(model, longer, target, masks=MaskPlan(decoder_self=masks.causal()))
    assert (unmasked - run(model, src, target)).abs().max() > 1e-2


def test_a_source_that_is_all_padding_gives_finite_numbers() -> None:
    model = make_model(5).eval()
    src = torch.zeros(2, 5, dtype=torch.long)
    assert run(model, src, tokens(2, 3)).isfinite().all()
    assert run(model, src, tokens(2, 3), probe=Explicit()).isfinite().all()


def test_fully_blocked_rows_leave_every_gradient_finite() -> None:
    plan = MaskPlan(masks.cells([]), masks.causal() & ~masks.cells([(0, 0)]), masks.cells([(1, 1)]))
    src, target = padded_src(3, 7, 2), tokens(3, 5)
    gradients = []
    for probe in ({}, {"probe": Explicit()}):
        model = make_model(6, dropout=0.0)
        model(src, target, masks=plan, **probe).logsumexp(dim=-1).sum().backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, atol=1e-4, rtol=1e-3)


def test_without_positions_attention_does_not_know_the_order() -> None:
    order = torch.tensor([3, 0, 6, 2, 5, 1, 4])
    src = padded_src(1, 7, 2)
    blind, sighted = (make_model(7, "encoder-only", positions=kind).eval() for kind in ("none", "sinusoidal"))
    torch.testing.assert_close(run(blind, src[:, order], src), run(blind, src, src)[:, order], atol=1e-5, rtol=0)
    assert (run(sighted, src[:, order], src) - run(sighted, src, src)[:, order]).abs().max() > 1e-2


def test_rotary_scores_know_distances_only() -> None:
    model = make_model(7, "decoder-only", positions="rotary", n_decoder_layers=1).eval()
    text = tokens(1, 5)
    # Between tokens that see the same tokens at the same distances nothing differs: a window moved along.
    window = MaskPlan(decoder_self=masks.causal() & masks.sliding_window(3))
    twice = run(model, text, torch.cat([text, text], dim=1), masks=window)
    torch.testing.assert_close(twice[:, 7:], twice[:, 2:5], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only"])
def test_tied_embeddings_are_one_parameter(architecture: str) -> None:
    tied, free = make_model(8, architecture), make_model(8, architecture, tied_embeddings=False)
    assert tied.output.weight is tied.embedding.tokens.weight
    assert free.output.weight is not free.embedding.tokens.weight
    count = {model: sum(p.numel() for p in model.parameters()) for model in (tied, free)}
    assert count[free] - count[tied] == VOCAB * 12 + VOCAB  # its own matrix and a bias
    tied.load_state_dict(tied.state_dict())
    assert tied.output.weight is tied.embedding.tokens.weight


def test_the_parameters_are_the_sum_of_the_parts() -> None:
    model = make_model(8)
    attention, forward, norm = 4 * (12 * 12 + 12), 12 * 17 + 17 + 17 * 12 + 12, 2 * 12
    embedding = (SRC_VOCAB + VOCAB + 2 * 23) * 12
    encoder, decoder = attention + forward + 2 * norm, 2 * attention + forward + 3 * norm
    assert sum(p.numel() for p in model.parameters()) == embedding + 2 * encoder + 2 * decoder + 2 * norm


def test_dropout_acts_in_training_only() -> None:
    model = make_model(9)
    src, target = padded_src(3, 7, 2), tokens(3, 5)
    assert not torch.equal(run(model, src, target), run(model, src, target))
    model.eval()
    assert torch.equal(run(model, src, target), run(model, src, target))


def test_sites_are_listed_in_the_order_in_which_they_compute() -> None:
    class Order(Explicit):
        seen: tuple[str, ...] = ()

        def tap(self, site: str, name: str, value: Tensor) -> Tensor:
            self.seen += (site,) * (name == "weights")
            return value

    for architecture in ARCHITECTURES:
        model, order = make_model(9, architecture).eval(), Order()
        run(model, padded_src(2, 5, 1), tokens(2, 3), probe=Chain([order]))
        assert order.seen == model.sites
        assert {masks.kind_of(site) for site in model.sites} == set(model.kinds)


def test_a_site_can_have_a_mask_of_its_own() -> None:
    model = make_model(10).eval()
    src, target = padded_src(2, 7, 1), tokens(2, 5)
    own = model.default_masks(src, target)
    same = own.with_site("decoder.1.self_attn", masks.causal() & masks.full())
    blocked = own.with_heads("decoder.1.cross_attn", [0, 1, 2], masks.cells([]))
    assert torch.equal(run(model, src, target, masks=same), run(model, src, target))
    assert not torch.equal(run(model, src, target, masks=blocked), run(model, src, target))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match=r"d_model is 10 and n_heads is 3.*allowed n_heads: 1, 2, 5, 10"):
        ModelConfig(src_vocab_size=5, vocab_size=5, d_model=10, n_heads=3)


def test_inputs_that_do_not_fit_are_refused_by_name() -> None:
    src, target = padded_src(2, 5, 1), tokens(2, 3)
    with pytest.raises(ValueError, match="decoder_input is missing"):
        make_model(1)(src)
    with pytest.raises(ValueError, match="src is given"):
        make_model(1, "decoder-only")(src, target)
    with pytest.raises(ValueError, match="src is missing"):
        make_model(1, "encoder-only")()
    with pytest.raises(ValueError, match=r"decoder_input has shape \(2, 0\)"):
        make_model(1)(src, target[:, :0])
    with pytest.raises(ValueError, match="24 tokens; this model's learned positions hold 23"):
        make_model(1)(src, tokens(2, 24))
