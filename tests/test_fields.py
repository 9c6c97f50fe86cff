"""Pictures and graphs: patches and CLS, the adjacency matrix as mask, and what is refused of people's own."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import attnviz
from attnviz import masks
from attnviz.config import ModelConfig, TrainConfig
from attnviz.data import InputError, tasks
from attnviz.data.derived import derive
from attnviz.data.tasks.graphs import read, written
from attnviz.language import LANGUAGES
from attnviz.masks import MaskPlan
from attnviz.model import GraphTransformer, VisionTransformer, WatchedModel, new_model
from attnviz.model.parameter_shapes import parameter_shapes
from attnviz.model.parts import parts
from attnviz.model.vision import patches_of
from attnviz.trace import watch
from attnviz.trace.ablation import all_heads, head_effects
from attnviz.training import checkpoint
from attnviz.training.build import build_trainer, finish
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.labels import label_report, majority_report
from attnviz.training.recipes import Recipe, model_config_for

SMALL = {"n_encoder_layers": 2, "d_model": 12, "n_heads": 3, "d_ff": 17, "dropout": 0.0}
DIGITS = {"n_encoder_layers": 2, "d_ff": 128, "dropout": 0.1}
GRAPHS = {"n_encoder_layers": 4, "d_model": 48, "n_heads": 4, "d_ff": 96, "dropout": 0.0}


def recipe(task: str, steps: int = 3, shape: dict[str, object] | None = None, **train: object) -> Recipe:
    values: dict[str, object] = {"batch_size": 7, "eval_every": 0, "eval_examples": 5, **train}
    return Recipe(name="small", task=task, shape=shape or SMALL, train=TrainConfig(steps=steps, **values))  # type: ignore[arg-type]


def model_for(task: attnviz.data.Task, seed: int = 0) -> attnviz.model.Transformer:
    torch.manual_seed(seed)
    return new_model(model_config_for(task, **SMALL)).eval()


# ---- patches


def test_patches_are_squares_row_by_row() -> None:
    pixels = torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).view(2, 3, 4, 6)
    found = patches_of(pixels, 2)
    assert found.shape == (2, 6, 12)
    assert torch.equal(found[1, 4], pixels[1, :, 2:4, 2:4].flatten())


def test_a_picture_is_read_as_cls_and_patches_and_every_one_may_be_blocked() -> None:
    task = tasks.get("digits")
    model = model_for(task)
    assert isinstance(model, VisionTransformer)
    assert isinstance(model, WatchedModel)
    assert model.can == {"maps", "paint", "apply", "ablate", "loss"}
    batch = task.collate(task.split("test")[:3])
    assert batch.pixels is not None
    assert batch.pixels.shape == (3, 1, 8, 8)
    assert batch.pixels.max() == 1
    trace = watch(model, batch)
    assert trace["encoder.1.self_attn"].weights.shape == (3, 3, 17, 17)
    assert trace["encoder.1.self_attn"].row_sums == pytest.approx(1, abs=1e-5)
    assert trace.labels("encoder_self")[0][:3] == ("CLS", "1,1", "1,2")
    assert trace.statistics("encoder_self").entropy.shape == (2, 3, 3)
    hidden = MaskPlan(encoder_self=~masks.cells([(query, 5) for query in range(17)]))
    changed = batch.pixels.clone()
    changed[:, :, 2:4, 0:2] += 0.5  # patch 5: second row, first column
    same = [watch(model, _with(batch, pixels), masks=hidden).logits[:, 0] for pixels in (batch.pixels, changed)]
    np.testing.assert_allclose(*same, atol=1e-6)
    assert not np.allclose(watch(model, _with(batch, changed)).logits[:, 0], trace.logits[:, 0])
    assert len(head_effects(model, batch)) == len(all_heads(model)) == 6


def _with(batch: attnviz.data.Batch, pixels: torch.Tensor) -> attnviz.data.Batch:
    return replace(batch, pixels=pixels)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"patch_size": 3}, "patch_size"),
        ({"picture_size": 0}, "picture_size"),
        ({"max_len": 9}, "max_len"),
        ({"positions": "rotary"}, "positions"),
        ({"n_decoder_layers": 1}, "n_decoder_layers"),
        ({"tied_embeddings": True}, "tied_embeddings"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(changes: dict[str, object], field: str) -> None:
    values = model_config_for(tasks.get("digits"), **SMALL).to_dict()
    with pytest.raises(ValueError, match=field):
        ModelConfig.from_dict({**values, **changes})


def test_inputs_of_another_shape_are_refused() -> None:
    picture, graph = model_for(tasks.get("digits")), model_for(tasks.get("graph-connected"))
    for model, wrong in (
        (picture, torch.zeros(2, 1, 8, 9)),
        (graph, torch.zeros(2, 5, 6)),
        (graph, torch.zeros(2, 9, 9)),
        (graph, torch.zeros(2, 1, 1)),
    ):
        with pytest.raises(ValueError, match="shape"):
            model(wrong)
        with pytest.raises(ValueError, match="src"):
            model(None)


# ---- graphs


def test_the_adjacency_matrix_is_the_mask_and_a_non_edge_has_weight_zero() -> None:
    task = tasks.get("graph-connected")
    model = model_for(task)
    assert isinstance(model, GraphTransformer)
    batch = task.collate(task.split("test")[:23])
    assert batch.pixels is not None
    trace = watch(model, batch)
    edges = batch.pixels.numpy() > 0
    for site in trace.sites:
        weights = trace[site].weights
        assert not weights[np.broadcast_to(~edges[:, None], weights.shape)].any()
        assert (weights[np.broadcast_to(edges[:, None], weights.shape)] > 0).all()
        sums = weights.sum(axis=-1)
        np.testing.assert_allclose(sums, np.broadcast_to(edges.any(axis=-1)[:, None], sums.shape), atol=1e-5)


def test_a_node_without_a_way_to_another_is_not_moved_by_its_edges() -> None:
    task = tasks.get("graph-connected")
    model = model_for(task)
    one, other = (watch(model, task.encode(text)) for text in ("6 0-1 1-2 3-4", "6 0-1 1-2 3-4 4-5"))
    nodes = slice(1, 4)  # nodes 0, 1, 2
    np.testing.assert_allclose(one.logits[:, nodes], other.logits[:, nodes], atol=1e-6)
    assert not np.allclose(one.logits[:, 0], other.logits[:, 0])  # CLS sees them all


def test_graphs_are_written_and_read_and_the_answer_is_computed() -> None:
    task = tasks.get("graph-connected")
    for pair in task.split("train")[::37]:
        nodes, edges = read(pair.source, 7)
        assert written(nodes, [edge[::-1] for edge in edges]) == pair.source
        assert task.reference(" ".join(pair.source)) == pair.target[0]
    again = task.epoch("train", random.Random(3))
    assert [pair.target for pair in again] == [pair.target for pair in task.split("train")]
    assert sum(len(pair.source) for pair in again) == sum(len(pair.source) for pair in task.split("train"))
    assert again != task.split("train")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5", "graph_no_edges"),
        ("8 0-1", "graph_nodes"),
        ("x", "graph_nodes"),
        ("0 0-1", "graph_nodes"),
        ("x 0-1", "graph_nodes"),
        ("4 0-4", "graph_edge"),
        ("4 1-1", "graph_edge"),
        ("4 01", "graph_edge"),
        ("4 ²-1", "graph_edge"),
        ("#9999", "field_example"),
        ("#x", "field_example"),
        (" ", "empty"),
    ],
)
def test_a_graph_that_is_none_is_a_sentence(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        tasks.get("graph-connected").encode(text)
    assert caught.value.code == code
    assert all(caught.value.text(language) for language in LANGUAGES)


@pytest.mark.parametrize("text", ["1 2 3", " ".join(["17"] * 64), " ".join(["-1"] * 64), " ".join(["x"] * 64)])
def test_numbers_that_are_no_picture_are_a_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        tasks.get("digits").encode(text)
    assert caught.value.code == "picture_numbers"


def test_the_karate_club_scores_each_member_in_one_split() -> None:
    task = tasks.get("karate-club")
    scored = []
    for name in ("train", "validation", "test"):
        batch = task.collate(task.split(name))
        assert batch.scored is not None
        scored.append(batch.scored[0])
    assert [int(one.sum()) for one in scored] == [10, 6, 18]
    total = torch.stack(scored).sum(dim=0)
    assert total[0] == 0  # CLS
    assert (total[1:] == 1).all()


# ---- training and storing


@pytest.mark.parametrize("name", tasks.field_names())
def test_it_is_trained_stored_and_loaded_like_any_other(name: str, tmp_path: Path) -> None:
    trainer = build_trainer(recipe(name))
    records = list(trainer.run())
    assert records[-1].metrics is not None
    assert records[-1].metrics.exact_match is None
    few = {split: list(trainer.task.split(split)[:5]) for split in ("train", "validation", "test")}
    trainer.task = derive(trainer.task, splits=few)
    checkpoint.save(tmp_path / "kept", trainer.model, finish(trainer, name="kept"))
    model, task = attnviz.load(tmp_path / "kept")
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == parameter_shapes(model.config)
    assert sum(part.parameters for part in parts(model)) == sum(p.numel() for p in model.parameters())
    trace = attnviz.watch(model, task.examples[0], task)
    assert trace.sites == model.sites
    report = label_report(model, trainer.task, "test")
    metrics = evaluate(model, trainer.task, "test")
    assert len(report.predictions) == metrics.tokens
    assert report.scores.accuracy >= metrics.token_accuracy  # which counts a special token as wrong


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape", "least"), [("digits", DIGITS, 0.96), ("graph-connected", GRAPHS, 0.98)])
def test_it_learns_what_it_should(name: str, shape: dict[str, object], least: float) -> None:
    one = recipe(name, 600, shape, batch_size=64, learning_rate=3e-3, warmup_steps=50, seed=1)
    trainer = build_trainer(one)
    list(trainer.run())
    found = evaluate(trainer.model, trainer.task, "test").token_accuracy
    assert found >= least
    assert found > majority_report(trainer.task, "test").scores.accuracy + 0.1  # type: ignore[arg-type]


# ---- people's own pictures


def png(seed: int, size: tuple[int, int] = (21, 17)) -> bytes:
    generator = np.random.default_rng(seed)
    out = io.BytesIO()
    Image.fromarray(generator.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def two_classes(count: int = 7) -> dict[str, bytes]:
    return {f"{kind}/{n}.png": png(1000 * c + n) for c, kind in enumerate(("a cat", "dog")) for n in range(count)}


def test_a_zip_and_a_folder_make_the_same_task_and_it_trains(tmp_path: Path) -> None:
    files = two_classes()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    one, other = tasks.from_pictures(zipped(files), name="pets"), tasks.from_pictures(tmp_path)
    assert [one.split(s) for s in ("train", "test")] == [other.split(s) for s in ("train", "test")]
    assert one.tgt_vocab.tokens[-2:] == ("a_cat", "dog")
    colour = tasks.from_pictures(zipped(files), colour=True, side=8)
    batch = colour.collate(colour.split("train")[:3])
    assert batch.pixels is not None
    assert batch.pixels.shape == (3, 3, 8, 8)
    trainer = build_trainer(recipe("user-pictures"), task=one)
    list(trainer.run())
    model = trainer.model.eval()
    assert watch(model, one.collate(one.split("train")[:2])).logits.shape == (2, 17, 6)


def bomb(side: int = 30_000) -> bytes:
    """A PNG whose header promises that many pixels across and down."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def test_files_that_are_no_pictures_are_left_out_with_a_notice() -> None:
    files = {
        **two_classes(),
        "dog/text.png": b"I am a text",
        "dog/huge.png": bomb(),
        "dog/empty.png": b"",
        "dog/short.png": png(5)[:60],
        "../../outside/x.png": png(6),
        "__MACOSX/dog/y.png": png(7),
        "dog/readme.txt": b"hello",
        "loose.png": png(8),
    }
    task = tasks.from_pictures(zipped(files))
    assert sum(len(task.split(name)) for name in ("train", "validation", "test")) == 14
    assert [notice.code for notice in task.notices] == ["pictures_left_out"]
    assert task.notices[0].details["count"] == 4


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({f"cat/{n}.png": png(n) for n in range(11)}, "one_class"),
        ({"cat/0.png": png(1), "dog/0.png": png(2)}, "too_few_pictures"),
        ({f"{n}/a.png": b"" for n in range(10_000)}, "too_many_classes"),
        ({"cat/a.png": b"text", "dog/b.png": b"text"}, "picture_unreadable"),
        ({"cat/a.png": bomb(), "dog/b.png": bomb()}, "picture_huge"),
        ({"readme.txt": b"nothing"}, "one_class"),
    ],
)
def test_pictures_that_make_no_task_are_a_sentence(files: dict[str, bytes], code: str) -> None:
    with pytest.raises(InputError) as caught:
        tasks.from_pictures(zipped(files))
    assert caught.value.code == code
    assert all(caught.value.text(language) for language in LANGUAGES)


@pytest.mark.parametrize(("side", "size"), [(5_000, "5000 × 5000"), (11_000, "11000 × 11000"), (30_000, "> 178 × 10⁶")])
def test_a_picture_that_is_too_large_is_said_with_its_size(side: int, size: str) -> None:
    with pytest.raises(InputError) as caught:
        tasks.from_pictures(zipped({"cat/a.png": bomb(side), "dog/b.png": png(1)}))
    assert all(f"{size}" in caught.value.text(language) for language in LANGUAGES)


def test_a_zip_or_a_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    for source, code in (
        (b"PK no zip", "pictures_zip"),
        (tmp_path / "nowhere", "pictures_folder"),
        ("\0", "pictures_folder"),
    ):
        with pytest.raises(InputError) as caught:
            tasks.from_pictures(source)
        assert caught.value.code == code
