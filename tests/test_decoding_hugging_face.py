"""Filters, greedy and beam search agree with Hugging Face `generate` on the same logits; skipped without it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import BOS, EOS, VOCAB, make_brief_model, padded_src
from torch import Tensor

from attnviz.decoding import (
    BeamOptions,
    Choice,
    beam_search,
    chances,
    greedy,
    keep_top_k,
    keep_top_p,
    penalise_repetition,
)
from attnviz.model import Transformer

transformers = pytest.importorskip("transformers")
logits_process = pytest.importorskip("transformers.generation.logits_process")

MAX_LEN = 7


def as_hugging_face(model: Transformer, src: Tensor | None) -> object:
    """The same logits behind the interface that `generate` drives: text in, logits out, the source fixed.

    The masks are those of the empty text: what a text has written is read as a token, also where it wrote the padding's
    id, as `generate` marks every new token as one to attend to. The ids alone would have it hidden as padding.
    """

    class Config(transformers.PretrainedConfig):  # type: ignore[misc, name-defined]
        model_type = "attnviz"

    class Wrapper(transformers.PreTrainedModel, transformers.GenerationMixin):  # type: ignore[misc, name-defined]
        config_class = Config
        main_input_name = "input_ids"

        def __init__(self, config: object) -> None:
            super().__init__(config)
            self.anchor = torch.nn.Parameter(torch.zeros(1))

        def prepare_inputs_for_generation(self, input_ids: Tensor, **_: object) -> dict[str, Tensor]:
            return {"input_ids": input_ids}

        def forward(self, input_ids: Tensor, **_: object) -> object:
            own = None if src is None else src.expand(len(input_ids), -1)
            logits = model(own, input_ids, masks=model.default_masks(own, None))
            return transformers.modeling_outputs.CausalLMOutput(logits=logits)

    config = Config(vocab_size=VOCAB, num_hidden_layers=1, hidden_size=1, num_attention_heads=1)
    return Wrapper(config).eval()


def generate(model: Transformer, src: Tensor | None, **arguments: object) -> list[tuple[list[int], float | None]]:
    """The texts without BOS and what follows EOS, the best first, with their scores where there are any."""
    model.eval()
    settings_ = transformers.GenerationConfig(
        max_length=MAX_LEN + 1,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=0,
        use_cache=False,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
        **arguments,
    )
    out = as_hugging_face(model, src).generate(torch.tensor([[BOS]]), generation_config=settings_)  # type: ignore[attr-defined]
    scores = getattr(out, "sequences_scores", None)
    texts = [trimmed(tokens) for tokens in out.sequences[:, 1:].tolist()]
    return list(zip(texts, [None] * len(texts) if scores is None else scores.tolist(), strict=True))


def trimmed(tokens: list[int]) -> list[int]:
    return tokens[: tokens.index(EOS) + 1] if EOS in tokens else tokens


@given(
    seed=st.integers(0, 10_000),
    temperature=st.floats(0.2, 3),
    k=st.integers(1, VOCAB),
    p=st.floats(0.05, 1),
    penalty=st.floats(1, 2),
)
def test_filters_agree(seed: int, temperature: float, k: int, p: float, penalty: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(3, VOCAB, generator=generator, dtype=torch.double)
    history = torch.randint(0, VOCAB, (3, 5), generator=generator)
    theirs = logits_process.RepetitionPenaltyLogitsProcessor(penalty)(history, logits.clone())
    torch.testing.assert_close(penalise_repetition(logits, history, penalty), theirs)
    for ours, warper in (
        (keep_top_k(logits, k), logits_process.TopKLogitsWarper(k)),
        (keep_top_p(logits, p), logits_process.TopPLogitsWarper(p)),
    ):
        torch.testing.assert_close(ours, warper(history, logits.clone()))
    for warper in (
        logits_process.TemperatureLogitsWarper(temperature),
        logits_process.TopKLogitsWarper(k),
        logits_process.TopPLogitsWarper(p),
    ):
        theirs = warper(history, theirs)
    choice = Choice(method="sample", temperature=temperature, top_k=k, top_p=p, repetition_penalty=penalty)
    torch.testing.assert_close(chances(logits, history, choice), theirs.softmax(-1))


@examples(10, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), with_source=st.booleans())
def test_greedy_agrees(seed: int, with_source: bool) -> None:
    model = make_brief_model(seed, "encoder-decoder" if with_source else "decoder-only")
    src = padded_src(1, 7, seed) if with_source else None
    [(theirs, _)] = generate(model, src)
    assert greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=MAX_LEN)[0].tolist() == theirs


@examples(25, COSTLY_EXAMPLES)
@given(
    seed=st.integers(0, 10_000),
    with_source=st.booleans(),
    beams=st.sampled_from([2, 3, 5]),
    penalty=st.sampled_from([0.0, 0.7, 1.0]),
    full=st.booleans(),
)
@example(seed=3963, with_source=False, beams=5, penalty=1.0, full=False)  # the fifth text writes the padding's id
def test_beam_search_agrees(seed: int, with_source: bool, beams: int, penalty: float, full: bool) -> None:
    model = make_brief_model(seed, "encoder-decoder" if with_source else "decoder-only")
    src = padded_src(1, 7, seed) if with_source else None
    theirs = generate(
        model,
        src,
        num_beams=beams,
        num_return_sequences=beams,
        length_penalty=penalty,
        early_stopping=True if full else "never",
    )
    options = BeamOptions(beams=beams, length_penalty=penalty, stop_when_full=full)
    *_, tree = beam_search(model, src, bos_id=BOS, eos_id=EOS, max_len=MAX_LEN, options=options)
    assert [list(tree.tokens(node)) for node in tree.finished] == [text for text, _ in theirs]
    ours = [tree.nodes[node].normalised for node in tree.finished]
    assert ours == pytest.approx([score for _, score in theirs], abs=1e-4)
