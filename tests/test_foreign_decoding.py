"""Decoding on models from elsewhere: the library's numbers are transformers' own, the page shows the library's."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import app_driver
import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_configs import make
from foreign_folders import SIZE, byte_level_tokenizer, edit, save, word_tokenizer

from attnviz.api import with_output
from attnviz.decoding import compare_forcing, end_ids, greedy
from attnviz.errors import ForeignError
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.facts import sample_picture
from attnviz.foreign.parts import foreign_parts
from attnviz.foreign.texts import ForeignTexts
from attnviz.ui.decoding import forcing, picture, running
from attnviz.ui.decoding.settings import Settings
from attnviz.ui.decoding.subject import Subject, take_in
from attnviz.ui.masks import subject as masked
from attnviz.ui.sentence import reading

TEXT = "the cat sat 银"
TEMPLATE = "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>{% endfor %}bot:"
payload = partial(app_driver.payload, stage="decoding-stage")


def subject_of(name: str, text: str = TEXT, **how: Any) -> Subject:
    model = ForeignModel(make(name, vocab_size=SIZE), name=name)
    return take_in(model, ForeignTexts(model, byte_level_tokenizer()), text, "", **how)


def by_generate(name: str, subject: Subject, **how: Any) -> list[int]:
    """What transformers' own loop writes after the first token, prompt included."""
    net = make(name, vocab_size=SIZE)
    # Filling is a number that tiny prompts hold, too: everything is to be seen.
    given = subject.src if subject.src is not None else torch.tensor([[subject.rules.first, *subject.prefix]])
    how = {"do_sample": False, "num_beams": 1, "attention_mask": torch.ones_like(given), **how}
    return [int(token) for token in net.generate(given, **how)[0][1:]]


@pytest.mark.parametrize("name", ["llama", "gpt2", "gemma2", "gpt-oss", "qwen3.5", "bloom", "marian", "t5", "bart"])
def test_greedy_is_generate(name: str) -> None:
    subject = subject_of(name)
    run = running.decode(subject, Settings(limit=13), {})
    said = [step.token for step in run.steps]
    # The last place may be given to the end by force; that is a matter of the limit.
    assert said[:-1] == by_generate(name, subject, max_new_tokens=13)[: len(said) - 1]
    assert run.cached == (subject.model.new_cache() is not None)
    if "ablate" in subject.model.can:
        for site, weights in run.weights.items():
            np.testing.assert_allclose(weights.sum(-1), 1, atol=2e-5 if name != "gpt-oss" else 1.0), site


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_beams_are_generates(name: str) -> None:
    subject = subject_of(name)
    found = running.search(subject, Settings(strategy="beam", beams=3, limit=7)).trees[-1]
    expected = by_generate(name, subject, max_new_tokens=7, num_beams=3, length_penalty=0.0)
    assert list(found.tokens(found.best)) == expected


def test_every_end_ends_and_what_is_never_said_is_not_said() -> None:
    subject = subject_of("llama")
    plain = running.decode(subject, Settings(limit=9), {})
    said = [step.token for step in plain.steps][len(subject.prefix) :]
    net = subject.model.net  # type: ignore[attr-defined]
    net.generation_config.eos_token_id = [said[2], 299]
    net.generation_config.bad_words_ids = [[said[0]]]
    again = take_in(subject.model, subject.task, TEXT, "")
    assert again.rules.ends == {said[2], 299}
    assert again.rules.never == {said[0]}
    run = running.decode(again, Settings(limit=9), {})
    assert said[0] not in [step.token for step in run.steps][len(subject.prefix) :]
    net.generation_config.bad_words_ids = None
    run = running.decode(take_in(subject.model, subject.task, TEXT, ""), Settings(limit=9), {})
    assert [step.token for step in run.steps][len(subject.prefix) :] == said[:3]
    assert run.steps[-1].reason == "eos"
    assert end_ids(7) == {7} == end_ids([7])
    assert end_ids(None) == frozenset()


