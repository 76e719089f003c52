"""Files: read only where they are regular ones, written so that they appear whole or not at all; and their names."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import platform
import re
import secrets
import stat
import sys
import zipfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO

from esvae_core.errors import OutputError


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file beside its place, flush it to disk, and move it there in one step.

    A file that was there keeps its permissions, a new one gets the usual ones; of a link the target is written. What
    processes that were killed left in the folder is removed.

    Raises:
        OutputError: the file cannot be written; what was there before is still there.
    """
    beside: Path | None = None
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        mode = _mode_of(target)
        _remove_stale(target)
        beside, opened = _open_beside(target)
        with opened as file:
            if mode is not None:
                beside.chmod(mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "posix":  # elsewhere an open file cannot be moved
                beside.replace(target)
        if os.name != "posix":
            beside.replace(target)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


def _open_beside(target: Path) -> tuple[Path, IO[bytes]]:
    """A new file beside the target, held by a lock as long as it is open."""
    while True:
        beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        file = beside.open("xb")
        try:
            held = lock(file) and os.fstat(file.fileno()).st_nlink
        except OSError:  # a file system without locks
            held = True
        if held:
            return beside, file
        file.close()  # another writer took it for a stale one, before it was locked


def _mode_of(target: Path) -> int | None:
    """Permissions of the file that is there, None if there is none."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is there and not a regular file")
    return stat.S_IMODE(mode)


def _remove_stale(target: Path) -> None:
    """Remove what writers beside the target left that are no more: they held a lock as long as they lived."""
    own = re.compile(rf"\.({re.escape(target.name)}\.[0-9]+|.+\.[0-9a-f]{{8}})\.tmp", re.DOTALL)
    with contextlib.suppress(OSError):
        for entry in os.scandir(target.parent):
            if own.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError), open_regular(entry.path) as file:
                    if lock(file):
                        Path(entry.path).unlink()


def lock(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed or this process ends, however it does; False: another one holds it.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file.fileno(), 2**30, os.SEEK_SET)  # far behind the content, which stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            os.lseek(file.fileno(), 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


class HeldError(Exception):
    """Another process holds a lock; the message names it."""


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file that says by which process; the system lets go of it when the process ends, however it does.

    A file that a killed process left holds nothing. Where the file system has no locks, all are let in.

    Raises:
        HeldError: another process holds it.
        OutputError: it cannot be written.
    """
    try:
        file = _locked(path)
        now = datetime.datetime.now(datetime.UTC).isoformat(" ", "seconds")
        file.write(f"process {os.getpid()} on {platform.node()} since {now}".encode())
        file.flush()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        if os.name == "posix":  # elsewhere an open file cannot be removed, and a closed one may be another's by now
            with contextlib.suppress(OSError):
                path.unlink()
        file.close()


def _locked(path: Path) -> IO[bytes]:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # a link may lead to a file of the user's
        flags |= getattr(os, name, 0)
    while True:
        number = os.open(path, flags, 0o666)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        file = os.fdopen(number, "a+b")
        try:
            if not lock(file):
                file.seek(0)
                told = file.read(200).decode("utf-8", "replace")
                raise HeldError(" ".join(told.split()) or "another process")
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.truncate(0)
                return file
        except FileNotFoundError:
            pass  # its holder removed it between the two, and let go
        except HeldError:
            file.close()
            raise
        except OSError:
            return file
        file.close()


def open_regular(path: Path | str) -> BufferedReader:
    """Open a regular file to read its bytes; a pipe or a device could keep its reader waiting for ever.

    Raises:
        OSError: it cannot be opened, or is something else.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(path, flags)
    except ValueError:  # a NUL, or half a character
        raise OSError(errno.EINVAL, "no file can have such a name", str(path)) from None
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(number, "rb")
    os.close(number)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "not a regular file", str(path))


def read_regular(path: Path | str, most: int) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: it cannot be opened, is something else, or holds more than `most` bytes.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"expected at most {most:,} bytes, found more")
    return content


def expanded(path: Path | str) -> Path:
    """The path with ~ and ~user in place of the home folder; as it is, if there is none or no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def shown(name: str) -> str:
    """A file's name as text that can be written anywhere: bytes in it that are not UTF-8 as backslash and code."""
    return name.encode("utf-8", "backslashreplace").decode()


def check_packed(file: BinaryIO) -> None:
    """Refuse a PyTorch file that unpacks to much more than it is: PyTorch packs nothing, and would unpack all.

    Raises:
        ValueError: it does.
        zipfile.BadZipFile: it is damaged.
    """
    if zipfile.is_zipfile(file):
        most = 2 * os.fstat(file.fileno()).st_size + 2**20
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > most:
            raise ValueError(f"it unpacks to {size:,} bytes, expected at most {most:,}")
    file.seek(0)
