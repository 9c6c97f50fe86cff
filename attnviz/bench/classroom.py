"""A class of forty at one server while one run trains: what each of them waits for.

Everybody is a visitor who speaks the server's protocol without drawing (visitors.py), and does something every few
seconds. A painted cell is asked for on the lab's direct line, and the run that follows it is waited for as well.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import struct
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from attnviz import environment
from attnviz.bench.browser import served
from attnviz.bench.figures import Figure, Options, Result, Skipped
from attnviz.bench.visitors import PATIENCE, QUERY, SENTENCES, Visitor, app_script, percentile, visiting
from attnviz.bench.watching import training

NAME = "class"
VISITORS, PAUSE, ACTIONS = 40, 8.0, 3  # how many, seconds between two actions of each, how often each kind of action
LAB = "mask-lab"
# name → (must, aim, what): seconds of the 95th percentile
LIMITS = {
    "first-picture": (1.5, 0.8, "until the first picture is complete"),
    "sentence": (3.0, 1.5, "from a typed sentence to all numbers"),
    "painted-cell": (3.0, 1.5, "from a painted cell to all numbers"),
    "opening-run": (3.0, 1.5, "until a run that is being trained is open"),
}


Waited = dict[str, list[float]]  # seconds that were waited, by kind of action


def classroom(options: Options) -> Iterator[Result]:
    """The 95th percentile of what forty visitors wait for, beside what one visitor alone waits for."""
    try:
        import websockets  # noqa: F401  # Streamlit's server brings it
    except ImportError:
        yield Skipped(NAME, "needs websockets: pip install websockets")
        return
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        training(folder) as run,
        served(app_script(), **{environment.RUNS: folder}) as (url, _),
    ):
        alone, together = asyncio.run(_lesson(url, run.folder.path.name, options))
    for name, (must, aim, what) in LIMITS.items():
        seconds = together[name]
        slow = percentile(seconds, 0.95)
        yield Figure(
            name=f"{NAME}/{name}",
            ratio=slow,
            what=f"95th percentile of {len(seconds)}, one run training: {what}",
            against="one second",
            milliseconds=1e3 * slow,
            base_milliseconds=1e3 * statistics.median(alone[name]),
            must=must,
            aim=aim,
        )


async def _lesson(url: str, run: str, options: Options) -> tuple[Waited, Waited]:
    """What one visitor waits for, and then everybody at once."""
    count, pause, actions = (VISITORS, PAUSE, ACTIONS) if not options.quick else (3, 0.2, 1)
    alone: Waited = {name: [] for name in LIMITS}
    together: Waited = {name: [] for name in LIMITS}
    with ThreadPoolExecutor(count) as threads:
        await _sit(url, run, 0, alone, threads, pause=0.2, actions=actions)
        places = [
            _sit(url, run, place, together, threads, pause=pause, actions=actions, later=pause * place / count)
            for place in range(count)
        ]
        await asyncio.gather(*places)
    return alone, together


async def _sit(
    url: str,
    run: str,
    place: int,
    waited: Waited,
    threads: ThreadPoolExecutor,
    *,
    pause: float,
    actions: int,
    later: float = 0.0,
) -> None:
    """One of them: looks at a sentence, types others, paints cells, opens the run."""
    await asyncio.sleep(later)
    async with visiting(url) as visitor:
        waited["first-picture"].append(await visitor.run())
        for turn in range(actions):
            await asyncio.sleep(pause)
            waited["sentence"].append(await visitor.type(SENTENCES[(place + turn) % len(SENTENCES)]))
        await asyncio.sleep(pause)
        await visitor.run(page="masks")
        for turn in range(actions):
            await asyncio.sleep(pause)
            waited["painted-cell"].append(await _paint(url, visitor, place + turn, threads))
            await visitor.run(fragment=visitor.stages[LAB][1])
    await asyncio.sleep(pause)
    async with visiting(url, f"{QUERY}&run={run}") as visitor:
        waited["opening-run"].append(await visitor.run(page="pretraining"))


def header_of(data: bytes) -> dict[str, Any]:
    """The values of a component's data, read as the browser reads them (ui/front/payload.js)."""
    (length,) = struct.unpack("<I", data[4:8])
    outline = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    header: dict[str, Any] = json.loads((zlib.decompress(body) if outline["compressed"] else body)[: outline["header"]])
    return header


async def _paint(url: str, visitor: Visitor, turn: int, threads: ThreadPoolExecutor) -> float:
    """Seconds from a painted cell until its answer is here."""
    data, fragment = visitor.stages[LAB]
    header = header_of(data)
    size = len(header["rows"])
    row, column = 1 + turn % (size - 1), (5 * turn) % size
    seq = header["seq"] + 1
    cell = {"op": "paint", "seq": seq, "stroke": seq, "visible": turn % 2 == 0, "areas": [row, row, column, column]}
    question = json.dumps({"scope": header["scope"], "operations": [cell]}).encode()
    request = urllib.request.Request(url + header["line"], question, {"Content-Type": "application/json"})

    def ask() -> bytes:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            body: bytes = answer.read()
            return body

    began = time.perf_counter()
    answer = await asyncio.get_running_loop().run_in_executor(threads, ask)
    seconds = time.perf_counter() - began
    if header_of(answer)["seq"] != seq:
        raise RuntimeError("a painted cell was not taken in")
    visitor.stages[LAB] = (answer, fragment)
    return seconds