@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_a_free_run_stops_at_every_end_and_is_generate(name: str) -> None:
    model = ForeignModel(make(name, vocab_size=SIZE), name=name)
    model.net.generation_config.eos_token_id = None
    texts = ForeignTexts(model, byte_level_tokenizer())
    batch = texts.encode(TEXT)
    assert batch.src is not None
    plain = reading.free_run(model, batch, 9, rules=replace(texts.rules, ends=frozenset())).ids
    said = list(dict.fromkeys(plain))
    place = plain.index(said[-1])
    for ends in ([said[-1], 299], [299, said[-1]], said[-1]):
        model.net.generation_config.eos_token_id = ends
        sentence = reading.take_in(model, texts, TEXT)
        assert sentence.output == reading.Output(plain[:place], end=said[-1])
        fed, _ = reading.fed(model, texts, sentence, "own")
        assert fed.targets is not None
        assert fed.targets[0].tolist() == [*plain[:place], said[-1]]
        assert fed.n_scored == place + 1
        given = torch.ones_like(batch.src)
        own = model.net.generate(batch.src, attention_mask=given, do_sample=False, num_beams=1, max_new_tokens=9)
        assert own[0, 1:].tolist() == [*plain[:place], said[-1]]
        shown = masked.Subject(model=model, batch=fed, vocabulary=texts.tgt_vocab, scored="own", rules=texts.rules)
        assert masked.answers(shown)[0].tokens == tuple(texts.tgt_vocab.decode(plain[:place]))
        again = with_output(model, batch, texts)
        assert again.decoder_input is not None
        assert again.decoder_input[0, 1:].tolist() == list(plain[:place])


def test_a_decoder_behind_sound_stops_at_every_end() -> None:
    model = ForeignModel(make("whisper"), name="whisper")
    features = sample_picture(model.config, "features", torch.Generator().manual_seed(3))
    plain = greedy(model, features, bos_id=1, eos_id=None, max_len=9)[0].tolist()
    last = list(dict.fromkeys(plain))[-1]
    found = greedy(model, features, bos_id=1, eos_id=[last, 60], max_len=9)[0].tolist()
    assert found == plain[: plain.index(last) + 1]


def test_what_every_text_begins_with_is_there_and_what_is_never_said_is_not() -> None:
    model = ForeignModel(make("mbart", vocab_size=SIZE), name="mbart")
    texts = ForeignTexts(model, byte_level_tokenizer())
    plain = reading.take_in(model, texts, TEXT).output
    assert plain is not None
    model.net.generation_config.forced_bos_token_id = 77
    model.net.generation_config.bad_words_ids = [[plain.ids[0]]]
    found = reading.take_in(model, texts, TEXT).output
    assert found is not None
    assert found.ids[0] == 77
    assert plain.ids[0] not in found.ids
    batch = texts.encode(TEXT)
    again = with_output(model, batch, texts)
    assert again.decoder_input is not None
    length = min(len(found.ids), again.decoder_input.size(1) - 1)
    assert again.decoder_input[0, 1 : 1 + length].tolist() == list(found.ids[:length])


@pytest.mark.parametrize("name", ["llama", "marian"])
def test_both_regimes_are_the_librarys(name: str) -> None:
    subject = subject_of(name)
    reference = forcing.reference_of(subject, None)
    clean = forcing.clean_run(subject, reference)
    ends, first = subject.rules.ends, subject.rules.first
    length = len(clean.free)
    expected = compare_forcing(subject.model, subject.src, reference.ids, bos_id=first, eos_id=ends, max_len=length)
    assert clean.teacher_loss == pytest.approx(expected.teacher_loss)
    assert len(reference.labels) == len(reference.ids)


@pytest.mark.parametrize("name", ["llama", "gpt2", "bart", "t5", "qwen3.5", "bloom", "marian"])
def test_the_drawing_holds_every_parameter_once_and_every_attention(name: str) -> None:
    model = ForeignModel(make(name), name=name)
    parts = foreign_parts(model)
    assert sum(part.parameters for part in parts) == model.parameters_count
    assert len({part.path for part in parts}) == len(parts)
    if not model.maps_only:
        assert {part.site for part in parts if part.site} == set(model.sites)
    assert [part.kind for part in parts].count("output") == 1


