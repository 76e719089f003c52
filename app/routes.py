"""Routes for the page: its own files here, and what it asks of the models in `answers`.

Only names that are known are answered; everything else is 404, or 400 where a value in it is at fault, and nothing of a
request ever becomes a path. The page's files need no PyTorch, so that a browser can begin while it loads.
"""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Callable
from functools import cache, wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from app.limits import BusyError, busy
from app.responses import Bytes, Json, Piece
from app.state import LinkError
from esvae_core.errors import EsvaeError, InputError
from esvae_core.front_end import FRONT_END

PREFIX = "/esvae"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "no-store"}
_LOG = logging.getLogger("esvae.app")

Handler = Callable[[Request], Response]


def _web_files() -> dict[str, tuple[bytes, str]]:
    """The front end's files by the names that requests may use: content and type."""
    return {
        path.relative_to(FRONT_END).as_posix(): (path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(FRONT_END.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }


FILES = _web_files()
VERSION = hashlib.sha256(b"".join(name.encode() + content for name, (content, _) in FILES.items())).hexdigest()[:16]
"""Names the state of all front-end files, so that each can be kept for ever and yet is never stale."""


def answer(content: Piece | None, kind: str = "application/octet-stream", *, dense: bool = True) -> Response:
    """Content that its address names, to be kept for ever; None: 404."""
    if content is None:
        return Json({"error": "not here"}, 404, headers=FRESH)
    return Bytes([content], kind, FOREVER, dense=dense)


def guarded(handler: Handler) -> Handler:
    """Errors become one line for the page and a trace in the log."""

    @wraps(handler)
    def guard(request: Request) -> Response:
        if "range" in request.headers:
            return Json({"error": "expected no Range; these are answered whole"}, 416, headers=FRESH)
        try:
            return handler(request)
        except BusyError as error:
            return busy(str(error), soon=False)
        except EsvaeError as error:
            status = 400 if isinstance(error, InputError | LinkError) else 404
            return Json({"error": str(error)}, status, headers=FRESH)
        except Exception:
            _LOG.exception("%r", request.url.path)
            return Json({"error": "the server failed here; the reason is in its log"}, 500, headers=FRESH)

    return guard


@guarded
def web(request: Request) -> Response:
    """A file of the front end, under the version of all of them."""
    known = FILES.get(request.path_params["name"]) if request.path_params["version"] == VERSION else None
    return answer(None) if known is None else answer(*known, dense=False)


@cache
def models() -> Router:
    """The routes of `answers`."""
    from app import model_routes

    # Streamlit collects all garbage after each run of the script. What PyTorch brought, some 400,000 objects that stay
    # for good, need not be looked through each time: that took longer than the run.
    gc.collect()
    gc.freeze()
    return Router(model_routes.ROUTES)


async def _models(scope: Scope, receive: Receive, send: Send) -> None:
    """What `models` answers; the first to ask waits until they are loaded, beside the server's loop."""
    await (await run_in_threadpool(models))(scope, receive, send)


def _to(place: str) -> Handler:
    """Leads to an address relative to the one asked for, which visitors may see under another path; the query stays."""

    def redirect(request: Request) -> Response:
        return RedirectResponse(f"{place}?{query}" if (query := request.url.query) else place)

    return redirect


def below(base: str = "") -> list[BaseRoute]:
    """The routes below Streamlit's base path, where its own are; slashes at its ends do not matter."""
    parts = base.strip("/")
    base = f"/{parts}" if parts else ""
    files = Route("/web/{version}/{name:path}", web)
    routes: list[BaseRoute] = [
        # Streamlit knows the first page as "/" alone; its name is what people type, since all others have theirs.
        Route(f"{base}/explore", _to("./")),
        Mount(base + PREFIX, routes=[files, Mount("", app=_models)]),
    ]
    return [Route(base, _to(f"./{parts.rpartition('/')[2]}/")), *routes] if base else routes


ROUTES = below()
