"""How much of the server a crowd can take: `Gate` limits work that is done at once, `Patience` what is being sent.

Work is done in a few threads of its own, behind a queue of limited length; who comes when it is full is told to come
again. Sending needs no thread: a client that takes nothing is cut off after a while, and others do not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from threading import RLock

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.responses import Json
from esvae_core.errors import EsvaeError
from esvae_core.malloc import give_back

THREADS = 2
"""In which a gate's work is done; PyTorch uses more cores by itself."""
WAITING = 32
"""Different requests that may wait at a gate."""
OPEN = 512
"""Requests that may be answered at a time, those that are being sent among them."""
WRITING = 20.0
"""Seconds in which a client has to take a chunk (64 kB of a large answer)."""
AGAIN = 2
"""Seconds after which someone who was turned away may come again."""
_REST = 1.0  # seconds without a request after which memory is given back

AsyncHandler = Callable[[Request], Awaitable[Response]]

_LOG = logging.getLogger("esvae.app")


class BusyError(EsvaeError):
    """As much is being done as this machine should do at a time."""


def busy(words: str, *, soon: bool = True) -> Response:
    """The answer to who comes when all is full; `soon`: the page may ask again by itself."""
    again = {"Retry-After": str(AGAIN)} if soon else {}
    return Json({"error": words}, 429, headers={"Cache-Control": "no-store", **again})


class Gate:
    """Work in a few threads; what is asked for again while it waits or is being done is done once.

    Args:
        name: Of its threads.
        threads: How much is done at a time.
        waiting: How much may wait.
    """

    def __init__(self, name: str, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._pending: dict[Hashable, Future[Response]] = {}
        self._lock = RLock()

    async def run(self, key: Hashable, work: Callable[[], Response]) -> Response:
        """What `work` gives, or what other work under the same key is about to give.

        Raises:
            BusyError: too much waits already.
        """
        with self._lock:
            future = self._pending.get(key)
            if future is None:
                if len(self._pending) >= self._most:
                    raise BusyError(f"the server is busy; try again in {AGAIN} seconds")
                future = self._pending[key] = self._pool.submit(work)
                future.add_done_callback(lambda _: self._pending.pop(key, None))
        return await asyncio.shield(asyncio.wrap_future(future))  # others wait for it, too

    def __call__(self, handler: Callable[[Request], Response]) -> AsyncHandler:
        """A handler whose work is done behind this gate; requests of one address are the same work."""

        @wraps(handler)
        async def behind(request: Request) -> Response:
            key = (request.method, request.scope["path"], request.scope["query_string"], "range" in request.headers)
            try:
                return await self.run(key, lambda: handler(request))
            except BusyError as error:
                return busy(str(error))

        return behind


class Patience:
    """Around the whole app: no more than OPEN requests at a time, none of which waits for its client for ever.

    It gives unused memory back to the system when all requests of a burst are answered.
    """

    def __init__(self, app: ASGIApp, most: int = OPEN, seconds: float = WRITING) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds
        self._open = 0
        self._rest: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or turn away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        timely = self._timely(scope, send)
        if self._open >= self._most:
            await busy(f"the server is busy; try again in {AGAIN} seconds")(scope, receive, timely)
            return
        self._open += 1
        try:
            await self._app(scope, receive, timely)
        finally:
            self._open -= 1
            if not self._open:
                self._give_back_soon()

    def _timely(self, scope: Scope, send: Send) -> Send:
        """`send` that ends, with the connection if need be."""
        # Uvicorn's own; ASGI has no word for either of both.
        transport: asyncio.Transport | None = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            transport.set_write_buffer_limits(0)  # what was sent is with the system before more is

        async def in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(self._seconds):
                    await send(message)
            except TimeoutError:
                _LOG.info("%r: the client took nothing for %g s and was cut off", scope["path"], self._seconds)
                if transport is None:
                    raise
                transport.abort()  # from now on, `send` does nothing

        async def with_end(message: Message) -> None:
            """The end by itself, since each message waits until the one before has been taken."""
            if message["type"] == "http.response.body" and message.get("body") and not message.get("more_body"):
                await in_time({**message, "more_body": True})
                message = {**message, "body": b""}
            await in_time(message)

        return with_end

    def _give_back_soon(self) -> None:
        loop = asyncio.get_running_loop()
        if self._rest is not None:
            self._rest.cancel()

        def rested() -> None:
            if not self._open:
                loop.run_in_executor(None, give_back)

        self._rest = loop.call_later(_REST, rested)
