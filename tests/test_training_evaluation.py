"""Evaluation: the same figures however batched, output compared as text, alignment as one would count it."""

from __future__ import annotations

import math

import pytest
import torch

from attnviz.config import TrainConfig
from attnviz.data import BOS, EOS, Batch, Pair, Task, tasks
from attnviz.decoding import greedy
from attnviz.model import Transformer
from attnviz.trace import watch
from attnviz.training import Alignment, Metrics, Trainer, evaluate, make_model, model_config_for
from attnviz.training.evaluation import exact_matches


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.get("reverse", size=300, symbols=3, max_length=5)


@pytest.fixture(scope="module")
def model(task: Task) -> Transformer:
    """Half trained: right on some examples, wrong on others."""
    config = model_config_for(task, d_model=12, n_heads=3, d_ff=17, n_encoder_layers=1, dropout=0.3)
    trainer = Trainer(
        make_model(config, 2), task, TrainConfig(steps=130, batch_size=31, learning_rate=1e-2, eval_every=0)
    )
    list(trainer.run())
    return trainer.model


def one_by_one(task: Task, split: str = "test") -> list[tuple[Pair, Batch]]:
    return [(pair, task.collate([pair])) for pair in task.split(split)]


def test_loss_and_accuracy_are_means_over_target_tokens(model: Transformer, task: Task) -> None:
    nats, right, tokens = 0.0, 0, 0
    model.eval()
    for _, batch in one_by_one(task):
        with torch.no_grad():
            log_p = model(batch.src, batch.decoder_input).log_softmax(-1)[0]
        assert batch.targets is not None
        for row, target in zip(log_p, batch.targets[0].tolist(), strict=True):
            nats -= row[target].item()
            right += int(row.argmax()) == target
            tokens += 1
    metrics = evaluate(model, task, "test")
    assert metrics.tokens == tokens
    assert metrics.loss == pytest.approx(nats / tokens, rel=1e-5)
    assert metrics.token_accuracy == pytest.approx(right / tokens)
    assert metrics.perplexity == pytest.approx(math.exp(metrics.loss))


def test_exact_match_is_free_running_example_by_example(model: Transformer, task: Task) -> None:
    matches = 0
    for pair, batch in one_by_one(task):
        said = greedy(model, batch.src, bos_id=BOS, eos_id=EOS, max_len=6)[0].tolist()
        matches += task.tgt_vocab.decode(said) == [*pair.target, "</s>"]
    share = evaluate(model, task, "test").exact_match
    assert share == pytest.approx(matches / len(task.split("test")))
    assert 0 < share < 1  # else the test would say little


def test_alignment_is_where_the_largest_weight_is(model: Transformer, task: Task) -> None:
    sites = model.sites_of("cross")
    hits = {(site, head): 0 for site in sites for head in range(4)}
    tokens = 0
    for pair, batch in one_by_one(task):
        trace = watch(model, batch)
        origins = task.alignment(pair)
        assert origins is not None
        for t, origin in enumerate(origins):
            tokens += 1
            for site in sites:
                weights = trace[site].weights[0]
                for head in range(3):
                    hits[site, head] += int(weights[head, t].argmax()) == origin
                hits[site, 3] += int(weights.mean(axis=0)[t].argmax()) == origin
    alignment = evaluate(model, task, "test").alignment
    assert alignment is not None
    assert alignment.tokens == tokens
    for site in sites:
        assert alignment.by_head[site] == pytest.approx([hits[site, head] / tokens for head in range(3)])
        assert alignment.heads_averaged[site] == pytest.approx(hits[site, 3] / tokens)
    assert alignment.of(alignment.best_head) == max(share for shares in alignment.by_head.values() for share in shares)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_the_batch_size_does_not_matter(model: Transformer, task: Task, batch_size: int) -> None:
    one, other = evaluate(model, task, "test"), evaluate(model, task, "test", batch_size=batch_size)
    assert other.loss == pytest.approx(one.loss, rel=1e-5)
    assert (other.exact_match, other.token_accuracy, other.alignment) == (
        one.exact_match,
        one.token_accuracy,
        one.alignment,
    )


def test_the_model_is_left_as_it_was(model: Transformer, task: Task) -> None:
    for training in (True, False):
        model.train(training)
        evaluate(model, task, "test", limit=5)
        assert model.training is training
        assert all(module.training is training for module in model.modules())
    assert all(parameter.grad is None or not parameter.grad.isnan().any() for parameter in model.parameters())


def test_limit_takes_the_first_examples(model: Transformer, task: Task) -> None:
    assert evaluate(model, task, "test", limit=5).examples == 5
    with pytest.raises(ValueError, match="no examples"):
        evaluate(model, task, "test", limit=0)


def test_a_target_outside_the_vocabulary_is_never_right(task: Task) -> None:
    config = model_config_for(task, d_model=12, n_heads=3, d_ff=17, n_encoder_layers=0, tied_embeddings=False)
    model = make_model(config, 1)
    with torch.no_grad():  # a model that only ever says <unk>, then the end
        model.output.weight.zero_()
        model.output.bias.copy_(torch.tensor([0.0, 0, 0, 9, 0, 0, 0]))
    batch = task.collate([Pair(("a",), ("ж",))])
    assert batch.targets is not None
    assert batch.targets[0, 0] == 3  # scored as <unk> …
    assert exact_matches(model, task, batch) == [False]  # … but saying <unk> is not saying ж


def test_a_language_model_has_no_exact_match_and_no_alignment() -> None:
    task = tasks.get("lm-zh", window=13)
    model = make_model(model_config_for(task, d_model=12, n_heads=3, d_ff=17, n_decoder_layers=1), 1)
    metrics = evaluate(model, task, "test", limit=23)
    assert (metrics.exact_match, metrics.alignment) == (None, None)
    assert metrics.tokens == sum(len(pair.target) for pair in task.split("test")[:23])


def test_an_untrained_model_knows_about_nothing(task: Task) -> None:
    config = model_config_for(task, d_model=12, n_heads=3, d_ff=17)
    metrics = evaluate(make_model(config, 4), task, "test")
    assert metrics.exact_match == 0
    assert metrics.loss > 0.5 * math.log(len(task.tgt_vocab))


def test_figures_survive_json(model: Transformer, task: Task) -> None:
    metrics = evaluate(model, task, "test")
    assert Metrics.from_dict(metrics.to_dict()) == metrics


def test_the_best_head_is_the_first_of_equals() -> None:
    shares = {"decoder.0.cross_attn": (0.5, 0.75), "decoder.1.cross_attn": (0.75, 0.25)}
    assert Alignment(shares, {}, 4).best_head == ("decoder.0.cross_attn", 1)
