"""Compressed models: heads that are out give nothing, one-byte weights are near, and both load again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_models import make_model, padded_src

import attnviz
from attnviz.cli.main import main
from attnviz.data import Batch, Task
from attnviz.data.derived import derive
from attnviz.errors import CheckpointError, InputError
from attnviz.model import Transformer
from attnviz.trace import watch
from attnviz.trace.ablation import all_heads, head_effects
from attnviz.trace.interventions import HeadsOff
from attnviz.training import checkpoint, int8
from attnviz.training.compress import (
    head_order,
    prune,
    pruned_heads,
    pruning_chart,
    pruning_curve,
    quantize,
    save_compressed,
)

HEADS = [("encoder.1.self_attn", 2), ("decoder.0.self_attn", 0), ("decoder.1.cross_attn", 1)]


def batch() -> Batch:
    target = torch.randint(3, 13, (3, 5), generator=torch.Generator().manual_seed(4))
    return Batch(src=padded_src(3, 7, 1), decoder_input=target, targets=target.flip(0))


@pytest.fixture(scope="module")
def reverse() -> tuple[Transformer, Task]:
    """The shipped model, and few examples a split."""
    model, task, _ = checkpoint.load("reverse")
    return model, derive(task, splits={name: list(task.split(name)[:23]) for name in ("train", "validation", "test")})


# ---- pruning


def test_a_head_that_is_out_is_a_head_switched_off_and_the_others_are_as_they_were() -> None:
    model = make_model(1).eval()
    out = watch(prune(model, HEADS), batch())
    off = watch(model, batch(), interventions=[HeadsOff(HEADS)])
    np.testing.assert_allclose(out.logits, off.logits, atol=1e-5)
    for site, head in HEADS:
        assert not out[site].head_output[:, head].any()
    assert pruned_heads(model) == ()
    assert set(pruned_heads(prune(model, HEADS))) == set(HEADS)
    assert set(pruned_heads(prune(prune(model, HEADS[:1]), HEADS[1:]))) == set(HEADS)


def test_no_head_out_changes_nothing_and_the_model_itself_is_left_alone() -> None:
    model = make_model(1).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert np.array_equal(watch(prune(model, []), batch()).logits, watch(model, batch()).logits)
    prune(model, HEADS)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())


def test_at_least_one_head_stays_and_it_must_be_there() -> None:
    model = make_model(1).eval()
    everything = all_heads(model)
    assert len(pruned_heads(prune(model, everything[1:]))) == len(everything) - 1
    for heads in (everything, [*everything, everything[0]]):
        with pytest.raises(InputError) as caught:
            prune(model, heads)
        assert caught.value.code == "compress_every_head"
    with pytest.raises(InputError, match="at least one must stay"):
        prune(prune(model, everything[1:]), everything[:1])
    for head in (("decoder.0.self_attn", 3), ("decoder.9.self_attn", 0), ("decoder.0.self_attn", -1)):
        with pytest.raises(InputError) as caught:
            prune(model, [head])
        assert caught.value.code == "compress_head"


def test_importance_is_what_a_head_is_worth_and_chance_knows_its_seed() -> None:
    model = make_model(1).eval()
    worth = {(effect.site, effect.head): effect.loss for effect in head_effects(model, batch())}
    order = head_order(model, batch())
    assert set(order) == set(worth)
    assert [worth[head] for head in order] == sorted(worth.values())
    assert head_order(model, by="random", seed=5) == head_order(model, by="random", seed=5)
    assert head_order(model, by="random", seed=5) != head_order(model, by="random", seed=6)
    with pytest.raises(ValueError, match="batch"):
        head_order(model)


def test_a_head_that_is_gone_has_no_turn_and_the_curve_of_a_pruned_model_ends_with_one_head(
    reverse: tuple[Transformer, Task],
) -> None:
    model, task = reverse
    everything = all_heads(model)
    left = prune(model, everything[2:])
    measured = task.collate(task.split("validation"))
    assert set(head_order(left, measured)) == set(everything[:2])
    for seed in range(7):  # whichever comes last, one stays
        assert set(head_order(left, by="random", seed=seed)) == set(everything[:2])
    *_, chart = pruning_chart(left, task, head_order(left, measured), points=3, limit=7)
    assert chart.heads == 2
    assert [len(point.out) for point in chart.importance] == [0, 1]
    assert all([point.share for point in curve] == [0, 0.5] for curve in chart.random)


def test_the_curve_begins_with_the_whole_model_and_leaves_one_head(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    order = head_order(model, task.collate(task.split("validation")))
    points = list(pruning_curve(model, task, order, points=4))
    assert points[0].out == ()
    assert points[0].score > 0.9
    assert len(points[-1].out) == len(order) - 1
    assert points[-1].score < 0.5
    assert [len(point.out) for point in points] == sorted({len(point.out) for point in points})
    assert all(point.share == len(point.out) / len(order) for point in points)


def test_the_chart_has_both_curves_at_the_same_points_and_grows_by_one_measurement(
    reverse: tuple[Transformer, Task],
) -> None:
    model, task = reverse
    order = head_order(model, task.collate(task.split("validation")))
    charts = list(pruning_chart(model, task, order, points=3, limit=11))
    last = charts[-1]
    assert [chart.done for chart in charts] == list(range(1, last.measurements + 1))
    counts = [len(point.out) for point in last.importance]
    assert [at for at, _ in last.random_means] == counts
    assert last.importance == tuple(pruning_curve(model, task, order, points=3, limit=11))
    scores = [curve[1].score for curve in last.random]
    assert last.random_mean(counts[1]) == pytest.approx(sum(scores) / len(scores))
    assert last.random_mean(counts[1] + 1) is None
    assert len({point.score for curve in last.random for point in curve[:1]}) == 1  # nothing is out yet
    assert charts[0].random_means == ()


# ---- one-byte weights


@given(st.integers(1, 7), st.integers(1, 11), st.integers(0, 99), st.floats(1e-3, 1e3))
def test_a_quantized_matrix_is_half_a_step_away_at_most(rows: int, columns: int, seed: int, size: float) -> None:
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * size
    weight[0] = 0
    numbers, scale = int8.quantize(weight)
    assert numbers.dtype == torch.int8
    near = int8.dequantize(numbers, scale)
    assert ((near - weight).abs() <= scale[:, None] * 0.5001).all()
    assert not near[0].any()
    again = int8.quantize(near)
    assert torch.equal(again[0], numbers)


def test_int8_takes_about_a_quarter_and_says_the_same(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    small = quantize(model, task)
    assert 0.24 < small.share < 0.35
    assert small.before.exact_match is not None
    assert small.after.exact_match is not None
    assert small.after.exact_match > small.before.exact_match - 0.1
    assert 0 < small.moved_mean < 0.02
    assert small.moved_mean < small.moved_most < 0.5
    with pytest.raises(InputError) as caught:
        quantize(small.model, task)
    assert caught.value.code == "compress_twice"


def test_a_compressed_model_loads_again_as_it_was_measured(reverse: tuple[Transformer, Task], tmp_path: Path) -> None:
    model, task = reverse
    manifest = checkpoint.load_manifest("reverse")
    smaller = prune(model, [("decoder.0.self_attn", 1)])
    made = save_compressed(tmp_path / "small", smaller, task, manifest, name="small", stored="int8", limit=7)
    assert made.recipe is None
    loaded, _, read = checkpoint.load(tmp_path / "small")
    assert read.stored == "int8"
    assert read.metrics == made.metrics
    assert pruned_heads(loaded) == (("decoder.0.self_attn", 1),)
    one = task.collate(task.split("test")[:5])
    np.testing.assert_allclose(watch(loaded, one).logits, watch(smaller, one).logits, atol=1e-5)
    whole = (checkpoint.shipped_folder() / "reverse" / checkpoint.WEIGHTS).stat().st_size
    assert (tmp_path / "small" / checkpoint.WEIGHTS).stat().st_size < 0.4 * whole
    with pytest.raises(InputError) as caught:
        quantize(loaded, task, read)
    assert caught.value.details["name"] == "small"


@pytest.mark.parametrize("damage", ["float", "no scale", "nan scale"])
def test_a_damaged_int8_file_is_refused(damage: str, reverse: tuple[Transformer, Task], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    model, task = reverse
    folder = tmp_path / "small"
    save_compressed(
        folder, prune(model, []), task, checkpoint.load_manifest("reverse"), name="s", stored="int8", limit=3
    )
    weights = load_file(folder / checkpoint.WEIGHTS)
    name = next(name for name in weights if name.endswith(int8.SCALE))
    if damage == "no scale":
        del weights[name]
    elif damage == "nan scale":
        weights[name][0] = float("nan")
    else:
        weights = {key: value for key, value in weights.items() if not key.endswith(int8.SCALE)}
    save_file(weights, folder / checkpoint.WEIGHTS)
    with pytest.raises(CheckpointError):
        attnviz.load(folder)


def test_the_command_prints_the_chart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "reverse", "--chart", "--limit", "7", "--json"]) == 0
    chart = json.loads(capsys.readouterr().out)["chart"]
    assert len(chart["random"]) == 3
    assert {len(curve) for curve in chart["random"]} == {len(chart["importance"])}
    assert chart["importance"][0]["score"] > chart["importance"][-1]["score"]


def test_the_command_measures_and_stores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tiny"
    assert main(["compress", "reverse", "--prune", "2", "--int8", "--limit", "11", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["pruned"]) == 2
    assert said["int8"]["bytes_after"] < 0.35 * said["int8"]["bytes_before"]
    assert attnviz.load(out)[0].sites
    assert main(["compress", str(out), "--int8", "--limit", "3"]) == 2
    assert "quantized already" in capsys.readouterr().err
    assert main(["compress", "reverse", "--prune", "999", "--limit", "3"]) == 2
    assert "at least one must stay" in capsys.readouterr().err
