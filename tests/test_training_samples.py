"""What a model says to a text is its own output, free-running, whatever the architecture."""

from __future__ import annotations

import pytest
import torch

from attnviz.data import BOS, EOS, Task, tasks
from attnviz.data.objectives.masked import MASK
from attnviz.decoding import Choice, greedy
from attnviz.model import Transformer
from attnviz.training import Sample, make_model, model_config_for, samples_of, say

SHAPE = {"d_model": 12, "n_heads": 3, "d_ff": 17}


def made(name: str, objective: str | None = None, **options: object) -> tuple[Transformer, Task]:
    task = tasks.get(name, objective=objective, **options)
    return make_model(model_config_for(task, **SHAPE), 3).eval(), task


def test_an_encoder_decoder_answers_greedily() -> None:
    model, task = made("reverse", size=200)
    batch = task.encode("abc")
    said = greedy(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=task.max_tgt_len)[0].tolist()
    said = said[: said.index(EOS)] if EOS in said else said
    assert say(model, task, "abc") == "".join(task.tgt_vocab.decode(said))
    (sample,) = samples_of(model, task, ["abc"])
    assert sample == Sample("abc", say(model, task, "abc"), "cba")
    assert sample.to_dict()["right"] is (sample.output == "cba")


@pytest.mark.parametrize(
    "choice", [None, Choice(), Choice(method="sample", seed=7)], ids=["default", "greedy", "drawn"]
)
def test_a_decoder_continues_the_text(choice: Choice | None) -> None:
    model, task = made("lm-zh", window=31)
    said = say(model, task, "我喜欢", choice=choice, more=7)
    assert len(task.tokenize(said)) <= 7
    assert said == say(model, task, "我喜欢", choice=choice, more=7)
    if choice != Choice(method="sample", seed=7):
        assert said == say(model, task, "我喜欢", more=7)
    assert samples_of(model, task, ["我喜欢"])[0].right is None


def test_an_encoder_fills_the_gaps_and_nothing_else() -> None:
    model, task = made("numbers-zh", "masked-lm", size=300)
    said = task.tokenize(say(model, task, f"三百{MASK}十{MASK}"))
    assert len(said) >= 5
    assert (said[0], said[1]) == ("三", "百")
    batch = task.encode(f"三百{MASK}十{MASK}")
    with torch.no_grad():
        likeliest = task.tgt_vocab.decode(model(batch.src)[0].argmax(-1).tolist())
    assert say(model, task, f"三百{MASK}十{MASK}") == "".join(["三", "百", likeliest[2], "十", likeliest[4]])


def test_a_denoiser_writes_spans_and_knows_the_right_ones() -> None:
    model, task = made("numbers-zh", "denoising", size=300)
    (sample,) = samples_of(model, task, ["三百二十一万"])
    assert sample.reference is not None
    assert sample.reference.startswith("<1>")


def test_what_cannot_be_read_is_left_out() -> None:
    model, task = made("reverse", size=200)
    assert [sample.source for sample in samples_of(model, task, ["", "ab", "  "])] == ["ab"]
    assert [sample.source for sample in samples_of(model, task)] == list(task.examples[:3])
