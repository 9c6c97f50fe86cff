"""The address: whatever it holds, something usable comes out, and what was wrong is said once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attnviz.language import LANGUAGES
from attnviz.ui.frame.shared_link import SharedLink, parse
from attnviz.ui.text import texts, words

NAMES = ("model", "example", "kind", "layer", "head", "lang")
LAYERS = {"decoder_self": 3, "cross": 2}
addresses = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), st.text(max_size=40), max_size=8)


@given(addresses)
def test_anything_can_be_read_and_every_remark_can_be_said(params: dict[str, str]) -> None:
    found = parse(params).fitted(tuple(LAYERS), LAYERS, 5, examples=7)
    for remark in found.remarks:
        assert remark.key in texts("common")
        for language in LANGUAGES:
            assert words("common", language)(remark.key, **remark.values)
    assert found.kind in (None, *LAYERS)
    for number, most in ((found.layer, LAYERS.get(found.kind or "", 3)), (found.head, 5), (found.example, 7)):
        assert number is None or 1 <= number <= most


@given(
    st.sampled_from(tuple(LAYERS)),
    st.integers(1, 2),
    st.integers(1, 5),
    st.integers(1, 7),
    st.sampled_from(("pinyin", "lm-en")),
    st.sampled_from(LANGUAGES),
)
def test_a_good_address_is_read_as_it_stands(
    kind: str, layer: int, head: int, example: int, model: str, lang: str
) -> None:
    written = {"kind": kind, "layer": layer, "head": head, "example": example, "model": model, "lang": lang}
    read = parse({name: str(value) for name, value in written.items()})
    assert read.fitted(tuple(LAYERS), LAYERS, 5, examples=7) == read
    assert read == SharedLink(model=model, example=example, kind=kind, layer=layer, head=head)


def keys(**params: str) -> list[str]:
    return [remark.key for remark in parse(params).fitted(tuple(LAYERS), LAYERS, 5, examples=7).remarks]


def test_each_kind_of_nonsense_gets_its_own_remark() -> None:
    assert keys(layer="-1") == ["url_number"]
    assert keys(head="0") == ["url_number"]
    assert keys(head="６") == ["url_number"]
    assert keys(layer="9" * 500) == ["url_number"]
    assert keys(example="1.5") == ["url_number"]
    assert keys(head="6") == ["url_beyond"]
    assert keys(kind="cross", layer="3") == ["url_beyond"]
    assert keys(kind="encoder_self") == ["url_kind"]
    assert keys(lang="fr") == ["url_language"]
    assert keys(layer="-1", head="99", kind="?", example="x", lang="??") == [
        *["url_number"] * 2,
        "url_language",
        "url_kind",
        "url_beyond",
    ]
    assert keys(utm_source="x") == []


def test_a_remark_quotes_only_the_beginning() -> None:
    (remark,) = parse({"layer": "<script>" + "x" * 9999}).remarks
    assert len(remark.values["value"]) <= 40
