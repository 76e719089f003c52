"""Answers: JSON that every reader takes, and bytes that many visitors are sent from one copy."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

Piece = bytes | memoryview
Make = Callable[[], Piece]

_CHUNK = 64 * 1024  # bytes that a connection holds at a time; small, so that many take turns quickly


class Json(JSONResponse):
    """JSON of ASCII alone; numbers that JSON does not have (NaN, infinite ones) become null."""

    def render(self, content: Any) -> bytes:
        """The bytes."""
        return json.dumps(_finite(content), allow_nan=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


class Bytes(Response):
    """Bytes in pieces, written as fast as the client takes them, so that a slow one holds a chunk and no copy.

    Args:
        pieces: They are shared with other answers and never copied as a whole.
        encoding: How they are compressed already; nothing is compressed on the way.
    """

    def __init__(
        self, pieces: Sequence[Piece], kind: str, headers: Mapping[str, str], *, encoding: str = "identity"
    ) -> None:
        self._pieces = list(pieces)  # these very objects: `Shared` knows by them that they are in use
        length = {"Content-Length": str(sum(map(len, pieces)))}
        coded = {"Content-Encoding": encoding}  # which keeps the server's gzip away, also where it says "identity"
        super().__init__(None, 200, {**headers, **length, **coded}, kind)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            for start in range(0, len(piece), _CHUNK):
                chunk = bytes(memoryview(piece)[start : start + _CHUNK])
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Shared:
    """Contents by key, each kept for as long as an answer holds it: all who are sent it share one copy."""

    def __init__(self) -> None:
        self._held: WeakValueDictionary[Any, memoryview] = WeakValueDictionary()
        self._lock = Lock()

    def get(self, key: Any, make: Make) -> memoryview:
        """The content of that key, made unless an answer still holds it."""
        with self._lock:
            held = self._held.get(key)
        if held is None:
            made = memoryview(make())
            with self._lock:
                held = self._held.setdefault(key, made)
        return held


SHARED = Shared()
"""Of all answers."""
