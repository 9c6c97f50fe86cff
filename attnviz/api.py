"""What a notebook needs: a model by name, and one look into it."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnviz.data import BOS, EOS, SPECIALS, Batch, Task
from attnviz.data.batch import pad, unknown_positions
from attnviz.decoding import Rules, greedy_by
from attnviz.foreign import library
from attnviz.foreign.in_place import watch_net
from attnviz.foreign.modules import ModuleTrace, watch_module
from attnviz.foreign.texts import ForeignTexts
from attnviz.masks import MaskPlan
from attnviz.model import Probe, WatchedModel
from attnviz.runs import Run
from attnviz.runs.creation import last_of
from attnviz.runs.folder import RunFolder
from attnviz.trace import Intervention, Trace
from attnviz.trace import watch as watch_batch
from attnviz.training import checkpoint
from attnviz.training.manifest import FILE as MANIFEST

# A loaded model remembers its task, so that `watch(model, batch)` can print tokens instead of numbers.
_task_of: WeakKeyDictionary[WatchedModel, Task | ForeignTexts] = WeakKeyDictionary()


def load(name_or_path: str | Path) -> tuple[Any, Any]:
    """A shipped model ("pinyin"), a checkpoint folder or a run's folder, and the task it was trained on.

    Of a run it is the last step that was kept. "hf:NAME" is a model that lies in the local cache of Hugging Face or in
    an installed package; a folder with a config.json, a GGUF or a zip file are opened likewise, and what comes with
    such a model are its texts (None: it reads none). Nothing is downloaded. Raises CheckpointError, RunError or
    ForeignError, all ValueErrors, when there is no such model or its files are damaged.
    """
    if library.is_foreign(name_or_path):
        found, texts = library.open_model(name_or_path)
        if texts is not None:
            _task_of[found] = texts
        return found, texts
    folder = None if name_or_path in checkpoint.every_shipped() else run_folder(name_or_path)
    if folder is not None and not _is_checkpoint_of(folder):
        run = Run(folder)
        model, task = run.model_at(last_of(run.kept_steps()))
    else:
        model, task, _ = checkpoint.load(name_or_path)
    _task_of[model] = task
    return model, task


def run_folder(path: str | Path) -> RunFolder | None:
    """The run whose folder this is, if it is one."""
    folder = RunFolder(Path(path))
    try:
        return folder if folder.exists else None
    except ValueError:  # a null character
        return None


def _is_checkpoint_of(folder: RunFolder) -> bool:
    """Whether a run's folder holds a checkpoint of its last step: `attnviz train` puts one there, maybe rounded."""
    if not (folder.path / MANIFEST).is_file():
        return False
    kept = Run(folder).kept_steps()
    return not kept or checkpoint.load_manifest(folder.path).steps_done >= kept[-1]


@overload
def watch(
    model: WatchedModel,
    what: Batch | str,
    task: Task | ForeignTexts | None = None,
    *,
    target: str | None = None,
    masks: MaskPlan | None = None,
    interventions: Sequence[Probe | Intervention] = (),
    sites: Collection[str] | None = None,
    taps: Collection[str] | None = None,
) -> Trace: ...


@overload
def watch(model: nn.Module, what: Any) -> ModuleTrace | Trace: ...


