"""Labels on every kind of model: the batches, what carries over, reports, baselines, folds and ensembles."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from fine_tuning_starts import TRAIN, prepared, start, symbols
from hypothesis import given
from hypothesis import strategies as st

from attnviz.config import FineTuneConfig
from attnviz.data import BOS, EOS, PAD, SPECIALS, InputError, Pair, tasks
from attnviz.data.augmentation import augmentation, augmentations_of
from attnviz.data.derived import derive, example_key, folded
from attnviz.data.hsk_labels import word_labels
from attnviz.data.tasks.labels import LabelTask
from attnviz.data.tasks.syntax import tags_of
from attnviz.errors import FineTuneError
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.cross_validation import FoldResult, cross_validate, summary
from attnviz.training.finetuning.ensemble import Member, ensemble_exact_match, ensemble_report, vote
from attnviz.training.finetuning.labels import (
    label_probabilities,
    label_report,
    majority_report,
    naive_bayes_report,
    report_of,
)
from attnviz.training.finetuning.tuner import FineTuner


def label_task(kind: str = "tagging", form: str = "encoder") -> LabelTask:
    if kind == "tagging":
        task = tasks.get("segmentation", form=form)
        small = derive(task, splits={name: task.split(name)[:31] for name in ("train", "validation", "test")})
        assert isinstance(small, LabelTask)
        return small
    made = tasks.get("sentiment-zh", size=101, form=form)
    assert isinstance(made, LabelTask)
    return made


# ---- batches


@pytest.mark.parametrize("kind", ["tagging", "classification"])
@pytest.mark.parametrize("form", ["encoder", "decoder", "sequence"])
def test_every_label_stands_where_it_is_read(kind: str, form: str) -> None:
    task = label_task(kind, form)
    pairs = task.split("train")[:7]
    batch = task.collate(pairs)
    read = batch.decoder_input if form == "decoder" else batch.src
    assert read is not None
    assert batch.targets is not None
    for row, pair in enumerate(pairs):
        ids = task.src_vocab.encode(pair.source)  # type: ignore[union-attr]
        labels = task.tgt_vocab.encode(pair.target)
        whole = [BOS, *ids] if form == "decoder" else [*ids, EOS]
        assert read[row, : len(whole)].tolist() == whole
        scored = [i for i in batch.targets[row].tolist() if i != PAD]
        if form == "sequence":
            assert scored == [*labels, EOS]
            continue
        assert scored == labels
        places = (batch.targets[row] != PAD).nonzero().flatten().tolist()
        first = 1 if form == "decoder" else 0
        last = len(whole) - 1
        assert places == (list(range(first, first + len(ids))) if kind == "tagging" else [last])
        shown = batch.target_labels[row]
        assert [label for label in shown if label] == list(pair.target)
        assert len(shown) == len(whole)


def test_typed_labels_are_counted() -> None:
    task = label_task()
    text = "我喜欢"
    assert task.encode(text, "S B I").targets is not None
    with pytest.raises(InputError) as error:
        task.encode(text, "S B")
    assert (error.value.code, error.value.details) == ("label_count", {"given": 2, "need": 3})


def test_words_and_syntax_are_labelled_as_they_should() -> None:
    assert "".join(word_labels("我，喜欢音乐。", ["我", "喜欢", "音乐"])) == "SOBIBIO"
    assert word_labels("我喜欢", ["我", "欢喜"]) == ()
    assert word_labels("我喜欢", ["我"]) == ()
    tags = tags_of("x = 'if'  # if\nif x: 1")
    assert tags is not None
    assert tags[:8] == ["name", "space", "op", "space", *["string"] * 4]
    assert tags[10:14] == ["comment"] * 4
    assert tags[15:] == ["keyword"] * 2 + ["space", "name", "op", "space", "number"]
    assert tags_of("x = (") is None


# ---- what carries over


@pytest.mark.parametrize(
    ("kind", "backbone", "architecture", "form"),
    [
        ("lm", "auto", "encoder-only", "encoder"),
        ("lm", "decoder", "decoder-only", "decoder"),
        ("lm", "encoder", "encoder-only", "encoder"),
        ("labels", "auto", "encoder-only", "encoder"),
    ],
)
@pytest.mark.parametrize("strategy", ["full", "head", "lora", "adapter", "layer-decay"])
def test_a_trained_model_labels_and_its_old_task_is_watched(
    kind: str, backbone: str, architecture: str, form: str, strategy: str
) -> None:
    begin = start(kind)
    made = prepared(strategy, label_task(), begin, backbone=backbone)
    assert made.model.config.architecture == architecture
    assert isinstance(made.task, LabelTask)
    assert made.task.form == form
    old = begin.config
    assert made.model.config.n_outputs == len(made.task.tgt_vocab)
    run = FineTuner(made, replace(TRAIN, steps=3))
    before = run.evaluate_old_task("test", limit=11)
    with_old_head = FineTuner(prepared("head", label_task(), begin, backbone=backbone), TRAIN)
    assert before.loss == pytest.approx(with_old_head.evaluate_old_task("test", limit=11).loss, abs=1e-5)
    list(run.run())
    after = run.evaluate_old_task("test", limit=11)
    if strategy == "head":  # a new head leaves all that the old task needs as it was
        assert after.loss == pytest.approx(before.loss, abs=1e-6)
    else:
        assert after.loss != before.loss
    metrics = run.evaluate()
    assert metrics.macro_f1 is not None
    assert old == begin.config


def test_one_rule_reads_labels_before_the_first_step_and_in_the_table() -> None:
    """An untrained head may find a special token likeliest; nobody reads that as a label, neither here nor there."""
    made = prepared("full", label_task(), start("lm"), backbone="encoder")
    assert isinstance(made.task, LabelTask)
    with torch.no_grad():
        made.model.output.bias[: len(SPECIALS)] += 50.0
    found = evaluate(made.model, made.task, "test")
    report = label_report(made.model, made.task, "test")
    assert found.token_accuracy == pytest.approx(report.scores.accuracy)
    assert found.token_accuracy > 0


def test_the_blocks_of_a_decoder_become_those_of_an_encoder() -> None:
    begin = start("lm")
    made = prepared("full", label_task(), begin, backbone="encoder")
    for name, value in made.model.named_parameters():
        if name.startswith("encoder."):
            assert torch.equal(value, begin.weights[name.replace("encoder.", "decoder.", 1)])
    table = begin.weights["embedding.tokens.weight"]
    assert torch.equal(made.model.get_parameter("src_embedding.tokens.weight")[: len(table)], table)
    assert made.past["output.weight"].origin == "new"


@pytest.mark.parametrize(("layers", "form"), [(1, "encoder"), (0, "sequence")])
def test_an_encoder_decoder_labels_with_its_encoder_or_by_writing(layers: int, form: str) -> None:
    begin = start("reverse", layers)
    letters = symbols("copy")
    info = replace(label_task().info, name="letters")
    task = label_task()
    task = derive(  # vowel or not, for the letters that the model knows
        task,
        splits={
            name: [Pair(p.source, tuple("S" if t in "ae" else "O" for t in p.source)) for p in letters.split(name)]
            for name in ("train", "validation", "test")
        },
        vocabularies=(letters.src_vocab, task.tgt_vocab),
        lengths=(letters.max_src_len, letters.max_tgt_len),
    )
    task.info = info
    made = prepared("full", task, begin)
    assert isinstance(made.task, LabelTask)
    assert made.task.form == form
    run = FineTuner(made, replace(TRAIN, steps=2))
    list(run.run())
    assert run.evaluate_old_task("test").examples
    report = label_report(run.model, made.task, "test")
    assert len(report.predictions) == sum(len(p.target) for p in letters.split("test"))


def test_the_same_labels_keep_their_head() -> None:
    begin = start("labels")
    made = prepared("full", begin.task, begin)
    assert all(inheritance.origin == "kept" for inheritance in made.past.values())
    batch = begin.task.collate(begin.task.split("test")[:3])
    assert torch.equal(made.model.output.weight, begin.weights["output.weight"])
    assert batch.size == 3


def test_a_labelling_model_writes_no_text() -> None:
    with pytest.raises(FineTuneError) as error:
        prepared("full", tasks.get("lm-zh"), start("labels"))
    assert error.value.code == "finetune_backbone"


# ---- reports


def test_cells_hold_their_examples_and_add_up() -> None:
    task = label_task("classification")
    rows = [np.array([[1 - p, p]]) for p in np.linspace(0.1, 0.9, len(task.split("test")))]
    report = report_of(task, task.split("test"), rows)
    confusion = report.scores.confusion
    assert confusion.sum() == len(rows)
    for truth, called in itertools.product(range(2), range(2)):
        cell = report.cell(truth, called)
        assert len(cell) == confusion[truth, called]
        assert [p.probability for p in cell] == sorted((p.probability for p in cell), reverse=True)
        for found in cell:
            assert report.pairs[found.example].target[0] == report.labels[truth]
            assert (found.called == 1) == (rows[found.example][0, 1] > 0.5)


@pytest.mark.parametrize("kind", ["tagging", "classification"])
@pytest.mark.parametrize("form", ["encoder", "decoder"])
def test_probabilities_do_not_depend_on_the_batch(kind: str, form: str) -> None:
    task = label_task(kind, form)
    made = prepared("full", task, start("lm"), backbone=form)
    assert isinstance(made.task, LabelTask)
    pairs = made.task.split("test")[:5]
    together = label_probabilities(made.model, made.task, pairs)
    for pair, row in zip(pairs, together, strict=True):
        (alone,) = label_probabilities(made.model, made.task, [pair])
        np.testing.assert_allclose(row, alone, atol=1e-5)
        assert row.shape == (len(pair.target), len(task.labels))
        np.testing.assert_allclose(row.sum(axis=-1), 1, atol=1e-5)


def test_baselines_say_what_counting_alone_achieves() -> None:
    task = tasks.get("segmentation")
    assert isinstance(task, LabelTask)
    majority, bayes = majority_report(task, "test", limit=101), naive_bayes_report(task, "test", limit=101)
    assert 0.3 < majority.scores.accuracy < 0.5
    assert (majority.scores.confusion > 0).any(axis=0).sum() == 1
    assert bayes.scores.accuracy > 0.8
    topic = tasks.get("hsk-topic")
    assert isinstance(topic, LabelTask)
    assert naive_bayes_report(topic, "test").scores.accuracy > majority_report(topic, "test").scores.accuracy + 0.2


# ---- folds and ensembles


@given(number=st.integers(2, 97), folds=st.integers(2, 11), seed=st.integers(0, 999))
def test_no_fold_shares_an_example_and_every_example_is_held_out_once(number: int, folds: int, seed: int) -> None:
    pairs = [Pair((str(i % 61),), (str(i),)) for i in range(number)]  # some have the same source
    held: list[Pair] = []
    for fold in range(folds):
        train, validation = folded(pairs, folds, fold, seed)
        assert not {example_key(p) for p in train} & {example_key(p) for p in validation}
        assert sorted(p.target for p in train + validation) == sorted(p.target for p in pairs)
        held += validation
    assert sorted(p.target for p in held) == sorted(p.target for p in pairs)


def test_cross_validation_measures_every_fold_on_what_it_has_not_seen() -> None:
    task = label_task("classification")
    config = FineTuneConfig(folds=3)
    found = list(cross_validate(start("labels"), task, config, replace(TRAIN, steps=2)))
    results = [one for one in found if isinstance(one, FoldResult)]
    assert [result.fold for result in results] == [0, 1, 2]
    pool = {p.source for name in ("train", "validation") for p in task.split(name)}
    seen: list[set[tuple[str, ...]]] = []
    for result in results:
        trained = {p.source for p in result.member.task.split("train")}
        held = {p.source for p in result.member.task.split("validation")}
        assert not trained & held
        assert trained | held == pool
        assert not (trained | held) & {p.source for p in task.split("test")}
        seen.append(held)
    assert not seen[0] & seen[1]
    assert set().union(*seen) == pool
    whole = summary(results, task)
    accuracies = [result.metrics.token_accuracy for result in results]
    assert whole.token_accuracy.mean == pytest.approx(np.mean(accuracies))
    assert whole.token_accuracy.sd == pytest.approx(np.std(accuracies, ddof=1))
    assert whole.ensemble is not None
    assert 0 <= whole.ensemble <= 1


def test_an_ensemble_of_one_is_that_one_and_the_majority_wins() -> None:
    made = prepared("full", label_task(), start("lm"))
    assert isinstance(made.task, LabelTask)
    pairs = made.task.split("test")[:7]
    alone = label_report(made.model, made.task, "test", limit=7)
    together = ensemble_report([Member(made.model, made.task)] * 3, made.task, pairs)
    assert [p.called for p in together.predictions] == [p.called for p in alone.predictions]
    assert vote([[("a",), ("b",)], [("b",), ("c",)], [("b",), ("d",)]]) == [("b",), ("b",)]
    text = prepared("full")
    member = Member(text.model, text.task)
    pair = text.task.split("test")[:5]
    assert ensemble_exact_match([member, member], pair) == ensemble_exact_match([member], pair)


# ---- augmentation


def test_augmented_examples_have_the_right_answer() -> None:
    copy, reverse, sort = symbols("copy", max_length=8), symbols("reverse", max_length=8), symbols("sort")
    assert augmentations_of(copy) == ("none", "join", "rename")
    assert augmentations_of(reverse) == ("none", "rename")
    assert augmentations_of(sort) == ("none",)
    assert augmentations_of(label_task("classification")) == ("none", "hide")
    assert augmentations_of(label_task()) == ("none", "join", "hide")
    for task, names in ((copy, ("join", "rename")), (reverse, ("rename",))):
        for name in names:
            changed = derive(task, augment=augmentation(task, name, 0.9))
            batches = list(changed.batches("train", 13, 3))
            shown = [row for b in batches for row in zip(b.src_labels, b.target_labels, strict=True)]
            assert len(shown) == len(task.split("train"))
            originals = {p.source for p in task.split("train")}
            assert sum(source[:-1] not in originals for source, _ in shown) > len(shown) / 10
            for source, target in shown:
                assert task.reference("".join(source[:-1])) == "".join(target[:-1])
                assert len(source) <= task.max_src_len
            assert [b.src_labels for b in changed.batches("validation", 13, 3)] == [
                b.src_labels for b in task.batches("validation", 13, 3)
            ]
    with pytest.raises(InputError):
        augmentation(sort, "rename", 0.5)


# ---- the user's own labels


def csv(rows: list[tuple[str, str]]) -> bytes:
    return "\n".join(f"{text},{label}" for text, label in rows).encode()


def test_ones_own_labels_are_learned() -> None:
    rows = [(f"word{i} and more", ("yes", "no", "maybe")[i % 3]) for i in range(61)]
    task = tasks.from_labels(csv([("text", "label"), *rows, ("again", "")]), name="mine.csv")
    assert isinstance(task, LabelTask)
    assert set(task.labels) == {"yes", "no", "maybe"}
    assert {notice.code for notice in task.notices} >= {"header_skipped", "empty_cells"}
    assert "mine.csv" in task.info.title["en"]
    assert sum(len(task.split(name)) for name in ("train", "validation", "test")) == 61
    assert task.reference(task.examples[0]) in task.labels


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(f"text{i}", "") for i in range(20)], "labels_missing"),
        ([(f"text{i}", "same") for i in range(20)], "one_label"),
        ([(f"text{i}", f"label{i}") for i in range(10_000)], "too_many_labels"),
        ([("a", "x"), ("b", "y")], "too_few_rows"),
    ],
)
def test_labels_that_cannot_be_learned_are_said_to_be_so(rows: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(InputError) as error:
        tasks.from_labels(csv(rows))
    assert error.value.code == code
    assert str(error.value)


def test_a_file_without_labels_says_so() -> None:
    with pytest.raises(InputError) as error:
        tasks.from_labels("one\ntwo\nthree\n")
    assert (error.value.code, error.value.details["rows"]) == ("labels_missing", 3)
