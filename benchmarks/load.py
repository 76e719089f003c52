"""A crowd at the explorer's server: `python -m benchmarks.load [CROWD ...] [--clients N] [--model NAME]`.

For each route that costs something: N clients at once, who ask for the same or each for something else; and N who ask
and never read. Meanwhile another visitor asks for the list of models, twenty times a second. All on this machine; the
server is started here and stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from app.limits import WRITING
from app.state import Prior, State, encode, to_grid
from benchmarks.dragging import quantile
from benchmarks.page import started

NEVER = "never-read"
CROWDS = ("page", "draw", "own", "originals", "bundle", "atlas", "dimensions", "map", NEVER)
_PAUSE = 0.05  # seconds between the requests of the other visitor
_PATIENCE = 180.0  # seconds that a client waits for its answer
_QUIET = 5.0  # seconds after which memory is looked at again
_CHUNK = 2**16

Path_ = Callable[[int], str]
"""What the n-th client asks for."""


@dataclass(frozen=True)
class Row:
    """What a crowd did: seconds it took, answers by status, another visitor's wait, and the server's memory."""

    work: str
    seconds: float
    answers: dict[str, int]
    p50_ms: float
    p95_ms: float
    before_mb: float
    peak_mb: float
    after_mb: float


async def ask(port: int, path: str, method: str = "GET", *, hold: float | None = None) -> tuple[str, bytes]:
    """Ask as the page does; gives the status and the first 64 kB. With `hold`, read nothing for so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_CHUNK)
    try:
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-ESVAE: 1\r\nConnection: close\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )
        await writer.drain()
        if hold is not None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(hold)
            return "never read", b""
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
        first = await reader.read(_CHUNK)
        while first and await asyncio.wait_for(reader.read(_CHUNK), _PATIENCE):
            pass
        return head.split(b" ", 2)[1].decode(), first
    except (OSError, asyncio.IncompleteReadError) as error:
        return type(error).__name__, b""
    finally:
        writer.close()


def _other_visitor(port: int, ready: Event, done: Event, results: multiprocessing.Queue[list[float]]) -> None:
    """In a process of its own, so that it waits for the server alone: the milliseconds of each request."""
    waits = []
    while not done.is_set() or not waits:
        start = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        connection.request("GET", "/esvae/models", headers={"X-ESVAE": "1"})
        connection.getresponse().read()
        connection.close()
        if ready.is_set():
            waits.append((time.perf_counter() - start) * 1000)
        ready.set()
        time.sleep(_PAUSE)
    results.put(waits)


class Server:
    """The server that is looked at."""

    def __init__(self, port: int, process: int) -> None:
        self.port, self._status = port, Path(f"/proc/{process}/status")

    def memory(self) -> float:
        """Megabytes that are resident."""
        lines = self._status.read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    async def json(self, path: str) -> dict[str, object]:
        """A small answer."""
        return json.loads((await ask(self.port, path))[1])  # type: ignore[no-any-return]

    async def crowd(self, work: str, clients: int, path: Path_, method: str, hold: float | None) -> Row:
        """Let all clients ask at once, and look on until the server is quiet again."""
        before = peak = self.memory()
        processes = multiprocessing.get_context("spawn")
        done, ready = processes.Event(), processes.Event()
        results: multiprocessing.Queue[list[float]] = processes.Queue()
        other = processes.Process(target=_other_visitor, args=(self.port, ready, done, results))
        other.start()
        await asyncio.to_thread(ready.wait)
        start = time.perf_counter()
        visits = [asyncio.create_task(ask(self.port, path(n), method, hold=hold)) for n in range(clients)]
        while not all(visit.done() for visit in visits):
            peak = max(peak, self.memory())
            await asyncio.sleep(_PAUSE)
        seconds = time.perf_counter() - start
        done.set()
        waits = await asyncio.to_thread(results.get)
        other.join()
        await asyncio.sleep(_QUIET)
        answers = Counter(status for status, _ in await asyncio.gather(*visits))
        middle, slow = quantile(waits, 0.5), quantile(waits, 0.95)
        return Row(work, seconds, dict(answers), middle, slow, before, peak, self.memory())


