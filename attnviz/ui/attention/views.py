"""From what was computed to what is drawn: plain values for the stage and for the panel of predictions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from attnviz.data import Tokens
from attnviz.foreign.texts import ForeignTexts
from attnviz.language import Language, spoken
from attnviz.masks import Kind
from attnviz.trace import TokenEffects, Trace
from attnviz.trace.statistics import induction
from attnviz.ui.attention.looks import between, in_words, without_first
from attnviz.ui.attention.picture import SINK, AttentionPicture, KindPicture, TokenChange
from attnviz.ui.attention.prediction import Candidate, Panel, Step
from attnviz.ui.frame.shared_link import SharedLink
from attnviz.ui.sentence.reading import Head, Output, Picture, Sentence, Texts
from attnviz.ui.text import texts


def kind_pictures(
    picture: Picture,
    importance: Mapping[Head, float] | None = None,
    effects: TokenEffects | None = None,
    estimated: Collection[Head] = (),
) -> tuple[KindPicture, ...]:
    """All heads of every kind of attention, with labels, masks and statistics.

    `importance` None: not known yet; empty: not shown; of the heads in `estimated` it is an estimate. `effects`: what
    each head is worth to each token.
    """
    trace, batch = picture.trace, picture.trace.batch
    unknown_src = batch.unknown_src[0] if batch.unknown_src else ()
    unknown_decoder = batch.unknown_decoder[0] if batch.unknown_decoder else ()
    next_labels = tuple(place[0] for place in picture.said.tokens[0])
    found = []
    for kind in trace.kinds:
        weights, statistics = trace.weights(kind)[:, 0], trace.statistics(kind)
        stats = {
            "entropy": statistics.entropy[:, 0],
            "mean_distance": statistics.distance[:, 0],
            "previous": statistics.previous[:, 0],
            "first": statistics.first[:, 0],
            "same": statistics.same[:, 0],
        }
        ids = batch.decoder_input if kind == "decoder_self" else None
        if ids is not None and (repeats := induction(weights, ids[0].tolist())) is not None:
            stats["induction"] = repeats
        if importance is None or importance:
            stats["delta_loss"] = importance_grid(trace, kind, importance or {})
        rows, columns = trace.labels(kind)
        mask, taken = trace.mask(kind)[:, 0], _taken_by_sinks(trace, kind)
        if taken is not None:
            weights = np.concatenate([weights, taken[..., None]], axis=-1)
            mask = np.concatenate([mask, np.ones((*mask.shape[:3], 1), dtype=bool)], axis=-1)
            columns = (*columns, SINK)
        found.append(
            KindPicture(
                kind=kind,
                weights=weights,
                mask=mask,
                row_labels=rows,
                column_labels=columns,
                next_labels=() if kind == "encoder_self" else next_labels,
                unknown_rows=unknown_src if kind == "encoder_self" else unknown_decoder,
                unknown_columns=unknown_decoder if kind == "decoder_self" else unknown_src,
                sites=trace.sites_of(kind),
                stats=stats,
                estimated=frozenset(head for head in estimated if head[0] in trace.sites_of(kind)),
                token_change=() if effects is None else token_changes(effects, trace.sites_of(kind)),
                sink=taken is not None,
            )
        )
    return tuple(found)


def _taken_by_sinks(trace: Trace, kind: Kind) -> np.ndarray | None:
    """What sinks take of each row, (L, H, T), 0 in a layer without; None where no layer of this kind has one."""
    sinks = [(trace[site].sink, trace[site].weights) for site in trace.sites_of(kind)]
    if all(sink is None for sink, _ in sinks):
        return None
    return np.stack([np.zeros(weights.shape[1:3], np.float32) if sink is None else sink[0] for sink, weights in sinks])


def looked_at(
    task: Texts,
    picture: Picture,
    kinds: tuple[KindPicture, ...],
    looks: Collection[str],
    segments: Sequence[int] | None = None,
) -> tuple[KindPicture, ...]:
    """The same heads as people want to look at them: "words" instead of pieces, "without_first" token, "between" the
    `segments` of the source."""
    found, batch = kinds, picture.trace.batch
    if "between" in looks and segments is not None:
        found = tuple(between(kind, segments) if kind.kind == "encoder_self" else kind for kind in found)
    if "without_first" in looks:
        found = tuple(without_first(kind) for kind in found)
    if "words" in looks and isinstance(task, ForeignTexts):
        source, written = (
            ((), ()) if ids is None else task.words(ids[0].tolist(), read=ids is batch.src)
            for ids in (batch.src, batch.decoder_input)
        )

        def of(kind: KindPicture) -> KindPicture:
            rows = source if kind.kind == "encoder_self" else written
            columns = written if kind.kind == "decoder_self" else source
            return in_words(kind, rows[0], columns[0], rows[1], columns[1])

        found = tuple(of(kind) for kind in found)
    return found


def importance_grid(trace: Trace, kind: Kind, importance: Mapping[Head, float]) -> np.ndarray:
    """Δloss of the heads of a kind, (L, H); NaN where it is not known."""
    sites = trace.sites_of(kind)
    heads = range(trace[sites[0]].weights.shape[1])
    return np.array([[importance.get((site, head), np.nan) for head in heads] for site in sites])


def token_changes(effects: TokenEffects, sites: Sequence[str]) -> tuple[TokenChange | None, ...]:
    """What each head of these layers is worth to each decoder position of the first sequence; None: not scored."""
    layers, heads = len(sites), sum(site == sites[0] for site, _ in effects.heads)
    order = [effects.heads.index((site, head)) for site in sites for head in range(heads)]
    change, without = effects.change[order, 0], np.exp(-effects.loss[order, 0])
    return tuple(
        TokenChange(
            loss=change[:, row].reshape(layers, heads),
            before=float(np.exp(-effects.intact_loss[0, row])),
            after=without[:, row].reshape(layers, heads),
        )
        if effects.scored[0, row]
        else None
        for row in range(change.shape[1])
    )


def pointing(picture: Picture, tokens: tuple[str, str] | None) -> Head | None:
    """The head that looks hardest from one token to another; None where the text has not both."""
    if tokens is None:
        return None
    found: dict[Head, float] = {}
    for site, record in picture.trace.records.items():
        rows, columns = ([label.strip("␣") for label in labels] for labels in picture.trace.labels(record.kind))
        if tokens[0] in rows and tokens[1] in columns:
            shares = record.weights[0, :, rows.index(tokens[0]), columns.index(tokens[1])]
            found |= {(site, head): float(share) for head, share in enumerate(shares)}
    return max(found, key=found.__getitem__, default=None)


def first_choice(kinds: Sequence[KindPicture], best: Head | None) -> tuple[str, int, int]:
    """What is chosen when the address does not say: the head that points best, else the last kind's last layer."""
    for kind in kinds:
        if best is not None and best[0] in kind.sites:
            return kind.kind, kind.sites.index(best[0]), best[1]
    return kinds[-1].kind, kinds[-1].weights.shape[0] - 1, 0


