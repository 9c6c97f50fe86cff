"""What others would run: their models in a plain training loop. Each says when it is missing."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Step = Callable[[Any], float]  # makes one update from a batch; returns its loss


class Missing(Exception):
    """A peer that is not there, and what would bring it."""


Writer = Callable[[], object]  # writes a text as long as its context, batch 1


def _nanogpt_module(folder: Path | None) -> ModuleType:
    if folder is None or not (folder / "model.py").is_file():
        raise Missing("needs a checkout of nanoGPT: --nanogpt FOLDER or ATTNVIZ_NANOGPT")
    found = importlib.util.spec_from_file_location("nanogpt_model", folder / "model.py")
    assert found is not None, "a file with a name that ends in .py is a module"
    assert found.loader is not None, "and can be loaded"
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def nanogpt_writer(folder: Path | None, *, vocab: int, layers: int, width: int, heads: int, length: int) -> Writer:
    """nanoGPT's own `generate`; raises Missing where there is no checkout."""
    module = _nanogpt_module(folder)
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        model = module.GPT(
            module.GPTConfig(
                block_size=length, vocab_size=vocab, n_layer=layers, n_head=heads, n_embd=width, dropout=0.0, bias=False
            )
        ).eval()
    return lambda: model.generate(torch.ones((1, 1), dtype=torch.long), length - 1)


def hugging_face_writer(*, vocab: int, layers: int, width: int, heads: int, length: int) -> Writer:
    """GPT-2 of transformers, `generate` with its cache and torch's fused attention."""
    model = _gpt2(vocab=vocab, layers=layers, width=width, heads=heads, length=length).eval()
    start = torch.ones((1, 1), dtype=torch.long)
    ends: dict[str, Any] = {"min_new_tokens": length - 1, "max_new_tokens": length - 1, "pad_token_id": 0}
    return lambda: model.generate(start, attention_mask=torch.ones_like(start), do_sample=False, use_cache=True, **ends)


def nanogpt(
    folder: Path | None,
    *,
    vocab: int,
    layers: int,
    width: int,
    heads: int,
    length: int,
    device: str = "cpu",
    steps: int = 0,
) -> Step:
    """nanoGPT's model, optimizer and clipping, eager, from a checkout; raises Missing where there is none.

    Its learning rate is that of `train.py` for a run of `steps`; 0: it stays at the peak. The step has `loss`, which
    says what a batch costs without learning from it.
    """
    module = _nanogpt_module(folder)
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        config = module.GPTConfig(
            block_size=length, vocab_size=vocab, n_layer=layers, n_head=heads, n_embd=width, dropout=0.0, bias=False
        )
        model = module.GPT(config).to(device)
        optimizer = model.configure_optimizers(0.1, 1e-3, (0.9, 0.99), torch.device(device).type)
    taken = 0

    def loss_of(batch: Any) -> Tensor:
        _, loss = model(batch.decoder_input, batch.targets.masked_fill(batch.targets == 0, -1))
        return loss

    def evaluate(batch: Any) -> float:
        model.eval()
        with torch.no_grad():
            found = loss_of(batch).item()
        model.train()
        return found

    def step(batch: Any) -> float:
        nonlocal taken
        for group in optimizer.param_groups if steps else ():
            group["lr"] = _nanogpt_rate(taken, steps)
        taken += 1
        return _updated(model, optimizer, loss_of(batch))

    step.loss = evaluate  # type: ignore[attr-defined]
    return step


def _nanogpt_rate(step: int, steps: int, peak: float = 1e-3, warm_up: int = 100) -> float:
    """Linear to the peak, then a cosine down to a tenth of it: nanoGPT's `get_lr` with its rates for characters."""
    if step < warm_up:
        return peak * (step + 1) / (warm_up + 1)
    done = min(1.0, (step - warm_up) / (steps - warm_up))
    return peak * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


def _gpt2(*, vocab: int, layers: int, width: int, heads: int, length: int) -> Any:
    if importlib.util.find_spec("transformers") is None:
        raise Missing("needs transformers: pip install attnviz[peers]")
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    shape: dict[str, Any] = {"n_positions": length, "n_embd": width, "n_layer": layers, "n_head": heads}
    config = GPT2Config(
        vocab_size=vocab, **shape, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=1, eos_token_id=2
    )
    config._attn_implementation = "sdpa"
    return GPT2LMHeadModel(config)


def hugging_face(*, vocab: int, layers: int, width: int, heads: int, length: int) -> Step:
    """GPT-2 of transformers with torch's fused attention."""
    model = _gpt2(vocab=vocab, layers=layers, width=width, heads=heads, length=length).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)

    def step(batch: Any) -> float:
        logits = model(input_ids=batch.decoder_input, use_cache=False).logits
        return _updated(model, optimizer, functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten()))

    return step


