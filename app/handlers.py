"""What all handlers of requests share: how content is sent, and how errors become one line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from app.limits import BusyError, busy
from app.link_error import LinkError
from app.responses import Bytes, Json, Piece
from esvae_core.errors import EsvaeError, InputError

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "no-store"}
_LOG = logging.getLogger("esvae.app")

Handler = Callable[[Request], Response]


def answer(content: Piece | None) -> Response:
    """Content that its address names, to be kept for ever; None: 404."""
    if content is None:
        return Json({"error": "not here"}, 404, headers=FRESH)
    return Bytes([content], "application/octet-stream", FOREVER)


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
