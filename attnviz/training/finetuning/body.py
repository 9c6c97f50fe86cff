"""Which part of a trained model carries on, as what kind of model, and under which names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from attnviz.config import Backbone, ModelConfig
from attnviz.data import Task
from attnviz.data.tasks.fields import FieldTask
from attnviz.data.tasks.labels import Form, LabelTask
from attnviz.errors import FineTuneError

# "text": seq2seq or language model as before; the other three label, see `LabelTask`.
Use = Literal["text", "encoder", "decoder", "sequence"]
_HEAD = ("output.weight", "output.bias")
_TARGET_TOKENS = "embedding.tokens.weight"


@dataclass(frozen=True)
class Body:
    """How the old model's weights stand in the new one."""

    use: Use
    from_decoder: bool = False  # the old decoder's blocks become an encoder's
    keeps_head: bool = True  # False: the output projection is new

    def old_name(self, name: str) -> str | None:
        """The old model's parameter that `name` of the new model begins as; None: it is new."""
        if name in _HEAD and not self.keeps_head:
            return None
        if self.use == "sequence" and name == _TARGET_TOKENS:
            return None  # it says labels now
        if not self.from_decoder or name in _HEAD:
            return name
        for new, old in (
            ("src_embedding.", "embedding."),
            ("encoder_norm.", "decoder_norm."),
            ("encoder.", "decoder."),
        ):
            if name.startswith(new):
                return old + name.removeprefix(new)
        return name


def choose_body(old: ModelConfig, old_task: Task, task: Task, backbone: Backbone) -> Body:
    """The body for this task; FineTuneError("finetune_backbone") where there is none."""
    kind = task.info.kind
    if not isinstance(task, LabelTask):
        needed = "decoder-only" if task.src_vocab is None else "encoder-decoder"
        if old.architecture != needed or old.n_labels or backbone not in ("auto", "whole"):
            raise FineTuneError("finetune_backbone", architecture=old.architecture, backbone=backbone, kind=kind)
        return Body("text")
    _check_fields(old, old_task, task, backbone)
    use = _label_use(old, backbone, task.per_token)
    if use is None:
        raise FineTuneError("finetune_backbone", architecture=old.architecture, backbone=backbone, kind=kind)
    same_labels = isinstance(old_task, LabelTask) and old_task.tgt_vocab == task.tgt_vocab and old_task.form == use
    from_decoder = use == "encoder" and old.architecture == "decoder-only"
    return Body(use, from_decoder, keeps_head=same_labels and not from_decoder)


def _check_fields(old: ModelConfig, old_task: Task, task: Task, backbone: Backbone) -> None:
    """Pictures carry on as pictures of the same size, graphs as graphs, text as text."""
    reads = isinstance(task, FieldTask), isinstance(old_task, FieldTask)
    if not any(reads):
        return
    if not all(reads):
        raise FineTuneError("finetune_backbone", architecture=old.architecture, backbone=backbone, kind=task.info.kind)
    assert isinstance(task, FieldTask), "looked at just now"
    for name in ("architecture", "picture_size", "picture_channels", "patch_size"):
        if task.model_shape.get(name, getattr(old, name)) != getattr(old, name):
            raise FineTuneError("finetune_pictures", name=name, given=task.model_shape[name], needed=getattr(old, name))


def _label_use(old: ModelConfig, backbone: Backbone, per_token: bool) -> Form | None:
    match old.architecture, backbone:
        case ("encoder-only" | "vision" | "graph", "auto" | "whole" | "encoder"):
            return "encoder"
        case ("decoder-only", "auto") if per_token:
            return "encoder"  # what a token is may depend on what comes after it
        case ("decoder-only", "auto" | "whole" | "decoder"):
            return "decoder"
        case ("decoder-only", "encoder"):
            return "encoder"
        case ("encoder-decoder", "whole"):
            return "sequence"
        case ("encoder-decoder", "encoder") if old.n_encoder_layers:
            return "encoder"
        case ("encoder-decoder", "auto"):
            return "encoder" if old.n_encoder_layers else "sequence"
    return None


def new_config(old: ModelConfig, body: Body, task: Task, *, untied: bool, dropout: float | None) -> ModelConfig:
    """The shape of the new model: the old one's, fitted to the task's vocabularies and lengths.

    `untied`: the output projection gets weights of its own, so that it can train alone.
    """
    text = len(task.src_vocab) if task.src_vocab is not None else 0
    dropout = old.dropout if dropout is None else dropout
    if isinstance(task, FieldTask):
        return replace(old, dropout=dropout, vocab_size=len(task.tgt_vocab))
    longest = max(old.max_len, task.max_src_len, 0 if body.use in ("encoder", "decoder") else task.max_tgt_len)
    same = replace(old, max_len=longest, dropout=dropout)
    says = len(task.tgt_vocab)
    match body.use:
        case "encoder":
            layers = old.n_decoder_layers if body.from_decoder else old.n_encoder_layers
            return replace(
                same,
                architecture="encoder-only",
                src_vocab_size=text,
                vocab_size=says,
                n_encoder_layers=layers,
                n_labels=0,
                tied_embeddings=False,
            )
        case "decoder":
            return replace(same, vocab_size=text, n_labels=says, tied_embeddings=False)
        case _:
            tied = old.tied_embeddings and not untied
            return replace(same, src_vocab_size=text, vocab_size=says, tied_embeddings=tied)
