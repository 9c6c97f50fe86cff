"""What a run costs beside its bare steps: recording, kept steps and looks; watching one sample; a second process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from attnviz.bench.figures import Figure, Options, Result, in_turns, paired
from attnviz.bench.training import A, S, Size, trainer_of

RUN = Size(layers=2, width=64, heads=4, length=64, batch=16)  # what is trained in a lesson
SPANS = {(0, 50): (1.15, 1.05), (50, 800): (1.05, 1.02)}  # steps → (must, aim)
STEPS, WARM_UP = 40, 4  # of the two processes


def session(options: Options) -> Iterator[Result]:
    """A session's step against a bare one, in turns: CPU time of the thread that trains, means, since kept steps are
    few and dear."""
    from attnviz.config import TrainConfig
    from attnviz.runs import Library, RunConfig
    from attnviz.runs.contents import build_trainer
    from attnviz.runs.work.session import Session

    last = 60 if options.quick else 800
    shape = {"d_model": RUN.width, "n_heads": RUN.heads, "d_ff": 4 * RUN.width, "n_decoder_layers": RUN.layers}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        config = RunConfig(
            name="bench",
            task="lm-en",
            task_options={"window": RUN.length},
            shape=shape,
            train=TrainConfig(steps=10_000, batch_size=RUN.batch, eval_every=0),
            device="cpu",
            threads=1,
        )
        run = Library(folder).create(config)
        under_test = Session.open(run.folder)
        bare = build_trainer(run.folder, config)
        bare.adopt(under_test.trainer.compute)
        under_test.play()
        times: dict[str, list[float]] = {"session": [], "bare": []}
        try:
            bare.step()
            while under_test.trainer.step_number < last:
                for name, make in (("session", lambda: under_test.work(0.0)), ("bare", bare.step)):
                    began = time.thread_time()
                    make()
                    times[name].append(time.thread_time() - began)
        finally:
            under_test.stop()
            under_test.close()
    for (first, end), (must, aim) in SPANS.items():
        whole, one = (1e3 * statistics.fmean(times[name][first:end]) for name in ("session", "bare"))
        yield Figure(
            name=f"session/{first}-{end}",
            ratio=whole / one,
            what=f"a session's step, steps {first} to {min(end, last)}, {bare.compute}",
            against="a bare step of the same trainer",
            milliseconds=whole,
            base_milliseconds=one,
            must=must,
            aim=aim,
        )


def capture(options: Options) -> Iterator[Result]:
    """A step after which every head of one example of its batch is at hand, against a step alone."""
    for name, size, repeats in (("A", A, options.repeats(21)), ("S", S, options.repeats(200))):
        trainer = trainer_of("lm-en", {"window": size.length}, size)

        def watched() -> None:
            trainer.step()  # noqa: B023  # called in this turn of the loop only
            trainer.heads()  # noqa: B023

        times = in_turns({"step": trainer.step, "watched": watched}, repeats, warm_up=2, clock=time.process_time)
        yield paired(
            times,
            "watched",
            "step",
            name=f"live-capture/{name}",
            what=f"a training step, and every head of one example as it was computed, {trainer.compute}",
            against="the step alone",
            must=1.03,
            aim=1.01,
        )


def quality(options: Options) -> Iterator[Result]:
    """Whether bfloat16 costs anything: final validation loss against float32's, over three seeds."""
    from attnviz.config import Compute, TrainConfig
    from attnviz.data import tasks
    from attnviz.training import Trainer, make_model
    from attnviz.training.recipes import model_config_for

    task = tasks.get("lm-en", window=S.length)
    shape = {"d_model": S.width, "n_heads": S.heads, "d_ff": 4 * S.width, "n_decoder_layers": S.layers}
    found: dict[str, list[float]] = {"fp32": [], "bf16": []}
    for seed in range(3):
        for name, way in (("fp32", Compute()), ("bf16", Compute(precision="bf16", path="written"))):
            steps = 30 if options.quick else 500
            config = TrainConfig(steps=steps, batch_size=16, eval_every=0, eval_examples=512, seed=seed)
            trainer = Trainer(make_model(model_config_for(task, **shape, dropout=0.0), seed), task, config, compute=way)
            records = list(trainer.run())
            assert records[-1].metrics is not None, "the last step is evaluated"
            found[name].append(records[-1].metrics.loss)
    noise = max(found["fp32"]) - min(found["fp32"])
    apart = statistics.fmean(found["bf16"]) - statistics.fmean(found["fp32"])
    yield Figure(
        name="quality/bf16",
        ratio=apart / noise,
        what=f"bf16's mean validation loss above fp32's: {apart:+.4f} nats (here in thousandths)",
        against="the range of three seeds in fp32",
        milliseconds=1e3 * apart,
        base_milliseconds=1e3 * noise,
        must=1.0,
        aim=0.5,
    )


def together(options: Options) -> Iterator[Result]:
    """Two processes against one, one thread each, on the wall's clock, in turns."""
    _, precision = _rate(1)  # chosen once, so that all compute alike
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(options.repeats(5, 1)):
        for processes in rates:
            rates[processes].append(_rate(processes, precision)[0])
    pairs = list(zip(rates[2], rates[1], strict=True))
    yield Figure(
        name="processes/2",
        ratio=statistics.median(two / one for two, one in pairs),
        what=f"steps per second of two processes, A, {precision}",
        against="one process",
        milliseconds=1e3 / statistics.median(rates[2]),
        base_milliseconds=1e3 / statistics.median(rates[1]),
        must=1.5,
        aim=1.8,
        smaller_is_better=False,
    )


def _rate(processes: int, *precision: str) -> tuple[float, str]:
    """Steps per second that `processes` reach together, and the precision of their products."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    script = str(Path(__file__).with_name("rank.py"))
    command = [sys.executable, script, *precision]
    if processes > 1:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
        command = [*launcher, script, *precision]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=600)
    rate, found = done.stdout.split("rate", 1)[1].split()[:2]
    return float(rate), found
