"""Files: read only where they are regular ones, written so that they appear whole or not at all; and their names."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from esvae_core.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place, flush it to disk, and move it there in one step.

    Raises:
        OutputError: the file cannot be written; what was there before is still there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


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


def expanded(path: Path | str) -> Path:
    """The path with ~ and ~user in place of the home folder; as it is, if there is none or no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def shown(name: str) -> str:
    """A file's name as text that can be written anywhere: bytes in it that are not UTF-8 as backslash and code."""
    return name.encode("utf-8", "backslashreplace").decode()
