"""LoRA on a model from elsewhere: nothing at first, gone when off, watched when on, and a folder that peft opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")
peft = pytest.importorskip("peft", reason="LoRA on models from elsewhere needs peft")

from foreign_configs import VOCAB, make  # noqa: E402

from attnviz.data import Batch  # noqa: E402
from attnviz.foreign.adapter import ForeignModel  # noqa: E402
from attnviz.foreign.lora import ForeignLoRA  # noqa: E402
from attnviz.trace import watch  # noqa: E402


def text(seed: int) -> Batch:
    ids = torch.randint(5, VOCAB, (2, 9), generator=torch.Generator().manual_seed(seed))
    return Batch(src=None, decoder_input=ids, targets=ids.roll(-1, 1), pad_id=None)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_lora_learns_is_watched_and_leaves_the_base_alone(name: str, tmp_path: Path) -> None:
    model = ForeignModel(make(name), name=name)
    batch = text(3)
    base = watch(model, batch)
    sites = model.sites
    lora = ForeignLoRA(model, rank=3, seed=5)
    whole = sum(parameter.numel() for parameter in model.net.parameters())
    assert 0 < lora.trained < whole / 2
    assert np.array_equal(watch(model, batch).logits, base.logits)

    steps = list(lora.train([batch], steps=12, learning_rate=0.02))
    assert [step.step for step in steps] == list(range(1, 13))
    assert steps[0].loss == pytest.approx(base.loss, rel=1e-4)
    assert steps[-1].loss < steps[0].loss - 0.5
    tuned = watch(model, batch)
    assert tuned.sites == sites
    assert not np.allclose(tuned[sites[-1]].weights, base[sites[-1]].weights, atol=1e-4)
    with lora.off():
        again = watch(model, batch)
    assert np.array_equal(again.logits, base.logits)
    assert all(np.array_equal(again[site].weights, base[site].weights) for site in sites)

    lora.save(tmp_path / "adapter")
    assert {path.name for path in (tmp_path / "adapter").iterdir()} >= {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    opened = peft.PeftModel.from_pretrained(make(name), tmp_path / "adapter").eval()
    with torch.no_grad():
        logits = opened(batch.decoder_input).logits
    np.testing.assert_allclose(tuned.logits, logits.numpy(), atol=1e-3)


def test_what_cannot_be_learned_from_is_refused() -> None:
    model = ForeignModel(make("llama"))
    with pytest.raises(ValueError, match="rank is 0"):
        ForeignLoRA(model, rank=0)
    with pytest.raises(ValueError, match="alpha is 0"):
        ForeignLoRA(model, alpha=0)
    lora = ForeignLoRA(model)
    with pytest.raises(ValueError, match="there are no batches"):
        next(lora.train([], steps=1))
    with pytest.raises(ValueError, match="nothing to learn from"):
        next(lora.train([Batch(None, torch.full((1, 3), 7), None)], steps=1))
