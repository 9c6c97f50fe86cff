"""The app under visitors, and its memory over thousands of runs.

A visitor speaks Streamlit's own protocol over a websocket, as a browser does, without drawing: a machine that could not
run forty browsers can still be asked what forty of them would wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attnviz.bench.browser import served
from attnviz.bench.figures import Figure, Options, Result, Skipped

RUNS, EARLY = 2_000, 400  # runs of the app, and after how many its memory is first looked at
PATIENCE = 120.0  # seconds that a visitor waits for an answer
SENTENCES = ("银行里有行人", "音乐让人快乐。", "我觉得他在睡觉。", "重要的事情要重复说。")
QUERY = "lang=zh&model=pinyin"


@dataclass
class Visitor:
    """One open page. Everything it does is a run of the app, or of the fragment that a widget lies in."""

    socket: Any
    query: str = QUERY
    page: str = ""  # hash of the page's script
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)  # label of a text field → widget, fragment
    stages: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # key of a component → data, fragment
    answered: int = 0  # messages of the last run

    async def run(
        self, *, page: str = "", fragment: str = "", widget: tuple[str, str] | None = None, value: str = ""
    ) -> float:
        """Ask for a run and wait for its end; seconds. `page`: another one, by its name in the address."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = page
        message.rerun_script.page_script_hash = "" if page else self.page
        message.rerun_script.fragment_id = fragment
        if widget is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = widget[0], value
            message.rerun_script.fragment_id = widget[1]
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self._answer(), PATIENCE)
        return time.perf_counter() - began

    async def type(self, sentence: str) -> float:
        """Another sentence, as if it had been typed and Enter pressed; seconds until the picture is complete."""
        widget = next((one for name, one in self.fields.items() if name in ("句子", "Sentence")), None)
        if widget is None:
            raise RuntimeError(f"the page has no sentence; it has {', '.join(self.fields)}")
        return await self.run(widget=widget, value=sentence)

    async def _answer(self) -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        self.answered = 0
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self.socket.recv())
            self.answered += 1
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.page = message.new_session.page_script_hash
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                if element.WhichOneof("type") == "text_input":
                    self.fields[element.text_input.label] = (element.text_input.id, message.delta.fragment_id)
                elif element.WhichOneof("type") == "bidi_component" and element.bidi_component.bytes:
                    stage = element.bidi_component  # its identity: $$ID-…-key
                    self.stages[stage.id.split("-", 2)[-1]] = (stage.bytes, message.delta.fragment_id)
            elif kind == "script_finished" and message.script_finished in (0, 3):  # a whole run, or a fragment's
                return


@contextlib.asynccontextmanager
async def visiting(url: str, query: str = QUERY) -> Any:
    """A visitor of the server at `url`, before its first run."""
    import websockets
    from websockets.typing import Origin, Subprotocol

    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    spoken = [Subprotocol("streamlit")]
    async with websockets.connect(address, subprotocols=spoken, origin=Origin(url), max_size=None) as socket:
        yield Visitor(socket, query)


def visitors(options: Options) -> Iterator[Result]:
    """Memory over many runs."""
    try:
        import websockets  # noqa: F401  # Streamlit's server brings it
    except ImportError:
        yield Skipped("visitors", "needs websockets: pip install websockets")
        return
    runs, early = options.repeats(RUNS, 60), options.repeats(EARLY, 20)
    with served(app_script()) as (url, process):
        first, last = asyncio.run(_many_runs(url, process.pid, runs, early))
    yield Figure(
        name="visitors/memory",
        ratio=last / first,
        what=f"memory of the app after {runs:,} runs",
        against=f"after {early:,} runs",
        milliseconds=last,
        base_milliseconds=first,
        must=1.10,
        aim=1.02,
        unit="MB",
    )


def app_script() -> Path:
    """The app that is served: the packed one, else the repository's."""
    import attnviz

    package = Path(attnviz.__file__).resolve().parent
    packed = package / "site" / "app.py"
    return packed if packed.is_file() else package.parent / "app.py"


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds, where the system tells (Linux); else NaN."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmRSS"))
    return float(line.split()[1]) / 1024


async def _many_runs(url: str, pid: int, runs: int, early: int) -> tuple[float, float]:
    """Memory after `early` and after all runs: pages opened, sentences typed, visitors that come and go."""
    first, done = float("nan"), 0
    while done < runs:
        async with visiting(url) as visitor:
            await visitor.run()
            done += 1
            for sentence in (SENTENCES * 3)[: min(9, runs - done)]:
                await visitor.type(sentence)
                done += 1
                if done == early:
                    first = resident(pid)
    return first, resident(pid)
