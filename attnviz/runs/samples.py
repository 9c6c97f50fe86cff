"""What the model says to a few fixed inputs, so that one sees it learn."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from attnviz.data import BOS, EOS, InputError, Task
from attnviz.decoding import greedy
from attnviz.model import Transformer
from attnviz.trace.watching import evaluating

MOST_EXAMPLES = 3
MOST_TOKENS = 32


@dataclass(frozen=True)
class Sample:
    """One input, the model's greedy output at a step, and the right answer where it is known."""

    step: int
    number: int  # 0 is the probe sentence, where the run has one
    source: str
    output: str
    reference: str | None


def sample_sources(task: Task, probe: str | None) -> tuple[str, ...]:
    """The inputs that a run is sampled with."""
    return ((probe,) if probe else ()) + tuple(task.examples[:MOST_EXAMPLES])


def generate(model: Transformer, task: Task, source: str) -> str:
    """The greedy output of a text, or its greedy continuation. Raises InputError for a text that cannot be read."""
    device = next(model.parameters()).device
    batch = task.encode(source)
    with evaluating(model), torch.no_grad():
        if model.config.has_encoder and model.config.has_decoder:
            assert batch.src is not None, "a sequence-to-sequence batch has a source"
            room = min(task.max_tgt_len, model.config.max_len)
            said = greedy(model, batch.src.to(device), bos_id=BOS, eos_id=EOS, max_len=room)[0].tolist()
        elif model.config.has_decoder:
            assert batch.decoder_input is not None, "a language model's batch is its decoder input"
            prompt = batch.decoder_input[:, 1:]
            room = min(prompt.size(1) + MOST_TOKENS, model.config.max_len)
            said = greedy(model, None, bos_id=BOS, eos_id=EOS, max_len=room, prefix=prompt)[0].tolist()
            said = said[prompt.size(1) :]
        else:
            assert batch.src is not None, "an encoder reads a source"
            said = model(batch.src.to(device), None)[0].argmax(-1).tolist()
    return task.detokenize(task.tgt_vocab.decode(said[: said.index(EOS)] if EOS in said else said))


def samples_of(model: Transformer, task: Task, step: int, probe: str | None = None) -> list[Sample]:
    """A sample of each input; inputs that the task cannot read are left out."""
    found = []
    for number, source in enumerate(sample_sources(task, probe)):
        try:
            found.append(Sample(step, number, source, generate(model, task, source), task.reference(source)))
        except InputError:
            continue
    return found
