"""A start, a task and a strategy become a model that is ready to train, its data, and the table of what trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from attnviz.config import FineTuneConfig, ModelConfig
from attnviz.data import InputError, Notice, Pair, Task, Vocabulary
from attnviz.data.augmentation import augmentation
from attnviz.data.derived import chosen, derive, folded
from attnviz.data.tasks.fields import FieldTask
from attnviz.data.tasks.labels import LabelTask
from attnviz.errors import FineTuneError
from attnviz.model import Transformer
from attnviz.model.lora import add_lora, plain_copy
from attnviz.model.making import new_model
from attnviz.training.finetuning.body import Body, choose_body, new_config
from attnviz.training.finetuning.freezing import UNTIED, Cost, TensorPlan, check_layers, cost, tensor_plans
from attnviz.training.finetuning.transplant import Inheritance, old_view, transplant
from attnviz.training.finetuning.vocabulary import Fit, fit_vocabulary
from attnviz.training.randomness import RandomStream
from attnviz.training.start import Start

LEAST_EXAMPLES = 2


@dataclass(frozen=True)
class Prepared:
    """All that a fine-tuning run begins with."""

    start: Start
    config: FineTuneConfig
    model: Transformer  # to be trained; at the start it computes what the old one did, as far as it is the same
    task: Task  # the new one, with the examples and the numbers of tokens that this run uses
    body: Body
    past: dict[str, Inheritance]  # where each parameter comes from
    plans: tuple[TensorPlan, ...]  # what trains
    new_source_tokens: tuple[str, ...]  # that the old model lacks; most frequent first
    new_target_tokens: tuple[str, ...]
    known: float  # share of the source tokens (of a language model, the text's) that the old model knows
    first_weights: dict[str, Tensor]  # before the first step, by parameter name, without LoRA

    def cost(self, optimizer: str = "adamw", step: int | None = None) -> Cost:
        """Trainable parameters and memory."""
        return cost(self.plans, optimizer, step)

    def old_model(self, model: Transformer | None = None) -> Transformer:
        """The old task's model with the weights as they are now (`model` None: those of `self.model`)."""
        return old_view(model or self.model, self.start.config, self.start.weights, self.body)

    @cached_property
    def before(self) -> Transformer:
        """The model as it was before the first step, without LoRA, in evaluation mode: for comparisons."""
        fresh = plain_copy(self.model)
        fresh.load_state_dict({name: value.clone() for name, value in self.first_weights.items()}, strict=False)
        return fresh.eval()


def prepare(start: Start | None, task: Task, config: FineTuneConfig, *, seed: int = 0) -> Prepared:
    """Make everything ready; `start` and `task` are left as they are.

    "scratch" draws every weight anew but keeps the shape and the vocabularies that the other strategies have, so that
    they can be compared. Raises FineTuneError and InputError for what does not fit.
    """
    if start is None:
        raise FineTuneError("finetune_start")
    fitted = _fitted(start, task, config, examples(task, config))
    body, shape, adapted, source, target = fitted.body, fitted.shape, fitted.task, fitted.source, fitted.target
    with RandomStream(seed).lent():
        model = new_model(shape)
    past = {name: Inheritance("new", 0) for name, _ in model.named_parameters()}
    if config.strategy != "scratch":
        past = transplant(model, start.weights, body)
    first = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    if config.strategy == "lora":
        add_lora(model, rank=config.lora_rank, alpha=config.lora_alpha, targets=config.lora_targets, seed=seed)
    return Prepared(
        start=start,
        config=config,
        model=model,
        task=adapted,
        body=body,
        past=past,
        plans=tensor_plans(model, config, past),
        new_source_tokens=() if source is None else source.new,
        new_target_tokens=() if target is None else target.new,
        known=source.known if source is not None else 1.0 if target is None else target.known,
        first_weights=first,
    )


def fits(start: Start, task: Task, config: FineTuneConfig) -> bool:
    """Whether `prepare` would take them. The weights of `start` are not looked at."""
    try:
        _fitted(start, task, config, examples(task, config))
    except (InputError, ValueError):
        return False
    return True


@dataclass(frozen=True)
class _Fitted:
    """How a start and a task come together."""

    body: Body
    shape: ModelConfig
    task: Task
    source: Fit | None
    target: Fit | None


