"""Everything that can be wrong with a start, a task and a strategy together: a code and an English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.data import InputError

FINETUNE_SENTENCES: Mapping[str, str] = {
    "finetune_backbone": "A start of this architecture ({architecture}), as {backbone}, cannot do a {kind} task.",
    "finetune_vocabulary": (
        "The model {model} knows {known} % of the tokens of these data (it lacks {missing}, for example); "
        "at least {need} % are needed. Choose another model or other data."
    ),
    "finetune_new_tokens": "The model {model} lacks {count} tokens of these data, for example {missing}.",
    "finetune_layers": "The model has {blocks} blocks; at most that many last layers can train, not {given}.",
    "finetune_no_examples": "Nothing is left to train on: {given} examples, {need} are needed.",
    "finetune_start": "Fine-tuning needs a model to start from.",
    "finetune_adapter": "The model has adapters of size {given} already; adapters of size {wanted} do not fit.",
    "finetune_gradual": "Gradual unfreezing trains in one process only.",
    "lora_file": "{file} is not a LoRA file of attnviz: {problem}.",
    "lora_shape": "The LoRA does not fit this model: {name} has shape {given}, the model needs {needed}.",
    "lora_layers": "The LoRA does not fit this model, which has no layer {name}.",
    "lora_vocabulary": "The LoRA was trained with other vocabularies or another head ({name}); load its merged model.",
    "lora_none": "This run has no LoRA to save; only the strategy lora makes one.",
}


class FineTuneError(InputError):
    """What cannot be fine-tuned; `code` and `details` let the interface say so in any language."""

    def __init__(self, code: str, **details: Any) -> None:
        if code not in FINETUNE_SENTENCES:
            raise ValueError(f"code is {code!r}; allowed: {', '.join(FINETUNE_SENTENCES)}")
        super().__init__(code, **details)

    def __str__(self) -> str:
        return FINETUNE_SENTENCES[self.code].format(**self.details)
