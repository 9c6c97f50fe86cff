"""One token at a time: what a step says is what the model says, and every step can be taken back."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from numpy.typing import NDArray
from small_models import BOS, EOS, VOCAB, make_brief_model, make_model, padded_src
from torch import Tensor

from attnviz import masks
from attnviz.decoding import Choice, Decoding, DecodingStep, greedy, inference
from attnviz.masks import MaskPlan
from attnviz.model import Transformer

ARCHITECTURES = st.sampled_from(["encoder-decoder", "decoder-only"])


def source(model: Transformer, seed: int) -> Tensor | None:
    return padded_src(1, 7, seed) if model.config.has_encoder else None


def text(steps: list[DecodingStep]) -> list[int]:
    return [step.token for step in steps]


@examples(20, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), architecture=ARCHITECTURES, cached=st.booleans(), top_k=st.booleans())
def test_greedy_steps_are_greedy(seed: int, architecture: str, cached: bool, top_k: bool) -> None:
    model = make_brief_model(seed, architecture)
    src = source(model, seed)
    choice = Choice(method="sample", top_k=1, seed=seed) if top_k else Choice()
    steps = list(Decoding(model, src, bos_id=BOS, eos_id=EOS, max_len=11, choice=choice, use_cache=cached))
    assert text(steps) == greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11)[0].tolist()


@examples(20, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), architecture=ARCHITECTURES, prefix=st.lists(st.integers(3, VOCAB - 1), max_size=3))
def test_a_step_says_what_the_model_says(seed: int, architecture: str, prefix: list[int]) -> None:
    model = make_model(seed, architecture)
    src = source(model, seed)
    choice = Choice(method="sample", temperature=1.7, top_p=0.9, repetition_penalty=1.3, seed=seed)
    steps = list(
        Decoding(
            model, src, bos_id=BOS, eos_id=EOS, max_len=11, choice=choice, prefix=prefix, forced={4: 5}, alternatives=3
        )
    )
    with inference(model):
        masks = model.default_masks(src, None)  # padding's own number, once written, is a token like another
        logits = model(src, torch.tensor([[BOS, *text(steps)[:-1]]]), masks=masks)[0].double()
    total = 0.0
    for position, step in enumerate(steps):
        probabilities = logits[position].softmax(-1)
        total += math.log(float(probabilities[step.token]))
        assert step.position == position
        assert step.fed == (BOS if position == 0 else steps[position - 1].token)
        assert step.tokens == tuple(text(steps)[: position + 1])
        assert step.forced == (position < len(prefix) or position == 4)
        assert (step.draw is None) == step.forced
        assert step.probability == pytest.approx(float(probabilities[step.token]), abs=1e-5)
        assert step.cumulative == pytest.approx(total, abs=1e-3)
        assert step.entropy == pytest.approx(float(-(probabilities * probabilities.log()).sum()), abs=1e-4)
        assert step.rank == int((probabilities > probabilities[step.token] + 1e-7).sum())
        assert [alternative.probability for alternative in step.alternatives] == pytest.approx(
            probabilities.topk(3).values.tolist(), abs=1e-5
        )
        assert step.forced or step.chance > 0
    assert text(steps)[: len(prefix)] == prefix
    assert steps[-1].reason == ("eos" if steps[-1].token == EOS else "length")
    assert all(step.reason is None for step in steps[:-1])


class Weights:
    """Keeps every site's weights of one forward pass."""

    def __init__(self) -> None:
        self.seen: dict[str, NDArray[np.float32]] = {}

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name == "weights":
            self.seen[site] = value.numpy()
        return value


@examples(15, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), architecture=ARCHITECTURES, cached=st.booleans())
def test_the_rows_of_all_steps_are_the_rows_of_the_whole_map(seed: int, architecture: str, cached: bool) -> None:
    model = make_model(seed, architecture, positions="rotary")
    src = source(model, seed)
    sites = (*model.sites_of("decoder_self"), *model.sites_of("cross"))
    steps = list(Decoding(model, src, bos_id=BOS, eos_id=None, max_len=7, use_cache=cached, record=sites))
    watcher = Weights()
    with inference(model):
        model(src, torch.tensor([[BOS, *text(steps)[:-1]]]), probe=watcher)
    for step in steps:
        assert set(step.rows) == set(sites)
        for site in sites:
            whole = watcher.seen[site][0, :, step.position]
            keys = step.rows[site].shape[1]
            assert keys == (7 if site.endswith("cross_attn") else step.position + 1)
            np.testing.assert_allclose(step.rows[site], whole[:, :keys], atol=1e-5)
            assert not whole[:, keys:].any()
            made_once = site.endswith("cross_attn") and step.position
            assert step.reused[site] == (0 if not cached else 7 if made_once else min(step.position, keys - 1))


