"""Fine-tuning a model from elsewhere: in a process of its own, watched, off = base, saved as others open it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import app_driver
import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")
peft = pytest.importorskip("peft", reason="LoRA on models from elsewhere needs peft")

from foreign_folders import save, word_tokenizer  # noqa: E402

import attnviz as av  # noqa: E402
from attnviz.errors import ForeignError, InputError  # noqa: E402
from attnviz.foreign import fitting, tuning  # noqa: E402
from attnviz.foreign.texts_to_learn import batches_of, says  # noqa: E402
from attnviz.foreign.tuning import Order, tune, work, write_order  # noqa: E402
from attnviz.runs import job  # noqa: E402
from attnviz.trace.loss import mean_loss  # noqa: E402
from attnviz.ui.finetuning import elsewhere_process as process  # noqa: E402

LINES = ("the cat sat on the mat", "the mat sat on the cat", "the cat sat on the mat")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    found = {name: save(root / f"tiny-{name}", name) for name in ("llama", "marian", "bloom")}
    found["bert"] = save(root / "tiny-bert", "bert", word_tokenizer)
    return found


def order_for(folder: Path, **changes: Any) -> Order:
    given = {
        "lines": LINES,
        "prompt": "the cat",
        "steps": 12,
        "learning_rate": 0.02,
        "rank": 3,
        "alpha": 6.0,
        "seed": 5,
    }
    return Order(path=str(folder), name=folder.name, **{**given, **changes})


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("llama", {}),
        ("marian", {"lines": ("the cat\tthe mat", "the mat\tthe cat")}),
        ("bert", {"prompt": "the [MASK] sat on the mat"}),
    ],
)
def test_an_adapter_learns_is_watched_and_opens_elsewhere(
    name: str, changes: dict[str, Any], folders: dict[str, Path], tmp_path: Path
) -> None:
    import transformers

    tune(order_for(folders[name], **changes), tmp_path)
    losses = [one["loss"] for one in read(tmp_path / tuning.STEPS)]
    assert len(losses) == 12
    assert min(losses[-3:]) < losses[0] - 0.3
    looks = read(tmp_path / tuning.LOOKS)
    assert [one["step"] for one in looks] == list(range(13))
    assert not any(looks[0]["moved"].values())
    assert all(looks[-1]["moved"].values())
    assert "\ufffd" not in str(looks)
    done = json.loads((tmp_path / tuning.DONE).read_text())
    assert json.loads((tmp_path / tuning.SAVED / "adapter_config.json").read_text())["base_model_name_or_path"] == (
        f"tiny-{name}"
    )
    assert done["base_same"] is True
    kinds = {
        "llama": transformers.AutoModelForCausalLM,
        "marian": transformers.AutoModelForSeq2SeqLM,
        "bert": transformers.AutoModelForMaskedLM,
    }
    net = kinds[name].from_pretrained(folders[name], local_files_only=True)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    opened = peft.PeftModel.from_pretrained(net, tmp_path / tuning.SAVED).eval()
    now = opened.get_base_model().state_dict()
    assert all(torch.equal(before[key], now[key]) for key in before if key in now)
    model, texts = av.load(folders[name])

    def loss(net: Any) -> float:
        found = 0.0
        for batch in batches_of(texts, changes.get("lines", LINES)):
            given = {"decoder_input_ids": batch.decoder_input} if name == "marian" else {}
            with torch.no_grad():
                logits = net(batch.src if batch.src is not None else batch.decoder_input, **given).logits
            assert batch.targets is not None
            assert batch.scored is not None
            found += mean_loss(logits, batch.targets, batch.scored)
        return found

    assert loss(opened) < loss(model.net) - 0.3


def test_all_weights_are_trained_where_they_fit_and_refused_with_the_memory_where_not(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(order_for(folders["llama"], how="full", learning_rate=0.01), tmp_path)
    losses = [one["loss"] for one in read(tmp_path / tuning.STEPS)]
    assert losses[-1] < losses[0] - 0.5
    model, texts = av.load(folders["llama"])
    import transformers

    saved = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / tuning.SAVED, local_files_only=True).eval()
    batch = batches_of(texts, LINES)[0]
    with torch.no_grad():
        tuned, base = (net(batch.decoder_input).logits for net in (saved, model.net))
    assert not np.allclose(tuned, base, atol=1e-2)
    monkeypatch.setattr(fitting, "free_memory", lambda: 10_000)
    with pytest.raises(ForeignError) as refused:
        tune(order_for(folders["llama"], how="full"), tmp_path / "none")
    assert refused.value.code == "foreign_tuning_memory"
    assert "MB" in refused.value.details["needed"]


def test_what_cannot_be_learned_from_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    write_order(order_for(folders["marian"], lines=("no tab here", "")), tmp_path)
    work(tmp_path)
    assert json.loads((tmp_path / tuning.PROBLEM).read_text())["code"] == "no_lessons"
    write_order(order_for(folders["bloom"]), tmp_path)
    work(tmp_path)
    assert json.loads((tmp_path / tuning.PROBLEM).read_text())["code"] == "foreign_no_tuning"
    for wrong in ({"steps": 0}, {"learning_rate": 0.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            order_for(folders["llama"], **wrong)
    _, texts = av.load(folders["llama"])
    with pytest.raises(InputError):
        batches_of(texts, ("", "  "))


def test_a_prompt_is_gone_on_with(folders: dict[str, Path]) -> None:
    model, texts = av.load(folders["llama"])
    assert says(model, texts, "the cat").startswith("the cat")


# ---- the page -------------------------------------------------------------------------------------------------


@pytest.fixture
def page(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    from attnviz.ui.sentence.opened import _path_of

    def open_page(name: str, language: str) -> Any:
        _path_of.cache_clear()
        monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
        monkeypatch.setenv("ATTNVIZ_MODELS", str(folders[name]))
        return app_driver.opened("finetuning", model=f"tiny-{name}", view="elsewhere", lang=language)

    return open_page


def button(at: Any, key: str) -> Any:
    (found,) = [one for one in at.button if one.key == key]
    return found


def test_the_page_trains_shows_old_against_new_and_hands_out_the_adapter(page: Any, folders: dict[str, Path]) -> None:
    at = page("llama", "en")
    (steps,) = [one for one in at.number_input if "steps" in one.key]
    steps.set_value(5).run()
    button(at, "ft-elsewhere-train").click().run()
    app_driver.ran(at)
    assert at.session_state["model"] == "tiny-llama"
    (key,) = at.session_state["finetuning-elsewhere"]
    until = time.monotonic() + 120
    while process.state(key).running and time.monotonic() < until:
        time.sleep(0.2)
    now = process.state(key)
    assert now.problem is None, (process.folder_of(key) / job.LOG).read_text()
    assert len(now.losses) == 5
    at.run()
    text = app_driver.html(at)
    for words in ("Before", "Step 5", "bit for bit", "decoder.1.self_attn"):
        assert words in text, words
    with zipfile.ZipFile(io.BytesIO(process.zipped(key))) as archive:
        assert {"adapter_config.json", "adapter_model.safetensors"} <= set(archive.namelist())


def test_a_tuning_that_was_killed_is_said_and_begins_anew(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    key = str(folders["llama"])
    process.start(order_for(folders["llama"], steps=100_000))
    folder = process.folder_of(key)
    try:
        process.start(order_for(folders["llama"], steps=1))  # it runs: nothing happens
        now = process.state(key)
        assert now.running
        assert now.order is not None
        assert now.order.steps == 100_000
        job.end(folder)
        ended = process.state(key).problem
        assert ended is not None
        assert ended.code == "foreign_tuning_ended"
    finally:
        process.stop(key)
    assert process.state(key).problem is None
    for damaged in ('{"code": "no_lessons", "details": 3}', '{"code": []}', '{"code": "nobody"}', "[]", "{"):
        (folder / tuning.PROBLEM).write_text(damaged, encoding="utf-8")
        assert process.state(key).problem is None
    (folder / tuning.PROBLEM).write_text('{"code": "no_lessons"}', encoding="utf-8")
    said = process.state(key).problem
    assert isinstance(said, ForeignError)
    assert said.code == "no_lessons"


@pytest.mark.parametrize(("language", "said"), [("zh", "不能在这里微调"), ("en", "cannot be tuned here")])
def test_a_model_that_cannot_be_tuned_says_so(language: str, said: str, page: Any) -> None:
    assert said in app_driver.html(page("bloom", language))


def test_ours_are_tuned_elsewhere_on_the_page() -> None:
    at = app_driver.opened("finetuning", view="elsewhere", model="reverse", lang="en")
    assert "Ours are tuned under Tune" in app_driver.html(at)
    button(at, "claim-trial").click().run()
    assert at.session_state["finetuning-view"] == "tune"
