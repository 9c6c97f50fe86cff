"""One training step, phase by phase, each with its real numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnviz.data import PAD, Batch
from attnviz.data.vocabulary import Vocabulary
from attnviz.model.transformer import real_lengths
from attnviz.trace import watch
from attnviz.trace.loss import token_losses
from attnviz.training.gradients import check_gradient, gradient_norms
from attnviz.training.optimizer import l1_penalty
from attnviz.training.phase_reports import (
    BatchReport,
    ClipReport,
    ForwardReport,
    GradientReport,
    LossReport,
    PhaseReport,
    UpdateReport,
)
from attnviz.training.trainer import Trainer
from attnviz.training.updates import UpdateMeter

CANDIDATES = 5  # likeliest tokens shown at a position

Weight = tuple[str, Sequence[int] | None]  # a parameter's name and the place in it; None: its largest gradient


def default_weight(trainer: Trainer) -> Weight:
    """The weight whose gradient is checked if nobody chose one: in the first query projection that is trained."""
    names = [name for name, p in trainer.model.named_parameters() if p.requires_grad]
    return next((name for name in names if name.endswith("q_proj.weight")), names[0]), None


def walk(trainer: Trainer, *, row: int = 0, weight: Weight | None = None) -> Iterator[PhaseReport]:
    """Make one step of `trainer`, stopping after every phase to say what it did.

    When the iterator has ended the trainer has the very numbers that `trainer.step()` would have given it. `row` is
    the example of the batch whose attention is shown; `weight` the one whose gradient is checked. A walk that is
    begun must be ended before the trainer steps, is captured or walks again.
    """
    step = trainer.step_number + 1
    seconds = 0.0
    clock = time.perf_counter()

    batch = trainer.draw()
    seconds += time.perf_counter() - clock
    yield _batch_report(trainer, batch, step)

    clock = time.perf_counter()
    logits = trainer.logits(batch)
    seconds += time.perf_counter() - clock
    yield _forward_report(trainer, batch, logits.detach(), step, min(row, batch.size - 1))

    loss = trainer.compare(logits, batch)
    yield LossReport(
        step=step,
        token_losses=_losses(logits.detach(), batch),
        target_labels=batch.target_labels,
        said_labels=_said(logits.detach(), batch, trainer.task.tgt_vocab),
        nats=loss.nats.item(),
        objective=loss.objective.item(),
        penalty=l1_penalty(trainer.model, trainer.config.l1) if trainer.config.l1 else 0.0,
        label_smoothing=trainer.config.label_smoothing,
        token_accuracy=loss.correct / loss.tokens,
    )

    clock = time.perf_counter()
    trainer.backward(loss)
    seconds += time.perf_counter() - clock
    name, index = weight or default_weight(trainer)
    check = check_gradient(
        trainer.model,
        batch,
        name,
        index,
        masks=trainer.masks(batch.to("cpu")),
        label_smoothing=trainer.config.label_smoothing,
        l1=trainer.config.l1,
    )
    yield GradientReport(step=step, norms=gradient_norms(trainer.model), check=check)

    clock = time.perf_counter()
    norm = trainer.clip()
    seconds += time.perf_counter() - clock
    limit = trainer.config.clip_norm
    # As torch scales it: the small number keeps a gradient of length 0 from being divided by.
    factor = min(1.0, limit / (norm + 1e-6)) if limit else 1.0
    yield ClipReport(step=step, norm=norm, limit=limit, factor=factor)

    meter = UpdateMeter(trainer.model)
    clock = time.perf_counter()
    rate = trainer.update()
    seconds += time.perf_counter() - clock
    ratio = meter.ratio()
    record = trainer.finish_step(loss, norm, rate, ratio, seconds)
    yield UpdateReport(
        step=step,
        optimizer=trainer.config.optimizer,
        learning_rate=rate,
        updates=meter.report(),
        ratio=ratio,
        record=record.to_dict(),
    )


def _batch_report(trainer: Trainer, batch: Batch, step: int) -> BatchReport:
    read = [x for x in (batch.src, batch.decoder_input) if x is not None]
    positions = sum(x.numel() for x in read)
    position = trainer.batches.position
    return BatchReport(
        step=step,
        epoch=position.epoch,
        index=position.index,
        examples=batch.size,
        tokens=batch.n_scored,
        padding=sum(int((x == PAD).sum()) for x in read) / positions,
        src_labels=batch.src_labels,
        decoder_labels=batch.decoder_labels,
        target_labels=batch.target_labels,
    )


def one_row(batch: Batch, row: int) -> Batch:
    """One example of a batch, without the padding that the others made necessary."""

    def cut(x: Tensor | None, width: int) -> Tensor | None:
        return None if x is None else x[row : row + 1, :width]

    def only(labels: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        return labels[row : row + 1]

    src_width = 0 if batch.src is None else real_lengths(batch.src[row : row + 1], PAD)[0]
    width = src_width
    if batch.decoder_input is not None:
        width = real_lengths(batch.decoder_input[row : row + 1], PAD)[0]
    return replace(
        batch,
        src=cut(batch.src, src_width),
        decoder_input=cut(batch.decoder_input, width),
        targets=cut(batch.targets, width),
        scored=cut(batch.scored, width),
        src_labels=only(batch.src_labels),
        decoder_labels=only(batch.decoder_labels),
        target_labels=only(batch.target_labels),
        unknown_src=batch.unknown_src[row : row + 1],
        unknown_decoder=batch.unknown_decoder[row : row + 1],
    )


def _forward_report(
    trainer: Trainer, batch: Batch, logits: Float[Tensor, "B T V"], step: int, row: int
) -> ForwardReport:
    shown = one_row(batch, row)
    trace = watch(trainer.model, shown, masks=trainer.masks(shown), sites=trainer.model.sites)
    records = {site: trace[site] for site in trainer.model.sites}
    length = logits.size(1) if shown.targets is None else shown.targets.size(1)
    likely = logits[row, :length].float().softmax(dim=-1).topk(min(CANDIDATES, logits.size(-1)))
    tokens = trainer.task.tgt_vocab.tokens
    return ForwardReport(
        step=step,
        row=row,
        weights={site: record.weights[0] for site, record in records.items()},
        masks={site: record.mask[0].copy() for site, record in records.items()},
        src_labels=shown.src_labels[0] if shown.src_labels else (),
        decoder_labels=shown.decoder_labels[0] if shown.decoder_labels else (),
        target_labels=shown.target_labels[0] if shown.target_labels else (),
        candidates=tuple(
            tuple((tokens[i], p) for i, p in zip(ids, shares, strict=True))
            for ids, shares in zip(likely.indices.tolist(), likely.values.tolist(), strict=True)
        ),
    )


def _losses(logits: Float[Tensor, "B T V"], batch: Batch) -> Float[np.ndarray, "B T"]:
    assert batch.targets is not None, "a training batch has targets"
    assert batch.scored is not None, "targets are scored somewhere or nowhere"
    losses = token_losses(logits, batch.targets, batch.scored)
    return losses.masked_fill(~batch.scored, torch.nan).cpu().numpy()


def _said(logits: Float[Tensor, "B T V"], batch: Batch, vocabulary: Vocabulary) -> tuple[tuple[str, ...], ...]:
    ids = logits.argmax(dim=-1).tolist()
    lengths = [len(labels) for labels in batch.target_labels] or [logits.size(1)] * len(ids)
    return tuple(tuple(vocabulary.decode(row[:length])) for row, length in zip(ids, lengths, strict=True))