@examples(20, COSTLY_EXAMPLES)
@given(
    seed=st.integers(0, 10_000),
    architecture=ARCHITECTURES,
    walk=st.lists(st.integers(-3, 3), min_size=1, max_size=12),
    cached=st.booleans(),
)
def test_stepping_back_and_forth_ends_in_the_same_text(
    seed: int, architecture: str, walk: list[int], cached: bool
) -> None:
    model = make_model(seed, architecture)
    src = source(model, seed)

    def start() -> Decoding:
        choice = Choice(method="sample", temperature=3.0, seed=seed)
        return Decoding(model, src, bos_id=BOS, eos_id=None, max_len=11, choice=choice, use_cache=cached)

    straight, winding = start(), start()
    expected = list(straight)
    for way in walk:
        if way < 0:
            winding.back(min(-way, len(winding.steps)))
        for _ in range(min(way, 11 - len(winding.steps))):
            winding.step()
    for got, wanted in zip([*winding.steps, *winding], expected, strict=True):
        assert got.token == wanted.token
        assert got.draw == wanted.draw
        assert got.cumulative == pytest.approx(wanted.cumulative, abs=1e-4)


def test_a_forced_step_goes_another_way_and_can_be_taken_back() -> None:
    model = make_model(5)
    decoding = Decoding(model, source(model, 5), bos_id=BOS, eos_id=None, max_len=7)
    first = list(decoding)
    decoding.back(5)
    other = next(token for token in range(3, VOCAB) if token != first[2].token)
    assert decoding.step(other).forced
    assert decoding.step().fed == other
    assert decoding.tokens[:3] == (first[0].token, first[1].token, other)
    decoding.back(2)
    assert text(list(decoding.steps) + list(decoding)) == text(first)
    assert decoding.reason == "length"
    with pytest.raises(ValueError, match="length"):
        decoding.step()


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    model = make_model(1, "decoder-only")
    texts = {
        seed: [
            text(list(Decoding(model, bos_id=BOS, eos_id=None, max_len=17, choice=Choice(method="sample", seed=seed))))
            for _ in range(2)
        ]
        for seed in range(5)
    }
    assert all(one == other for one, other in texts.values())
    assert len({tuple(one) for one, _ in texts.values()}) == 5


def test_an_exchanged_choice_holds_from_the_next_step_on() -> None:
    model = make_model(2, "decoder-only")
    decoding = Decoding(model, bos_id=BOS, eos_id=None, max_len=11)
    decoding.step()
    decoding.choice = dataclasses.replace(decoding.choice, method="sample", temperature=2.0)
    assert decoding.step().draw is not None


def test_where_the_table_of_positions_ends_the_text_ends() -> None:
    model = make_model(2, "decoder-only", max_len=5)
    steps = list(Decoding(model, bos_id=BOS, eos_id=None, max_len=100))
    assert len(steps) == 5
    assert steps[-1].reason == "length"


def test_painted_masks_hold_while_decoding() -> None:
    model = make_model(4)
    src = padded_src(1, 7, 4)
    plan = MaskPlan(decoder_self=masks.causal() & ~masks.cells([(3, 1)]), cross=~masks.cells([(2, 0), (2, 5)]))
    record = model.sites_of("cross") + model.sites_of("decoder_self")
    steps = list(Decoding(model, src, bos_id=BOS, eos_id=None, max_len=5, masks=plan, record=record))
    for site in model.sites_of("cross"):
        assert not steps[2].rows[site][:, [0, 5]].any()
        assert steps[1].rows[site].all()
    for site in model.sites_of("decoder_self"):
        assert not steps[3].rows[site][:, 1].any()
        assert steps[4].rows[site].all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prefix": [99]}, "prefix holds the id 99"),
        ({"forced": {1: -1}}, "forced holds the id -1"),
        ({"forced": {-1: 3}}, "position -1"),
        ({"record": ["encoder.0.self_attn"]}, "record holds"),
        ({"max_len": 0}, "max_len is 0"),
    ],
)
def test_a_wrong_argument_is_refused_at_once(changes: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"bos_id": BOS, "eos_id": EOS, "max_len": 5, **changes}
    with pytest.raises(ValueError, match=message):
        Decoding(make_model(0), padded_src(1, 7, 0), **arguments)  # type: ignore[arg-type]