def _fitted(start: Start, task: Task, config: FineTuneConfig, splits: Mapping[str, Sequence[Pair]]) -> _Fitted:
    """Everything that does not fit is found here, before a model is made."""
    body = choose_body(start.config, start.task, task, config.backbone)
    source, target = _vocabularies(start, task, splits["train"], config, body)
    adapted = _adapted(start, task, config, body, splits, source, target)
    size = _adapter_size(start, config)
    untied = config.strategy in UNTIED
    shape = replace(new_config(start.config, body, adapted, untied=untied, dropout=config.dropout), adapter_size=size)
    check_layers(shape, config)
    return _Fitted(body, shape, adapted, source, target)


def examples(task: Task, config: FineTuneConfig) -> dict[str, list[Pair]]:
    """The examples that a run uses: those of its fold, as many as `train_size` says. The test split is the task's."""
    train, validation = list(task.split("train")), list(task.split("validation"))
    if config.folds:
        pool = train + validation
        if len(pool) < config.folds:
            raise FineTuneError("finetune_no_examples", given=len(pool), need=config.folds)
        train, validation = folded(pool, config.folds, config.fold, config.data_seed)
    train = chosen(train, config.train_size, config.data_seed)
    if len(train) < LEAST_EXAMPLES:
        raise FineTuneError("finetune_no_examples", given=len(train), need=LEAST_EXAMPLES)
    return {"train": train, "validation": validation, "test": list(task.split("test"))}


def _vocabularies(
    start: Start, task: Task, train: Sequence[Pair], config: FineTuneConfig, body: Body
) -> tuple[Fit | None, Fit | None]:
    """How the old vocabularies fit: of the text that is read, and of the text that is said (None for labels)."""
    old_source = start.task.src_vocab if start.task.src_vocab is not None else start.task.tgt_vocab
    if isinstance(task, FieldTask):
        return None, None  # numbers are read as numbers, and labels are the task's own
    labels = isinstance(task, LabelTask)
    reads = labels or task.src_vocab is not None
    source = target = None
    if reads:
        assert task.src_vocab is not None, "what reads a source has a vocabulary for it"
        texts = (pair.source for pair in train)
        source = fit_vocabulary(old_source, texts, task.src_vocab, config.new_tokens, model=start.name)
    if not labels:
        texts = (pair.target for pair in train)
        # What is said may be all new (other numerals): it is learned. What is read must be known.
        least = {"least": 0.0} if reads else {}
        target = fit_vocabulary(
            start.task.tgt_vocab, texts, task.tgt_vocab, config.new_tokens, model=start.name, **least
        )
    return source, target


def _adapted(
    start: Start,
    task: Task,
    config: FineTuneConfig,
    body: Body,
    splits: Mapping[str, Sequence[Pair]],
    source: Fit | None,
    target: Fit | None,
) -> Task:
    src_vocab: Vocabulary | None = None if source is None else source.vocabulary
    if isinstance(task, FieldTask):
        src_vocab = task.src_vocab
    tgt_vocab = task.tgt_vocab if target is None else target.vocabulary
    unchanged = not config.folds and not config.train_size
    return derive(
        task,
        splits=None if unchanged else splits,
        vocabularies=(src_vocab, tgt_vocab),
        options=None if body.use == "text" else {"form": body.use},
        augment=augmentation(task, config.augmentation, config.augmentation_share),
    )


def _adapter_size(start: Start, config: FineTuneConfig) -> int:
    has = start.config.adapter_size
    if config.strategy != "adapter":
        return has
    if has and has != config.adapter_size:
        raise FineTuneError("finetune_adapter", given=has, wanted=config.adapter_size)
    return config.adapter_size


def notices(prepared: Prepared) -> tuple[Notice, ...]:
    """What was done to make the start fit, as remarks."""
    found = list(prepared.task.notices)
    learned = prepared.config.new_tokens == "extend"
    for tokens in (prepared.new_source_tokens, prepared.new_target_tokens):
        if tokens:
            code = "tokens_learned" if learned else "tokens_unknown"
            found.append(Notice(code, {"count": len(tokens), "shown": " ".join(tokens[:5])}))
    return tuple(found)


def can_watch_old_task(prepared: Prepared) -> bool:
    """Whether the old task's examples are at hand; those of a user's own file are not kept with a model."""
    try:
        return bool(prepared.start.task.split("validation"))
    except InputError:
        return False
