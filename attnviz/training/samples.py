"""What a model says to a text, whatever it was trained for: so that one reads how it learns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from attnviz.data import BOS, EOS, Batch, InputError, Task
from attnviz.data.vocabulary import MASK
from attnviz.decoding import Choice, Decoding, greedy
from attnviz.model import Transformer
from attnviz.model.inference import inference
from attnviz.training.objective import predict
from attnviz.training.regime import broken_masks

EXAMPLES = 3
MORE_TOKENS = 32  # of a continued text


@dataclass(frozen=True)
class Sample:
    """A text, what the model makes of it, and the right answer where there is one."""

    source: str
    output: str
    reference: str | None

    @property
    def right(self) -> bool | None:
        """Whether it is the answer; None where nobody knows."""
        return None if self.reference is None else self.output == self.reference

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, `right` included."""
        return {**asdict(self), "right": self.right}


def say(
    model: Transformer,
    task: Task,
    text: str,
    *,
    choice: Choice | None = None,
    without: Collection[str] = (),
    more: int = MORE_TOKENS,
) -> str:
    """The model's own output for a text, free-running; nothing but the output.

    An encoder–decoder answers greedily, a decoder continues by at most `more` tokens as `choice` says (None: greedily),
    an encoder fills the gaps or names the labels. `without` is what the model was trained without. Raises InputError
    for a text that cannot be read.
    """
    batch = task.encode(text).to(next(model.parameters()).device)
    if not model.config.has_decoder:
        return _filled(model, task, batch, without)
    masks = broken_masks(model, replace(batch, decoder_input=None), without)
    if model.config.has_encoder:
        room = min(task.max_tgt_len, model.config.max_len)
        said = greedy(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=room, masks=masks)[0].tolist()
        return _text(task, said)
    assert batch.decoder_input is not None, "a language model reads its prompt"
    prompt = batch.decoder_input[:, 1:]
    length = prompt.size(1)
    if choice is None:
        whole = greedy(model, None, bos_id=BOS, eos_id=EOS, max_len=length + more, prefix=prompt, masks=masks)
        return _text(task, whole[0, length:].tolist())
    steps = Decoding(
        model,
        bos_id=BOS,
        eos_id=EOS,
        max_len=length + more,
        prefix=prompt[0].tolist(),
        choice=choice,
        masks=masks,
        alternatives=1,
    )
    return _text(task, [step.token for step in steps][length:])


def samples_of(
    model: Transformer,
    task: Task,
    texts: Sequence[str] | None = None,
    *,
    choice: Choice | None = None,
    without: Collection[str] = (),
) -> tuple[Sample, ...]:
    """A sample of each text (None: the task's first examples); texts that the task cannot read are left out."""
    found = []
    for text in task.examples[:EXAMPLES] if texts is None else texts:
        try:
            output = say(model, task, text, choice=choice, without=without)
            found.append(Sample(text, output, task.reference(text)))
        except InputError:
            continue
    return tuple(found)


def _filled(model: Transformer, task: Task, batch: Batch, without: Collection[str]) -> str:
    """Each gap with the likeliest token; of a model of labels, its labels."""
    with inference(model):
        said = predict(model, batch, broken_masks(model, batch, without))[0].argmax(dim=-1).tolist()
    tokens = task.tgt_vocab.decode(said[: len(batch.src_labels[0])])
    if MASK not in task.tgt_vocab:
        return " ".join(tokens)
    assert batch.scored is not None, "a text with gaps says where they are"
    gaps = [
        token == MASK or scored for token, scored in zip(batch.src_labels[0], batch.scored[0].tolist(), strict=True)
    ]
    whole = [new if gap else old for old, new, gap in zip(batch.src_labels[0], tokens, gaps, strict=True)]
    return task.detokenize(whole)


def _text(task: Task, ids: Sequence[int]) -> str:
    ids = list(ids)
    return task.detokenize(task.tgt_vocab.decode(ids[: ids.index(EOS)] if EOS in ids else ids))
