"""Routes for the page: its own files, the models by content hash, maps, and a picture for those who cannot decode.

They change nothing; a map that is asked for is drawn in the background and kept. Only names and hashes that are known
are answered; everything else is 404, and nothing of a request ever becomes a path.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from app import catalogue, maps, scene
from app.packs import pack
from app.state import PARAMETER, decode
from esvae_core.errors import EsvaeError

PREFIX = "/esvae"
WEB = Path(__file__).resolve().parent / "web"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_FRESH = {"Cache-Control": "no-store"}
_MAX_LINK = 32_768  # characters
_LOG = logging.getLogger("esvae.app")

Handler = Callable[[Request], Response]


def _web_files() -> dict[str, tuple[bytes, str]]:
    """The front end's files by the names that requests may use: content and type."""
    return {
        path.relative_to(WEB).as_posix(): (path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(WEB.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }


FILES = _web_files()
VERSION = hashlib.sha256(b"".join(name.encode() + content for name, (content, _) in FILES.items())).hexdigest()[:16]
"""Names the state of all front-end files, so that each can be kept for ever and yet is never stale."""


def _answer(content: bytes | None, kind: str = "application/octet-stream") -> Response:
    if content is None:
        return JSONResponse({"error": "not here"}, 404, headers=_FRESH)
    return Response(content, media_type=kind, headers=_FOREVER | {"X-Content-Type-Options": "nosniff"})


def _guarded(handler: Handler) -> Handler:
    """Errors become one line for the page and a trace in the log."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        if "range" in request.headers:
            return JSONResponse({"error": "expected no Range; these are answered whole"}, 416, headers=_FRESH)
        try:
            return handler(request)
        except EsvaeError as error:
            return JSONResponse({"error": str(error)}, 404, headers=_FRESH)
        except Exception:
            _LOG.exception("%s", request.url.path)
            return JSONResponse({"error": "the server failed here; the reason is in its log"}, 500, headers=_FRESH)

    return answer


@_guarded
def web(request: Request) -> Response:
    """A file of the front end, under the version of all of them."""
    known = FILES.get(request.path_params["name"]) if request.path_params["version"] == VERSION else None
    return _answer(None) if known is None else _answer(*known)


@_guarded
def models(request: Request) -> Response:
    """All checkpoints, good and bad, as the page lists them."""
    return JSONResponse([catalogue.listed(entry) for entry in catalogue.find()], headers=_FRESH)


@_guarded
def model(request: Request) -> Response:
    """One checkpoint by name: the hashes of its parts."""
    return JSONResponse(catalogue.described(catalogue.named(request.path_params["name"])), headers=_FRESH)


def _part(content: Callable[[catalogue.Shelf], bytes | None]) -> Handler:
    @_guarded
    def part(request: Request) -> Response:
        shelf = catalogue.hashed(request.path_params["digest"])
        return _answer(None if shelf is None else content(shelf))

    return part


@_guarded
def dimensions(request: Request) -> Response:
    """What a model's dimensions are used for; the query names the atlas' version, so that it can be kept for ever."""
    shelf = catalogue.hashed(request.path_params["digest"])
    found = None if shelf is None else catalogue.dimensions(shelf)
    return _answer(None) if found is None else JSONResponse(found, headers=_FOREVER)


@_guarded
def draw(request: Request) -> Response:
    """Spikes and picture of a link, decoded here: what a browser without the engine asks for on release."""
    text = request.query_params.get(PARAMETER, "")
    if len(text) > _MAX_LINK:
        return JSONResponse({"error": f"link: expected at most {_MAX_LINK} characters"}, 404, headers=_FRESH)
    drawing = scene.drawn(decode(text))
    content = pack({}, {"spikes": drawing.spikes[:, 0].astype("uint8"), "pixels": drawing.pixels[0]})
    return Response(content, media_type="application/octet-stream", headers=_FRESH)


@_guarded
def map_begin(request: Request) -> Response:
    """Begin to draw a map of a model's rates with the settings in the query."""
    if "x-esvae" not in request.headers:  # which the pages of other sites cannot send
        return JSONResponse({"error": "expected a request of the explorer's own page"}, 403, headers=_FRESH)
    shelf = catalogue.hashed(request.path_params["digest"])
    if shelf is None or shelf.atlas is None:
        return _answer(None)
    key = maps.start(shelf.atlas.rates, maps.settings_of(request.query_params))
    return JSONResponse(maps.status(key), headers=_FRESH)


@_guarded
def map_state(request: Request) -> Response:
    """How far a map is; DELETE stops it."""
    key = request.path_params["key"]
    if request.method == "DELETE":
        maps.cancel(key)
    found = maps.status(key)
    return _answer(None) if found is None else JSONResponse(found, headers=_FRESH)


@_guarded
def map_data(request: Request) -> Response:
    """A map that is done."""
    return _answer(maps.map_pack(request.path_params["key"]))


ROUTES: list[BaseRoute] = [
    Mount(
        PREFIX,
        routes=[
            Route("/web/{version}/{name:path}", web),
            Route("/models", models),
            Route("/model/{name:path}", model),
            Route("/bundle/{digest}", _part(lambda shelf: shelf.bundle)),
            Route("/atlas/{digest}", _part(catalogue.atlas_pack)),
            Route("/originals/{digest}", _part(catalogue.originals_pack)),
            Route("/dimensions/{digest}", dimensions),
            Route("/draw", draw),
            Route("/map/{digest}", map_begin, methods=["POST"]),
            Route("/map-state/{key}", map_state, methods=["GET", "DELETE"]),
            Route("/map-data/{key}", map_data),
        ],
    )
]
