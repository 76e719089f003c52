"""Many visitors at once: `python -m benchmarks.sessions [--visitors N] [--seconds S] [--pause S]`.

Each is one of Streamlit's sessions, spoken to over its socket as the page does it, without a browser of its own: that
many browsers would measure the browsers. A visitor opens the explorer, moves the bars, which asks nothing of the
server, changes the view now and then, and opens other models, whose parts are read; then all leave. All on this
machine: the server is started here and stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.dragging import quantile
from benchmarks.load import Server, ask
from benchmarks.measure import Result, table
from benchmarks.page import started

MODELS = ("mnist-poisson", "mnist-plus", "fashion-plus", "digits-plus", "annvae-mnist")
_PARTS = ("decoder", "encoder", "prior")  # of a bundle
_MODELS_VIEW = "models"  # whose script alone hears which model is open
_PAUSE = 1.2  # seconds between two gestures, on average
_NEW_VIEW, _NEW_MODEL = 0.15, 0.05  # share of gestures that change the view, and that open another model
_PATIENCE = 60.0  # seconds that a visitor waits for the end of a script
_ARRIVAL = 0.5  # seconds between two visitors
_KEPT = 120  # seconds that Streamlit keeps a session after its socket is closed, for one who comes back
_MOST = (200, 3600)  # visitors and seconds
_TABLE_SECONDS = 60.0  # of the row in `python -m benchmarks`
_TABLE_VISITORS = 20


@dataclass
class Findings:
    """Milliseconds of each rerun, by kind; megabytes of the server; sessions that it has after all have left."""

    first: list[float] = field(default_factory=list)
    views: list[float] = field(default_factory=list)
    models: list[float] = field(default_factory=list)
    alone_mb: float = 0.0
    """With one visitor, who has seen all models."""
    crowd_mb: float = 0.0
    """With all visitors, at the end of their visits."""
    after_mb: float = 0.0
    """When Streamlit has forgotten them."""
    kept: int = 0


class Visitor:
    """One session: what its page has been told, and what it tells."""

    def __init__(self, socket: ClientConnection, server: Server, seed: int, pause: float) -> None:
        self._socket, self._server, self._chance, self._pause = socket, server, random.Random(seed), pause
        self._pages: list[str] = []
        self._page = self._component = self._models = ""
        self._model = MODELS[0]
        self._read: set[str] = set()

    async def rerun(self) -> float:
        """Ask for a run of the script; milliseconds until it has ended."""
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self._page
        if self._page == self._models and self._component:
            told = asked.rerun_script.widget_states.widgets.add()
            told.id, told.json_value = self._component, json.dumps({"model": self._model})
        start = time.perf_counter()
        await self._socket.send(asked.SerializeToString())
        while True:
            message = ForwardMsg.FromString(bytes(await asyncio.wait_for(self._socket.recv(decode=False), _PATIENCE)))
            match message.WhichOneof("type"):
                case "navigation":
                    self._pages = [page.page_script_hash for page in message.navigation.app_pages]
                    paths = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                    self._models = paths[_MODELS_VIEW]
                    self._page = message.navigation.page_script_hash or self._page or self._pages[0]
                case "delta":
                    found = message.delta.new_element.bidi_component.id
                    self._component = found or self._component
                case "script_finished":
                    return (time.perf_counter() - start) * 1000

    async def read(self) -> None:
        """What the page reads of a model that it opens; parts that it had before are in the browser's cache."""
        about = await self._server.json(f"/esvae/model/{self._model}")
        if self._model in self._read:
            return
        self._read.add(self._model)
        for part in _PARTS:
            await ask(self._server.port, f"/esvae/bundle/{about['hash']}/{part}")
        await ask(self._server.port, f"/esvae/atlas/{about['hash']}?{about.get('atlasVersion') or ''}")

    async def visit(self, seconds: float, findings: Findings) -> None:
        """Open the explorer and use it for so long."""
        end = time.perf_counter() + seconds
        await ask(self._server.port, "/esvae/models")
        findings.first.append(await self.rerun())
        await self.read()
        while time.perf_counter() < end:
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))
            turn = self._chance.random()
            if turn < _NEW_VIEW:
                self._page, self._component = self._chance.choice(self._pages), ""
                findings.views.append(await self.rerun())
                if self._page == self._models:  # whose view then says which model is open
                    findings.models.append(await self.rerun())
            elif turn < _NEW_VIEW + _NEW_MODEL:
                self._model = self._chance.choice(MODELS)
                await self.read()
                if self._page == self._models:
                    findings.models.append(await self.rerun())


