"""The LSTM baselines: they answer what a Transformer answers, and their one head obeys the laws of attention."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import BOS, EOS, SRC_VOCAB, VOCAB, padded_src
from torch import Tensor

import attnviz
from attnviz import masks
from attnviz.config import FineTuneConfig, ModelConfig, TrainConfig
from attnviz.data import tasks
from attnviz.decoding import greedy
from attnviz.decoding.session import DecoderSession
from attnviz.errors import FineTuneError
from attnviz.masks import MaskPlan
from attnviz.model import RecurrentModel, Transformer, WatchedModel, new_model
from attnviz.model.parameter_shapes import parameter_shapes
from attnviz.model.parts import parts
from attnviz.trace import watch
from attnviz.trace.ablation import head_effects
from attnviz.trace.interventions import HeadsOff
from attnviz.trace.leakage import influence, reach
from attnviz.training import checkpoint
from attnviz.training.build import build_trainer, finish
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.recipes import Recipe, model_config_for
from attnviz.training.start import from_checkpoint

KINDS = ("lstm", "lstm-encoder-decoder", "lstm-additive", "lstm-dot")
ATTENDING = KINDS[2:]
READING = KINDS[1:]
SITE = "decoder.0.cross_attn"


def config(architecture: str, **changes: object) -> ModelConfig:
    values: dict[str, object] = {
        "architecture": architecture,
        "src_vocab_size": SRC_VOCAB,
        "vocab_size": VOCAB,
        "d_model": 12,
        "n_heads": 1,
        "positions": "none",
        "n_encoder_layers": 0 if architecture == "lstm" else 2,
        "n_decoder_layers": 2,
        "max_len": 23,
        "dropout": 0.5,
    }
    return ModelConfig.from_dict({**values, **changes})


def make(architecture: str, seed: int = 0, **changes: object) -> Transformer:
    torch.manual_seed(seed)
    return new_model(config(architecture, **changes)).eval()


def tokens(batch: int, length: int, seed: int = 0) -> Tensor:
    return torch.randint(3, VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def run(model: Transformer, src: Tensor, target: Tensor, **options: object) -> Tensor:
    logits: Tensor = model(src, target, **options)
    return logits


@pytest.mark.parametrize("architecture", KINDS)
def test_it_answers_every_question_of_a_watched_model(architecture: str) -> None:
    model = make(architecture)
    assert isinstance(model, RecurrentModel)
    assert isinstance(model, WatchedModel)
    assert model.sites == ((SITE,) if architecture in ATTENDING else ())
    assert ("maps" in model.can) == ("paint" in model.can) == ("ablate" in model.can) == (architecture in ATTENDING)
    assert "finetune" not in model.can
    assert run(model, padded_src(3, 7, 1), tokens(3, 5)).shape == (3, 5, VOCAB)
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == parameter_shapes(model.config)
    assert sum(part.parameters for part in parts(model)) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("architecture", KINDS)
def test_more_padding_changes_nothing(architecture: str) -> None:
    model, src, target = make(architecture), padded_src(3, 7, 1), tokens(3, 5)
    wider = torch.nn.functional.pad(src, (0, 4))
    torch.testing.assert_close(run(model, wider, target), run(model, src, target), atol=1e-5, rtol=1e-5)
    alone = run(model, src[2:, :5], target[2:])
    torch.testing.assert_close(run(model, src, target)[2:], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", KINDS)
def test_the_future_cannot_move_the_past(architecture: str) -> None:
    model, src, target = make(architecture), padded_src(2, 7, 1), tokens(2, 5)
    other = target.clone()
    other[:, 3:] = (other[:, 3:] - 2) % (VOCAB - 3) + 3
    before, after = run(model, src, target), run(model, src, other)
    torch.testing.assert_close(after[:, :3], before[:, :3], atol=0, rtol=0)
    assert not torch.allclose(after[:, 3:], before[:, 3:])


@pytest.mark.parametrize("architecture", KINDS)
def test_only_what_reads_the_source_is_moved_by_it(architecture: str) -> None:
    model, target = make(architecture), tokens(1, 5)
    src, other = padded_src(1, 7, 1), padded_src(1, 7, 2)
    moved = not torch.equal(run(model, src, target), run(model, other, target))
    assert moved == (architecture in READING)


@pytest.mark.parametrize("architecture", KINDS)
def test_cached_and_whole_agree_also_after_choosing_rows_and_going_back(architecture: str) -> None:
    model, src, target = make(architecture), padded_src(3, 7, 1), tokens(3, 5)
    whole = run(model, src, target)
    session = DecoderSession(model, src)
    assert session.cached
    torch.testing.assert_close(session.feed(target[:, :2]), whole[:, :2], atol=1e-5, rtol=1e-5)
    session.feed(tokens(3, 2, 9))
    session.rewind(2)
    torch.testing.assert_close(session.feed(target[:, 2:3]), whole[:, 2:3], atol=1e-5, rtol=1e-5)
    session.select([2, 0])
    torch.testing.assert_close(session.feed(target[[2, 0], 3:]), whole[[2, 0], 3:], atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="length"):
        session.rewind(6)
    said = [greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=7, use_cache=use) for use in (True, False)]
    assert torch.equal(*said)


@pytest.mark.parametrize("architecture", ATTENDING)
def test_its_head_obeys_the_laws_of_attention(architecture: str) -> None:
    model, src = make(architecture), padded_src(3, 7, 1)
    batch = _batch(src, tokens(3, 5))
    record = watch(model, batch)[SITE]
    assert record.weights.shape == (3, 1, 5, 7)
    assert record.row_sums == pytest.approx(1, abs=1e-6)
    assert not record.weights[2, :, :, 5:].any()  # padding is blocked
    blocked = MaskPlan(cross=masks.cells([(1, 2), (4, 0)]))
    painted = watch(model, batch, masks=MaskPlan(cross=~masks.cells([(1, 2), (4, 0)])))[SITE]
    assert painted.weights[0, 0, 1, 2] == painted.weights[0, 0, 4, 0] == 0
    assert painted.row_sums == pytest.approx(1, abs=1e-6)
    only = watch(model, batch, masks=blocked)[SITE]
    assert only.weights[0, 0, 1, 2] == 1
    assert not only.weights[0, 0, 0].any()  # a fully blocked row gives zeros
    free = run(model, src[:1], tokens(1, 5), masks=MaskPlan())
    torch.testing.assert_close(free, run(model, src[:1], tokens(1, 5)), atol=1e-5, rtol=1e-5)


def test_additive_scores_are_the_published_formula() -> None:
    model = make("lstm-additive")
    record = watch(model, _batch(padded_src(2, 5, 1), tokens(2, 3)))[SITE]
    attention = model.get_submodule(SITE)
    energy = attention.get_parameter("energy.weight")[0].detach().numpy()
    for b, t, s in ((0, 0, 0), (1, 2, 3), (0, 1, 4)):
        expected = energy @ torch.tanh(torch.tensor(record.q[b, 0, t] + record.k[b, 0, s])).numpy()
        assert record.scores[b, 0, t, s] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("architecture", ATTENDING)
def test_a_head_that_is_off_gives_nothing_and_its_effect_is_measured(architecture: str) -> None:
    model = make(architecture)
    batch = _batch(padded_src(3, 7, 1), tokens(3, 5))
    off = watch(model, batch, interventions=[HeadsOff([(SITE, 0)])])
    assert not off[SITE].head_output.any()
    effects = head_effects(model, batch)
    assert [(effect.site, effect.head) for effect in effects] == [(SITE, 0)]
    assert off.loss is not None
    assert effects[0].loss == pytest.approx(off.loss - (watch(model, batch).loss or 0), abs=1e-5)


@pytest.mark.parametrize("architecture", KINDS)
def test_whatever_moves_an_output_is_said_to_reach_it(architecture: str) -> None:
    model, batch = make(architecture), _batch(padded_src(1, 5, 1), tokens(1, 4))
    reached = reach(model, batch)
    for side in ("source", "decoder"):
        moved = influence(model, batch, side) > 1e-6
        assert not (moved & ~reached.of_outputs(side)).any()


def _batch(src: Tensor, target: Tensor) -> attnviz.data.Batch:
    decoder_input = torch.cat((torch.full((len(target), 1), BOS), target[:, :-1]), dim=1)
    return attnviz.data.Batch(src=src, decoder_input=decoder_input, targets=target)


@pytest.mark.parametrize("architecture", KINDS)
def test_it_is_trained_stored_and_loaded_like_any_other(architecture: str, tmp_path: Path) -> None:
    recipe = Recipe(
        name="small",
        task="copy",
        shape={"architecture": architecture, "d_model": 12, "dropout": 0.1},
        train=TrainConfig(steps=3, batch_size=7, eval_every=0, eval_examples=5),
    )
    trainer = build_trainer(recipe)
    records = list(trainer.run())
    assert records[-1].metrics is not None
    state = trainer.capture()
    again = build_trainer(recipe)
    again.restore(state)
    assert again.step_number == 3
    trainer.task = replace_splits(trainer.task)
    checkpoint.save(tmp_path / "kept", trainer.model, finish(trainer, name="kept"))
    model, task = attnviz.load(tmp_path / "kept")
    assert model.config == trainer.model.config
    trace = attnviz.watch(model, "abcab", task, target="abcab")
    assert trace.sites == model.sites
    with pytest.raises(FineTuneError):
        prepare(from_checkpoint(str(tmp_path / "kept")), tasks.get("reverse"), FineTuneConfig())


def replace_splits(task: attnviz.data.Task) -> attnviz.data.Task:
    """The task with a few examples a split, so that measuring takes moments."""
    from attnviz.data.derived import derive

    return derive(task, splits={name: list(task.split(name)[:7]) for name in ("train", "validation", "test")})


@pytest.mark.parametrize(
    "changes",
    [{"n_heads": 2}, {"positions": "learned"}, {"n_decoder_layers": 0}, {"n_encoder_layers": 0}, {"adapter_size": 3}],
)
def test_what_an_lstm_has_not_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        config("lstm-dot", **changes)
    with pytest.raises(ValueError, match="n_encoder_layers"):
        config("lstm", n_encoder_layers=1)
    with pytest.raises(ValueError, match="recurrent"):
        RecurrentModel(ModelConfig(src_vocab_size=5, vocab_size=5))


def test_a_lone_lstm_is_a_language_model_too() -> None:
    shape = model_config_for(tasks.get("lm-en"), architecture="lstm")
    assert not shape.has_encoder
    model = new_model(replace(shape, vocab_size=VOCAB, max_len=23)).eval()
    with torch.no_grad():
        assert model(None, tokens(2, 5)).shape == (2, 5, VOCAB)
