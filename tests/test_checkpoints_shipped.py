"""The ready-trained models: small, as good as promised, and exactly as good as their manifests say.

What they were measured on travels with them, so that this holds whatever versions of other packages are installed.
"""

from __future__ import annotations

import pytest

from attnviz.data import Task
from attnviz.data.origins import data_versions
from attnviz.data.split import fingerprint
from attnviz.training import RECIPES, Manifest, checkpoint, evaluate, held_out

TEXT = (
    "pinyin",
    "pinyin-2enc",
    "pinyin-phrases",
    "numbers-zh",
    "numbers-en",
    "dates",
    "reverse",
    "questions",
    "lm-zh",
    "lm-en",
)
FIELDS = ("digits", "digits-low", "graph-connected", "karate-club")
NAMES = TEXT + FIELDS
ACCURACY = {"digits": 0.96, "digits-low": 0.98, "graph-connected": 0.98, "karate-club": 0.8}
EXACT_MATCH = {
    "pinyin": 0.80,
    "pinyin-2enc": 0.80,
    "pinyin-phrases": 0.80,
    "numbers-zh": 0.99,
    "numbers-en": 0.99,
    "dates": 0.99,
    "reverse": 0.98,
    "questions": 0.95,
}
MAX_BYTES = 3_000_000
MAX_FIELD_BYTES = 500_000
MAX_KEPT_BYTES = 100_000


def manifest_of(name: str) -> Manifest:
    return checkpoint.load_manifest(name)


def test_all_are_there_in_order() -> None:
    assert checkpoint.shipped() == TEXT
    assert checkpoint.shipped_fields() == FIELDS
    assert checkpoint.every_shipped() == NAMES
    assert set(RECIPES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_small_enough(name: str) -> None:
    files = list(checkpoint.find(name).iterdir())
    assert sorted(file.name for file in files) == sorted(checkpoint.FILES)
    assert sum(file.stat().st_size for file in files) <= (MAX_FIELD_BYTES if name in FIELDS else MAX_BYTES)
    assert (checkpoint.find(name) / held_out.FILE).stat().st_size <= MAX_KEPT_BYTES


@pytest.fixture
def no_live_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every package that data come with were gone."""

    def gone(task: Task) -> None:
        raise AssertionError(f"the installed data of {task.info.name} were read")

    for name in NAMES:
        monkeypatch.setattr(type(RECIPES[name].make_task()), "load", gone)


@pytest.mark.parametrize("name", NAMES)
def test_made_by_its_recipe(name: str) -> None:
    manifest, recipe = manifest_of(name), RECIPES[name]
    assert manifest.recipe == name
    assert manifest.complete
    assert manifest.train == recipe.train
    assert manifest.stored == recipe.stored
    task = recipe.make_task()
    assert manifest.task["name"] == task.info.name
    assert manifest.task["options"] == task.options
    for field, value in recipe.shape.items():
        assert getattr(manifest.model, field) == value


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.usefixtures("no_live_data")
def test_the_manifest_tells_the_truth(name: str, split: str) -> None:
    model, task, manifest = checkpoint.load(name)
    stated = manifest.metrics[split]
    assert task.fingerprint(split) == manifest.splits[split].fingerprint
    measured = evaluate(model, task, split)
    # Other processors round otherwise: a near-tie may tip one example, no more.
    assert measured.loss == pytest.approx(stated.loss, rel=1e-3, abs=1e-5)
    assert measured.tokens == stated.tokens
    assert measured.token_accuracy == pytest.approx(stated.token_accuracy, abs=3 / stated.tokens)
    if stated.exact_match is None:
        assert measured.exact_match is None
    else:
        assert measured.exact_match == pytest.approx(stated.exact_match, abs=1.5 / stated.examples)
    if stated.alignment is None:
        assert measured.alignment is None
    else:
        assert measured.alignment is not None
        for site, shares in stated.alignment.by_head.items():
            assert measured.alignment.by_head[site] == pytest.approx(shares, abs=3 / stated.alignment.tokens)


@pytest.mark.parametrize("name", ["dates", "lm-en", "lm-zh", "reverse"])  # those that are read in a second
def test_the_same_versions_give_the_same_data(name: str) -> None:
    """And others may give others: then there is a sentence, and nothing else happens."""
    _, task, manifest = checkpoint.load(name)
    remark = held_out.moved(task, manifest)
    if manifest.data_from == data_versions(task.info.name):
        assert remark is None
        for split, size in manifest.splits.items():
            assert fingerprint(task.live_split(split)) == size.fingerprint
    else:
        assert remark is None or remark.code == "data_moved"


@pytest.mark.parametrize("name", EXACT_MATCH)
def test_as_good_as_promised(name: str) -> None:
    exact_match = manifest_of(name).metrics["test"].exact_match
    assert exact_match is not None
    assert exact_match >= EXACT_MATCH[name]


@pytest.mark.parametrize("name", FIELDS)
def test_pictures_and_graphs_as_good_as_promised(name: str) -> None:
    assert manifest_of(name).metrics["test"].token_accuracy >= ACCURACY[name]


def test_pinyin_points_at_the_character_it_reads() -> None:
    report = manifest_of("pinyin").report
    assert report is not None
    assert report.alignment is not None
    assert report.alignment >= 0.98
    assert manifest_of("pinyin").model.n_encoder_layers == 0


def test_attention_is_not_explanation() -> None:
    """As accurate with an encoder, but no head points at the character so reliably."""
    without, with_encoder = manifest_of("pinyin").report, manifest_of("pinyin-2enc").report
    assert without is not None
    assert with_encoder is not None
    assert with_encoder.test.exact_match == pytest.approx(without.test.exact_match, abs=0.05)
    assert without.alignment is not None
    assert with_encoder.alignment is not None
    assert with_encoder.alignment < without.alignment - 0.1


@pytest.mark.parametrize("name", ["lm-zh", "lm-en"])
def test_language_models_beat_counting(name: str) -> None:
    manifest = manifest_of(name)
    loss = manifest.metrics["test"].loss
    assert set(manifest.baselines) == {"unigram", "bigram"}
    assert loss < manifest.baselines["bigram"] < manifest.baselines["unigram"]
