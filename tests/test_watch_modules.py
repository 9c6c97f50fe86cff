"""Any module that attends through torch's functions: weights as torch computes them, and nothing left behind."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import attnviz as av
from attnviz.foreign.modules import ModuleTrace

B, H, T, S, C = 2, 3, 5, 7, 12


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*nested.tensor.*")
        yield


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def hooks(module: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("masked", ["no", "bool", "float", "per head", "padding"])
@pytest.mark.parametrize("learning", [True, False])
def test_multihead_attention_equals_need_weights(batch_first: bool, masked: str, learning: bool) -> None:
    torch.manual_seed(1)
    module = nn.MultiheadAttention(C, H, dropout=0.5 if not learning else 0.0, batch_first=batch_first)
    module.train(learning)
    shape = ((B, T, C), (B, S, C)) if batch_first else ((T, B, C), (S, B, C))
    query, memory = drawn(*shape[0]), drawn(*shape[1], seed=2)
    mask: dict[str, Any] = {}
    if masked == "bool":
        mask["attn_mask"] = torch.rand(T, S, generator=torch.Generator().manual_seed(4)) < 0.3
        mask["attn_mask"][:, 0] = False
    elif masked == "float":
        mask["attn_mask"] = drawn(T, S, seed=5).masked_fill(torch.eye(T, S, dtype=torch.bool), -math.inf)
    elif masked == "per head":
        mask["attn_mask"] = torch.rand(B * H, T, S, generator=torch.Generator().manual_seed(6)) < 0.3
        mask["attn_mask"][..., 1] = False
    elif masked == "padding":
        mask["key_padding_mask"] = torch.tensor([[False] * S, [False] * 4 + [True] * 3])
    trace = av.watch(module, {"query": query, "key": memory, "value": memory, "need_weights": False, **mask})
    assert isinstance(trace, ModuleTrace)
    expected, weights = module(query, memory, memory, average_attn_weights=False, **mask)
    record = trace["decoder.0.cross_attn"]
    np.testing.assert_allclose(record.weights, weights.detach().numpy(), atol=1e-6)
    torch.testing.assert_close(trace.output[0], expected, atol=1e-6, rtol=1e-5)
    assert trace.output[1] is None
    assert (record.weights[~record.mask] == 0).all()
    assert hooks(module) == 0


@pytest.mark.parametrize("eval_mode", [True, False])
def test_an_encoder_is_watched_off_its_fast_path(eval_mode: bool) -> None:
    torch.manual_seed(2)
    layer = nn.TransformerEncoderLayer(C, 2, 17, dropout=0.0, batch_first=True)
    module = nn.TransformerEncoder(layer, 3).train(not eval_mode)
    x, padding = drawn(B, T, C), torch.tensor([[False] * T, [False] * 3 + [True] * 2])
    with torch.no_grad():
        trace = av.watch(module, {"src": x, "src_key_padding_mask": padding})
        state = x
        for number, part in enumerate(module.layers):
            _, weights = part.self_attn(state, state, state, key_padding_mask=padding, average_attn_weights=False)
            np.testing.assert_allclose(trace[f"layers.{number}.self_attn"].weights, weights.numpy(), atol=1e-6)
            state = part(state, src_key_padding_mask=padding)
        real = ~padding
        torch.testing.assert_close(trace.output[real], module(x, src_key_padding_mask=padding)[real])
    assert trace.kinds == ("encoder_self",)
    assert trace.weights("encoder_self").shape == (3, B, 2, T, T)
    assert not trace.mask("encoder_self")[:, 1, :, :, 3:].any()
    assert hooks(module) == 0


def test_a_whole_transformer_has_its_three_kinds() -> None:
    torch.manual_seed(3)
    module = nn.Transformer(C, H, 2, 2, 17, dropout=0.0, batch_first=True).eval()
    causal = nn.Transformer.generate_square_subsequent_mask(T)
    trace = av.watch(module, {"src": drawn(B, S, C), "tgt": drawn(B, T, C, seed=1), "tgt_mask": causal})
    assert trace.kinds == ("encoder_self", "decoder_self", "cross")
    assert trace.modules["decoder.layers.1.multihead_attn"] == "decoder.1.cross_attn"
    assert trace["encoder.layers.0.self_attn"].weights.shape == (B, H, S, S)
    ahead = np.triu(np.ones((T, T), dtype=bool), 1)
    assert (trace.weights("decoder_self")[..., ahead] == 0).all()
    assert trace.statistics("cross").entropy.shape == (2, B, H)
    figure = av.figures.attention_grid(trace, kind="cross", item=1)
    assert figure.data


class Own(nn.Module):
    """Attention as people write it: projections of their own around torch's function."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.inner = nn.ModuleDict({"qkv": nn.Linear(C, 3 * C)})
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (y.unflatten(-1, (H, -1)).transpose(1, 2) for y in self.inner["qkv"](x).chunk(3, dim=-1))
        return functional.scaled_dot_product_attention(q, k, v, **self.how).transpose(1, 2).flatten(2)


