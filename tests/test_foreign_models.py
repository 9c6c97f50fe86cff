"""Hugging Face models behind our questions: the same numbers as their own, our masks and switches inside them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

transformers = pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import CONFIGS, OTHERS, VOCAB, make  # noqa: E402

from attnviz.data import Batch  # noqa: E402
from attnviz.decoding import DecoderSession, greedy  # noqa: E402
from attnviz.errors import ForeignError  # noqa: E402
from attnviz.foreign.adapter import ForeignModel  # noqa: E402
from attnviz.masks import MaskPlan, cells, full  # noqa: E402
from attnviz.model import WatchedModel  # noqa: E402
from attnviz.model.inference import inference  # noqa: E402
from attnviz.trace import HeadsOff, Temperature, head_effects, influence, verdict, watch  # noqa: E402

S, T = 11, 13
GATED = {"qwen3.5"}  # what a gate multiplies is not what the head made
SLIDING = ("gemma2", "gemma3", "mistral", "gpt-oss")


@cache
def opened(name: str) -> ForeignModel:
    return ForeignModel(make(name), name=name)


def batch_for(model: ForeignModel, size: int = 1, seed: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(seed)

    def ids(length: int) -> Tensor:
        return torch.randint(5, VOCAB, (size, length), generator=generator)

    pixels = None
    if model.reads == "pixels":
        pixels = torch.randn(size, 3, 12, 12, generator=generator)
    elif model.reads == "features":
        pixels = torch.randn(size, 5, 22, generator=generator)
    src = ids(S) if model.has_encoder and pixels is None else None
    return Batch(src=src, decoder_input=ids(T) if model.has_decoder else None, targets=None, pixels=pixels, pad_id=None)


def logits_of(model: ForeignModel, batch: Batch, **how: Any) -> Tensor:
    with inference(model):
        return model(batch.source, batch.decoder_input, **how)


def relative(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())


def eager_output(name: str, batch: Batch) -> Any:
    net = make(name)
    net.set_attn_implementation("eager")
    given = {net.main_input_name: batch.source if batch.source is not None else batch.decoder_input}
    if batch.source is not None and batch.decoder_input is not None:
        given["decoder_input_ids"] = batch.decoder_input
    with torch.no_grad():
        return net(**given, output_attentions=True)


@pytest.mark.parametrize("name", CONFIGS)
def test_weights_and_logits_are_those_of_the_models_own_attention(name: str) -> None:
    model = opened(name)
    assert isinstance(model, WatchedModel)
    assert not model.maps_only
    batch = batch_for(model, size=2)
    trace = watch(model, batch)
    output = eager_output(name, batch)
    fields = {
        "encoder_self": ("encoder_attentions", "attentions"),
        "decoder_self": ("decoder_attentions", "attentions"),
        "cross": ("cross_attentions",),
    }
    for kind in model.kinds:
        expected = next(found for field in fields[kind] if (found := getattr(output, field, None)))
        expected = [weights for weights in expected if weights is not None]
        assert len(expected) == len(model.sites_of(kind))
        for site, weights in zip(model.sites_of(kind), expected, strict=True):
            assert trace[site].weights.shape == (2, model.heads(site), *weights.shape[2:])
            np.testing.assert_allclose(trace[site].weights, weights.numpy(), atol=1e-6)
            assert (trace[site].weights[~trace[site].mask] == 0).all()
    said = output.logits if hasattr(output, "logits") else output.last_hidden_state
    said = said[:, None] if said.dim() == 2 else said
    assert relative(torch.from_numpy(trace.logits), said) <= 1e-5


@pytest.mark.parametrize("name", CONFIGS)
def test_masks_that_change_nothing_change_nothing(name: str) -> None:
    model = opened(name)
    assert "paint" in model.can
    batch = batch_for(model, size=2)
    plain = logits_of(model, batch)
    own = model.default_masks(batch.source, batch.decoder_input)
    assert relative(logits_of(model, batch, masks=own), plain) <= 1e-5
    wider = replace(own, by_site={site: own.at(site) & full() for site in model.sites})
    assert relative(logits_of(model, batch, masks=wider), plain) <= 1e-5
    watched = torch.from_numpy(watch(model, batch, masks=own).logits)
    assert relative(watched, plain) <= 1e-5


@pytest.mark.parametrize("name", CONFIGS)
def test_a_head_that_is_off_is_its_slice_of_the_output_projection_set_to_zero(name: str) -> None:
    model = opened(name)
    batch = batch_for(model)
    for site in {model.sites[0], model.sites[-1]}:
        head = model.heads(site) - 1
        found = logits_of(model, batch, probe=HeadsOff([(site, head)]))
        assert relative(found, logits_of(model, batch)) > 1e-6
        if name in GATED:
            continue
        width = watch(model, batch, sites=[site])[site].head_output.shape[-1]
        expected = without_slice(model, batch, site, slice(head * width, (head + 1) * width))
        assert relative(found, expected) <= 1e-5


def without_slice(model: ForeignModel, batch: Batch, site: str, columns: slice) -> Tensor:
    """The logits when the layer that joins the heads of a site reads zeros in some columns. The layer is found by what
    it is given: the heads, side by side."""
    heads = watch(model, batch, sites=[site])[site].head_output
    joined = torch.from_numpy(heads).transpose(1, 2).flatten(2)
    handles, calls = [], []

    def hook(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        x = given[0]
        if not isinstance(x, Tensor) or x.numel() != joined.numel():
            return None
        # One module may serve several layers: what comes first with these numbers is it.
        if calls or not torch.allclose(x.reshape(joined.shape), joined, atol=1e-5):
            return None
        calls.append(module)
        x = x.clone()
        x.reshape(joined.shape)[..., columns] = 0.0
        return (x, *given[1:])

    for module in model.net.modules():
        if not list(module.children()) and any(p.dim() == 2 for p in module.parameters(recurse=False)):
            handles.append(module.register_forward_pre_hook(hook))
    try:
        logits = logits_of(model, batch)
    finally:
        for handle in handles:
            handle.remove()
    assert len(calls) == 1
    return logits


@pytest.mark.parametrize("name", CONFIGS)
def test_a_painted_cell_is_exactly_zero_and_leaves_the_other_heads_alone(name: str) -> None:
    model = opened(name)
    batch = batch_for(model)
    own = model.default_masks(batch.source, batch.decoder_input)
    site = model.sites[0]
    plain = watch(model, batch, sites=[site])[site]
    head, query = model.heads(site) - 1, 4
    key = int(plain.weights[0, head, query].argmax())
    plan = own.with_heads(site, [head], own.at(site) & ~cells([(query, key)]))
    painted = watch(model, batch, masks=plan, sites=[site])[site]
    assert plain.weights[0, head, query, key] > 0
    assert painted.weights[0, head, query, key] == 0
    others = [other for other in range(model.heads(site)) if other != head]
    assert np.array_equal(painted.weights[:, others], plain.weights[:, others])
    rows = [row for row in range(plain.weights.shape[2]) if row != query]
    assert np.array_equal(painted.weights[:, head, rows], plain.weights[:, head, rows])


WRITING = ("CausalLM", "LMHeadModel", "Generation", "MTModel")
DECODERS = [name for name, (_, model_class, _) in CONFIGS.items() if model_class.endswith(WRITING)]


@pytest.mark.parametrize("name", DECODERS)
def test_decoding_with_kept_keys_and_values_gives_the_same_logits(name: str) -> None:
    model = opened(name)
    batch = batch_for(model, size=2)
    assert batch.decoder_input is not None
    whole = logits_of(model, batch)
    for masks in (None, model.default_masks(batch.source, batch.decoder_input)):
        session = DecoderSession(model, batch.source, masks=masks)
        assert session.cached == (model.layers_without_map == 0)
        pieces = [session.feed(piece) for piece in batch.decoder_input.split([3, 1, 1, 1, 7], dim=1)]
        assert relative(torch.cat(pieces, dim=1), whole) <= 1e-5
        session.rewind(5)
        session.select([1, 0])
        again = session.feed(batch.decoder_input[[1, 0], 5:])
        assert relative(again, whole[[1, 0], 5:]) <= 1e-5


@pytest.mark.parametrize("name", SLIDING)
def test_a_cache_keeps_its_columns_far_past_a_sliding_window(name: str) -> None:
    model = opened(name)
    assert any("window(5)" in str(model.found(site).own_mask) for site in model.sites)
    ids = torch.randint(5, VOCAB, (1, 3 * 5 + 4), generator=torch.Generator().manual_seed(7))
    with inference(model):
        whole = model(None, ids)
    session = DecoderSession(model, masks=model.default_masks(None, ids))
    assert session.cached
    steps = [session.feed(column) for column in ids.split(1, dim=1)]
    assert relative(torch.cat(steps, dim=1), whole) <= 1e-5
    assert set(session.kept().values()) == {ids.size(1)}


def test_greedy_decoding_is_that_of_generate() -> None:
    for name in ("llama", "gpt2", "marian", "t5"):
        model = opened(name)
        batch = batch_for(model)
        bos = getattr(model.config, "decoder_start_token_id", None) if model.has_encoder else 1
        assert bos is not None
        said = greedy(model, batch.source, bos_id=bos, eos_id=None, max_len=17)
        net = make(name)
        given = {"inputs": batch.source} if model.has_encoder else {"inputs": torch.tensor([[bos]])}
        expected = net.generate(
            **given, max_new_tokens=17, min_new_tokens=17, do_sample=False, eos_token_id=None, pad_token_id=0,
            forced_eos_token_id=None, forced_bos_token_id=None, num_beams=1,
        )  # fmt: skip
        assert expected[0, 1:].tolist() == said[0].tolist()


@pytest.mark.parametrize("name", [*SLIDING, "llama", "gpt2", "t5", "bart", "deepseek-v3"])
def test_the_future_leaks_only_through_a_painted_cell(name: str) -> None:
    model = opened(name)
    batch = batch_for(model)
    amounts = influence(model, batch, "decoder", inputs=[5, 12])
    later = np.array([[token > row for token in (5, 12)] for row in range(T)])
    assert (amounts[later] == 0).all()
    own = model.default_masks(batch.source, batch.decoder_input)
    plan = own.with_site("decoder.0.self_attn", own.at("decoder.0.self_attn") | cells([(2, 5)]))
    leaking = np.zeros((T, T), dtype=np.float32)
    leaking[:, [5]] = influence(model, batch, "decoder", inputs=[5], masks=plan)
    found = verdict(leaking > 1e-6, leaking)
    assert found.first is not None
    assert (found.first.row, found.first.token) == (2, 5)


def test_a_module_that_serves_several_layers_has_a_site_for_each() -> None:
    model = opened("albert")
    assert len(model.sites) == 5
    assert len({model.found(site).module for site in model.sites}) == 1
    batch = batch_for(model)
    plain = watch(model, batch)
    off = watch(model, batch, interventions=[HeadsOff([("encoder.3.self_attn", 1)])])
    for layer in range(4):
        site = f"encoder.{layer}.self_attn"
        assert np.array_equal(plain[site].weights, off[site].weights)
    assert (off["encoder.3.self_attn"].head_output[:, 1] == 0).all()
    assert not np.array_equal(plain["encoder.4.self_attn"].weights, off["encoder.4.self_attn"].weights)


def test_what_a_sink_takes_and_the_weights_make_one() -> None:
    model = opened("gpt-oss")
    for record in watch(model, batch_for(model)).records.values():
        assert record.sink is not None
        assert record.sink.shape == record.weights.shape[:3]
        assert (record.row_sums < 1).all()
        np.testing.assert_allclose(record.row_sums + record.sink, 1, atol=1e-6)


def test_heads_that_share_keys_and_values_are_grouped() -> None:
    model = opened("llama")
    site = model.sites[0]
    assert (model.heads(site), model.groups(site)) == (6, 3)
    record = watch(model, batch_for(model))[site]
    assert np.array_equal(record.k[:, 0], record.k[:, 1])
    assert not np.array_equal(record.k[:, 1], record.k[:, 2])


def test_a_hybrid_says_how_many_layers_have_no_map() -> None:
    model = opened("qwen3.5")
    assert (len(model.sites), model.layers_without_map) == (1, 3)
    assert model.found(model.sites[0]).module.startswith("model.layers.3")


def test_filling_is_hidden_and_the_rest_of_the_row_as_if_it_were_alone() -> None:
    for name in ("bert", "bart"):
        model = opened(name)
        batch = batch_for(model)
        assert batch.src is not None
        padded = replace(batch, src=torch.cat([batch.src, torch.zeros(1, 4, dtype=torch.long)], dim=1))
        alone = logits_of(model, batch)
        length = alone.size(1)
        assert relative(logits_of(model, padded)[:, :length], alone) <= 1e-5
        trace = watch(model, padded)
        assert (trace[model.sites[0]].weights[..., S:] == 0).all()


def test_effects_of_all_heads_in_one_pass_are_those_of_each_alone() -> None:
    for name in ("bert", "llama", "marian"):
        model = opened(name)
        batch = batch_for(model)
        ids = batch.decoder_input if batch.decoder_input is not None else batch.src
        assert ids is not None
        batch = replace(batch, targets=ids.roll(-1, 1))
        plain = watch(model, batch, sites=[]).loss
        effects = head_effects(model, batch)
        assert len(effects) == sum(model.heads(site) for site in model.sites)
        for effect in (effects[1], effects[-1]):
            off = watch(model, batch, sites=[], interventions=[HeadsOff([(effect.site, effect.head)])]).loss
            assert off is not None
            assert plain is not None
            assert effect.loss == pytest.approx(off - plain, abs=1e-4)


def test_maps_alone_are_kept_where_nothing_else_is_asked_for() -> None:
    model = opened("llama")
    trace = watch(model, batch_for(model), taps=())
    record = trace[model.sites[0]]
    assert record.row_sums == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match=r"scores of decoder\.0\.self_attn was not kept"):
        _ = record.scores
    with pytest.raises(ValueError, match="tap is 'scoers'"):
        watch(model, batch_for(model), taps=["scoers"])


def test_threads_look_into_one_model_without_seeing_each_other() -> None:
    model = opened("llama")
    batches = [batch_for(model, seed=seed) for seed in range(3)]
    alone = [watch(model, batch) for batch in batches]
    found: dict[int, list[np.ndarray]] = {}

    def look(number: int) -> None:
        probe = [] if number else [Temperature(3.0)]
        found[number] = [watch(model, batches[number], interventions=probe)[model.sites[1]].weights for _ in range(5)]

    threads = [threading.Thread(target=look, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (1, 2):
        assert all(np.array_equal(weights, alone[number][model.sites[1]].weights) for weights in found[number])
    assert not np.allclose(found[0][0], alone[0][model.sites[1]].weights)


def test_a_model_is_itself_again_after_an_exception() -> None:
    model = opened("bert")
    batch = batch_for(model)
    plain = logits_of(model, batch)

    class Breaking:
        def wants(self, site: str) -> bool:
            return True

        def tap(self, site: str, name: str, value: Tensor) -> Tensor:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        logits_of(model, batch, probe=Breaking())
    assert torch.equal(logits_of(model, batch), plain)


def test_inputs_that_do_not_fit_are_refused_in_words() -> None:
    bert, marian, gpt2 = opened("bert"), opened("marian"), opened("gpt2")
    ids = torch.full((1, 5), 7)
    with pytest.raises(ValueError, match="src is missing; bert needs it"):
        bert(None, None)
    with pytest.raises(ValueError, match="decoder_input is missing; marian needs it"):
        marian(ids, None)
    with pytest.raises(ForeignError) as refused:
        gpt2(None, torch.full((1, 65), 7))
    assert (refused.value.code, refused.value.details["limit"]) == ("foreign_too_long", 64)


# ---- what does not let others attend for it ---------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "longformer"])
def test_others_show_their_maps_only_and_say_what_they_always_said(name: str) -> None:
    model = opened(name)
    assert model.maps_only
    assert model.can <= {"maps", "loss", "decode"}
    batch = batch_for(model)
    ids = batch.src if batch.src is not None else batch.decoder_input
    with torch.no_grad():
        expected = make(name)(ids, output_attentions=True)
    trace = watch(model, batch)
    assert relative(torch.from_numpy(trace.logits), expected.logits) <= 1e-6
    for site, weights in zip(model.sites, expected.attentions, strict=True):
        np.testing.assert_allclose(trace[site].weights, weights.numpy(), atol=1e-6)
        np.testing.assert_allclose(trace[site].row_sums, 1, atol=1e-5)
    if model.has_decoder:
        assert trace.weights("decoder_self")[..., *np.triu_indices(T, 1)].max() == 0
    own = model.default_masks(batch.src, batch.decoder_input)
    assert relative(logits_of(model, batch, masks=own), expected.logits) <= 1e-6
    refusals: list[Callable[[], object]] = [
        lambda: logits_of(model, batch, masks=own.with_site(model.sites[0], ~cells([(3, 1)]))),
        lambda: watch(model, batch, interventions=[HeadsOff([(model.sites[0], 1)])]),
        lambda: watch(model, batch, interventions=[Temperature(2.0)]),
    ]
    for refused in refusals:
        with pytest.raises(ForeignError) as error:
            refused()
        assert error.value.code == "foreign_maps_only"


def test_maps_that_are_not_queries_by_keys_are_refused() -> None:
    with pytest.raises(ForeignError, match="attention of longformer cannot be watched"):
        opened("longformer")


def test_a_model_that_computes_something_else_when_asked_for_maps_is_refused() -> None:
    config = transformers.FalconConfig(**OTHERS["falcon"][2])
    config._attn_implementation = "sdpa"
    torch.manual_seed(0)
    with pytest.raises(ForeignError) as error:
        ForeignModel(transformers.FalconForCausalLM(config))
    assert error.value.code == "foreign_no_attention"


def test_a_plan_may_name_any_site() -> None:
    model = opened("marian")
    batch = batch_for(model)
    plan = MaskPlan(by_site={"decoder.1.cross_attn": ~cells([(0, 0)])}, decoder_self=full())
    weights = watch(model, batch, masks=plan)["decoder.1.cross_attn"].weights
    assert (weights[:, :, 0, 0] == 0).all()
    assert (weights[:, :, 0, 1:] > 0).all()
