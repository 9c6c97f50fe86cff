"""`attnviz bench` beside BertViz and TransformerLens: what each is given, and what is said where it is not there."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from attnviz.bench import first_view, stage, training
from attnviz.bench.figures import Figure, Options, Result, Skipped
from attnviz.bench.training import Size, _against, trainer_of
from attnviz.ui.attention import bench_first_view
from attnviz.ui.attention.bench import made_up
from attnviz.ui.attention.payload import pack, unpack_kind

BERTVIZ = """
def model_view(attention, tokens, html_action):
    assert html_action == "return"
    assert len(tokens) == attention[0].shape[-1]
    shapes = {tuple(layer.shape) for layer in attention}
    assert shapes == {(1, len(attention), len(tokens), len(tokens))}, shapes
    return [layer.tolist() for layer in attention]
"""
CONFIG = """
class TransformerBridgeConfig:
    def __init__(self, **fields):
        self.__dict__.update(fields)
"""
BRIDGE = """
from torch import nn


class TransformerBridge:
    @staticmethod
    def boot_native(config):
        assert config.n_heads * config.d_head == config.d_model
        assert (config.d_mlp, config.act_fn, config.normalization_type) == (4 * config.d_model, "gelu", "LN")
        return nn.Sequential(nn.Embedding(config.d_vocab, config.d_model), nn.Linear(config.d_model, config.d_vocab))
"""
TINY = Size(layers=1, width=6, heads=2, length=5, batch=3)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose packages are installed, and come before others of their name."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("bertviz", "transformer_lens"):
            del sys.modules[name]


def package(folder: Path, name: str, **modules: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(modules.pop("itself", ""), encoding="utf-8")
    for module, source in modules.items():
        (folder / name / f"{module}.py").write_text(source, encoding="utf-8")


def steps_against_transformer_lens() -> list[Result]:
    trainer = trainer_of("lm-en", {"window": TINY.length}, TINY)
    shape = {"vocab": len(trainer.task.tgt_vocab), "layers": 1, "width": 6, "heads": 2, "length": 6}
    return list(_against("training/A", trainer, {"transformer-lens": (4.0, 6.0)}, shape, 2, Options(quick=True)))


def test_both_sides_of_the_first_view_show_the_same_weights(installed: Path) -> None:
    package(installed, "bertviz", itself=BERTVIZ)
    picture = made_up(3, 3, 67)
    kind = picture.chosen
    np.testing.assert_array_equal(np.array(bench_first_view.model_view(picture))[:, 0], kind.weights)
    packed = bench_first_view.packed(picture)
    assert packed == pack(picture, bench_first_view.HEIGHT), "as the app packs it"
    weights, mask = unpack_kind(packed, kind.kind)
    np.testing.assert_allclose(weights, kind.weights, atol=1e-3)
    np.testing.assert_array_equal(mask[0, 0], kind.mask)
    assert {side: len(seconds) for side, seconds in bench_first_view.sides(picture, 2).items()} == {
        "ours": 2,
        "bertviz": 2,
    }


def test_the_first_view_is_timed_in_a_process_of_its_own(installed: Path) -> None:
    package(installed, "bertviz", itself=BERTVIZ)
    package(installed, "IPython")
    (figure,) = first_view.first_view(Options(quick=True))
    assert isinstance(figure, Figure)
    assert (figure.name, figure.must, figure.aim) == ("stage/cpu/128", 100, 300)
    assert not figure.smaller_is_better
    assert figure.ratio == pytest.approx(figure.base_milliseconds / figure.milliseconds)
    assert "bertviz" not in sys.modules


@pytest.mark.parametrize("missing", ["bertviz", "IPython"])
def test_without_bertviz_every_size_says_what_brings_it(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_view, "find_spec", lambda name: None if name == missing else object())
    found = list(first_view.first_view(Options()))
    assert found == [
        Skipped(f"stage/cpu/{tokens}", "needs bertviz: pip install attnviz[peers]") for tokens in (128, 256, 512)
    ]


def test_the_first_view_needs_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_view, "find_spec", lambda name: None)
    monkeypatch.setattr(stage, "find_spec", lambda name: None)
    assert [one.name for one in stage.stage(Options(quick=True))] == ["stage/cpu/128", "stage"]


def test_a_step_is_timed_beside_transformer_lens(installed: Path) -> None:
    package(installed, "transformer_lens", config=CONFIG, model_bridge=BRIDGE)
    (figure,) = steps_against_transformer_lens()
    assert isinstance(figure, Figure)
    assert (figure.name, figure.must, figure.aim) == ("training/A/transformer-lens", 4.0, 6.0)
    assert figure.against == "the same with transformer-lens"
    assert not figure.smaller_is_better


@pytest.mark.parametrize("old", [False, True])
def test_without_a_transformer_lens_of_today_it_is_said_what_brings_one(
    old: bool, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old:
        package(installed, "transformer_lens")  # has neither of the two modules
    else:
        monkeypatch.setitem(sys.modules, "transformer_lens", None)
    skipped, itself = steps_against_transformer_lens()
    assert skipped == Skipped("training/A/transformer-lens", "needs TransformerLens 4: pip install attnviz[peers]")
    assert itself.name == "training/A"


def test_transformer_lens_is_a_peer_of_size_a(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, dict[str, tuple[float, float]]] = {}

    def against(name: str, _: object, limits: dict[str, tuple[float, float]], *others: object) -> Iterator[Result]:
        asked[name] = limits
        yield from ()

    monkeypatch.setattr(training, "_against", against)
    monkeypatch.setattr(training, "trainer_of", lambda task, options, size: trainer_of(task, {"window": 5}, TINY))
    assert list(training.language(Options(quick=True))) == []
    assert asked["training/A"]["transformer-lens"] == (4.0, 6.0)
    assert "transformer-lens" not in asked["training/S"]


@pytest.mark.skipif(
    importlib.util.find_spec("transformer_lens") is None, reason="TransformerLens comes with the extra peers"
)
def test_transformer_lens_itself_learns() -> None:
    from attnviz.bench import peers
    from attnviz.training.batch_stream import BatchStream

    trainer = trainer_of("lm-en", {"window": 13}, TINY)
    step = peers.transformer_lens(vocab=len(trainer.task.tgt_vocab), layers=2, width=22, heads=2, length=14)
    batch = BatchStream(trainer.task, 3, seed=1).take()
    losses = [step(batch) for _ in range(30)]
    assert losses[0] == pytest.approx(np.log(len(trainer.task.tgt_vocab)), rel=0.2)
    assert losses[-1] < losses[0]
