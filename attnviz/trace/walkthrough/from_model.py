"""The setup of one attention of a real model on a real sentence."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attnviz.data.batch import Batch
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.trace.walkthrough.setup import Affine, Array, FeedForward, Norm, Setup, Variant


class _Residuals:
    """Keeps, as tensors, what the walk starts from: block outputs, the mask, the self-attention's output.

    It wants every site: all of them then run on the explicit path, as when they are watched, to the last bit.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Tensor] = {}

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name in ("output", "mask", "attn_output"):
            self.kept[site, name] = value
        return value


def setup_of(model: Transformer, batch: Batch, site: str, *, example: int = 0, masks: MaskPlan | None = None) -> Setup:
    """What the model computes the attention at `site` from, for one example of `batch`; `masks` None: its own.

    The feed-forward network belongs to it where it comes next: not after a self-attention that cross-attention follows.
    Walking it gives the model's own numbers; edits to it leave the model alone. An unknown site or a batch without the
    inputs that the site needs raises ValueError.
    """
    if site not in model.sites:
        raise ValueError(f"site is {site!r}; this model has {', '.join(model.sites)}")
    stack, layer, kind = site.split(".")
    block_site = f"{stack}.{layer}"
    before = f"{stack}.{int(layer) - 1}"
    self_site = f"{block_site}.self_attn"
    batch = batch.to(model.device)
    probe = _Residuals()
    memory = None
    with inference(model):
        plan = masks or model.default_masks(batch.src, batch.decoder_input)
        if batch.src is not None:
            memory = model.encode(batch.src, masks=plan, probe=probe)
        if stack == "encoder":
            ids, embedding = batch.src, getattr(model, "src_embedding", None)
        else:
            ids, embedding = batch.decoder_input, model.embedding
            if ids is not None:
                model.decode(ids, memory, masks=plan, probe=probe)
        if ids is None or embedding is None:
            raise ValueError(f"the batch has no {'source' if stack == 'encoder' else 'decoder input'}; {site} needs it")
        x = probe.kept[before, "output"] if layer != "0" else embedding(ids)
        block = model.get_submodule(block_site)
        if kind == "cross_attn":
            x = x + probe.kept[self_site, "attn_output"]
            if model.config.norm == "post":
                x = block.get_submodule("norm_self_attn")(x)

    attention = block.get_submodule(kind)
    keys = memory if kind == "cross_attn" and memory is not None else x
    mask = probe.kept[site, "mask"].expand(x.size(0), model.config.n_heads, x.size(1), keys.size(1))
    ends_block = kind == "cross_attn" or stack == "encoder" or not model.config.has_encoder
    return Setup(
        x=_array(x[example]),
        memory=_array(keys[example]) if kind == "cross_attn" else None,
        mask=mask[example].cpu().numpy(),
        query=_affine(attention.get_submodule("q_proj")),
        key=_affine(attention.get_submodule("k_proj")),
        value=_affine(attention.get_submodule("v_proj")),
        out=_affine(attention.get_submodule("out_proj")),
        norm=_norm(block.get_submodule(f"norm_{kind}")),
        n_heads=model.config.n_heads,
        feed_forward=_feed_forward(model, block) if ends_block else None,
        rotary=bool(attention.rotary),
        row_labels=_labels(batch, "src" if stack == "encoder" else "decoder", example),
        column_labels=_labels(batch, "decoder" if stack == "decoder" and kind == "self_attn" else "src", example),
        variant=Variant(divide=model.config.scale_scores, norm=model.config.norm),
        site=site,
    )


def _array(value: Tensor) -> Array:
    array: Array = value.detach().cpu().numpy().copy()
    return array


def _affine(module: nn.Module) -> Affine:
    if type(module) is nn.Linear:
        return Affine(_array(module.weight).T, None if module.bias is None else _array(module.bias))
    # A layer in another guise (adapted, quantized) is still affine: its bias and its rows can be read off.
    width = int(module.in_features)  # type: ignore[arg-type]
    parameter = next(module.parameters())
    with inference(module):
        bias = module(torch.zeros(1, width, dtype=parameter.dtype, device=parameter.device))
        rows = module(torch.eye(width, dtype=parameter.dtype, device=parameter.device)) - bias
    return Affine(_array(rows), _array(bias[0]))


def _norm(module: nn.Module) -> Norm:
    assert isinstance(module, nn.LayerNorm)
    return Norm(_array(module.weight), _array(module.bias), module.eps)


def _feed_forward(model: Transformer, block: nn.Module) -> FeedForward:
    return FeedForward(
        inner=_affine(block.get_submodule("feed_forward.inner")),
        outer=_affine(block.get_submodule("feed_forward.outer")),
        norm=_norm(block.get_submodule("norm_feed_forward")),
        activation=model.config.activation,
    )


def _labels(batch: Batch, side: str, example: int) -> tuple[str, ...]:
    ids = batch.src if side == "src" else batch.decoder_input
    given = batch.src_labels if side == "src" else batch.decoder_labels
    assert ids is not None
    known = given[example] if given else tuple(map(str, ids[example].tolist()))
    return known + ("<pad>",) * (ids.size(1) - len(known))
