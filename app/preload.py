"""Tells a browser with the page what the page will ask for, so that it is fetched beside Streamlit's front end.

Which model a page opens follows from its link or, without one, from the order of `catalogue.opening_order`. Where the
parts of a model lie is noted when a page is told; before that, the page's own files alone are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.assets import PREFIX, VERSION
from esvae_core.errors import EsvaeError

_MOST = 64  # models that are remembered
_AS_IN_THE_PAGE = "/!'()*"  # which the page's encodeURIComponent leaves alone, too
_MAX_LINK = 4096  # characters; a longer one is not looked into
_FILES = (
    ("mount.js", "modulepreload"),
    ("look.css", "preload; as=style"),
    ("help.css", "preload; as=style"),
    ("engine/engine.wasm", "preload; as=fetch; crossorigin"),
)


class Opening:
    """Which model a visit opens, and the addresses of its parts, below the explorer's prefix."""

    def __init__(self) -> None:
        self._first = ""
        self._parts: dict[str, list[str]] = {}
        self._lock = Lock()

    def note_first(self, name: str) -> None:
        """Remember what a visit without a link opens."""
        self._first = name

    def note(self, described: Mapping[str, Any]) -> None:
        """Remember the parts of a model, of what `catalogue.described` says of it."""
        digest = described["hash"]
        parts = [f"model/{quote(described['name'], _AS_IN_THE_PAGE)}", f"bundle/{digest}/decoder"]
        if described["atlas"]:
            parts.append(f"atlas/{digest}?{described['atlasVersion']}")
        if described["controls"]:
            parts.append(f"controls/{digest}?{described['controls']}")
        with self._lock:
            self._parts.pop(described["name"], None)
            self._parts[described["name"]] = parts
            for old in list(self._parts)[:-_MOST]:
                del self._parts[old]

    def parts_of(self, query: str) -> list[str]:
        """Addresses of what a page with that query opens, as far as they are known: lists, then the model's parts."""
        return ["models", *self._parts.get(self._model_of(query), [])]

    def _model_of(self, query: str) -> str:
        from app.state import PARAMETER, decode  # NumPy, for which the server does not wait

        try:
            link = parse_qs(query[:_MAX_LINK], max_num_fields=16).get(PARAMETER, [""])[0]
            return decode(link).model if link else self._first
        except (ValueError, EsvaeError):
            return self._first


OPENING = Opening()
"""Of this server."""


class Preload:
    """Middleware that adds the Link header to pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http" or not _is_page(scope):
            await self._app(scope, receive, send)
            return

        async def with_links(message: Message) -> None:
            # 304, too: what the browser has kept may name files of a version that is no longer served
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                MutableHeaders(scope=message).append("Link", links(scope["query_string"].decode("latin-1")))
            await send(message)

        await self._app(scope, receive, with_links)


def links(query: str) -> str:
    """The header of a page with that query; addresses are relative, as those of the page itself are."""
    base = PREFIX.lstrip("/")
    files = [f"<{base}/web/{VERSION}/{name}>; rel={how}" for name, how in _FILES]
    parts = [f"<{base}/{part}>; rel=preload; as=fetch; crossorigin" for part in OPENING.parts_of(query)]
    return ", ".join([*files, *parts])


def _is_page(scope: Scope) -> bool:
    """Whether a browser asks for a document that is not one of the explorer's own routes."""
    return (
        scope["method"] == "GET"
        and f"{PREFIX}/" not in scope["path"]
        and Headers(scope=scope).get("accept", "").startswith("text/html")
    )
