"""A guess is confirmed where greedy decoding says the same, and changes nothing where it does not."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import BOS, EOS, VOCAB, make_brief_model, padded_src

from attnviz.data import Batch
from attnviz.decoding import Rules
from attnviz.decoding.guessed import confirmed
from attnviz.model.probe import SILENT
from attnviz.trace import HeadsOff
from attnviz.ui.sentence.reading import free_run

LIMIT = 11
TOKENS = st.integers(3, VOCAB - 1)


@examples(30, COSTLY_EXAMPLES)
@given(
    seed=st.integers(0, 10_000),
    length=st.sampled_from([2, 3, 7]),
    off=st.booleans(),
    begins=st.lists(TOKENS, max_size=2),
    never=st.frozensets(TOKENS, max_size=3),
    data=st.data(),
)
def test_a_guess_is_confirmed_where_greedy_decoding_says_it(
    seed: int, length: int, off: bool, begins: list[int], never: frozenset[int], data: Any
) -> None:
    model = make_brief_model(seed).eval()
    src = padded_src(1, length, seed)
    batch = Batch(src=src, decoder_input=None, targets=None)
    rules = Rules(first=BOS, ends=frozenset({EOS}), begins=tuple(begins), never=never)
    probe = HeadsOff([("decoder.0.self_attn", 1)]) if off else SILENT
    plain = free_run(model, batch, LIMIT, probe, rules=rules)

    right = [*plain.ids, *data.draw(st.lists(TOKENS, max_size=2))]  # what follows an end is not asked about
    found = confirmed(model, src, right, rules, probe=probe)
    if plain.ended:
        assert found == (plain.ids, plain.end)
    changed = data.draw(st.integers(0, max(0, len(plain.ids) - 1)))
    wrong = [*plain.ids]
    if wrong:
        wrong[changed] = 3 + (wrong[changed] - 2) % (VOCAB - 3)
        assert confirmed(model, src, wrong, rules, probe=probe) is None
        assert confirmed(model, src, plain.ids[:changed], rules, probe=probe) is None
    for guess in (right, wrong, plain.ids[:changed]):
        assert free_run(model, batch, LIMIT, probe, rules=rules, guess=guess) == plain


def test_one_pass_is_made_for_a_right_guess() -> None:
    model, passes = make_brief_model(5).eval(), []
    batch = Batch(src=padded_src(1, 5, 5), decoder_input=None, targets=None)
    rules = Rules(first=BOS, ends=frozenset({EOS}), begins=(5, 7))
    plain = free_run(model, batch, LIMIT, rules=rules)
    assert plain.ended
    model.decoder_norm.register_forward_hook(lambda *_: passes.append(1))
    with torch.no_grad():
        assert free_run(model, batch, LIMIT, rules=rules, guess=plain.ids) == plain
    assert len(passes) == 1
