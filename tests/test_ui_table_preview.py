"""A file of people's own is shown before it is used, wherever one is taken, and its every choice can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from attnviz.data.file_encoding import ENCODINGS
from attnviz.data.user_table import CHOICES, Layout, read_table
from attnviz.language import LANGUAGES
from attnviz.runs import Library
from attnviz.ui.finetuning import choices as tuning
from attnviz.ui.pretraining import choices as choosing
from attnviz.ui.sentence import table_preview
from attnviz.ui.text import texts, words

APP = Path(__file__).resolve().parents[1] / "app.py"
LINES = [f"{i};well, {i} <b>x</b>;nun {i};note" for i in range(29)]
CONTENT = "\n".join(["id;en;de;more", *LINES]).encode("utf-16")


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of runs, and no worker."""
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    monkeypatch.setattr("attnviz.ui.runs.library._Counting._count", lambda self, task: None)
    threads = torch.get_num_threads()
    yield tmp_path
    torch.set_num_threads(threads)


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        at.query_params[name] = value
    return drawn(at.run())


def drawn(at: AppTest) -> AppTest:
    assert not at.exception, [error.value for error in at.exception]
    return at


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def upload(at: AppTest, name: str, data: bytes = CONTENT) -> AppTest:
    (field,) = [one for one in at.get("file_uploader") if one.key != "open-model-zip"]
    return drawn(field.set_value((name, data, "text/plain")).run())


def choice(at: AppTest, name: str) -> Any:
    (found,) = [one for one in at.selectbox if f":{name}:" in str(one.key) and "own" in str(one.key)]
    return found


def pressed(at: AppTest, key: str) -> AppTest:
    (button,) = [one for one in at.button if str(one.key).endswith(key)]
    return drawn(button.click().run())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_has_its_words(language: Any) -> None:
    t = words("table_preview", language)
    for name, options in CHOICES.items():
        assert t(name)
        for option in options:
            assert option == "auto" or f"{name}_{option}".replace("-", "_") in texts("table_preview")
    assert CHOICES["encoding"] == ENCODINGS


def test_a_picture_of_a_table_shows_ten_rows_and_which_columns_are_read_and_no_markup() -> None:
    table = read_table(CONTENT)
    for language in LANGUAGES:
        t = words("table_preview", language)
        drawn_table = table_preview._picture(table, t, "pairs")
        assert drawn_table.count("<tr>") == 11
        assert drawn_table.count('class="av-read"') == 22
        assert t("pairs_source") in drawn_table
        assert "<b>x</b>" not in drawn_table
        assert "&lt;b&gt;x" in drawn_table
        assert f"29 {'行' if language == 'zh' else 'rows'}" in drawn_table


def test_pretraining_shows_a_table_lets_it_be_changed_and_trains_on_it_as_shown(own_runs: Path) -> None:
    at = upload(opened("pretraining", lang="en", view="data"), "mine.csv")
    own = at.session_state[choosing.KEPT].own
    assert (own.task, own.layout) == ("user-pairs", Layout())
    assert html(at).count('class="av-read"') == 22
    assert "read as utf-16" in html(at)
    assert "Data: mine.csv" in html(at)
    assert choice(at, "separator").options[:2] == ["automatic: semicolon ;", "tab"]  # no mark is escaped in a list
    drawn(choice(at, "target").set_value(4).run())
    assert at.session_state[choosing.KEPT].own.layout == Layout(target=4)
    drawn(choice(at, "separator").set_value("bar").run())
    assert "has one column" in html(at)
    drawn(choice(at, "separator").set_value("semicolon").run())
    pressed(at, ":swap")
    assert at.session_state[choosing.KEPT].own.layout == Layout(separator="semicolon", source=4, target=2)
    drawn(choice(at, "source").set_value(3).run())
    pressed(at, "data-train")
    (one,) = Library(own_runs).list()
    options = Library(own_runs).open(one.id).config.task_options
    known = {
        "encoding": "utf-16",
        "separator": "semicolon",
        "quoting": "no",
        "heading": "yes",
        "source": 3,
        "target": 2,
    }
    assert {name: options[name] for name in known} == known
    assert "Run: " in html(at)
    assert "mine.csv" in html(at)


def test_a_preset_does_not_name_data_that_are_not_its_own() -> None:
    at = upload(opened("pretraining", lang="en", view="data"), "mine.csv")
    at.session_state["pretraining-view"] = "train"
    (preset,) = [one for one in drawn(at.run()).selectbox if str(one.key).startswith("preset:")]
    assert (preset.value, preset.options[0]) == ("other-data", "mine.csv")
    assert "Data: mine.csv" in html(at)
    drawn(preset.set_value("reverse").run())
    assert at.session_state[choosing.KEPT].own is None
    assert "Data: mine.csv" not in html(at)


def test_tabbed_pairs_in_a_txt_are_offered_as_pairs_and_a_text_as_a_text() -> None:
    pairs = "".join(f"Sentence {i}\tSatz {i}\tsomebody\n" for i in range(31)).encode()
    at = upload(opened("pretraining", lang="zh", view="data"), "deu.txt", pairs)
    assert at.session_state[choosing.KEPT].own.task == "user-pairs"
    (kind,) = [one for one in at.get("button_group") if str(one.key).startswith("own-data-kind")]
    drawn(kind.set_value("text").run())
    assert at.session_state[choosing.KEPT].own.task == "user-text"
    assert "制表符" in html(at)
    text = "".join(f"Line {i}, no tab in it, {i * i}\n" for i in range(101)).encode("latin-1")
    at = upload(opened("pretraining", lang="en", view="data"), "prose.txt", text)
    assert at.session_state[choosing.KEPT].own.task == "user-text"
    drawn(choice(at, "encoding").set_value("latin-1").run())
    assert at.session_state[choosing.KEPT].own.options == {"encoding": "latin-1"}


def test_fine_tuning_shows_texts_and_labels() -> None:
    content = "\n".join(["v1,v2", *(f"{('ham', 'spam')[i % 2]},message number {i}" for i in range(29))]).encode()
    at = upload(opened("finetuning", lang="en", preset="own"), "spam.csv", content)
    assert html(at).count('class="av-read"') == 22
    own = at.session_state[tuning.KEPT].own
    task = tuning.task_of(at.session_state[tuning.KEPT])
    assert set(task.tgt_vocab.tokens[-2:]) == {"ham", "spam"}
    assert own.layout == Layout()
    drawn(choice(at, "heading").set_value("no").run())
    assert at.session_state[tuning.KEPT].own.layout == Layout(heading="no")
    assert at.session_state[tuning.KEPT].task_options["heading"] == "no"


def test_the_sentence_row_shows_a_file_before_a_sentence_is_picked() -> None:
    at = upload(opened("attention", lang="en", model="reverse"), "mine.csv", "\n".join(LINES).encode())
    assert html(at).count('class="av-read"') == 22
    drawn(choice(at, "source").set_value(3).run())
    (pick,) = [one for one in at.selectbox if str(one.key).startswith("own-pick")]
    assert pick.options[0] == "nun 0"