def watch(
    model: Any,
    what: Any,
    task: Task | ForeignTexts | None = None,
    *,
    target: str | None = None,
    masks: MaskPlan | None = None,
    interventions: Sequence[Probe | Intervention] = (),
    sites: Collection[str] | None = None,
    taps: Collection[str] | None = None,
) -> Trace | ModuleTrace:
    """One forward pass with every site recorded; see `attnviz.trace.watch`.

    Any other `nn.Module` is called with `what`: one argument, a tuple of them, or a dict by name. What attends in it
    through `nn.MultiheadAttention`, `nn.TransformerEncoder` and the like, or `scaled_dot_product_attention`, is kept;
    of a Hugging Face model everything. Anything else raises ValueError.

    Of a text, or a batch whose output is not known, the model first writes the output itself, greedily and with its
    own masks. `target` is the output of a text, if you know it. `task` is needed for models that `load` did not make.
    What was done to the text, such as cutting one that is too long, is said in a warning.
    """
    if not isinstance(model, WatchedModel):
        return _watch_module(model, what, masks=masks, interventions=interventions, sites=sites, taps=taps)
    if not isinstance(what, str | Batch):
        raise ValueError(f"{type(what).__name__} ({str(what)[:40]}) cannot be read; give a text, or a Batch of a task")
    task = task or _task_of.get(model)
    if isinstance(what, str):
        if task is None:
            raise ValueError("a text needs a task: watch(model, text, task), or make the model with attnviz.load")
        what = task.encode(what, target)
    elif target is not None:
        raise ValueError("target goes with a text; a batch holds its own")
    if _moved_by_padding(model, what):
        warnings.warn(
            "padding stands before tokens: it is masked, but positions are counted from it; pad at the end of rows",
            stacklevel=2,
        )
    for notice in what.notices:  # a notebook has no other place for what a page says under the sentence
        warnings.warn(str(notice), stacklevel=2)
    if what.decoder_input is None and model.has_decoder:
        what = with_output(model, what, task)
    return watch_batch(model, what, masks=masks, interventions=interventions, sites=sites, taps=taps)


def _moved_by_padding(model: WatchedModel, batch: Batch) -> bool:
    """Whether padding gives tokens other positions than the model learned them at."""
    positions = getattr(getattr(model, "config", None), "positions", None)
    if positions not in ("learned", "sinusoidal") or batch.pad_id is None:
        return False
    for ids in (batch.src, batch.decoder_input):
        if ids is not None:
            real = ids != batch.pad_id
            if bool((real[:, 1:] & ~real[:, :-1]).any()):
                return True
    return False


def _watch_module(model: Any, what: Any, **how: Any) -> Trace | ModuleTrace:
    if not isinstance(model, nn.Module):
        raise ValueError(f"{type(model).__name__} ({str(model)[:40]}) is no model; a torch.nn.Module is needed")
    if not isinstance(what, Tensor | tuple | list | dict) or (isinstance(what, list | tuple | dict) and not what):
        raise ValueError(
            f"{type(what).__name__} ({str(what)[:40]}) cannot be given to {type(model).__name__}; allowed: "
            "a tensor, a tuple of arguments, or a dict of arguments by name"
        )
    if hasattr(model, "set_attn_implementation") and hasattr(model, "main_input_name"):
        return watch_net(model, what, **how)
    if any(value for value in how.values()):
        raise ValueError("masks, interventions, sites and taps need a model that attnviz.load has opened")
    if isinstance(what, dict):
        return watch_module(model, **what)
    return watch_module(model, *(what if isinstance(what, tuple) else (what,)))


def with_output(
    model: WatchedModel, batch: Batch, task: Task | ForeignTexts | None = None, *, masks: MaskPlan | None = None
) -> Batch:
    """The batch with the model's own greedy output as decoder input: row t of the logits then predicts token t.

    No targets are set, since nobody said what is right. Without `task` the labels are token numbers.
    """
    src = None if batch.source is None else batch.source.to(model.device)
    rules = task.rules if isinstance(task, ForeignTexts) else Rules(first=BOS, ends=frozenset({EOS}))
    limit = model.max_len if task is None else min(model.max_len, task.max_tgt_len)
    said = greedy_by(rules, model, src, max_len=limit, masks=masks).tolist()
    # Whatever was said last, the end or the token at the limit, is predicted but never read.
    ended = [next((at for at, token in enumerate(row) if token in rules.ends), -1) for row in said]
    rows = [[rules.first, *row[:end]] for row, end in zip(said, ended, strict=True)]
    first = SPECIALS[BOS] if task is None else task.tgt_vocab.label(rules.first)
    decode = (lambda ids: [str(i) for i in ids]) if task is None else task.tgt_vocab.decode
    return replace(
        batch,
        decoder_input=pad(rows).to(batch.src.device if batch.src is not None else "cpu"),
        decoder_labels=tuple((first, *decode(row[1:])) for row in rows),
        unknown_decoder=() if isinstance(task, ForeignTexts) else tuple(unknown_positions(row) for row in rows),
    )
