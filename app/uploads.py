"""Checkpoints that are opened in the page: kept in a folder of the server's own until it ends, listed with all others.

They come from visitors on this machine alone, unless whoever serves says otherwise: visitors elsewhere could fill its
disk, and what one opens is listed for all.
"""

from __future__ import annotations

import asyncio
import atexit
import filecmp
import ipaddress
import os
import shutil
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from app.limits import BusyError
from esvae_core.errors import InputError

OPTION = "ESVAE_UPLOADS"
"""Environment variable: whether visitors may open checkpoints of theirs; `1` all, `0` none, those on this machine
unless given."""
MAX_BYTES = 64 * 2**20
"""Of one file."""
MAX_FILES = 16
"""That are kept."""
SECONDS = 120.0
"""In which a file has to arrive."""
_AT_ONCE = 2
_MODEL = "model.safetensors"  # a checkpoint of that name is listed under the name in its header
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_receiving: set[object] = set()


@cache
def _folder() -> Path:
    """Where files are kept; it goes when the server ends."""
    path = Path(tempfile.mkdtemp(prefix="esvae-opened-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def places() -> list[Path]:
    """Folders to list checkpoints of, one for each that was opened."""
    return sorted(_folders()) if _folder.cache_info().currsize else []


def _folders() -> list[Path]:
    return [path for path in _folder().iterdir() if path.is_dir()]


def refusal(request: Request) -> str | None:
    """Why this visitor may not open a checkpoint here, in a line; None if it may."""
    option = os.environ.get(OPTION, "")
    if option == "1" or (not option and _from_this_machine(request)):
        return None
    return "this server takes no checkpoints from visitors; on your own machine, `esvae app FILE` opens one"


def _from_this_machine(request: Request) -> bool:
    """Whether the visitor's browser runs here, and asks directly: no proxy stands between."""
    client = request.client.host if request.client else ""
    try:
        near = ipaddress.ip_address(client).is_loopback
    except ValueError:
        near = False
    return near and request.url.hostname in _LOOPBACK and not any(name in request.headers for name in _FORWARDED)


async def receive(request: Request) -> Path:
    """Keep the file that is the body of a request.

    Returns:
        Where it is; the same place for the same content.

    Raises:
        InputError: it is too large, or did not arrive whole.
        BusyError: others are arriving, or as many are kept as may be.
    """
    if len(_receiving) >= _AT_ONCE:
        raise BusyError("other checkpoints are being opened; try again in a moment")
    turn = object()
    _receiving.add(turn)
    try:
        if len(_folders()) >= MAX_FILES:
            raise BusyError(f"{MAX_FILES} checkpoints were opened already; `esvae app FOLDER` opens any number")
        return await _received(request)
    finally:
        _receiving.discard(turn)


async def _received(request: Request) -> Path:
    digest, size = sha256(), 0
    handle, name = tempfile.mkstemp(prefix=".", dir=_folder())
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            try:
                async with asyncio.timeout(SECONDS):
                    async for chunk in request.stream():
                        size += len(chunk)
                        if size > MAX_BYTES:
                            raise InputError(
                                f"expected at most {MAX_BYTES >> 20} MiB; `esvae app FILE` opens larger ones"
                            )
                        digest.update(chunk)
                        await asyncio.to_thread(file.write, chunk)
            except (TimeoutError, ClientDisconnect):
                raise InputError(f"it did not arrive whole within {SECONDS:.0f} seconds") from None
        kept = _folder() / digest.hexdigest()[:16] / _MODEL
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            part.rename(kept)
        return kept
    finally:
        part.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Forget a file that `receive` kept."""
    shutil.rmtree(path.parent, ignore_errors=True)


def same(one: Path, other: Path) -> bool:
    """Whether two files have the same content."""
    return filecmp.cmp(one, other, shallow=False)
