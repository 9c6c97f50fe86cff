"""A LoRA by itself: a few kilobytes that turn a base model into the tuned one. Loading never executes code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize

from attnviz.data import Vocabulary
from attnviz.errors import FineTuneError, Notice
from attnviz.model import Transformer
from attnviz.model.lora import FACTORS, LoRALinear, lora_layers, lora_weights, replace_module
from attnviz.training.finetuning.tuner import FineTuner

WEIGHTS = "lora.safetensors"
DESCRIPTION = "lora.json"
FORMAT = "attnviz-lora"
VERSION = 1
MAX_BYTES = 64 * 2**20
MOST_RANK = 4096


def save_lora(path: str | Path, tuner: FineTuner) -> Path:
    """Write lora.safetensors and lora.json into the folder `path` and return it.

    Raises FineTuneError: "lora_none" when the run trains none, "lora_vocabulary" when it trains other tensors besides,
    so that the LoRA alone would not be the model.
    """
    layers = lora_layers(tuner.model)
    if not layers:
        raise FineTuneError("lora_none", strategy=tuner.finetune.strategy)
    for plan in tuner.prepared.plans:
        if plan.trains_from is not None and plan.name.rpartition(".")[2] not in FACTORS:
            raise FineTuneError("lora_vocabulary", name=plan.name)
    config = tuner.finetune
    vocabulary = tuner.task.tgt_vocab
    description = {
        "format": FORMAT,
        "format_version": VERSION,
        "base": tuner.prepared.start.name,
        "base_weights": weights_digest(tuner.prepared.before),
        "rank": config.lora_rank,
        "alpha": config.lora_alpha,
        "targets": list(config.lora_targets),
        "layers": sorted(layers),
        "task": tuner.task.info.name,
        "vocabulary": _digest(vocabulary),
        "steps": tuner.step_number,
    }
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    weights = serialize(lora_weights(tuner.model), metadata={"format": "pt"})
    text = json.dumps(description, ensure_ascii=False, indent=1) + "\n"
    for name, content in ((WEIGHTS, weights), (DESCRIPTION, text.encode("utf-8"))):
        part = folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(folder / name)
    return folder


def load_lora(path: str | Path, model: Transformer, vocabulary: Vocabulary | None = None) -> dict[str, Any]:
    """Put the LoRA of a folder beside the layers of a base model, unmerged; returns its description.

    Everything is compared before anything is changed: a file for another shape raises FineTuneError and leaves the
    model as it is. `vocabulary`: what the model says; one that differs from the LoRA's is refused.
    """
    folder = Path(path)
    description = _description(folder / DESCRIPTION)
    if vocabulary is not None and description.get("vocabulary") != _digest(vocabulary):
        raise FineTuneError("lora_vocabulary", name="tgt_vocab")
    if lora_layers(model):
        raise FineTuneError("lora_file", file=DESCRIPTION, problem="has_lora")
    rank, alpha, names = description["rank"], description["alpha"], description["layers"]
    made: dict[str, LoRALinear] = {}
    try:
        size = (folder / WEIGHTS).stat().st_size
        if size > MAX_BYTES:
            raise FineTuneError("lora_file", file=WEIGHTS, problem=Notice("reason_bytes", {"given": size}))
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            keys = set(file.keys())
            wanted = {f"{name}.{factor}" for name in names for factor in FACTORS}
            if keys != wanted:
                raise FineTuneError(
                    "lora_file", file=WEIGHTS, problem=Notice("reason_missing_or_unknown", {"name": min(keys ^ wanted)})
                )
            for name in names:
                made[name] = _layer(model, name, rank, alpha, file)
    except FineTuneError:
        raise
    except (SafetensorError, OSError, ValueError, TypeError, LookupError) as error:
        raise FineTuneError("lora_file", file=WEIGHTS, problem=error) from None
    if description.get("base_weights") not in (None, weights_digest(model)):
        raise FineTuneError("lora_base", base=description["base"][:80])
    for name, layer in made.items():
        replace_module(model, name, layer)
    return description


def _layer(model: Transformer, name: str, rank: int, alpha: float, file: Any) -> LoRALinear:
    try:
        base = model.get_submodule(name)
    except AttributeError:
        base = None
    if not isinstance(base, torch.nn.Linear):
        raise FineTuneError("lora_layers", name=name[:100])
    needed = {"lora_a": (rank, base.in_features), "lora_b": (base.out_features, rank)}
    values = {}
    for factor, shape in needed.items():
        given = tuple(file.get_slice(f"{name}.{factor}").get_shape())
        if given != shape:
            raise FineTuneError("lora_shape", name=f"{name}.{factor}", given=list(given), needed=list(shape))
        values[factor] = file.get_tensor(f"{name}.{factor}")
        if not values[factor].is_floating_point() or not values[factor].isfinite().all():
            raise FineTuneError(
                "lora_file", file=WEIGHTS, problem=Notice("reason_not_finite", {"name": f"{name}.{factor}"})
            )
    flags = [parameter.requires_grad for parameter in base.parameters()]
    layer = LoRALinear(base, rank=rank, alpha=alpha)
    for parameter, flag in zip(base.parameters(), flags, strict=True):
        parameter.requires_grad_(flag)  # until everything is known to fit, the model stays as it is
    with torch.no_grad():
        for factor, value in values.items():
            getattr(layer, factor).copy_(value)
    return layer


def _description(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # also of numbers with thousands of digits
        raise FineTuneError("lora_file", file=path.name, problem=error) from None
    kinds = {"rank": int, "alpha": (int, float), "layers": list, "base": str}
    if not isinstance(values, dict) or values.get("format") != FORMAT or values.get("format_version") != VERSION:
        raise FineTuneError("lora_file", file=path.name, problem="other_format")
    for name, kind in kinds.items():
        if not isinstance(values.get(name), kind) or isinstance(values.get(name), bool):  # type: ignore[arg-type]
            raise FineTuneError("lora_file", file=path.name, problem=Notice("reason_missing_or_kind", {"name": name}))
    if not 0 < values["alpha"] <= 1e6 or values["rank"] > MOST_RANK:
        raise FineTuneError("lora_file", file=path.name, problem="rank_or_alpha")
    if values["rank"] < 1 or not all(isinstance(name, str) for name in values["layers"]) or not values["layers"]:
        raise FineTuneError("lora_file", file=path.name, problem="rank_or_layers")
    return values


def _digest(vocabulary: Vocabulary) -> str:
    import hashlib

    return hashlib.blake2b("\x1f".join(vocabulary.tokens).encode(), digest_size=8).hexdigest()


def weights_digest(model: Transformer) -> str:
    """A fingerprint of a base model's weights: the same numbers under the same names, and no others, give the same."""
    import hashlib

    digest = hashlib.blake2b(digest_size=8)
    for name, parameter in sorted(model.named_parameters()):
        digest.update(name.encode())
        digest.update(parameter.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()