def stage_picture(
    kinds: tuple[KindPicture, ...],
    *,
    asked: SharedLink,
    best: Head | None,
    row: int | None = None,
    heads_off: tuple[Head, ...],
    seq: int,
    scope: str,
    name: str,
    language: Language,
    line: str = "",
    sentences: int = 0,
) -> AttentionPicture:
    """The stage, opened at what the address asks for; `asked` must fit the model. `row` is the token to begin with."""
    kind, layer, head = first_choice(kinds, best)
    if asked.kind is not None and asked.kind != kind:
        kind, layer, head = asked.kind, 0, 0
    shown = next(one for one in kinds if one.kind == kind)
    layer = layer if asked.layer is None else min(asked.layer, shown.weights.shape[0]) - 1
    head = head if asked.head is None else asked.head - 1
    return AttentionPicture(
        kinds=kinds,
        kind=kind,
        layer=layer,
        head=head,
        row=row,
        heads_off=heads_off,
        seq=seq,
        scope=scope,
        name=name,
        text=spoken(texts("attention_stage"), language),
        line=line,
        sentences=sentences,
    )


def panel(
    task: Texts,
    sentence: Sentence,
    intact: Picture,
    now: Picture,
    output_now: Output | None,
    row: int | None = None,
) -> Panel:
    """The predictions of `now`, beside those of the intact model where heads are off (`now` is not `intact`).

    `row`: the step to begin with.
    """
    compared = now is not intact
    trace, vocabulary = now.trace, task.tgt_vocab
    targets, scored = trace.targets, trace.scored
    assert targets is not None, "a sentence that is looked at has targets"
    assert scored is not None, "targets are scored somewhere or nowhere"
    unknown = set(trace.batch.unknown_decoder[0]) if trace.batch.unknown_decoder else set()
    # The model's own output is what it is: only a reference, or the text itself, can be right or wrong.
    judged = now.feed in ("reference", "text", "hidden")
    labels = (trace.batch.decoder_labels or trace.batch.src_labels)[0]
    wanted = trace.batch.target_labels[0]
    steps = tuple(
        _step(
            vocabulary,
            read=labels[i],
            read_unknown=i in unknown,
            best=now.said.ids[0, i].tolist(),
            shares=now.said.probabilities[0, i].tolist(),
            before=None if now.before is None else now.before[0, i].tolist(),
            said_before=int(intact.said.ids[0, i, 0]),
            target=int(targets[0, i]) if judged and scored[0, i] else None,
            wanted=wanted[i],
        )
        for i in range(len(labels))
    )
    if row is None and now.feed == "hidden" and trace.batch.src is not None:  # begin where something is hidden
        row = trace.batch.src[0].tolist().index(vocabulary.mask_id)
    reference = sentence.reference
    output = None if output_now is None else written(task, output_now)
    return Panel(
        chosen=row,
        steps=steps,
        fed=now.feed,
        reference="text" if now.feed in ("text", "hidden") else str(sentence.reference_kind or "none"),
        loss=trace.loss if scored.any() else None,
        loss_before=intact.trace.loss if compared and scored.any() else None,
        output=output,
        output_before=written(task, sentence.output) if compared and sentence.output is not None else None,
        output_equals=None
        if output is None or reference is None
        else task.tokenize_target(output) == task.tokenize_target(reference),
        endless=output_now is not None and not output_now.ended,
    )


def written(task: Texts, output: Output) -> str:
    """A free run as text."""
    return task.detokenize(task.tgt_vocab.decode(output.ids))


def _step(
    vocabulary: Tokens,
    *,
    read: str,
    read_unknown: bool,
    best: Sequence[int],
    shares: Sequence[float],
    before: Sequence[float] | None,
    said_before: int,
    target: int | None,
    wanted: str,
) -> Step:
    def name(token: int) -> str:
        return vocabulary.label(token)

    said = best[0]
    candidates = tuple(
        Candidate(
            token=name(token),
            now=share,
            before=None if before is None else before[place],
            is_target=token == target and name(token) == wanted,
        )
        for place, (token, share) in enumerate(zip(best, shares, strict=True))
    )
    return Step(
        read=read,
        said=name(said),
        before=name(said_before) if said_before != said else None,
        target=None if target is None else wanted,
        right=None if target is None else name(said) == wanted,
        candidates=candidates,
        read_unknown=read_unknown,
    )
