"""A sentence read by a model, and what is drawn from it."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from attnviz.data import BOS, EOS, PAD, InputError, Task, tasks
from attnviz.model import Transformer
from attnviz.trace import token_effects
from attnviz.trace.predictions import log_probabilities
from attnviz.training import make_model, model_config_for
from attnviz.ui.attention import views
from attnviz.ui.frame.shared_link import SharedLink
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.reading import Feed, Picture, Sentence


@pytest.fixture(scope="module")
def reverse() -> tuple[Transformer, Task]:
    task = tasks.get("reverse", size=300)
    return make_model(model_config_for(task, d_model=12, n_heads=3, d_ff=17, n_encoder_layers=1), 5).eval(), task


@pytest.fixture(scope="module")
def letters() -> tuple[Transformer, Task]:
    """A language model."""
    task = tasks.from_text("In the beginning was a word, and another one came after it.\n" * 3 + "x" * 400)
    return make_model(model_config_for(task, d_model=12, n_heads=3, d_ff=17, n_decoder_layers=2), 5).eval(), task


def both(model: Transformer, task: Task, text: str, feed: Feed = "reference") -> tuple[Sentence, Picture]:
    sentence = reading.take_in(model, task, text)
    return sentence, reading.look(model, task, sentence, feed)


def test_the_decoder_reads_the_reference_shifted_right(reverse: tuple[Transformer, Task]) -> None:
    sentence, picture = both(*reverse, "abcde")
    assert (sentence.reference, sentence.reference_kind, picture.feed) == ("edcba", "exact", "reference")
    assert picture.trace.batch.decoder_labels == (("<s>", "e", "d", "c", "b", "a"),)
    assert picture.trace.batch.target_labels == (("e", "d", "c", "b", "a", "</s>"),)
    assert picture.trace.loss is not None
    assert math.isfinite(picture.trace.loss)


def test_its_own_output_is_what_a_free_run_says_and_fed_back_it_is_said_again(
    reverse: tuple[Transformer, Task],
) -> None:
    model, task = reverse
    sentence, picture = both(model, task, "abcde", "own")
    assert sentence.output is not None
    assert picture.feed == "own"
    ids = picture.trace.batch.decoder_input
    assert ids is not None
    assert ids[0].tolist() == [BOS, *sentence.output.ids]
    said = picture.trace.logits[0].argmax(-1).tolist()
    assert said[: len(sentence.output.ids)] == list(sentence.output.ids)
    assert (said[-1] == EOS) == sentence.output.ended
    assert (picture.trace.targets[0, -1] == (EOS if sentence.output.ended else PAD)).all()


def test_the_users_own_answer_replaces_the_known_one(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    sentence = reading.take_in(model, task, "abc", "aaa")
    assert (sentence.reference, sentence.reference_kind) == ("aaa", "given")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x01"])
def test_nothing_to_read_is_refused(
    reverse: tuple[Transformer, Task], letters: tuple[Transformer, Task], text: str
) -> None:
    for model, task in (reverse, letters):
        with pytest.raises(InputError) as refused:
            reading.take_in(model, task, text)
        assert refused.value.code == "empty"


def test_a_hundred_thousand_characters_are_cut_and_said_so(
    reverse: tuple[Transformer, Task], letters: tuple[Transformer, Task]
) -> None:
    for model, task in (reverse, letters):
        sentence, picture = both(model, task, "ab" * 50_000)
        assert [notice.code for notice in sentence.notices] == ["typed_capped", "cut"]
        assert sentence.notices[0].details["given"] == 100_000
        assert picture.trace.logits.shape[1] <= reading.LONGEST


@pytest.mark.parametrize(
    "text", ["ab😀c", "👩‍👩‍👧‍👦a", "שלום ab", "ﷺabc", "<script>alert(1)</script>", "**a** `b` [c](d)"]
)
def test_what_the_model_has_never_seen_is_marked_where_it_stands(reverse: tuple[Transformer, Task], text: str) -> None:
    model, task = reverse
    sentence, picture = both(model, task, text)
    unknown = reading.unknown_tokens(sentence.source)
    assert unknown
    assert not set(unknown) & set(task.tgt_vocab.tokens)
    for kind in views.kind_pictures(picture):
        rows = {kind.row_labels[i] for i in kind.unknown_rows}
        columns = {kind.column_labels[i] for i in kind.unknown_columns}
        assert rows | columns <= set(unknown)
        if kind.kind != "decoder_self":
            assert set(columns) == set(unknown)


@examples(15)
@given(text=st.text(min_size=1, max_size=30))
def test_any_text_becomes_a_picture_or_is_empty(
    reverse: tuple[Transformer, Task], letters: tuple[Transformer, Task], text: str
) -> None:
    for model, task in (reverse, letters):
        if not task.tokenize(text) or not text.strip():
            with pytest.raises(InputError):
                reading.take_in(model, task, text)
            continue
        sentence, picture = both(model, task, text)
        panel = views.panel(task, sentence, picture, picture, sentence.output)
        assert len(panel.steps) == picture.trace.logits.shape[1]


def test_switching_no_head_off_changes_nothing_and_all_of_a_layer_changes_the_loss(
    reverse: tuple[Transformer, Task],
) -> None:
    model, task = reverse
    sentence, intact = both(model, task, "abcdef")
    without = reading.look_without(model, task, intact, ())
    np.testing.assert_allclose(without.trace.logits, intact.trace.logits, atol=1e-5)
    heads = [("decoder.0.cross_attn", head) for head in range(3)]
    without = reading.look_without(model, task, intact, heads)
    assert not np.allclose(without.trace.logits, intact.trace.logits, atol=1e-4)
    assert reading.output_without(model, task, sentence, []) == sentence.output


def test_the_importance_of_a_head_is_the_loss_without_it(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    _, intact = both(model, task, "fedc")
    effects = token_effects(model, intact.trace.batch)
    importance = effects.means()
    for kind in intact.trace.kinds:
        grid = views.importance_grid(intact.trace, kind, importance)
        sites = intact.trace.sites_of(kind)
        without = reading.look_without(model, task, intact, [(sites[-1], 2)])
        assert intact.trace.loss is not None
        assert without.trace.loss is not None
        assert grid[-1, 2] == pytest.approx(without.trace.loss - intact.trace.loss, abs=1e-4)


def test_heads_that_a_browser_makes_up_are_dropped(reverse: tuple[Transformer, Task]) -> None:
    made_up = [
        ("decoder.0.cross_attn", 1),
        ("decoder.0.cross_attn", 99),
        ("no.such.site", 0),
        ("decoder.0.cross_attn", -1),
    ]
    assert reading.known_heads(reverse[0], made_up) == (("decoder.0.cross_attn", 1),)


def test_the_panel_counts_right_and_wrong_against_the_reference(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    sentence, picture = both(model, task, "abcd")
    panel = views.panel(task, sentence, picture, picture, sentence.output)
    said = picture.trace.logits[0].argmax(-1)
    wanted = [*task.tgt_vocab.encode(list("dcba")), EOS]
    assert [step.right for step in panel.steps] == [bool(a == b) for a, b in zip(said, wanted, strict=True)]
    assert [step.target for step in panel.steps] == [*"dcba", "</s>"]
    assert panel.loss_before is None
    for step in panel.steps:
        shares = [candidate.now for candidate in step.candidates]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1 + 1e-6
        assert step.candidates[0].token == step.said
        assert step.before is None


def test_with_heads_off_the_panel_shows_both(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    sentence, intact = both(model, task, "abcd")
    heads = [(site, head) for site in model.sites for head in range(3)]
    now = reading.look_without(model, task, intact, heads)
    panel = views.panel(task, sentence, intact, now, reading.output_without(model, task, sentence, heads))
    assert (panel.loss_before, panel.loss) == (intact.trace.loss, now.trace.loss)
    before = np.exp(log_probabilities(intact.trace.logits)[0])
    for position, step in enumerate(panel.steps):
        for candidate in step.candidates:
            assert candidate.before == pytest.approx(before[position, task.tgt_vocab.id(candidate.token)], abs=1e-6)


def test_logits_too_many_to_be_kept_change_no_number(
    reverse: tuple[Transformer, Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, task = reverse
    heads = [(model.sites[-1], 1)]

    def panels() -> tuple[object, ...]:
        sentence, intact = both(model, task, "abcd")
        now = reading.look_without(model, task, intact, heads)
        found = views.panel(task, sentence, intact, intact, sentence.output)
        return intact.trace.logits.size, found, views.panel(task, sentence, intact, now, sentence.output)

    kept, *expected = panels()
    monkeypatch.setattr(reading, "MOST_LOGITS", 0)
    monkeypatch.setattr(sys.modules["attnviz.trace.predictions"], "AT_ONCE", 11)  # some rows at a time
    assert kept
    assert panels() == (0, *expected)


def test_its_own_output_is_neither_right_nor_wrong(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    sentence, picture = both(model, task, "abcd", "own")
    panel = views.panel(task, sentence, picture, picture, sentence.output)
    assert {step.right for step in panel.steps} == {None}
    assert panel.output_equals is (views.written(task, sentence.output) == "dcba")  # type: ignore[arg-type]


def test_a_language_model_predicts_each_next_token_of_the_text(letters: tuple[Transformer, Task]) -> None:
    model, task = letters
    sentence, picture = both(model, task, "the word")
    panel = views.panel(task, sentence, picture, picture, None)
    assert picture.feed == "text"
    assert [step.read for step in panel.steps] == ["<s>", *"the word"]
    assert [step.target for step in panel.steps] == [*"the word", None]
    assert panel.output is None


def test_the_stage_opens_where_the_address_says(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    _, picture = both(model, task, "abc")
    kinds = views.kind_pictures(picture)

    def opened(asked: SharedLink, best: reading.Head | None = None) -> tuple[str, int, int]:
        shown = views.stage_picture(
            kinds, asked=asked, best=best, heads_off=(), seq=0, scope="", name="x", language="zh"
        )
        return shown.kind, shown.layer, shown.head

    assert opened(SharedLink()) == ("cross", 1, 0)
    assert opened(SharedLink(), ("decoder.0.cross_attn", 2)) == ("cross", 0, 2)
    assert opened(SharedLink(kind="decoder_self", layer=2, head=3)) == ("decoder_self", 1, 2)
    assert opened(SharedLink(kind="encoder_self")) == ("encoder_self", 0, 0)
    assert opened(SharedLink(kind="encoder_self", layer=2)) == ("encoder_self", 0, 0)


def test_a_free_run_that_never_ends_is_cut(reverse: tuple[Transformer, Task]) -> None:
    model, task = reverse
    stubborn = Transformer(model.config).eval()
    with torch.no_grad():
        for parameter in stubborn.parameters():
            parameter.zero_()
        stubborn.embedding.tokens.weight[7] = 1.0  # every logit is 0 but that of token 7 after the norm's bias
        stubborn.decoder_norm.bias.fill_(1.0)
    sentence = reading.take_in(stubborn, task, "abc")
    assert sentence.output is not None
    assert not sentence.output.ended
    assert set(sentence.output.ids) == {7}
    picture = reading.look(stubborn, task, sentence, "own")
    assert picture.trace.logits.shape[1] <= model.config.max_len


def test_invisible_characters_that_were_typed_are_taken_out_and_named(reverse: tuple[Transformer, Task]) -> None:
    sentence = reading.take_in(*reverse, "a\u200bb\u00adc\u200b")
    assert sentence.source.src_labels == (("a", "b", "c", "</s>"),)
    (remark,) = sentence.notices
    assert (remark.code, remark.details) == ("invisible_removed", {"count": 3, "shown": "U+00AD, U+200B"})
