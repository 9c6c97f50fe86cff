"""By hand on models from elsewhere: every number is the model's own, whatever its attention is made of."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import app_driver
import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import CONFIGS, VOCAB, make
from foreign_folders import save, word_tokenizer

import attnviz as av
from attnviz.data import Batch
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.by_hand import head_setup_of
from attnviz.trace import watch
from attnviz.trace.walkthrough import Edit, Variant, arithmetic, snippet, walk
from attnviz.trace.walkthrough.expression import evaluate

S, T = 11, 7
# How these make Q, K and V is not found from outside: compressed keys, a rotary table of its own, a norm of all heads.
FROM_QKV = {"deepseek-v3", "gptj", "olmo2"}


@cache
def opened(name: str) -> ForeignModel:
    return ForeignModel(make(name), name=name)


def batch_for(model: ForeignModel) -> Batch:
    generator = torch.Generator().manual_seed(3)

    def ids(length: int) -> torch.Tensor:
        return torch.randint(5, VOCAB, (1, length), generator=generator)

    pixels = None
    if model.reads == "pixels":
        pixels = torch.randn(1, 3, 12, 12, generator=generator)
    elif model.reads == "features":
        pixels = torch.randn(1, 5, 22, generator=generator)
    src = ids(S) if model.has_encoder and pixels is None else None
    return Batch(src=src, decoder_input=ids(T) if model.has_decoder else None, targets=None, pixels=pixels, pad_id=None)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_is_the_models_own(name: str) -> None:
    model = opened(name)
    batch = batch_for(model)
    trace = watch(model, batch)
    for site in {kind: model.sites_of(kind)[-1] for kind in model.kinds}.values():
        setup = head_setup_of(model, batch, site)
        assert (setup.projections is None) == (name in FROM_QKV), site
        for one in (setup, setup.from_projections_on()):
            steps = walk(one).steps
            np.testing.assert_allclose(steps["weights"].values, trace[site].weights[0], atol=1e-5)
            largest = np.abs(trace[site].head_output).max()
            np.testing.assert_allclose(steps["head_output"].values, trace[site].head_output[0], atol=1e-5 * largest)
            if setup.sinks is not None:
                assert (steps["weights"].values.sum(-1) < 1).all()


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt-oss", "t5", "qwen3", "bart"])
def test_what_a_models_layers_do_are_steps(name: str) -> None:
    model = opened(name)
    setup = head_setup_of(model, batch_for(model), model.sites_of("decoder_self")[-1])
    operations = {step.operation for step in walk(setup).steps.values()}
    expected = {
        "llama": {"rms_norm", "turn", "divide"},
        "gemma2": {"rms_norm", "turn", "softcap"},
        "gpt-oss": {"rms_norm", "turn", "softmax_sink"},
        "t5": {"rms_norm", "times", "add"},
        "qwen3": {"rms_norm", "turn"},
        "bart": {"layer_norm", "add"},
    }[name]
    assert expected <= operations
    assert setup.out is not None


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt-oss", "t5", "qwen3", "deepseek-v3"])
def test_the_arithmetic_of_every_kind_of_step_comes_to_its_number_and_so_does_the_code(name: str) -> None:
    model = opened(name)
    setup = head_setup_of(model, batch_for(model), model.sites_of("decoder_self")[-1])
    head = setup.n_heads - 1
    setup = setup.edited(Edit("k", 2, 1, 0.75, head), Edit("weights", 3, 1, 0.25, 0))
    done = walk(setup)
    for step in done.steps.values():
        row, column = step.shape[-2] - 1, step.shape[-1] - 1
        for at in ((0, 0), (row, column), (row, column // 2)):
            found = arithmetic(done, step.name, *at, head=head if step.has_heads else 0)
            assert evaluate(found.expression) == pytest.approx(found.result, abs=2e-5), (step.name, at)
    # The heads of a group share their keys: the number stands in all of them.
    siblings = setup.n_heads // setup.groups
    assert (done["k"].values[head - siblings + 1 :, 2, 1] == np.float32(0.75)).all()
    code = snippet(setup)
    assert {line.step for line in code.lines if line.step} == set(done.steps)
    numbers = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in setup.numbers().items()}
    variables: dict[str, object] = {"given": numbers}
    text = code.text.replace('load_file("numbers.safetensors")', "given")
    exec(compile(text, "walk", "exec"), variables)
    for key, step in done.steps.items():
        np.testing.assert_allclose(np.asarray(variables[key]), step.values, atol=2e-5, err_msg=key)


def test_switches_and_temperature_act_on_any_models_attention() -> None:
    model = opened("llama")
    setup = head_setup_of(model, batch_for(model), model.sites[0])
    plain = walk(setup)["weights"].values
    for change in (Variant(norm="none", divide=False), Variant(norm="none", mask="after"), Variant(temperature=3.0)):
        assert not np.allclose(walk(replace(setup, variant=change))["weights"].values, plain, atol=1e-6)
    again = walk(replace(setup, variant=Variant(norm="none", mask="after-renormalised")))["weights"].values
    np.testing.assert_allclose(again, plain, atol=1e-6)
    with pytest.raises(ValueError, match="there are"):
        walk(setup.edited(Edit("nobody", 0, 0, 1.0)))
    bloom = ForeignModel(make("bloom"), name="bloom")
    with pytest.raises(ValueError, match="maps only"):
        head_setup_of(bloom, batch_for(bloom), bloom.sites[0])


# ---- the page -------------------------------------------------------------------------------------------------

payload = partial(app_driver.payload, stage="by-hand-stage")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    found = {name: save(root / f"tiny-{name}", name) for name in ("llama", "bloom")}
    found["bert"] = save(root / "tiny-bert", "bert", word_tokenizer)
    return found


@pytest.fixture
def page(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    from attnviz.ui.sentence.opened import _path_of

    def open_page(name: str, language: str, **query: str) -> Any:
        _path_of.cache_clear()
        monkeypatch.setenv("ATTNVIZ_MODELS", str(folders[name]))
        return app_driver.opened("by_hand", model=f"tiny-{name}", what="model", lang=language, **query)

    return open_page


@pytest.mark.parametrize(("name", "language"), [("llama", "zh"), ("bert", "en")])
def test_the_page_shows_the_librarys_walk(name: str, language: str, page: Any, folders: dict[str, Path]) -> None:
    at = page(name, language)
    assert at.session_state["model"] == f"tiny-{name}"
    header, arrays = payload(at)
    assert "\ufffd" not in str(header)
    model, texts = av.load(folders[name])
    site = header["site"]
    batch = texts.encode(texts.examples[0], limit=64)
    expected = watch(model, batch, sites=[site])[site].weights[0]
    np.testing.assert_allclose(arrays["weights"], expected, atol=1e-5)
    assert header["switches"] == ["mask"]
    assert header["groups"] == {"llama": 3, "bert": 3}[name]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_model_that_shows_maps_only_says_so_and_shows_the_way_to_another(language: str, page: Any) -> None:
    at = page("bloom", language)
    assert ("只给出注意力图" if language == "zh" else "shows its maps only, not the numbers") in app_driver.html(at)
    (button,) = [one for one in at.button if one.key == "claim-trial"]
    button.click().run()
    assert payload(at)[0]["steps"]