def test_a_message_is_written_as_the_models_template_has_it() -> None:
    subject = subject_of("llama")
    tokenizer = subject.task.tgt_vocab.tokenizer  # type: ignore[union-attr]
    assert not subject.task.has_chat  # type: ignore[union-attr]
    tokenizer.chat_template = TEMPLATE
    assert subject.task.has_chat  # type: ignore[union-attr]
    chat = take_in(subject.model, subject.task, "the cat", "", chat=True)
    assert "".join(chat.prefix_labels).replace("␣", " ") == "user: the cat</s>bot:"
    assert chat.start_label == "<s>"
    assert take_in(subject.model, subject.task, TEXT, "").prefix == subject.prefix
    for broken in ("{{ nobody.knows.this }}", "{% raise %}"):
        tokenizer.chat_template = broken
        with pytest.raises(ForeignError, match="chat template"):
            subject.task.encode_chat("the cat")  # type: ignore[union-attr]
        plain = take_in(subject.model, subject.task, TEXT, "", chat=True)
        assert plain.prefix == subject.prefix
        assert "foreign_chat" in [notice.code for notice in plain.notices]


# ---- the page -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    found = {name: save(root / f"tiny-{name}", name) for name in ("llama", "marian")}
    found["bert"] = save(root / "tiny-bert", "bert", word_tokenizer)
    edit(found["llama"], "tokenizer_config.json", chat_template=TEMPLATE)
    return found


@pytest.fixture
def opened(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    from attnviz.ui.sentence.opened import _path_of

    def open_page(name: str, language: str, **query: str) -> Any:
        _path_of.cache_clear()
        monkeypatch.setenv("ATTNVIZ_MODELS", str(folders[name]))
        return app_driver.opened("decoding", model=f"tiny-{name}", lang=language, **query)

    return open_page


@pytest.mark.parametrize(("name", "language"), [("llama", "zh"), ("marian", "en")])
def test_the_page_shows_the_librarys_steps(name: str, language: str, opened: Any) -> None:
    at = opened(name, language)
    header, arrays = payload(at)
    assert at.session_state["model"] == f"tiny-{name}"
    assert header["steps"]
    assert "\ufffd" not in str(header)
    sites = {one["site"]: one for one in header["model"]["sites"]}
    assert set(sites) <= set(arrays)
    if name == "llama":
        assert {(one["heads"], one["groups"]) for one in sites.values()} == {(6, 3)}
        assert header["subject"]["bos"] == "<s>"
        assert [step["token"] for step in header["steps"][:4]] == ["u", "s", "e", "r"]
        (switch,) = at.toggle
        switch.set_value(False).run()
        assert [step["token"] for step in payload(at)[0]["steps"][:4]] != ["u", "s", "e", "r"]
    for view in ("forcing", "cache"):
        at.session_state["decoding-view"] = view
        app_driver.ran(at.run())
        assert "\ufffd" not in str(payload(at)[0])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_model_that_does_not_write_says_so_and_shows_the_way_to_one_that_does(language: str, opened: Any) -> None:
    at = opened("bert", language)
    assert ("没有会写的解码器" if language == "zh" else "no decoder that writes") in app_driver.html(at)
    (button,) = [one for one in at.button if one.key == "claim-trial"]
    button.click().run()
    assert payload(at)[0]["steps"]
    assert at.session_state["model"] != "tiny-bert"


def test_of_very_many_weights_only_those_on_screen_travel() -> None:
    arrays = {f"decoder.{n}.self_attn": np.zeros((2, 3, 5), dtype=np.float32) for n in range(3)}
    assert picture.within_reason(arrays, "decoder.1.self_attn") == arrays
    arrays["decoder.7.self_attn"] = np.zeros((1, 1, picture.MOST_WEIGHTS), dtype=np.float32)
    assert set(picture.within_reason(arrays, "decoder.1.self_attn")) == {"decoder.1.self_attn"}


@pytest.mark.parametrize("page", ["decoding", "by_hand"])
@pytest.mark.parametrize(("language", "said"), [("zh", "不存在，已改用"), ("en", "is shown.")])
def test_a_link_to_a_model_that_is_not_there_says_so_and_shows_another(page: str, language: str, said: str) -> None:
    at = app_driver.opened(page, model="../../etc/passwd", lang=language, what="model")
    assert said in app_driver.all_notices(at)
    assert at.get("bidi_component")


def test_pages_do_not_wait_for_transformers() -> None:
    pages = "attnviz.ui.decoding.page, attnviz.ui.by_hand.page, attnviz.ui.finetuning.page"
    code = f"import sys, {pages}; print(sorted({{'transformers', 'peft', 'gguf'}} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert found.stdout.strip().endswith("[]")
