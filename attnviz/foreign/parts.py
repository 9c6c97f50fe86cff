"""The parts that a model from elsewhere is drawn with, read off where its attentions lie: no architecture is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.listening import layer_of
from attnviz.model.parts import Part, PartKind

ORDER: tuple[PartKind, ...] = ("norm", "self_attn", "cross_attn", "feed_forward")


@dataclass(frozen=True)
class _Attention:
    """Where an attention lies: the module that attends, what belongs to it around it, and its layer."""

    site: str
    module: str
    around: str
    layer: str


def foreign_parts(model: ForeignModel) -> tuple[Part, ...]:
    """Every part once; their `parameters` sum to those of the model.

    A layer is the entry of a list of modules that holds an attention. In it the child around the attention is that,
    norms are norms, and everything else is feed-forward, as are layers without attention. Outside the layers an
    embedding is one; what is left is the output. Layers that share modules are drawn where they come first.
    """
    modules = dict(model.net.named_modules())
    attentions: dict[str, _Attention] = {}
    for site in model.sites:
        found = _attention(site, model.found(site).module, modules)
        if found is not None:
            attentions.setdefault(found.module, found)
    blocks: dict[str, str] = {}
    for one in attentions.values():
        blocks.setdefault(one.layer, one.site.rsplit(".", 1)[0])
    counts: dict[tuple[str, PartKind, str, str | None], int] = defaultdict(int)
    for name, parameter in model.net.named_parameters():  # shared ones once
        counts[_part_of(name, blocks, tuple(attentions.values()), modules, model)] += parameter.numel()
    kept = [Part(path, kind, block, site, count) for (path, kind, block, site), count in counts.items()]
    head = getattr(model.net, "get_output_embeddings", lambda: None)()
    if head is not None and all(part.kind != "output" for part in kept):  # it multiplies by the embedding's weights
        owner = next((part.path for part in kept if part.kind == "token_embedding"), None)
        kept.append(Part("output", "output", "output", None, 0, owner))
    order = {block: place for place, block in enumerate(blocks.values())}
    return tuple(sorted(kept, key=lambda part: _place(part, order)))


def _attention(site: str, module: str, modules: Mapping[str, nn.Module]) -> _Attention | None:
    layer = layer_of(module)
    if not module or layer is None or layer == module:
        return None
    names = module.split(".")
    inside = [".".join(names[:end]) for end in range(layer.count(".") + 2, len(names) + 1)]
    around = next(path for path in inside if not isinstance(modules[path], nn.ModuleList))
    return _Attention(site, module, around, layer)


def _part_of(
    name: str,
    blocks: Mapping[str, str],
    attentions: Sequence[_Attention],
    modules: Mapping[str, nn.Module],
    model: ForeignModel,
) -> tuple[str, PartKind, str, str | None]:
    """(path, kind, block, site) of the part that a parameter belongs to."""
    owner = name.rsplit(".", 1)[0]
    is_norm = "norm" in type(modules[owner]).__name__.lower()
    for one in attentions:
        if name.startswith(one.around + ".") and (not is_norm or name.startswith(one.module + ".")):
            kind: PartKind = "cross_attn" if one.site.endswith("cross_attn") else "self_attn"
            return one.site, kind, one.site.rsplit(".", 1)[0], one.site
    stack = "encoder" if model.has_encoder and "decoder" not in name.split(".") else "decoder"
    layer = layer_of(name)
    if layer is not None:
        block = blocks.get(layer, stack)
        if is_norm and layer in blocks:
            return owner, "norm", block, None
        return f"{block}.feed_forward", "feed_forward", block, None
    if isinstance(embedding := modules[owner], nn.Embedding):
        said = "token_embedding" if embedding.num_embeddings == model.vocabulary else "positions"
        return owner, said, stack, None  # type: ignore[return-value]
    return (owner, "norm", stack, None) if is_norm else ("output", "output", "output", None)


def _place(part: Part, order: Mapping[str, int]) -> tuple[int, int, int]:
    """Where a part stands in the order of computation: embeddings, blocks, the norm behind them, the output."""
    stack = 0 if part.block.startswith("encoder") else 2 if part.block == "output" else 1
    if part.block in order:
        return stack, 1 + order[part.block], ORDER.index(part.kind)
    embedding = part.kind in ("token_embedding", "positions")
    return stack, 0 if embedding else 1 + len(order), int(part.kind == "positions")
