"""Objectives: what is hidden is what is scored, nothing is lost, no example is in two splits."""

from __future__ import annotations

import json
import random
from itertools import combinations, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnviz.config import ModelConfig
from attnviz.data import PAD, InputError, Pair, Task, tasks
from attnviz.data.objectives import OBJECTIVES, objectives_of, own_objective, with_objective
from attnviz.data.objectives.masked import MASK, NOT_SCORED
from attnviz.data.split import SPLITS
from attnviz.training import baselines, cross_entropy, make_model, model_config_for, predict

TEXT = "\n".join(f"行{a}人{b}在路上走，{b}年{a}月。" for a in "甲乙丙丁戊己庚" for b in "子丑寅卯辰巳午未申酉戌亥")
SMALL = {"reverse": {"size": 200, "symbols": 7, "max_length": 7}, "numbers-zh": {"size": 300}, "lm-zh": {"window": 13}}


def view(name: str, objective: str) -> Task:
    return tasks.get(name, objective=objective, **SMALL[name])


def restored(pair: Pair, sentinels: tuple[str, ...]) -> tuple[str, ...]:
    """Put what the target says back where the source has its numbered tokens."""
    spans: dict[str, list[str]] = {}
    for token in pair.target:
        if token in sentinels:
            spans[token] = []
        else:
            spans[next(reversed(spans))].append(token)
    whole: list[str] = []
    for token in pair.source:
        whole += spans.pop(token) if token in sentinels else [token]
    assert not spans
    return tuple(whole)


# ---- masked language modelling --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SMALL))
def test_masked_lm_scores_hidden_tokens_and_no_other(name: str) -> None:
    base, task = tasks.get(name, **SMALL[name]), view(name, "masked-lm")
    for pair, original in zip(task.split("validation"), base.split("validation"), strict=True):
        scored = [place for place, token in enumerate(pair.target) if token != NOT_SCORED]
        assert len(scored) == max(1, round(0.15 * len(original.target)))
        for place, (shown, whole) in enumerate(zip(pair.source, original.target, strict=True)):
            assert pair.target[place] == (whole if place in scored else NOT_SCORED)
            if place not in scored:
                assert shown == whole  # nothing else was touched


@given(st.integers(0, 10**6))
def test_the_loss_of_a_masked_lm_knows_nothing_of_other_positions(seed: int) -> None:
    task = view("numbers-zh", "masked-lm")
    batch = task.collate(task.split("train")[seed % 200 :][:5])
    assert batch.targets is not None
    logits = torch.randn(*batch.targets.shape, len(task.tgt_vocab), generator=torch.Generator().manual_seed(seed))
    logits.requires_grad_()
    loss = cross_entropy(logits, batch.targets, label_smoothing=0.1)
    loss.objective.backward()
    assert logits.grad is not None
    hidden = torch.zeros_like(batch.targets, dtype=torch.bool)
    for row, labels in enumerate(batch.target_labels):
        hidden[row, [place for place, label in enumerate(labels) if label]] = True
    assert torch.equal(logits.grad.abs().sum(-1) > 0, hidden)
    assert loss.tokens == int(hidden.sum())


def test_masked_tokens_are_mostly_masks_sometimes_others_sometimes_kept() -> None:
    task = view("lm-zh", "masked-lm")
    pairs = task.epoch("train", random.Random(3))
    shown = [(s, t) for pair in pairs for s, t in zip(pair.source, pair.target, strict=True) if t != NOT_SCORED]
    share = {
        "mask": sum(s == MASK for s, _ in shown) / len(shown),
        "kept": sum(s == t for s, t in shown) / len(shown),
    }
    assert share["mask"] == pytest.approx(0.8, abs=0.03)
    assert share["kept"] == pytest.approx(0.1, abs=0.03)


def test_an_encoder_is_trained_to_fill_the_gaps() -> None:
    task = view("reverse", "masked-lm")
    config = model_config_for(task, d_model=12, n_heads=3)
    assert config.architecture == "encoder-only"
    assert config.vocab_size == config.src_vocab_size == len(task.tgt_vocab)
    batch = task.collate(task.split("test")[:5])
    logits = predict(make_model(config, 1), batch)
    assert batch.src is not None
    assert logits.shape[:2] == batch.src.shape
    assert batch.decoder_input is None


def test_typed_gaps_are_gaps_and_typed_text_gets_some() -> None:
    task = view("numbers-zh", "masked-lm")
    typed = task.encode(f"三百{MASK}十一")
    assert typed.src_labels == (("三", "百", MASK, "十", "一"),)
    assert typed.n_scored == 0
    assert task.encode(f"三百{MASK}十一", "三百二十一").target_labels == (("", "", "二", "", ""),)
    first, again = task.encode("三百二十一"), task.encode("三百二十一")
    assert first.n_scored == 1
    assert first.src_labels == again.src_labels
    with pytest.raises(InputError):
        task.encode("")


# ---- denoising, continuation, causal --------------------------------------------------------------------------


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=60), st.integers(0, 10**6))
def test_denoising_loses_nothing(tokens: list[str], seed: int) -> None:
    task = view("reverse", "denoising")
    pair = task.example(tokens, random.Random(seed))  # type: ignore[attr-defined]
    sentinels = task.extra_tokens  # type: ignore[attr-defined]
    assert restored(pair, sentinels) == tuple(tokens)
    used = [token for token in pair.source if token in sentinels]
    assert used == list(sentinels[: len(used)])  # numbered from the left
    hidden = len(pair.target) - len(used)
    assert hidden == max(1, round(0.3 * len(tokens)))
    places = [i for i, token in enumerate(pair.source) if token in sentinels]
    assert all(b - a > 1 for a, b in pairwise(places))  # spans do not touch


