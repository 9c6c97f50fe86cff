"""The page Attention, part by part: what the decoder reads, then sentence, stage and predictions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from attnviz.data import InputError
from attnviz.errors import ForeignError
from attnviz.model import heads_of
from attnviz.trace import all_heads
from attnviz.ui.attention import claim, looking, pictures, views
from attnviz.ui.attention.link import OFF
from attnviz.ui.attention.prediction import prediction_panel
from attnviz.ui.attention.seeing import Question, Screen, Seen, answered_by, asked_directly, see, taken_in
from attnviz.ui.attention.stage import AttentionStageState, attention_stage, looked, stage_state
from attnviz.ui.attention.worth import MOST_WORK, Worth, work_of
from attnviz.ui.frame import link, shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain, live, rerun
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import listed, notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence import looked_at, reading
from attnviz.ui.sentence.looked_at import LookedAt
from attnviz.ui.sentence.model_picker import CHOSEN, POINT, scope
from attnviz.ui.sentence.models import Loaded
from attnviz.ui.sentence.opened import Opened, OpenedPictures
from attnviz.ui.sentence.reading import Feed, Head, Picture, Sentence, Texts
from attnviz.ui.sentence.row import sentence_row

STAGE, SWITCHES = "attention-stage", "attention-switches"
GOING = "attention-measuring"  # session state: whether heads go on being measured, by question
READ = 16  # characters of what was read before a token that a claim quotes
FEEDS: tuple[Feed, ...] = ("reference", "own")


def pick_feed(frame: Frame, loaded: Loaded | Opened) -> Feed:
    """What the decoder is fed; a language model has no choice."""
    if not (loaded.model.has_encoder and loaded.model.has_decoder):
        return "own"
    with frame.controls:
        return choose(
            "feed",
            frame.t("feed"),
            FEEDS,
            lambda code: frame.t(f"feed_{code}"),
            default="reference" if isinstance(loaded, Loaded) else "own",  # nobody knows what is right
            look="segments",
            help=frame.t("feed_help"),
        )


def extent(loaded: Loaded | Opened) -> tuple[tuple[str, ...], dict[str, int], int]:
    """The kinds of attention of a model, their layers, and its heads."""
    model = loaded.model
    return model.kinds, {kind: len(model.sites_of(kind)) for kind in model.kinds}, heads_of(model)


@live
def explore(frame: Frame, loaded: Loaded | Opened, feed: Feed) -> None:
    """Sentence, stage and predictions: everything that changes with a sentence or a head, in a fragment of its own."""
    # Every part has its place, filled or not, so that a remark that comes or goes moves no element to another one's.
    asked = shared_link.arrival(frame.name).fitted(*extent(loaded), examples=len(loaded.task.examples))
    with st.container():
        notice_lines([frame.t(remark.key, **remark.values) for remark in asked.remarks], "warning")
    chosen = sentence_row(frame, loaded.task, first=asked.example, longest=reading.room(loaded.model) - 1)
    mirror("address-example", **link.written({shared_link.EXAMPLE: chosen.example}))
    hiding = st.container(key="av-looks", horizontal=True, vertical_alignment="center", gap="small")
    remarks, claims, picture, predictions = (st.container() for _ in range(4))
    question = Question(loaded.key, chosen.text, chosen.reference, feed)
    _arrived_off(loaded)
    switches = _switches(scope(loaded))
    heads = reading.known_heads(loaded.model, switches.heads_off)
    try:
        sentence = taken_in(question, loaded)
        with hiding:
            looks = looking.looks(frame, loaded, sentence)
            question = replace(question, hidden=looking.hide(frame, loaded, question, sentence))
        seen = see(question, loaded, heads)
    except InputError as error:
        with remarks:
            notice(explain(error, frame.language), "warning")
        return
    with remarks:
        notice_lines(remarks_on(frame, loaded, seen.sentence, feed))
    intact, worth, claimed = seen.intact, seen.worth, seen.claimed
    going = st.session_state.setdefault(GOING, {}).get(question, work_of(loaded.model, intact) <= MOST_WORK)
    mirror("address-off", **link.written({OFF: heads}))
    with claims:
        if worth.finished:
            _say(frame, loaded, claimed, heads, seen.now, intact)
        elif worth.estimate:
            _say_estimated(frame, loaded, worth, question, going)
    with picture:
        _draw(frame, loaded, seen, question, switches.seq, looks)
    _remember(loaded, chosen.text, claimed)
    with predictions:
        if seen.now.trace.targets is not None:
            row = claimed.row if claimed is not None else None
            panel = views.panel(loaded.task, seen.sentence, intact, seen.now, seen.output, row)
            prediction_panel(panel, language=frame.language, key="prediction")
    if (share := _sink_share(intact)) is not None:
        with remarks:
            notice(frame.t("sink", share=f"{share:.0%}"))
    if not worth.finished and (going or not worth.estimate):
        # A long text, or a large model: the picture is on screen, now what each head is worth follows.
        worth.go_on(loaded.model, intact.trace.batch)
        rerun()


def _draw(
    frame: Frame, loaded: Loaded | Opened, seen: Seen, question: Question, seq: int, looks: frozenset[str]
) -> None:
    """The stage, and how it is answered directly from now on."""
    segments = looking.segments_of(loaded, seen.sentence)
    asked = asked_directly()
    screen = Screen(
        loaded,
        asked=shared_link.now().fitted(*extent(loaded)),
        point=st.session_state.get(POINT),
        scope=scope(loaded),
        name=f"attnviz-{st.session_state[CHOSEN]}",
        language=frame.language,
        looks=looks,
        line=asked.line.path,
    )
    answered_by(asked, screen, question, st.session_state.setdefault("references", {}).get, segments)
    attention_stage(
        screen.picture(seen, seq, asked.sentences, segments),
        key=STAGE,
        on_looked=partial(_remember, loaded, question.text),
    )


def _remember(loaded: Loaded | Opened, text: str, claimed: claim.Claim | None = None) -> None:
    """The head on screen, for the page that people go to next: what the browser said last, else the address."""
    asked = shared_link.now().fitted(*extent(loaded))
    told = looked(STAGE, scope(loaded))
    kind, layer, head = told or (asked.kind, (asked.layer or 0) - 1, (asked.head or 0) - 1)
    sites = next((loaded.model.sites_of(one) for one in loaded.model.kinds if one == kind), ())
    if 0 <= layer < len(sites) and 0 <= head < heads_of(loaded.model):
        looked_at.remember(LookedAt(str(st.session_state[CHOSEN]), text, sites[layer], head))
    elif claimed is not None and claimed.matters:
        looked_at.remember(LookedAt(str(st.session_state[CHOSEN]), text, *claimed.head))


def _sink_share(picture: Picture) -> float | None:
    """What sinks take on average, where a model has some."""
    sinks = [record.sink for record in picture.trace.records.values()]
    known = [float(sink.mean()) for sink in sinks if sink is not None]
    return sum(known) / len(known) if known else None


@live
def explore_picture(frame: Frame, loaded: OpenedPictures) -> None:
    """A model that reads pictures: every head over the patches, in a fragment of its own."""
    _arrived_off(loaded)
    switches = _switches(scope(loaded))
    heads = reading.known_heads(loaded.model, switches.heads_off)
    mirror("address-off", **link.written({OFF: heads}))
    pictures.draw(frame, loaded, switches, heads, scope=scope(loaded), key=STAGE)


def _say_estimated(frame: Frame, loaded: Loaded | Opened, worth: Worth, question: Question, going: bool) -> None:
    """That what is written under the heads is an estimate as yet, and the button that stops or starts measuring."""
    counts = {"exact": len(worth.exact), "all": len(all_heads(loaded.model))}

    def turn() -> None:
        st.session_state[GOING][question] = not going

    claim_row(frame.t("worth_estimated", **counts), Trial(frame.t("worth_stop" if going else "worth_go"), turn))


def _say(
    frame: Frame,
    loaded: Loaded | Opened,
    claimed: claim.Claim | None,
    heads_off: tuple[Head, ...],
    now: Picture,
    intact: Picture,
) -> None:
    """The claim about this sentence, or what has become of it, and the button that tries it or takes it back."""
    if claimed is None:
        return
    tokens = loaded.task.tgt_vocab.tokens
    values = {
        "head": head_name(frame, claimed.head),
        "short": short_name(claimed.head),
        "token": looking.shown_token(tokens[claimed.target]),
        "read": read_before(loaded.task, now, claimed.row),
        "before": f"{claimed.before:.2f}",
        "after": f"{claimed.after:.2f}",
        "instead": looking.shown_token(tokens[claimed.said_after]),
        "change": f"{claimed.change:+.2f}".replace("-", "−"),
    }
    if heads_off:
        lost = (now.trace.loss or 0.0) - (intact.trace.loss or 0.0)
        values["lost"] = f"{lost:+.3f}".replace("-", "−")  # as the stage and the panel print it
        if heads_off == (claimed.head,):
            key = "claim_tried_other" if claimed.said_after != claimed.target else "claim_tried"
        else:
            key, values["count"] = "claim_off", str(len(heads_off))
        claim_row(frame.t(key, **values), Trial(frame.t("claim_back"), lambda: _set_off(loaded, ()), undoes=True))
        return
    key = "claim_none"
    if claimed.matters:
        key = "claim_hidden" if intact.feed == "hidden" else "claim"
        key = f"{key}_other" if claimed.said_after != claimed.target else key
    trial = Trial(frame.t("claim_try", **values), lambda: _set_off(loaded, (claimed.head,)))
    claim_row(frame.t(key, **values), trial)


def head_name(frame: Frame, head: Head) -> str:
    """decoder.1.self_attn, head 1 → "decoder L2 H2 (self-attention)"."""
    stack, _, kind = head[0].split(".")
    return frame.t(f"head_of_{stack}", short=short_name(head), kind=frame.t(f"attention_{kind}"))


def short_name(head: Head) -> str:
    """L2 H2, counted from 1."""
    return f"L{int(head[0].split('.')[1]) + 1} H{head[1] + 1}"


def read_before(task: Texts, picture: Picture, row: int) -> str:
    """The end of what the decoder has read before it says the token of a row, as text."""
    batch = picture.trace.batch
    if batch.decoder_input is None:  # it reads everything around, and no claim quotes it
        return ""
    ids = [int(token) for token in batch.decoder_input[0, 1 : row + 1]]
    text = task.detokenize(task.tgt_vocab.decode(ids)) if ids else task.tgt_vocab.tokens[int(batch.decoder_input[0, 0])]
    return text if len(text) <= READ else "…" + text[-READ:]


def _set_off(loaded: Loaded | Opened, heads: tuple[Head, ...]) -> None:
    """Move switches from here; the browser takes them over, since they count as newer than its own."""
    of = scope(loaded)
    st.session_state[SWITCHES] = (of, AttentionStageState(heads, _switches(of).seq + 1))


def _arrived_off(loaded: Loaded | Opened | OpenedPictures) -> None:
    """The heads that a link says are off; taken over once, when the session comes."""
    if SWITCHES in st.session_state:
        return
    asked = link.said(OFF)
    heads = reading.known_heads(loaded.model, asked or ())
    st.session_state[SWITCHES] = (scope(loaded), AttentionStageState(heads, 1 if heads else 0))


def _switches(of: str) -> AttentionStageState:
    """The switches as the browser last sent them; Streamlit forgets them while another page is shown, this does not."""
    asked, sent = asked_directly(), stage_state(STAGE, of)
    if asked.scope == of and asked.state.seq > sent.seq:
        sent = asked.state  # what was said on the direct line a moment ago
    kept_of, kept = st.session_state.get(SWITCHES, (of, AttentionStageState()))
    if sent.seq > kept.seq:
        kept_of, kept = st.session_state[SWITCHES] = (of, sent)
    return kept if kept_of == of else AttentionStageState(seq=kept.seq)


def remarks_on(frame: Frame, loaded: Loaded | Opened, sentence: Sentence, feed: Feed) -> list[str]:
    """Everything worth a sentence about this text."""
    said = [explain(remark, frame.language) for remark in sentence.notices]
    if isinstance(loaded, Opened) and "ablate" not in loaded.model.can:
        said.append(explain(ForeignError("foreign_maps_only", name=loaded.model.name), frame.language))
    source = sentence.source
    read, trained = (
        (source.decoder_input, loaded.task.max_tgt_len) if source.src is None else (source.src, loaded.task.max_src_len)
    )
    if read is not None and read.size(1) > trained > 0:
        said.append(frame.t("longer", given=read.size(1), trained=trained))
    if unknown := reading.unknown_tokens(sentence.source):
        said.append(frame.t("unknown", tokens=listed(unknown)))
    if sentence.output is not None and feed == "reference" and not sentence.reference:
        said.append(frame.t("no_reference"))
    return said