async def run(
    port: int, process: int, wanted: Sequence[str], clients: int, name: str, say: Callable[[str], None]
) -> list[Row]:
    """Crowds, one after the other; each route is asked once before, so that what is read once is there."""
    server = Server(port, process)
    about = await server.json(f"/esvae/model/{name}")
    dims, digest = int(str(about["dims"])), about["hash"]

    def state(n: int) -> str:
        heights = to_grid([(0.1 + n / 1000) % 1] * dims)
        return quote(encode(State(name, Prior(0), heights, n, "bernoulli", 16)))

    routes: dict[str, tuple[Path_, str]] = {
        "page": (lambda n: f"/esvae/page/{digest}?view=explore&s={state(n)}", "GET"),
        "draw": (lambda n: f"/esvae/draw?s={state(n)}", "GET"),
        "own": (lambda n: f"/esvae/own/fsvae-mnist?seed={n}&count=16", "GET"),
        "originals": (lambda n: f"/esvae/originals/{digest}?{n}", "GET"),
        "bundle": (lambda n: f"/esvae/bundle/{digest}/decoder?{n}", "GET"),
        "atlas": (lambda n: f"/esvae/atlas/{digest}?{n}", "GET"),
        "dimensions": (lambda n: f"/esvae/dimensions/{digest}?{n}", "GET"),
        "map": (lambda n: f"/esvae/map/{digest}?neighbors={2 + n % 199}&min_dist=0.{n // 199}", "POST"),
    }
    rows = []

    async def crowd(work: str, path: Path_, method: str, hold: float | None = None) -> None:
        say(work)
        rows.append(await server.crowd(work, clients, path, method, hold))
        say(" ".join(_cells(rows[-1])[1:]))

    for route in (route for route in routes if route in wanted):
        path, method = routes[route]
        await ask(port, path(10**6), method)
        await asyncio.sleep(2)
        await crowd(f"{route}, all the same", lambda n, path=path: path(0), method)  # type: ignore[misc]
        await crowd(f"{route}, each another", path, method)
    for turn in ("first", "second") if NEVER in wanted else ():
        await crowd(f"page, never read, {turn} round", routes["page"][0], "GET", WRITING + 2)
    return rows


def _cells(row: Row) -> tuple[str, ...]:
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(row.answers.items()))
    figures = (row.p50_ms, row.p95_ms, row.before_mb, row.peak_mb, row.after_mb)
    return (row.work, f"{row.seconds:.1f}", answers, *(f"{figure:,.0f}" for figure in figures))


def main() -> None:
    """Start the server, let the crowds come, print a table."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    reader.add_argument("crowds", nargs="*", metavar="CROWD", help=f"{', '.join(CROWDS)}; all unless some are named")
    reader.add_argument("--clients", type=int, default=200, help="at once (default 200)")
    reader.add_argument("--model", default="emoji-plus", help="a shipped one (default emoji-plus)")
    given = reader.parse_args()
    unknown = [name for name in given.crowds if name not in CROWDS]
    if unknown:
        reader.error(f"{unknown[0]}: no such crowd; there are {', '.join(CROWDS)}")
    log = Console(stderr=True)
    with started() as (address, process):
        rows = asyncio.run(
            run(
                int(address.rpartition(":")[2]),
                process,
                given.crowds or CROWDS,
                given.clients,
                given.model,
                lambda work: log.print(work),
            )
        )
    table = Table(title=f"{given.clients} clients, {given.model}, {os.cpu_count()} cores")
    for column in ("work", "s", "answers", "other's p50 ms", "p95 ms", "MB before", "peak", "after"):
        table.add_column(column, justify="left" if column in ("work", "answers") else "right")
    for row in rows:
        table.add_row(*_cells(row))
    Console(width=None if Console().is_terminal else 140).print(table)


if __name__ == "__main__":
    main()