def test_denoising_answers_what_it_cut_out() -> None:
    task = view("numbers-zh", "denoising")
    batch = task.encode("三百二十一万")
    assert "".join(batch.target_labels[0][:-1]) == task.reference("三百二十一万")
    typed = task.encode("三<1>十一万")
    assert typed.src_labels[0][1] == "<1>"
    assert typed.targets is None
    assert task.encode("三<1>十一万", "<1>百二").target_labels == (("<1>", "百", "二", "</s>"),)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_beginning_and_its_continuation_are_the_text(name: str) -> None:
    if own_objective(tasks.get(name)) == "seq2seq":
        task = tasks.get(name, objective="causal-lm", **SMALL[name])
        wanted = [pair.target for pair in tasks.get(name, **SMALL[name]).split("test")]
        assert [pair.target for pair in task.split("test")] == wanted
        assert task.info.kind == "lm"
    else:
        task = view(name, "seq2seq")
        wanted = [pair.target for pair in tasks.get(name, **SMALL[name]).split("test") if len(pair.target) > 1]
        assert [pair.source + pair.target for pair in task.split("test")] == wanted
        assert all(pair.source and pair.target for pair in task.split("train"))


def test_a_language_model_of_answers_says_where_they_end() -> None:
    task = view("numbers-zh", "causal-lm")
    batch = task.collate(task.split("test")[:3])
    assert batch.src is None
    assert all(row[-1] == "</s>" for row in batch.target_labels)
    config = model_config_for(task)
    assert config.architecture == "decoder-only"
    assert baselines(task, "test")["bigram"] < baselines(task, "test")["unigram"]


# ---- all of them ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", sorted(SMALL))
def test_every_view_fits_its_model_and_comes_back_from_a_checkpoint(name: str, objective: str) -> None:
    task = view(name, objective)
    config = model_config_for(task, d_model=12, n_heads=3, d_ff=17)
    model = make_model(config, 1)
    for split in SPLITS:
        for batch in task.batches(split, 61):
            assert batch.targets is not None
            assert all((row != PAD).any() for row in batch.targets)
            assert predict(model, batch).shape[:2] == batch.targets.shape
    state = json.loads(json.dumps(task.state()))
    back = tasks.restore(**state)
    assert model_config_for(back, d_model=12, n_heads=3, d_ff=17) == config
    assert back.fingerprint("test") == task.fingerprint("test")
    assert own_objective(back) == objective
    text = task.examples[0]
    assert back.encode(text).src_labels == task.encode(text).src_labels
    assert set(baselines(task, "test")) == ({"unigram"} if objective == "masked-lm" else {"unigram", "bigram"})


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_example_is_in_two_splits(objective: str) -> None:
    for name in ("reverse", "numbers-zh"):
        base = tasks.get(name, **SMALL[name])
        for one, other in combinations(SPLITS, 2):
            assert not {p.source for p in base.split(one)} & {p.source for p in base.split(other)}
        # The views are made split by split, of the very same examples.
        task = view(name, objective)
        for split in SPLITS:
            assert len(task.split(split)) <= len(base.split(split))
    task = view("lm-zh", objective)
    texts = tasks.get("lm-zh", **SMALL["lm-zh"]).texts()  # type: ignore[attr-defined]
    lines = {split: set(texts[split].splitlines()) - {""} for split in SPLITS}
    for one, other in combinations(SPLITS, 2):
        assert not lines[one] & lines[other]
    assert task.split("train")


@pytest.mark.parametrize("objective", ["masked-lm", "denoising", "seq2seq"])
def test_training_hides_other_things_every_epoch_and_measuring_never(objective: str) -> None:
    task = view("lm-zh", objective)
    first, again, other = (list(task.batches("train", 31, seed)) for seed in (1, 1, 2))
    assert [b.src_labels for b in first] == [b.src_labels for b in again]
    assert {row for b in first for row in b.src_labels} != {row for b in other for row in b.src_labels}
    assert [b.src_labels for b in task.batches("test", 31, 1, shuffle=False)] == [
        b.src_labels for b in task.batches("test", 31, 2, shuffle=False)
    ]


def test_a_users_own_text_can_be_seen_in_other_ways() -> None:
    own = tasks.from_text(TEXT, window=11)
    assert objectives_of(own) == OBJECTIVES
    task = with_objective(own, "masked-lm")
    assert with_objective(task, "masked-lm") is task
    assert with_objective(own, None) is own
    back = tasks.restore(**json.loads(json.dumps(task.state())))
    assert back.encode("行甲人子").src_labels == task.encode("行甲人子").src_labels
    with pytest.raises(InputError) as refused:
        back.split("train")
    assert refused.value.code == "no_data"
    with pytest.raises(InputError):
        with_objective(task, "denoising")


def test_an_unknown_objective_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        tasks.get("reverse", objective="guessing")
    assert refused.value.code == "bad_option"


def test_a_view_of_a_view_keeps_its_shape() -> None:
    assert ModelConfig.from_dict(model_config_for(view("reverse", "denoising")).to_dict()).architecture == (
        "encoder-decoder"
    )
