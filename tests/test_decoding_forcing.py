"""Teacher forcing against free running, and what the cache saves."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import BOS, EOS, VOCAB, make_model, padded_src

from attnviz.decoding import cache_speed, compare_forcing, greedy, inference


@examples(15, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 7))
def test_teacher_forcing_is_one_pass_over_the_shifted_reference(seed: int, length: int) -> None:
    model = make_model(seed)
    src = padded_src(1, 7, seed)
    targets = [*torch.randint(3, VOCAB, (length,), generator=torch.Generator().manual_seed(seed)).tolist(), EOS]
    both = compare_forcing(model, src, targets, bos_id=BOS, eos_id=EOS, max_len=11)
    assert [position.fed for position in both.teacher] == [BOS, *targets[:-1]]
    with inference(model):
        logits = model(src, torch.tensor([[BOS, *targets[:-1]]]))[0]
    assert [position.predicted for position in both.teacher] == logits.argmax(-1).tolist()
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets))
    assert both.teacher_loss == pytest.approx(float(loss), abs=1e-5)
    free = greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11)[0].tolist()
    assert [position.predicted for position in both.free] == free
    assert [position.fed for position in both.free] == [BOS, *free[:-1]]
    shared = min(len(both.teacher), len(both.free))
    assert both.parts_at is None or both.parts_at <= shared
    upto = shared if both.parts_at is None else both.parts_at
    assert [p.fed for p in both.teacher[:upto]] == [p.fed for p in both.free[:upto]]


@examples(10, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000))
def test_a_perfect_text_never_parts_the_two(seed: int) -> None:
    model = make_model(seed)
    src = padded_src(1, 7, seed)
    own = greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11)[0].tolist()
    both = compare_forcing(model, src, own, bos_id=BOS, eos_id=EOS, max_len=11)
    assert both.parts_at is None
    assert both.teacher_correct == both.free_correct == len(own)


@examples(10, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), place=st.integers(0, 4))
def test_a_mistake_passes_by_in_the_one_and_stays_in_the_other(seed: int, place: int) -> None:
    model = make_model(seed, "decoder-only")
    own = greedy(model, None, bos_id=BOS, eos_id=None, max_len=7)[0].tolist()
    wrong = next(token for token in range(3, VOCAB) if token != own[place])
    both = compare_forcing(model, None, own, bos_id=BOS, eos_id=None, max_len=7, mistakes={place: wrong})
    assert both.teacher[place].written == both.free[place].written == wrong
    assert not both.teacher[place].correct
    assert not both.free[place].correct
    # Teacher forcing reads the reference on: nothing but that one token is another.
    clean = compare_forcing(model, None, own, bos_id=BOS, eos_id=None, max_len=7)
    assert [(p.fed, p.predicted) for p in both.teacher] == [(p.fed, p.predicted) for p in clean.teacher]
    assert both.teacher_correct == clean.teacher_correct - 1
    assert both.teacher_loss == clean.teacher_loss
    assert not any(p.disturbed for p in both.teacher)
    # Free running reads what it was made to write.
    assert [p.position for p in both.free if p.disturbed] == [place + 1]
    assert both.free[place + 1].fed == wrong
    assert both.parts_at == place + 1
    lived_with = greedy(model, None, bos_id=BOS, eos_id=None, max_len=7, prefix=torch.tensor([[*own[:place], wrong]]))
    assert [p.fed for p in both.free] == [BOS, *lived_with[0].tolist()[:-1]]


@pytest.mark.parametrize("arguments", [{"targets": []}, {"mistakes": {0: 99}}, {"mistakes": {-1: 3}}])
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    given_arguments: dict[str, object] = {"targets": [3, EOS], **arguments}
    with pytest.raises(ValueError, match=r"targets|mistakes"):
        compare_forcing(make_model(0), padded_src(1, 7, 0), bos_id=BOS, eos_id=EOS, max_len=5, **given_arguments)  # type: ignore[arg-type]


def test_the_cache_is_timed_on_equal_numbers() -> None:
    model = make_model(0)
    speed = cache_speed(model, padded_src(3, 7, 0), bos_id=BOS, tokens=13, prefix=[5, 7], repeats=1)
    assert speed.tokens == 3 * 13
    assert speed.prompt == 3
    assert speed.largest_difference < 1e-5
    assert speed.cached_tokens_per_second > 0
    assert speed.speedup == pytest.approx(speed.uncached_seconds / speed.cached_seconds)
    with pytest.raises(ValueError, match="allowed: 1 … 21"):
        cache_speed(model, padded_src(3, 7, 0), bos_id=BOS, tokens=22, prefix=[5, 7])
