"""The front end's files, as the page asks for them; nothing that reads models is needed for these.

What the page begins with comes joined: all modules in one answer, made when it is first asked for. Every file is there
by itself, too, which is what a page gets whose server was started with ESVAE_SEPARATE_MODULES=1.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from app.handlers import FOREVER, answer, guarded
from app.responses import Bytes
from esvae_core.explore import joined_modules
from esvae_core.explore.languages import translations
from esvae_core.front_end import FRONT_END

PREFIX = "/esvae"
"""Below which everything lies that the page asks for."""
SEPARATE_OPTION = "ESVAE_SEPARATE_MODULES"
"""Environment variable: anything but nothing leaves the modules apart, for whoever looks at them in a browser."""
_SEPARATE = bool(os.environ.get(SEPARATE_OPTION))
LANGUAGES_OPTION = "ESVAE_LANGUAGES"
"""Environment variable: a folder of translations besides those that come with the page."""
_MORE = os.environ.get(LANGUAGES_OPTION)
TRANSLATIONS = translations(Path(_MORE) if _MORE else None)
"""Languages that visitors can choose besides English, by their codes."""
_TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml"}
_VIEWS = "views/"


def _web_files() -> dict[str, tuple[bytes, str]]:
    """The front end's files by the names that requests may use: content and type."""
    files = {
        path.relative_to(FRONT_END).as_posix(): (path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(FRONT_END.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }
    words = {f"languages/{code}.json": json.dumps(dict(each.messages)) for code, each in TRANSLATIONS.items()}
    return files | {name: (text.encode(), "application/json") for name, text in words.items()}


FILES = _web_files()
ENTRIES = {"mount.js": [name for name in FILES if name.startswith(_VIEWS)], "engine/worker.js": []}
"""Modules that come with all that they import, and with what they may ask for while they run."""


def _version() -> str:
    digest = hashlib.sha256(b"".join(name.encode() + content for name, (content, _) in FILES.items()))
    digest.update(Path(joined_modules.__file__).read_bytes() + bytes([_SEPARATE]))
    return digest.hexdigest()[:16]


VERSION = _version()
"""Names the state of all front-end files, so that each can be kept for ever and yet is never stale."""


@cache
def content_of(name: str) -> bytes:
    """What is sent under a name of FILES."""
    if name not in ENTRIES or _SEPARATE:
        return FILES[name][0]
    texts = {each: content.decode() for each, (content, kind) in FILES.items() if kind == _TYPES[".js"]}
    return joined_modules.joined(name, texts, ENTRIES[name]).encode()


@cache
def packed(name: str) -> bytes:
    """The same by gzip."""
    return gzip.compress(content_of(name), mtime=0)


@guarded
def web(request: Request) -> Response:
    """A file of the front end, under the version of all of them."""
    name = request.path_params["name"]
    if name not in FILES or request.path_params["version"] != VERSION:
        return answer(None)
    takes = "gzip" in request.headers.get("accept-encoding", "")
    content, encoding = (packed(name), "gzip") if takes else (content_of(name), "identity")
    return Bytes([content], FILES[name][1], FOREVER | {"Vary": "Accept-Encoding"}, encoding=encoding)