@pytest.mark.parametrize("what", ["plain", "causal", "bool", "float", "scale"])
def test_scaled_dot_product_attention_equals_the_explicit_one(what: str) -> None:
    how: dict[str, Any] = {
        "plain": {},
        "causal": {"is_causal": True},
        "bool": {"attn_mask": torch.rand(T, T, generator=torch.Generator().manual_seed(4)) < 0.6},
        "float": {"attn_mask": drawn(H, T, T, seed=6)},
        "scale": {"scale": 0.7},
    }[what]
    module = Own(**how)
    x = drawn(B, T, C).requires_grad_()
    trace = av.watch(module, x)
    q, k, _ = (y.unflatten(-1, (H, -1)).transpose(1, 2) for y in module.inner["qkv"](x).chunk(3, dim=-1))
    scores = q @ k.transpose(-2, -1) * how.get("scale", (C // H) ** -0.5)
    mask = torch.ones(T, T, dtype=torch.bool)
    if what == "causal":
        mask = torch.ones(T, T, dtype=torch.bool).tril()
    elif what == "bool":
        mask = how["attn_mask"]
    elif what == "float":
        scores = scores + how["attn_mask"]
    weights = scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0)
    (record,) = trace.records.values()
    np.testing.assert_allclose(record.weights, weights.detach().numpy(), atol=1e-6)
    assert np.array_equal(record.mask, mask.expand(B, H, T, T).numpy())
    assert trace.kinds == (("decoder_self",) if what == "causal" else ("encoder_self",))
    assert set(trace.modules) == {""}
    trace.output.sum().backward()  # gradients flow as they would
    assert x.grad is not None


def test_shared_keys_and_a_module_that_is_called_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attend = nn.MultiheadAttention(C, H, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(2):
                x = x + self.attend(x, x, x, need_weights=False)[0]
            grouped = functional.scaled_dot_product_attention(
                x[:, None].expand(-1, 4, -1, -1), x[:, None].expand(-1, 2, -1, -1), x[:, None], enable_gqa=True
            )
            return grouped.sum(1)

    trace = av.watch(Twice(), drawn(B, T, C))
    assert list(trace.modules) == ["attend", "attend#2", ""]
    assert trace[""].weights.shape == (B, 4, T, T)
    assert not np.array_equal(trace["attend"].weights, trace["attend#2"].weights)


def test_nothing_is_left_behind_after_an_exception() -> None:
    class Breaking(Own):
        def forward(self, x: Tensor) -> Tensor:
            super().forward(x)
            raise RuntimeError("stop")

    module = Breaking()
    before = functional.scaled_dot_product_attention
    with pytest.raises(RuntimeError, match="stop"):
        av.watch(module, drawn(B, T, C))
    assert hooks(module) == 0
    assert functional.scaled_dot_product_attention is before
    assert not torch.overrides._get_current_function_mode_stack()


@pytest.mark.parametrize("what", [5, None, "text", [], (), {}, 3.5, {1, 2}])
def test_what_cannot_be_given_to_a_module_is_one_clear_error(what: Any) -> None:
    with pytest.raises(ValueError, match="cannot be given to MultiheadAttention; allowed: a tensor"):
        av.watch(nn.MultiheadAttention(C, H), what)


def test_other_mistakes_are_said_too() -> None:
    with pytest.raises(ValueError, match=r"int \(5\) is no model"):
        av.watch(5, drawn(B, T, C))  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="Linear never attends"):
        av.watch(nn.Linear(C, C), drawn(B, T, C))
    model, _ = av.load("pinyin")
    with pytest.raises(ValueError, match=r"int \(5\) cannot be read"):
        av.watch(model, 5)
    with pytest.raises(KeyError, match="'nothing' was not watched"):
        av.watch(Own(), drawn(B, T, C))["nothing"]
    with pytest.raises(ValueError, match="masks, interventions"):
        av.watch(Own(), drawn(B, T, C), sites=["encoder.0.self_attn"])  # type: ignore[call-overload]


# ---- Hugging Face models that somebody has already --------------------------------------------------------


def test_a_model_of_transformers_is_watched_and_left_as_it_was() -> None:
    pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")
    from foreign_configs import make

    ids = torch.tensor([[7, 8, 9, 10, 11]])
    for name, given in (
        ("bert", ids),
        ("llama", {"input_ids": ids, "attention_mask": torch.ones_like(ids)}),
        ("t5", (ids, ids[:, :3])),
    ):
        net = make(name).train()
        before = net.config._attn_implementation
        trace = av.watch(net, given)
        assert net.training
        assert net.config._attn_implementation == before
        assert all(np.allclose(record.row_sums, 1, atol=1e-5) for record in trace.records.values())
    net = make("bert").eval()
    with torch.no_grad():
        assert np.allclose(av.watch(net, ids).logits, net(ids).logits.numpy(), atol=1e-4)
    with pytest.raises(ValueError, match="attention_mask is not 1 everywhere"):
        av.watch(net, {"input_ids": ids, "attention_mask": torch.tensor([[1, 1, 1, 0, 0]])})
    with pytest.raises(ValueError, match="position_ids cannot be watched"):
        av.watch(net, {"input_ids": ids, "position_ids": ids})
    assert net.config._attn_implementation == before


# ---- figures take what people have ------------------------------------------------------------------------


def hugging_face_attentions(dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    return tuple(drawn(B, H, T, T, seed=layer).softmax(-1).to(dtype).requires_grad_() for layer in range(4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_figures_take_tuples_of_tensors_of_any_precision_that_want_gradients(dtype: torch.dtype) -> None:
    layers = hugging_face_attentions(dtype)
    tokens = list("abcde")
    expected = np.stack([layer.detach().float().numpy() for layer in layers])
    found = av.figures.attention_grid(layers, rows=tokens, columns=tokens, item=1)
    plain = av.figures.attention_grid(expected[:, 1], rows=tokens, columns=tokens)
    assert found.to_json() == plain.to_json()
    assert av.figures.attention_grid(list(layers), item=1).data
    for one in (layers[0][0, 0], layers[0][0, 0].tolist()):
        assert av.figures.attention_head(one, tokens, tokens).data
        assert av.figures.attention_lines(one, tokens, tokens).data


def test_figures_refuse_in_words() -> None:
    layers = hugging_face_attentions()
    with pytest.raises(ValueError, match="holds None where a layer's weights should be"):
        av.figures.attention_grid((layers[0], None))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="layers of different shapes"):
        av.figures.attention_grid((layers[0], layers[1][..., :3]))
    with pytest.raises(ValueError, match="ragged"):
        av.figures.attention_head([[1.0, 2.0], [3.0]])
    with pytest.raises(ValueError, match=r"item is 2; allowed: 0 to 1"):
        av.figures.attention_grid(layers, item=2)