async def _one(server: Server, seed: int, seconds: float, pause: float, findings: Findings) -> None:
    address = f"127.0.0.1:{server.port}"
    socket = connect(
        f"ws://{address}/_stcore/stream", subprotocols=["streamlit"], origin=f"http://{address}", max_size=2**26
    )  # type: ignore[arg-type]
    async with socket as opened:
        await Visitor(opened, server, seed, pause).visit(seconds, findings)


async def _sessions(server: Server) -> int:
    """How many Streamlit has, of those that are open and those that it keeps."""
    _, text = await ask(server.port, "/_stcore/metrics")
    found = re.search(rb"^active_sessions(?:\{[^}]*\})? ([\d.]+)", text, re.MULTILINE)
    return int(float(found[1])) if found else 0


async def run(
    port: int, process: int, visitors: int, seconds: float, *, pause: float = _PAUSE, forget: float = _KEPT + 10
) -> Findings:
    """All visits, with memory before, at their end, and `forget` seconds after they have left."""
    server, findings = Server(port, process), Findings()
    for name in MODELS:  # each is read once, whoever comes
        about = await server.json(f"/esvae/model/{name}")
        for part in _PARTS:
            await ask(port, f"/esvae/bundle/{about['hash']}/{part}")
    await _one(server, 0, 5, pause, Findings())
    findings.alone_mb = server.memory()

    async def arrive(n: int) -> None:
        await asyncio.sleep(n * _ARRIVAL)
        await _one(server, n + 1, seconds, pause, findings)

    visits = [asyncio.create_task(arrive(n)) for n in range(visitors)]
    while not all(visit.done() for visit in visits):
        findings.crowd_mb = max(findings.crowd_mb, server.memory())
        await asyncio.sleep(0.5)
    await asyncio.gather(*visits)
    await asyncio.sleep(forget)
    findings.kept, findings.after_mb = await _sessions(server), server.memory()
    return findings


def _note(times: Sequence[float]) -> str:
    return f"95th percentile {quantile(list(times), 0.95):.0f} ms, {len(times):,} of them" if times else "none"


def results(findings: Findings, visitors: int, seconds: float) -> list[Result]:
    """The rows of a table."""
    work = f"{visitors} visitors for {seconds:.0f} s"
    kinds = {
        "first run of the script": findings.first,
        "run of another view": findings.views,
        "rerun of Models with its model": findings.models,
    }
    rows = [
        Result(
            "sessions",
            f"{work}: {kind}",
            quantile(times, 0.5) if times else None,
            note=_note(times),
            p95_ms=quantile(times, 0.95) if times else None,
        )
        for kind, times in kinds.items()
    ]
    grown = (findings.crowd_mb - findings.alone_mb) / visitors
    memory = (
        f"{findings.alone_mb:.0f} MB with one, {findings.crowd_mb:.0f} MB at most, {findings.after_mb:.0f} MB after"
    )
    note = f"{memory}; {grown:.1f} MB a visitor; {findings.kept} sessions left"
    return [*rows, Result("sessions", f"{work}: server", None, peak_mb=findings.crowd_mb, note=note)]


def sessions() -> list[Result]:
    """Twenty visitors for a minute."""
    with started() as (address, process):
        port = int(address.rpartition(":")[2])
        found = asyncio.run(run(port, process, _TABLE_VISITORS, _TABLE_SECONDS))
    return results(found, _TABLE_VISITORS, _TABLE_SECONDS)


def main() -> None:
    """Start the server, let the visitors come, print a table."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description=__doc__)
    reader.add_argument("--visitors", type=int, default=20, help=f"at once (default 20, at most {_MOST[0]})")
    reader.add_argument("--seconds", type=float, default=300, help=f"of each (default 300, at most {_MOST[1]})")
    reader.add_argument(
        "--pause", type=float, default=_PAUSE, help=f"seconds between two gestures (default {_PAUSE}, at least .3)"
    )
    given = reader.parse_args()
    if not 0.3 <= given.pause <= _MOST[1]:
        reader.error(f"--pause: expected .3 to {_MOST[1]}, found {given.pause}")
    for value, most, name in zip((given.visitors, given.seconds), _MOST, ("--visitors", "--seconds"), strict=True):
        if not 0 < value <= most:
            reader.error(f"{name}: expected more than 0 and at most {most}, found {value}")
    with started() as (address, process):
        port = int(address.rpartition(":")[2])
        found = asyncio.run(run(port, process, given.visitors, given.seconds, pause=given.pause))
    title = f"{os.cpu_count()} cores, {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}"
    rows = results(found, given.visitors, given.seconds)
    Console(width=None if Console().is_terminal else 160).print(table(rows, title))


if __name__ == "__main__":
    main()
