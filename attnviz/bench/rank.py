"""One of the processes that `sessions.together` times; started as a script, alone or by torch.distributed.run.

Its argument is the precision of the products; without one it takes what a run would choose here.
"""

from __future__ import annotations

import sys
import time

from attnviz.bench.sessions import STEPS, WARM_UP
from attnviz.bench.training import A, trainer_of


def main() -> None:
    """Train a little and print the steps per second, and the precision."""
    import torch

    from attnviz.config import Compute
    from attnviz.training import Trainer
    from attnviz.training.distributed import joined

    torch.set_num_threads(1)
    with joined() as ranks:
        ready = trainer_of("lm-en", {"window": A.length}, A)
        precision = next(iter(sys.argv[1:]), ready.compute.precision)
        way = Compute(precision="bf16" if precision == "bf16" else "fp32", path="written")  # the same in every process
        trainer = Trainer(ready.model, ready.task, ready.config, ranks=ranks, compute=way)
        for _ in range(WARM_UP):
            trainer.step()
        began = time.perf_counter()
        for _ in range(STEPS):
            trainer.step()
        if ranks is None or ranks.writes:
            print(f"rate {STEPS / (time.perf_counter() - began)} {precision}", flush=True)


if __name__ == "__main__":
    main()
