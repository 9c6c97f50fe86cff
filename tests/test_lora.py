"""LoRA: W + (alpha/rank)·B·A, at the start nothing, merged the same, and a file that fits or is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from fine_tuning_starts import symbols, tuner
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from safetensors.torch import load_file, save_file
from small_models import make_model, padded_src
from torch import nn

from attnviz.errors import FineTuneError
from attnviz.model.lora import (
    PROJECTIONS,
    LoRALinear,
    add_lora,
    lora_layers,
    lora_off,
    lora_weights,
    merge,
    plain_copy,
    plain_weights,
    strip_lora,
    unmerge,
)
from attnviz.training.finetuning.lora_file import DESCRIPTION, WEIGHTS, load_lora, save_lora


def filled(layer: LoRALinear, seed: int) -> LoRALinear:
    with torch.no_grad():
        layer.lora_b.copy_(torch.randn(layer.lora_b.shape, generator=torch.Generator().manual_seed(seed)))
    return layer


@examples(25)
@given(
    inner=st.integers(1, 13),
    outer=st.integers(1, 11),
    rank=st.integers(1, 7),
    alpha=st.floats(0.1, 32.0),
    bias=st.booleans(),
)
def test_a_layer_is_w_plus_alpha_by_rank_times_ba(inner: int, outer: int, rank: int, alpha: float, bias: bool) -> None:
    torch.manual_seed(0)
    base = nn.Linear(inner, outer, bias=bias)
    weight = base.weight.detach().clone()
    x = torch.randn(5, inner)
    before = base(x)
    layer = LoRALinear(base, rank=rank, alpha=alpha)
    torch.testing.assert_close(layer(x), before, atol=1e-6, rtol=0)  # at the start it is the base
    filled(layer, 1)
    expected = x @ (weight + alpha / rank * layer.lora_b @ layer.lora_a).T + (base.bias if bias else 0)
    torch.testing.assert_close(layer(x), expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(layer.weight, weight)
    assert [name for name, p in layer.named_parameters() if p.requires_grad] == ["lora_a", "lora_b"]


def test_merging_changes_no_output_and_unmerging_is_the_identity() -> None:
    torch.manual_seed(0)
    layer = filled(LoRALinear(nn.Linear(13, 7), rank=3, alpha=5.0), 2)
    weight, x = layer.weight.detach().clone(), torch.randn(11, 13)
    before = layer(x)
    layer.merge()
    once = layer.weight.detach().clone()
    assert not torch.equal(once, weight)
    torch.testing.assert_close(layer(x), before, atol=1e-5, rtol=1e-5)
    layer.merge()
    assert torch.equal(layer.weight, once)  # merging twice is merging once
    torch.testing.assert_close(layer.effective_weight(), once)
    layer.unmerge()
    torch.testing.assert_close(layer.weight, weight, atol=1e-6, rtol=0)
    torch.testing.assert_close(layer(x), before, atol=1e-5, rtol=1e-5)
    layer.unmerge()
    torch.testing.assert_close(layer.weight, weight, atol=1e-6, rtol=0)


@pytest.mark.parametrize("targets", [("q_proj",), ("q_proj", "v_proj"), PROJECTIONS])
def test_a_model_with_lora_starts_as_it_was_and_merging_changes_no_prediction(targets: tuple[str, ...]) -> None:
    model = make_model(0).eval()
    src, said = padded_src(3, 7, 0), torch.randint(3, 13, (3, 5), generator=torch.Generator().manual_seed(1))
    before = model(src, said)
    names = set(dict(model.named_parameters()))
    add_lora(model, rank=2, alpha=7.0, targets=targets, seed=4)
    assert names < set(dict(model.named_parameters()))
    torch.testing.assert_close(model(src, said), before, atol=1e-6, rtol=0)
    sites = {"q_proj": 6, "k_proj": 6, "v_proj": 6, "out_proj": 6, "inner": 4, "outer": 4}
    assert len(lora_layers(model)) == sum(sites[target] for target in targets)

    for seed, layer in enumerate(lora_layers(model).values()):
        filled(layer, seed)
    tuned = model(src, said)
    assert (tuned - before).abs().max() > 1e-3
    with lora_off(model):
        torch.testing.assert_close(model(src, said), before, atol=1e-6, rtol=0)
    copied = plain_copy(model).eval()
    assert not lora_layers(copied)
    torch.testing.assert_close(copied(src, said), tuned, atol=1e-4, rtol=1e-4)
    assert set(plain_weights(model)) == names
    merge(model)
    torch.testing.assert_close(model(src, said), tuned, atol=1e-4, rtol=1e-4)
    assert torch.equal(model(src, said).argmax(-1), tuned.argmax(-1))
    unmerge(model)
    torch.testing.assert_close(model(src, said), tuned, atol=1e-4, rtol=1e-4)
    strip_lora(model)
    assert set(dict(model.named_parameters())) == names
    torch.testing.assert_close(model(src, said), tuned, atol=1e-4, rtol=1e-4)


def test_what_cannot_be_is_refused() -> None:
    model = make_model(0)
    with pytest.raises(ValueError, match="norm"):
        add_lora(model, rank=2, alpha=1.0, targets=("norm",))
    with pytest.raises(ValueError, match="none"):
        add_lora(model, rank=2, alpha=1.0, targets=())
    with pytest.raises(ValueError, match="rank is 0"):
        add_lora(model, rank=0, alpha=1.0)
    assert not lora_layers(model)
    add_lora(model, rank=2, alpha=1.0)
    with pytest.raises(ValueError, match="already"):
        add_lora(model, rank=2, alpha=1.0)


# ---- files


def test_a_saved_lora_turns_the_base_into_the_tuned_model(tmp_path: Path) -> None:
    run = tuner("lora")
    list(run.run())
    save_lora(tmp_path / "lora", run)
    base = run.prepared.before
    description = load_lora(tmp_path / "lora", base, run.task.tgt_vocab)
    assert (description["rank"], description["base"]) == (3, "reverse")
    batch = symbols().encode("abc", "abc")
    tuned = run.merged_model()
    torch.testing.assert_close(
        base.eval()(batch.src, batch.decoder_input), tuned(batch.src, batch.decoder_input), atol=1e-5, rtol=1e-5
    )
    assert lora_weights(base).keys() == load_file(tmp_path / "lora" / WEIGHTS).keys()
    stored = sum(value.numel() for value in load_file(tmp_path / "lora" / WEIGHTS).values())
    assert stored == run.prepared.cost().trained


def refused(path: Path, model: nn.Module) -> FineTuneError:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    kinds = {name: type(module) for name, module in model.named_modules()}
    flags = [parameter.requires_grad for parameter in model.parameters()]
    with pytest.raises(FineTuneError) as error:
        load_lora(path, model)  # type: ignore[arg-type]
    assert str(error.value)
    assert {name: type(module) for name, module in model.named_modules()} == kinds
    assert [parameter.requires_grad for parameter in model.parameters()] == flags
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    return error.value


def test_a_lora_for_another_shape_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    run = tuner("lora")
    save_lora(tmp_path, run)
    wider = make_model(0, src_vocab_size=11, d_model=24)
    assert refused(tmp_path, wider).code == "lora_shape"
    shallow = make_model(0, "decoder-only", d_model=12)
    assert refused(tmp_path, shallow).code == "lora_layers"


@pytest.mark.parametrize("damage", ["text", "format", "rank", "missing", "extra", "nan", "empty", "no file"])
def test_a_damaged_file_is_refused(damage: str, tmp_path: Path) -> None:
    run = tuner("lora")
    save_lora(tmp_path, run)
    description, weights = tmp_path / DESCRIPTION, tmp_path / WEIGHTS
    values, tensors = json.loads(description.read_text(encoding="utf-8")), load_file(weights)
    name = min(tensors)
    match damage:
        case "text":
            description.write_text("{", encoding="utf-8")
        case "format":
            description.write_text(json.dumps({**values, "format": "x"}), encoding="utf-8")
        case "rank":
            description.write_text(json.dumps({**values, "rank": 2}), encoding="utf-8")
        case "missing":
            save_file({key: value for key, value in tensors.items() if key != name}, weights)
        case "extra":
            save_file({**tensors, "x.lora_a": torch.zeros(1)}, weights)
        case "nan":
            save_file({**tensors, name: torch.full_like(tensors[name], float("nan"))}, weights)
        case "empty":
            weights.write_bytes(b"")
        case "no file":
            weights.unlink()
    assert refused(tmp_path, run.prepared.before).code in ("lora_file", "lora_shape")


def test_only_a_lora_run_has_a_lora_to_save(tmp_path: Path) -> None:
    with pytest.raises(FineTuneError) as error:
        save_lora(tmp_path, tuner("full"))
    assert error.value.code == "lora_none"
    assert not list(tmp_path.iterdir())


def test_a_lora_for_other_weights_is_refused_and_an_older_file_is_not(tmp_path: Path) -> None:
    run = tuner("lora")
    save_lora(tmp_path, run)
    other = plain_copy(run.prepared.before)
    with torch.no_grad():
        next(other.parameters()).add_(0.01)
    assert refused(tmp_path, other).code == "lora_base"
    description = json.loads((tmp_path / DESCRIPTION).read_text(encoding="utf-8"))
    del description["base_weights"]
    (tmp_path / DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")
    load_lora(tmp_path, other)
