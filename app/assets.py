"""The front end's files, as the page asks for them; neither PyTorch nor a model is needed for these."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from app.handlers import answer, guarded
from esvae_core.front_end import FRONT_END

PREFIX = "/esvae"
"""Below which everything lies that the page asks for."""
_TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml"}


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


@guarded
def web(request: Request) -> Response:
    """A file of the front end, under the version of all of them."""
    known = FILES.get(request.path_params["name"]) if request.path_params["version"] == VERSION else None
    return answer(None) if known is None else answer(*known, dense=False)
