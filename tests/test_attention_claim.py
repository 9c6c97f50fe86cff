"""What the first page claims is true: measured again, head by head, from outside."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from app_driver import opened
from small_models import make_model
from streamlit.testing.v1 import AppTest
from test_trace_watch import make_batch

import attnviz as av
from attnviz.trace import HeadsOff, all_heads, token_effects, watch
from attnviz.ui.attention import claim
from attnviz.ui.sentence.models import FIRST
from attnviz.ui.sentence.row import BEGINS_WITH


def said(at: AppTest) -> str:
    (row,) = [element.proto.body for element in at.get("html") if 'class="av-claim"' in element.proto.body]
    return str(row)


def test_token_effects_are_what_one_run_a_head_finds() -> None:
    model = make_model(3)
    batch = make_batch(model)
    effects = token_effects(model, batch)
    assert effects.heads == all_heads(model)
    assert batch.targets is not None
    for which, (site, head) in list(enumerate(effects.heads))[::3]:
        without = watch(model, batch, interventions=[HeadsOff([(site, head)])]).logits
        losses = -torch.log_softmax(torch.from_numpy(without), -1).gather(-1, batch.targets[..., None])[..., 0]
        expected = np.where(effects.scored, losses.numpy(), 0)
        np.testing.assert_allclose(effects.loss[which], expected, atol=2e-5)
        np.testing.assert_array_equal(effects.top[which], without.argmax(-1))
    assert not effects.loss[:, ~effects.scored].any()
    per_token = effects.change.sum(axis=(1, 2)) / effects.scored.sum()
    np.testing.assert_allclose(effects.mean(), per_token, atol=1e-6)


@pytest.mark.parametrize(("language", "name"), [("zh", FIRST["zh"][0]), ("en", FIRST["en"][0]), ("zh", "questions")])
def test_the_first_screen_points_at_the_head_that_matters_most(language: str, name: str) -> None:
    model, task = av.load(name)
    text = task.examples[BEGINS_WITH.get(task.info.name, 1) - 1]
    at = opened(lang=language, **({} if name == FIRST[language][0] else {"model": name}))  # type: ignore[index]
    assert next(box.value for box in at.selectbox) == name
    assert at.text_input[0].value == text
    # Measured once more, each head by a run of its own.
    answer = task.answer(task.encode(text).src_labels[0][:-1]) if model.has_encoder else None
    batch = task.encode(text) if answer is None else task.encode(text, answer[0])
    assert batch.targets is not None
    intact = torch.log_softmax(torch.from_numpy(watch(model, batch).logits[0]), -1)
    rows = torch.arange(batch.targets.size(1))
    changes = {}
    for site, head in all_heads(model):
        off = watch(model, batch, interventions=[HeadsOff([(site, head)])]).logits[0]
        off = torch.log_softmax(torch.from_numpy(off), -1)
        changes[site, head] = (intact - off)[rows, batch.targets[0]]
    right = intact.argmax(-1) == batch.targets[0]
    assert batch.scored is not None
    worst = {at: float(change[right & batch.scored[0]].max()) for at, change in changes.items()}
    (site, head), change = max(worst.items(), key=lambda pair: pair[1])
    assert change >= 0.1
    assert f"L{int(site.split('.')[1]) + 1} H{head + 1}" in said(at)
    button = next(button for button in at.button if button.key == "claim-trial")
    assert f"{change:.2f}" in button.label.replace("\\", "")


def test_the_button_of_the_claim_does_what_it_says_and_takes_it_back() -> None:
    at = opened(lang="en", model="pinyin")
    before = said(at)

    def press() -> None:
        next(button for button in at.button if button.key == "claim-trial").click().run()
        assert not at.exception

    press()
    after = said(at)
    assert " is off: " in after
    assert after != before
    press()
    assert said(at) == before


def test_a_sentence_without_an_indispensable_head_says_so() -> None:
    at = opened(lang="en", model="numbers-en")
    assert "No head is indispensable here" in said(at)


def test_nothing_is_claimed_where_nothing_is_scored() -> None:
    model = make_model(3)
    batch = make_batch(model)
    effects = token_effects(model, batch)
    silent = type(effects)(**{**vars(effects), "scored": np.zeros_like(effects.scored)})
    assert claim.strongest(silent) is None