def transformer_lens(*, vocab: int, layers: int, width: int, heads: int, length: int) -> Step:
    """A small model of TransformerLens with its hooks, float32; since its 4.0 that is a native bridge, which replaces
    HookedTransformer."""
    try:
        from transformer_lens.config import TransformerBridgeConfig
        from transformer_lens.model_bridge import TransformerBridge
    except ImportError as error:
        raise Missing("needs TransformerLens 4: pip install attnviz[peers]") from error

    shape: dict[str, Any] = {"n_layers": layers, "d_model": width, "n_heads": heads, "d_head": width // heads}
    config = TransformerBridgeConfig(
        **shape,
        d_mlp=4 * width,
        act_fn="gelu",
        normalization_type="LN",
        n_ctx=length,
        d_vocab=vocab,
        dtype=torch.float32,
        seed=0,
    )
    model = TransformerBridge.boot_native(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)

    def step(batch: Any) -> float:
        logits = model(batch.decoder_input)
        return _updated(model, optimizer, functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten()))

    return step


def tutorial(*, src_vocab: int, vocab: int, layers: int, width: int, heads: int, inner: int, length: int) -> Step:
    """An encoder–decoder as tutorials write it: every step of attention by hand in float32, Adam, label smoothing."""
    torch.manual_seed(0)
    model = _Tutorial(src_vocab, vocab, layers, width, heads, inner, length)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-9)
    smoothed = nn.KLDivLoss(reduction="sum")

    def step(batch: Any) -> float:
        log_p = model(batch.src, batch.decoder_input).log_softmax(-1).flatten(0, 1)
        wanted = batch.targets.flatten()
        with torch.no_grad():
            ideal = torch.full_like(log_p, 0.1 / (vocab - 2))
            ideal.scatter_(1, wanted[:, None], 0.9)
            ideal[:, 0] = 0
            ideal[wanted == 0] = 0
        return _updated(model, optimizer, smoothed(log_p, ideal) / (wanted != 0).sum(), clip=False)

    return step


def _updated(model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor, *, clip: bool = True) -> float:
    loss.backward()
    if clip:
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


class _Heads(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        size, width = x.size(0), x.size(2)
        q, k, v = (
            layer(y).view(size, -1, self.heads, width // self.heads).transpose(1, 2)
            for layer, y in ((self.q, x), (self.k, memory), (self.v, memory))
        )
        scores = (q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))).masked_fill(mask == 0, -1e9)
        seen = self.dropout(scores.softmax(-1)) @ v
        out: Tensor = self.out(seen.transpose(1, 2).contiguous().view(size, -1, width))
        return out


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int, crosses: bool) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(_Heads(width, heads) for _ in range(1 + crosses))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 + crosses))
        self.feed = nn.Sequential(nn.Linear(width, inner), nn.ReLU(), nn.Dropout(0.0), nn.Linear(inner, width))

    def forward(self, x: Tensor, mask: Tensor, memory: Tensor | None = None, source: Tensor | None = None) -> Tensor:
        y = self.norms[0](x)
        x = x + self.attentions[0](y, y, mask)
        if memory is not None:
            x = x + self.attentions[1](self.norms[1](x), memory, source)
        fed: Tensor = x + self.feed(self.norms[-1](x))
        return fed


class _Tutorial(nn.Module):
    def __init__(
        self, src_vocab: int, vocab: int, layers: int, width: int, heads: int, inner: int, length: int
    ) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(src_vocab, width), nn.Embedding(vocab, width)
        self.places = nn.Embedding(length, width)
        self.encoder = nn.ModuleList(_Block(width, heads, inner, False) for _ in range(layers))
        self.decoder = nn.ModuleList(_Block(width, heads, inner, True) for _ in range(layers))
        self.norms = nn.ModuleList((nn.LayerNorm(width), nn.LayerNorm(width)))
        self.scale = math.sqrt(width)
        self.output = nn.Linear(width, vocab)

    def forward(self, src: Tensor, ids: Tensor) -> Tensor:
        padding = (src != 0)[:, None, None, :]
        places = torch.arange(ids.size(1))
        causal = (places[None, :] <= places[:, None]) & (ids != 0)[:, None, None, :]
        x = self.source(src) * self.scale + self.places.weight[: src.size(1)]
        for block in self.encoder:
            x = block(x, padding)
        memory = self.norms[0](x)
        x = self.target(ids) * self.scale + self.places.weight[: ids.size(1)]
        for block in self.decoder:
            x = block(x, causal, memory, padding)
        logits: Tensor = self.output(self.norms[1](x))
        return logits
