"""What holds of every task: splits, tokens, batches, bad input, coming back from a checkpoint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from attnviz.data import PAD, UNK, InputError, Pair, Task, Vocabulary, tasks
from attnviz.data.split import SPLITS

TEXT = st.text(st.characters(), max_size=40)
GENERATED = (
    "sentiment-zh",
    "sentiment-en",
    "numbers-formal",
    "numbers-zh",
    "numbers-en",
    "dates",
    "reverse",
    "copy",
    "sort",
    "lookup",
)
SMALL: dict[str, dict[str, int]] = {  # enough for every law
    **{name: {"size": 997} for name in GENERATED},
    "pinyin": {"phrases": 997, "copies": 1},
    "pinyin-phrases": {"characters": 997},
    "traditional": {"characters": 997},
    "python-syntax": {"size": 997},
}
STRANGE = (
    "<script>alert(1)</script>",
    "**bold** `code` $x$ [a](b)",
    "שלום עולם",
    "مرحبا بالعالم",
    "😀👩‍👩‍👧‍👦🇨🇳",
    "\ud800",
    "e\u0301\u0301\u0301",
    "\u202eabc",
    "𠮷𠀀",
)


@lru_cache(maxsize=64)
def task_of(name: str, seed: int = 0) -> Task:
    return tasks.get(name, seed=seed, **SMALL.get(name, {}))


@pytest.fixture(params=tasks.names())
def task(request: pytest.FixtureRequest) -> Task:
    return task_of(request.param)


# ---- registry


def test_listing_tasks_needs_neither_torch_nor_data() -> None:
    code = (
        "import sys; from attnviz.data import tasks; [tasks.info(n) for n in tasks.names()]; "
        "heavy = {'torch', 'babel', 'inflect', 'pypinyin', 'hsk_sentences_audio'} & set(sys.modules); "
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_same_options_give_the_same_task() -> None:
    assert tasks.get("copy", size=211) is tasks.get("copy", seed=0, size=211)
    assert tasks.get("copy", size=211) is not tasks.get("copy", size=223)


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("nonsense", {}, "unknown_task"),
        ("copy", {"nonsense": 1}, "unknown_option"),
        ("copy", {"size": -1}, "bad_option"),
        ("copy", {"size": "many"}, "bad_option"),
        ("copy", {"size": True}, "bad_option"),
        ("copy", {"size": [211]}, "bad_option"),
        ("copy", {"seed": -1}, "bad_option"),
        ("copy", {"seed": 1.5}, "bad_option"),
        ("copy", {"min_length": 9, "max_length": 8}, "bad_option"),
        ("lookup", {"max_length": 13, "symbols": 12}, "bad_option"),
        ("dates", {"language": "fr"}, "bad_option"),
    ],
)
def test_unknown_names_and_options_are_refused(name: str, options: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as refused:
        tasks.get(name, **options)
    assert refused.value.code == code
    assert str(refused.value)


def test_every_task_says_what_it_is(task: Task) -> None:
    for words in (task.info.title, task.info.note, task.info.source, task.info.licence):
        assert words["zh"]
        assert words["en"]
    assert task.info.synthetic == task.info.source["en"].startswith("generated")
    assert len(set(task.examples)) >= 5


def test_only_so_many_tasks_are_kept() -> None:
    first = tasks.get("copy", size=101)
    for seed in range(1, tasks.KEPT):
        tasks.get("copy", size=101, seed=seed)
    assert tasks.get("copy", size=101) is first
    for seed in range(tasks.KEPT + 1):
        tasks.get("copy", size=103, seed=seed)
    assert tasks.get("copy", size=101) is not first


# ---- splits


def test_no_source_is_in_two_splits(task: Task) -> None:
    if task.info.kind == "lm":
        owners = [{pair.target for pair in task.split(name)} for name in SPLITS]
    else:
        owners = [{pair.source for pair in task.split(name)} for name in SPLITS]
    assert all(owners)
    assert sum(map(len, owners)) == len(set().union(*owners))


def test_the_same_seed_gives_the_same_split_and_another_another(task: Task) -> None:
    options = dict(task.options)
    again = type(task)(**options)
    other = type(task)(**{**options, "seed": 1})
    for name in SPLITS:
        assert list(again.split(name)) == list(task.split(name))
        assert again.fingerprint(name) == task.fingerprint(name)
        assert other.fingerprint(name) != task.fingerprint(name)


def test_an_unknown_split_is_refused(task: Task) -> None:
    with pytest.raises(InputError) as refused:
        task.split("exam")
    assert refused.value.code == "unknown_split"


# ---- tokens


def some(task: Task, count: int = 31) -> list[Pair]:
    return [pair for name in SPLITS for pair in task.split(name)[:count]]


def test_text_and_tokens_are_the_same_thing(task: Task) -> None:
    for pair in some(task):
        assert tuple(task.tokenize_target(task.detokenize(pair.target))) == pair.target
        if task.src_vocab is not None:
            assert tuple(task.tokenize(task.detokenize_source(pair.source))) == pair.source


def test_decoding_gives_back_what_was_encoded(task: Task) -> None:
    for pair in task.split("train")[:31]:
        assert tuple(task.tgt_vocab.decode(task.tgt_vocab.encode(pair.target))) == pair.target
        if task.src_vocab is not None:
            assert tuple(task.src_vocab.decode(task.src_vocab.encode(pair.source))) == pair.source


def test_data_fit_the_stated_lengths(task: Task) -> None:
    for name in SPLITS:
        for pair in task.split(name):
            if task.src_vocab is None:
                assert 0 < len(pair.target) <= task.max_tgt_len
            else:
                assert 0 < len(pair.source) < task.max_src_len
                assert len(pair.target) < task.max_tgt_len


def test_alignments_point_into_the_source(task: Task) -> None:
    for pair in some(task):
        alignment = task.alignment(pair)
        if alignment is not None:
            assert len(alignment) == len(pair.target)
            assert all(i is None or 0 <= i < len(pair.source) for i in alignment)


def test_the_reference_is_the_target(task: Task) -> None:
    if task.info.kind == "lm":
        assert all(task.reference(text) is None for text in task.examples)
        return
    first: dict[tuple[str, ...], tuple[str, ...]] = {}
    for pair in some(task):
        first.setdefault(pair.source, pair.target)
    for source, target in first.items():
        text = task.detokenize_source(source)
        assert task.reference(text) == task.detokenize(target)
        assert task.reference_kind(text) == "exact"


def test_examples_are_read_whole_and_have_references(task: Task) -> None:
    task = task if task.info.synthetic else tasks.get(task.info.name)
    known = set(task.tgt_vocab.tokens)
    for text in task.examples:
        batch = task.encode(text)
        assert not batch.notices, text
        assert not any(batch.unknown_src), text
        assert not any(batch.unknown_decoder), text
        if task.info.kind != "lm":
            reference = task.reference(text)
            assert reference is not None, text
            assert known.issuperset(task.tokenize_target(reference)), text


# ---- batches


@pytest.mark.parametrize("split", SPLITS)
def test_an_epoch_covers_a_split_exactly_once(task: Task, split: str) -> None:
    expected = Counter(token for pair in task.split(split) for token in (*pair.source, *pair.target))
    seen: Counter[str] = Counter()
    for batch in task.batches(split, 61, seed=3):
        assert batch.targets is not None
        for source in batch.src_labels:
            seen.update(source[:-1])
        for target in batch.target_labels:
            if task.info.kind in ("tagging", "classification"):
                seen.update(label for label in target if label)  # "" where nothing is scored
            else:
                seen.update(target[:-1] if batch.src is not None else target)
    assert seen == expected


def test_batches_repeat_with_the_seed(task: Task) -> None:
    def order(seed: int) -> list[tuple[tuple[str, ...], ...]]:
        stream = task.batches("train", 7, seed=seed, epochs=None)
        return [next(stream).target_labels for _ in range(5)]

    assert order(5) == order(5)
    assert order(5) != order(6)


def test_epochs_differ_and_unshuffled_keeps_the_order() -> None:
    task = task_of("reverse")
    batches = list(task.batches("test", 1, seed=2, epochs=2))
    half = len(batches) // 2
    assert half == len(task.split("test"))
    one, two = ([batch.src_labels[0] for batch in part] for part in (batches[:half], batches[half:]))
    assert one != two
    assert sorted(one) == sorted(two)
    plain = [batch.src_labels[0][:-1] for batch in task.batches("test", 1, shuffle=False)]
    assert plain == [pair.source for pair in task.split("test")]


def test_batches_of_similar_length_waste_little_padding() -> None:
    task = tasks.get("numbers-zh", size=2003)
    padding = scored = 0
    for batch in task.batches("train", 32, seed=1):
        assert batch.targets is not None
        padding += int((batch.targets == PAD).sum())
        scored += batch.n_scored
    assert padding < scored / 5


# ---- what people type


@pytest.mark.parametrize("name", tasks.names())
@examples(20)
@given(text=TEXT)
def test_no_text_breaks_encoding(name: str, text: str) -> None:
    task = task_of(name)
    task.reference(text)
    if not task.tokenize(text) or not text.strip():
        with pytest.raises(InputError, match="no text"):
            task.encode(text)
        return
    batch = task.encode(text)
    rows, labels, unknown = (
        (batch.decoder_input, batch.decoder_labels, batch.unknown_decoder)
        if task.src_vocab is None
        else (batch.src, batch.src_labels, batch.unknown_src)
    )
    assert rows is not None
    assert rows.shape == (1, len(labels[0]))
    assert rows.size(1) <= (task.max_src_len or task.max_tgt_len)
    assert tuple(i for i, token in enumerate(rows[0].tolist()) if token == UNK) == unknown[0]
    assert all(labels[0][i] not in ("", "<unk>") for i in unknown[0])
    for label in labels[0]:
        label.encode("utf-8")


def test_strange_text_keeps_its_characters(task: Task) -> None:
    for text in STRANGE:
        batch = task.encode(text, limit=512)
        labels = "".join((batch.src_labels or batch.decoder_labels)[0])
        missing = set(task.tokenize(text)) - set((batch.src_labels or batch.decoder_labels)[0])
        assert not missing, text
        assert labels


@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000", "\x00\x01"])
def test_empty_text_is_refused(task: Task, text: str) -> None:
    with pytest.raises(InputError) as refused:
        task.encode(text)
    assert refused.value.code == "empty"
    assert task.reference(text) is None


@pytest.mark.parametrize("unit", ["字", "a", "1", "👩\u200d👩\u200d👧"])
def test_a_hundred_thousand_characters_are_cut_and_said_so(task: Task, unit: str) -> None:
    text = unit * 100_000
    batch = task.encode(text)
    (notice,) = batch.notices
    assert notice.code == "cut"
    labels = (batch.src_labels or batch.decoder_labels)[0]
    assert notice.details["kept"] == len(labels) - 1
    assert notice.details["given"] >= 100_000 / 40  # a word holds 40 characters at most


def test_a_limit_counts_positions() -> None:
    batch = task_of("reverse").encode("abcdefgh", "hgfedcba", limit=5)
    assert batch.src is not None
    assert batch.targets is not None
    assert (batch.src.shape, batch.targets.shape) == ((1, 5), (1, 5))
    assert [notice.code for notice in batch.notices] == ["cut", "cut_target"]


def test_without_a_target_there_is_nothing_to_score() -> None:
    task = task_of("reverse")
    assert task.encode("abc").decoder_input is None
    batch = task.encode("abc", task.reference("abc"))
    assert batch.target_labels == (("c", "b", "a", "</s>"),)


# ---- checkpoints


def test_a_restored_task_encodes_as_before_without_reading_data(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    state = json.loads(json.dumps(task.state()))
    with monkeypatch.context() as patch:
        patch.setattr(type(task), "load", lambda self: pytest.fail("data were read"))
        again = tasks.restore(**state)
        for text in (*task.examples, *STRANGE):
            before, after = task.encode(text, limit=64), again.encode(text, limit=64)
            for one, two in ((before.src, after.src), (before.decoder_input, after.decoder_input)):
                assert (one is None) == (two is None)
                assert one is None or (two is not None and one.equal(two))
    assert again.state() == task.state()
    assert again.fingerprint("test") == task.fingerprint("test")


def test_a_restored_vocabulary_wins_over_the_data() -> None:
    state = task_of("numbers-zh").state()
    state["src_vocab"] = Vocabulary.build([list("98765")])
    again = tasks.restore(**state)
    assert again.src_vocab == state["src_vocab"]
    assert again.encode("12").unknown_src == ((0, 1),)


def test_a_foreign_state_is_refused() -> None:
    state = task_of("copy").state()
    for change, code in (({"name": "x"}, "unknown_task"), ({"tgt_vocab": ["a"]}, "bad_vocabulary")):
        with pytest.raises(InputError) as refused:
            tasks.restore(**{**state, **change})
        assert refused.value.code == code
