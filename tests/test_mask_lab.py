"""The mask lab's state: painting, chips, history, targets, the address, and whatever a browser may send."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from random_masks import trees
from small_models import BOS, VOCAB, make_model, padded_src

from attnviz.data import SPECIALS, Batch, Vocabulary
from attnviz.masks import Mask, MaskError, MaskPlan, causal, cells, full, key_padding, pads, sliding_window
from attnviz.masks.files import to_csv, to_npy
from attnviz.trace.application import APPLICATIONS, PRECISIONS
from attnviz.ui.frame.link import read as read_link
from attnviz.ui.masks import link
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.operations import Surroundings, carry_out, pending
from attnviz.ui.masks.painting import matrix_of, paint, take_apart
from attnviz.ui.masks.picture import _chips
from attnviz.ui.masks.presets import presets
from attnviz.ui.masks.setting import Setting, Target, plan_of, read, refitted, written
from attnviz.ui.masks.subject import Subject, most_pads
from attnviz.ui.masks.terms import Term, terms_of, text_of

QUERIES, KEYS, HEADS = 5, 7, 3
SIZES = {"heads": HEADS, "queries": QUERIES, "keys": KEYS}
some_cells = st.sets(st.tuples(st.integers(0, QUERIES - 1), st.integers(0, KEYS - 1)), max_size=9)


def dense(mask: Mask) -> torch.Tensor:
    return mask.dense(batch=1, **SIZES)[0]


def a_subject(source: int = KEYS, target: int = QUERIES) -> Subject:
    ids = torch.randint(3, VOCAB, (1, target - 1), generator=torch.Generator().manual_seed(1))
    decoder_input = torch.cat([torch.tensor([[BOS]]), ids], dim=1)
    batch = Batch(
        src=padded_src(1, source, 3),
        decoder_input=decoder_input,
        targets=torch.cat([ids, torch.tensor([[2]])], dim=1),
        src_labels=(tuple(f"s{i}" for i in range(source)),),
        decoder_labels=(tuple(f"t{i}" for i in range(target)),),
        target_labels=(tuple(f"t{i + 1}" for i in range(target)),),
    )
    model = make_model(5)
    vocabulary = Vocabulary((*SPECIALS, *(f"w{i}" for i in range(VOCAB - len(SPECIALS)))))
    return Subject(model, batch, vocabulary, "reference", most_pads=most_pads(model, batch, 23))


def surroundings(subject: Subject) -> Surroundings:
    return Surroundings(subject.model, subject.own, subject.sizes, subject.reals, subject.most_pads)


def done(lab: Lab, around: Surroundings, **operation: object) -> Lab:
    return carry_out(lab, {"seq": lab.answered + 1, **operation}, around)


# ---- painting and chips --------------------------------------------------------------------------------------------


@given(trees(batch=1), some_cells, st.booleans())
def test_painting_changes_exactly_the_painted_cells(mask: Mask, chosen: set[tuple[int, int]], visible: bool) -> None:
    expected = dense(mask).clone()
    for query, key in chosen:
        expected[:, query, key] = visible
    assert torch.equal(dense(paint(mask, chosen, visible, **SIZES)), expected)


@given(trees(batch=1), some_cells)
def test_painted_and_painted_back_is_the_same_mask(base: Mask, chosen: set[tuple[int, int]]) -> None:
    """Where all heads agree a cell has one state, to which it can be painted back."""
    mask = take_apart(base).mask
    seen = dense(mask)
    uniform = {cell for cell in chosen if len(set(seen[:, cell[0], cell[1]].tolist())) == 1}
    painted = mask
    for cell in uniform:
        painted = paint(painted, [cell], not bool(seen[0, cell[0], cell[1]]), **SIZES)
    for cell in uniform:
        painted = paint(painted, [cell], bool(seen[0, cell[0], cell[1]]), **SIZES)
    assert torch.equal(dense(painted), seen)
    if take_apart(mask).base == mask:
        assert painted == mask


@given(trees(batch=1))
def test_taking_apart_changes_nothing(mask: Mask) -> None:
    assert torch.equal(dense(take_apart(mask).mask), dense(mask))


def test_painted_cells_are_the_last_terms_of_the_formula() -> None:
    mask = paint(paint(causal(), [(2, 1)], False, **SIZES), [(0, 3)], True, **SIZES)
    assert mask.spec == "causal & ~cells(2:1) | cells(0:3)"


@given(trees())
@example(pads([]))  # found by free draws
def test_the_chips_together_are_the_formula(mask: Mask) -> None:
    terms = terms_of(mask)
    assert read(text_of(terms), KEYS) == mask

    def rows(row: tuple[Term, ...]) -> Iterator[tuple[Term, ...]]:
        yield row
        for term in row:
            yield from rows(term.inside) if term.inside else ()

    for row in rows(terms):
        assert row[0].join == ""
        assert len({term.join for term in row[1:]}) <= 1, "joins of one row are alike: no precedence is hidden"


@given(trees(), st.integers(1, 9))
def test_formula_to_mask_and_back(mask: Mask, real: int) -> None:
    assert read(written(mask, real), real) == mask


def test_the_sentences_own_padding_is_a_chip_without_brackets() -> None:
    found = _chips(terms_of(~key_padding([KEYS]) & key_padding([KEYS - 1]) & pads([])), KEYS)
    assert [(chip["arguments"], chip["bracketed"]) for chip in found] == [
        ("", False),
        (str(KEYS - 1), True),
        ("", True),
    ]


def test_padding_follows_the_sentence() -> None:
    setting = Setting().with_edit(Target("cross"), key_padding([7]) & ~cells([(1, 1)]))
    moved = refitted(setting, {"cross": 7, "decoder_self": 5}, {"cross": 4, "decoder_self": 5})
    assert moved.edit(Target("cross")) == key_padding([4]) & ~cells([(1, 1)])
    assert refitted(moved, {"cross": 4}, {"cross": 7}) == setting


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (2, 5), (7, 7), (130, 97), (512, 512)])
def test_every_preset_is_a_formula_that_can_be_read(queries: int, keys: int) -> None:
    for preset in presets(queries, keys):
        text = preset.combined or (preset.name if preset.arguments is None else f"{preset.name}({preset.arguments})")
        assert matrix_of(read(text, keys), head=0, heads=2, queries=queries, keys=keys).any(), preset


def test_one_head_of_all_layers() -> None:
    subject = a_subject()
    everywhere, here = Target("decoder_self", None, 2), Target("decoder_self", 1, 2)
    assert everywhere.name == "decoder_self.all.3"
    assert link.target_named(everywhere.name) == everywhere
    assert link.target_named("decoder_self.all") is None
    setting = Setting().with_edit(everywhere, full())
    plan = plan_of(setting, subject.own, subject.model)
    for site in subject.model.sites_of("decoder_self"):
        seen = plan.at(site).broadcast(batch=1, heads=HEADS, queries=QUERIES, keys=QUERIES)[0]
        assert seen[2].all()
        assert torch.equal(seen[0], torch.ones(QUERIES, QUERIES, dtype=torch.bool).tril())
    assert setting.mask_at(here, subject.own) == full()
    lab = done(
        Lab(target=Target("decoder_self")), surroundings(subject), op="target", kind="decoder_self", layer=None, head=2
    )
    assert lab.target == everywhere


# ---- targets and history ------------------------------------------------------------------------------------------


def test_the_narrower_edit_wins_and_the_others_stay() -> None:
    subject = a_subject()
    setting = (
        Setting()
        .with_edit(Target("decoder_self", 1, 2), full())
        .with_edit(Target("decoder_self"), sliding_window(2))
        .with_edit(Target("decoder_self", 1), sliding_window(1))
        .with_edit(Target("cross", 0, 1), ~cells([(0, 0)]))
    )
    plan = plan_of(setting, subject.own, subject.model)

    def at(site: str, head: int) -> np.ndarray:
        queries, keys = subject.sizes["cross" if "cross" in site else "decoder_self"]
        return matrix_of(plan.at(site), head=head, heads=HEADS, queries=queries, keys=keys)

    band = np.abs(np.subtract.outer(np.arange(QUERIES), np.arange(QUERIES)))
    assert (at("decoder.0.self_attn", 0) == (band < 2)).all()
    assert (at("decoder.1.self_attn", 0) == (band < 1)).all()
    assert at("decoder.1.self_attn", 2).all()
    assert not at("decoder.0.cross_attn", 1)[0, 0]
    assert at("decoder.0.cross_attn", 0).all()
    assert setting.mask_at(Target("decoder_self", 0), subject.own) == sliding_window(2)
    assert setting.mask_at(Target("decoder_self", 1, 0), subject.own) == sliding_window(1)


strokes = st.lists(
    st.tuples(st.sampled_from(["decoder_self", "cross"]), st.integers(0, 4), st.integers(0, 4), st.booleans()),
    min_size=1,
    max_size=6,
)


@given(strokes)
def test_undo_returns_the_identical_state_and_redo_undoes_it(steps: list[tuple[str, int, int, bool]]) -> None:
    around = surroundings(a_subject())
    lab = Lab(target=Target("decoder_self"))
    moments = []
    for number, (kind, query, key, visible) in enumerate(steps):
        lab = done(lab, around, op="target", kind=kind, layer=None, head=None)
        before = lab
        lab = done(lab, around, op="paint", areas=[query, query, key, key], visible=visible, stroke=number)
        if lab.setting != before.setting:
            moments.append((before, lab))
    for before, after in reversed(moments):
        assert lab.setting == after.setting
        lab = done(lab, around, op="undo")
        assert (lab.setting, lab.target, lab.past) == (before.setting, before.target, before.past)
    assert done(lab, around, op="undo").setting == lab.setting == Setting()
    for _, after in moments:
        lab = done(lab, around, op="redo")
        assert lab.setting == after.setting


def test_a_drag_is_one_step_of_the_history() -> None:
    around = surroundings(a_subject())
    lab = start = Lab(target=Target("decoder_self"))
    for key in (1, 2, 3):
        lab = done(lab, around, op="paint", areas=[0, 0, key, key], visible=True, stroke=9)
    assert take_apart(around.mask(lab)).opened == {(0, 1), (0, 2), (0, 3)}
    assert done(lab, around, op="undo").setting == start.setting


def test_painting_back_leaves_no_edit_behind() -> None:
    around = surroundings(a_subject())
    lab = Lab(target=Target("decoder_self"))
    lab = done(lab, around, op="paint", areas=[0, 0, 3, 3], visible=True, stroke=1)
    assert lab.setting.edits
    lab = done(lab, around, op="paint", areas=[0, 0, 3, 3], visible=False, stroke=2)
    assert lab.setting == Setting()


def test_rows_and_columns_are_areas() -> None:
    around = surroundings(a_subject())
    lab = done(Lab(target=Target("cross")), around, op="paint", areas=[0, 4, 2, 2, 3, 3, 0, 6], visible=False, stroke=1)
    seen = dense(around.mask(lab))[0]
    expected = torch.ones(QUERIES, KEYS, dtype=torch.bool)
    expected[:, 2] = False
    expected[3] = False
    assert torch.equal(seen, expected)


# ---- the browser's messages ------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 600) | st.floats(allow_nan=True) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=9,
)
names = ["paint", "formula", "load", "target", "look", "drop", "how", "precision", "pads", "code", "export", "measure"]
fields = ["areas", "visible", "stroke", "text", "name", "data", "kind", "layer", "head", "value", "api", "format"]
usual = st.sampled_from(["decoder_self", "cross", "own", "-1e9", "fp16", "sdpa", "csv", "causal & window(2)"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {"seq": st.integers(1, 99), "op": st.sampled_from(names) | st.text(max_size=6)},
            optional={field: json_values | usual | st.integers(0, 3) for field in fields},
        ),
        max_size=5,
    )
)
def test_whatever_a_browser_sends_the_lab_stays_usable(operations: list[dict[str, object]]) -> None:
    subject = a_subject()
    around, lab = surroundings(subject), Lab(target=Target("decoder_self"))
    for operation in pending({"operations": operations}, 0):
        lab = carry_out(lab, operation, around)
    assert lab.setting.application in APPLICATIONS
    assert lab.setting.precision in PRECISIONS
    assert 0 <= lab.setting.pads <= subject.most_pads
    plan_of(lab.setting, subject.own, subject.model)
    assert dense(around.mask(lab)).dtype == torch.bool


@pytest.mark.parametrize("junk", [None, 3, "text", [], {"operations": "x"}, {"operations": [1, {"op": "paint"}]}])
def test_a_message_that_is_none_has_no_operations(junk: object) -> None:
    assert pending(junk, 0) == []


def test_operations_are_answered_once_and_in_order() -> None:
    sent = {"operations": [{"seq": 3, "op": "undo"}, {"seq": 2, "op": "reset"}, {"seq": 1, "op": "undo"}]}
    assert [operation["seq"] for operation in pending(sent, 1)] == [2, 3]


def test_a_formula_that_cannot_be_read_is_kept_as_it_was_typed() -> None:
    around = surroundings(a_subject())
    lab = done(Lab(target=Target("cross")), around, op="formula", text="causal & & window(2)")
    assert (lab.draft, lab.setting) == ("causal & & window(2)", Setting())
    assert isinstance(lab.problem, MaskError)
    better = done(lab, around, op="formula", text="window(2)")
    assert (better.draft, better.problem, around.mask(better)) == (None, None, sliding_window(2))


@pytest.mark.parametrize("to_file", [to_csv, to_npy])
def test_a_file_becomes_the_mask(to_file: object) -> None:
    around = surroundings(a_subject())
    matrix = np.random.default_rng(4).random((QUERIES, KEYS)) < 0.5
    data = base64.b64encode(to_file(matrix)).decode()  # type: ignore[operator]
    lab = done(Lab(target=Target("cross", 1)), around, op="load", name="mask", data=data)
    assert lab.problem is None
    assert (matrix_of(around.mask(lab), head=0, **SIZES) == matrix).all()


def test_a_file_of_another_size_is_refused_and_nothing_is_lost() -> None:
    around = surroundings(a_subject())
    lab = done(Lab(target=Target("cross")), around, op="formula", text="window(2)")
    data = base64.b64encode(b"1,0\n0,1\n").decode()
    refused = done(lab, around, op="load", name="m.csv", data=data)
    assert refused.problem is not None
    assert refused.problem.code == "mask_file_shape"
    assert refused.setting == lab.setting


# ---- the address -----------------------------------------------------------------------------------------------------


@given(
    st.dictionaries(
        st.builds(Target, st.sampled_from(["encoder_self", "decoder_self", "cross"]), st.integers(0, 1))
        | st.builds(Target, st.just("cross"), st.none() | st.integers(0, 1), st.integers(0, HEADS - 1))
        | st.just(Target("decoder_self")),
        trees(),
        max_size=3,
    ),
    st.sampled_from(APPLICATIONS),
    st.sampled_from(PRECISIONS),
    st.integers(0, 12),
)
def test_a_link_opens_what_was_shared(edits: dict[Target, Mask], how: str, precision: str, pads: int) -> None:
    subject = a_subject()
    setting = Setting(application=how, precision=precision, pads=min(pads, subject.most_pads))  # type: ignore[arg-type]
    for target, mask in edits.items():
        setting = setting.with_edit(target, mask)
    lab = Lab(target=next(iter(edits), Target("cross")), look=(1, 2), setting=setting)
    values, whole = link.parameters(lab, subject)
    params = {name: value for name, value in values.items() if value is not None}
    asked = read_link(link.FIELDS, params)
    assert whole
    assert link.says_something(asked)
    opened, refused = link.setting_of(asked, subject)
    assert (opened, refused) == (setting, ())
    target, look = link.target_of(asked, subject, Target("decoder_self"))
    assert (target, look) == (lab.target, (1, 2))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mask.cross", "causl"),
        ("mask.cross.9", "causal"),
        ("mask.nowhere", "causal"),
        ("mask.cross.0", "causal"),
        ("how", "upside-down"),
        ("precision", "fp8"),
        ("pads", "many"),
    ],
)
def test_what_a_link_cannot_mean_is_left_out_and_named(name: str, value: str) -> None:
    setting, refused = link.setting_of(
        read_link(link.FIELDS, {name: value, "mask.decoder_self": "window(2)"}), a_subject()
    )
    assert setting == Setting().with_edit(Target("decoder_self"), sliding_window(2))
    assert [one.name for one in refused] == [name]


def test_a_mask_too_long_for_a_link_is_left_out() -> None:
    subject = a_subject()
    scattered = np.random.default_rng(2).random((400, 400)) < 0.5
    noise = cells(map(tuple, np.argwhere(scattered).tolist()))  # type: ignore[arg-type]
    lab = Lab(target=Target("cross"), setting=Setting().with_edit(Target("cross"), noise))
    values, whole = link.parameters(lab, subject)
    assert not whole
    assert values["mask.cross"] is None


def test_own_masks_are_the_models_own() -> None:
    """Padding is written down in the lab even where there is none; that changes no number."""
    for room in (0, 4):
        subject = a_subject().padded(room)
        theirs = subject.model.default_masks(subject.batch.src, subject.batch.decoder_input)
        for kind, (queries, keys) in subject.sizes.items():
            sizes = {"batch": 1, "heads": HEADS, "queries": queries, "keys": keys}
            assert torch.equal(subject.own.of(kind).dense(**sizes), theirs.of(kind).dense(**sizes)), kind
    assert isinstance(replace(a_subject(), pads=0).own, MaskPlan)
