"""Two processes that train together make the very run that one process makes; what each of them reads is its share."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import train_together

from attnviz.data import PAD, tasks
from attnviz.training import TrainingState, cross_entropy, joined, make_model, model_config_for, predict
from attnviz.training.distributed import Ranks


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_together(out: Path, size: int = 2) -> None:
    """Start the ranks and wait for them; none is left behind."""
    environment = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": str(size),
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", "lo" if sys.platform == "linux" else ""),
    }
    if not environment["GLOO_SOCKET_IFNAME"]:
        del environment["GLOO_SOCKET_IFNAME"]
    script = Path(train_together.__file__)
    ranks = [
        subprocess.Popen(
            [sys.executable, str(script), str(out)],
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(size)
    ]
    said = []
    try:
        said = [rank.communicate(timeout=200)[0] for rank in ranks]
    finally:
        for rank in ranks:
            if rank.poll() is None:
                rank.kill()
                rank.wait()
    assert [rank.returncode for rank in ranks] == [0] * size, "\n".join(said)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes wrote."""
    if not torch.distributed.is_available():
        pytest.skip("this torch has no torch.distributed")
    out = tmp_path_factory.mktemp("together")
    run_together(out)
    return out


@pytest.mark.parametrize("name", train_together.RUNS)
def test_two_processes_make_the_run_of_one(name: str, together: Path) -> None:
    alone = train_together.make_trainer(train_together.RUNS[name])
    records = train_together.train(alone)
    state = TrainingState.load(together / f"{name}.safetensors")
    assert state.step == 9
    # A key's bias adds the same to all scores of a row, so its gradient is 0 but for rounding, which Adam then scales
    # up to full steps; nothing depends on where they lead.
    adam = alone.config.optimizer == "adamw"
    for parameter, value in alone.model.state_dict().items():
        if not (adam and parameter.endswith("k_proj.bias")):
            torch.testing.assert_close(state.model[parameter], value, atol=1e-6, rtol=0)
    batch = alone.task.collate(alone.task.split("test"))
    expected = predict(alone.model.eval(), batch)
    alone.model.load_state_dict(state.model)
    torch.testing.assert_close(predict(alone.model, batch), expected, atol=1e-5, rtol=0)
    told = json.loads((together / f"{name}.json").read_text(encoding="utf-8"))
    for record, other in zip(records, told, strict=True):
        assert (record.step, record.tokens, record.learning_rate) == tuple(
            other[entry] for entry in ("step", "tokens", "learning_rate")
        )
        assert other["loss"] == pytest.approx(record.loss, abs=1e-5)
        assert other["token_accuracy"] == pytest.approx(record.token_accuracy)
        assert other["grad_norm"] == pytest.approx(record.grad_norm, abs=1e-4)
        assert (other["metrics"] is None) == (record.metrics is None)


class Rank(Ranks):
    """A rank without a process group: what it reads and how it weighs it need none."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size, self.device = rank, size, torch.device("cpu")


@pytest.mark.parametrize(("rows", "size"), [(11, 2), (7, 3), (1, 2), (2, 3)])
def test_shares_are_the_batch_and_their_average_gradient_is_its_gradient(rows: int, size: int) -> None:
    task = tasks.get("reverse", size=100, symbols=5, max_length=5)
    batch = task.collate(task.split("train")[:rows])
    assert batch.targets is not None
    config = model_config_for(task, **train_together.SHAPE)
    whole = make_model(config, 3)
    loss = cross_entropy(predict(whole, batch), batch.targets, label_smoothing=0.1)
    loss.objective.backward()

    shares = [Rank(rank, size).share(batch) for rank in range(size)]
    assert sum(share.n_scored for share in shares) == batch.n_scored
    scored = [row for share in shares if share.n_scored for row in share.target_labels]
    assert sorted(scored) == sorted(batch.target_labels)
    average = {name: torch.zeros_like(p) for name, p in whole.named_parameters()}
    for share in shares:
        model = make_model(config, 3)
        assert share.targets is not None
        assert share.targets.size(1) == batch.targets.size(1)
        part = cross_entropy(predict(model, share), share.targets, label_smoothing=0.1, may_be_empty=True)
        (part.objective * (size * part.tokens / batch.n_scored)).backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None
            average[name] += parameter.grad / size
    for name, parameter in whole.named_parameters():
        torch.testing.assert_close(average[name], parameter.grad, atol=1e-6, rtol=1e-4)


def test_ranks_drop_out_differently_and_the_first_as_alone() -> None:
    assert Rank(0, 2).seed(7) == 7
    assert len({Rank(rank, 5).seed(7) for rank in range(5)}) == 5


@pytest.fixture
def alone() -> Iterator[None]:
    before = os.environ.pop("WORLD_SIZE", None)
    yield
    if before is not None:
        os.environ["WORLD_SIZE"] = before


@pytest.mark.usefixtures("alone")
def test_a_process_alone_joins_nobody() -> None:
    with joined() as ranks:
        assert ranks is None
    assert not torch.distributed.is_initialized()


def test_a_rank_without_rows_scores_nothing() -> None:
    task = tasks.get("reverse", size=100, symbols=5, max_length=5)
    share = Rank(2, 3).share(task.collate(task.split("train")[:2]))
    assert share.size == 1
    assert (share.targets == PAD).all()  # type: ignore[union-attr]
