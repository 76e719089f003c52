"""Checkpoints that are opened in the page: kept in a folder of the server's own until it ends, listed with all others.

They come from visitors on this machine alone, unless whoever serves says otherwise: visitors elsewhere could fill its
disk, and what one opens is listed for all.
"""

from __future__ import annotations

import asyncio
import filecmp
import ipaddress
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.limits import BusyError
from app.security import HOSTS_OPTION
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
PATIENCE = 10.0
"""Seconds without a byte after which a file is given up."""
_AT_ONCE = 4
_MODEL = "model.safetensors"  # a checkpoint of that name is listed under the name in its header
_NAME = "esvae-opened"
_BY_PROXIES = re.compile(r"x-forwarded-.*|forwarded|via|x-real-ip|x-client-ip|.*-client-ip|.*-connecting-ip")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class UploadFolder:
    """The server's folder for them, made when it is needed."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.arriving = 0

    def made(self) -> Path:
        """The folder; a new one if a cleaner of temporary files has taken it.

        Raises:
            OSError: it cannot be made.
        """
        if self.path is None or not self.path.is_dir():
            _remove_left_behind()
            self.path = Path(tempfile.mkdtemp(prefix=f"{_NAME}-{os.getpid()}-"))
        return self.path

    def kept(self) -> list[Path]:
        """A folder for each checkpoint, in the order in which they were opened."""
        if self.path is None:
            return []
        found = []
        with suppress(OSError):
            for path in self.path.iterdir():
                with suppress(OSError):
                    if path.name[0] != ".":
                        found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def remove(self) -> None:
        """Everything."""
        if self.path is not None:
            shutil.rmtree(self.path, ignore_errors=True)
        self.path = None


folder = UploadFolder()


def _remove_left_behind() -> None:
    """Remove what servers that were killed have left."""
    for path in Path(tempfile.gettempdir()).glob(f"{_NAME}-*-*"):
        owner = path.name.split("-")[2]
        if owner.isdecimal() and not _runs(int(owner)):
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere, to ask would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


class RemovedAtEnd:
    """Middleware around the whole app: when the server ends, also by a signal, what visitors opened is removed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and clear up after the last answer."""
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "lifespan":
                folder.remove()


def refusal(request: Request) -> str | None:
    """Why this visitor may not open a checkpoint here, in a line; None if it may."""
    option = os.environ.get(OPTION, "")
    if option == "1" or (not option and from_this_machine(request)):
        return None
    return "this server takes no checkpoints from visitors; on your own machine, `esvae app FILE` opens one"


def from_this_machine(request: Request) -> bool:
    """Whether the visitor's browser runs here and asks directly, of a server that is for nobody else.

    A proxy asks from this machine, too, and hands on what its visitor calls the host. One that others reach has a name,
    which must be allowed for a page to work; and most say in a header that they stand between.
    """
    client = request.client.host if request.client else ""
    try:
        near = ipaddress.ip_address(client).is_loopback
    except ValueError:
        near = False
    origin = request.headers.get("origin")
    return (
        near
        and not os.environ.get(HOSTS_OPTION)
        and request.url.hostname in _LOOPBACK
        and (origin is None or urlsplit(origin).hostname in _LOOPBACK)
        and not any(map(_BY_PROXIES.fullmatch, request.headers.keys()))
    )


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Path]:
    """The file that is the body of a request, as long as it is looked at; `keep` keeps it.

    Raises:
        InputError: it is too large, did not arrive whole, or cannot be written.
        BusyError: others are arriving.
    """
    if folder.arriving >= _AT_ONCE:
        raise BusyError("other checkpoints are being opened; try again in a moment")
    folder.arriving += 1
    own: Path | None = None
    try:
        try:
            own = Path(tempfile.mkdtemp(prefix=".", dir=folder.made()))
            await _written(request, own / _MODEL)
        except OSError as error:
            raise InputError(f"the server cannot keep it: {error.strerror or error}") from error
        yield own / _MODEL
    finally:
        folder.arriving -= 1
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)


async def _written(request: Request, path: Path) -> None:
    """Write the body to a file.

    Raises:
        InputError: it is too large, or did not arrive whole.
        OSError: it cannot be written.
    """
    size = 0
    pieces = aiter(request.stream())
    with path.open("wb") as file:
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    async with asyncio.timeout(PATIENCE):
                        chunk = await anext(pieces, None)
                    if chunk is None:
                        return
                    size += len(chunk)
                    if size > MAX_BYTES:
                        raise InputError(f"expected at most {MAX_BYTES >> 20} MiB; `esvae app FILE` opens larger ones")
                    await asyncio.to_thread(file.write, chunk)
        except (TimeoutError, ClientDisconnect):
            raise InputError("it did not arrive whole, or too slowly") from None


def keep(path: Path) -> Path:
    """Keep a file of `received`; where it then is, the same place for the same content.

    Raises:
        InputError: it cannot be kept.
        BusyError: as many are kept as may be.
    """
    try:
        kept = folder.made() / sha256(path.read_bytes()).hexdigest()[:16]
        if not kept.exists():
            if len(folder.kept()) >= MAX_FILES:
                raise BusyError(f"{MAX_FILES} checkpoints were opened already; `esvae app FOLDER` opens any number")
            _move(path.parent, kept)
        return kept / _MODEL
    except OSError as error:
        raise InputError(f"the server cannot keep it: {error.strerror or error}") from error


def _move(own: Path, kept: Path) -> None:
    """Give a folder its name; if another of the same content has it meanwhile, that one stays.

    Raises:
        OSError: it cannot be moved.
    """
    try:
        own.rename(kept)
    except OSError:  # of a folder that is there, systems say one of several things
        if not (kept / _MODEL).exists():
            raise


def are_of_visitors(path: Path) -> bool:
    """Whether it lies in the folder of a server, of this one or another, for what visitors open."""
    return any(part.startswith(f"{_NAME}-") for part in path.parts)


def same(one: Path, other: Path) -> bool:
    """Whether two files have the same content."""
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
