"""Numba's compiler as this library uses it: once per function, cached on disk where that can be.

A cache that cannot be written, is full or damaged costs time, never an error.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core import caching

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)
_settings: Any = config
_cache: Any = caching.Cache  # of the machine code of one function


def jit(**options: Any) -> Callable[[_F], _F]:
    """A decorator: `numba.njit` with these options, outside the interpreter's lock, the machine code kept on disk.

    Where no folder can be written, a function is compiled in memory, anew in every process.
    """

    def decorate(function: _F) -> _F:
        try:
            return cached(lambda: cast(_F, njit(cache=True, nogil=True, **options)(function)))
        except RuntimeError:
            return cast(_F, njit(nogil=True, **options)(function))

    return decorate


def cached(load: Callable[[], _T]) -> _T:
    """What `load` gives, which defines or imports functions with `njit(cache=True)`.

    Where Numba finds no folder for their code (a read-only installation, and no home), it is given one of this user
    among the temporary files, and `load` is called again.

    Raises:
        RuntimeError: there is none either.
    """
    try:
        return load()
    except RuntimeError as error:
        if _settings.CACHE_DIR or "no locator" not in str(error):
            raise
        with contextlib.suppress(OSError):
            _settings.CACHE_DIR = str(_own_folder())
        if not _settings.CACHE_DIR:
            raise
        return load()


def _own_folder() -> Path:
    """A folder that nobody else can write to, since machine code is loaded from it; the same one next time."""
    if not hasattr(os, "getuid"):
        return Path(tempfile.mkdtemp(prefix="esvae-numba-"))
    folder = Path(tempfile.gettempdir()) / f"esvae-numba-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix="esvae-numba-"))


def _forgiving(method: Callable[..., Any]) -> Callable[..., Any]:
    """One of a cache's methods that reports a failure to the log, as if nothing was kept."""

    def call(self: Any, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except Exception as error:  # a full or lost disk, and whatever unpickling raises on rubbish
            _LOG.info("Numba's cache %s: %s", self.cache_path, error)
            return None

    return call


# of all functions, those of other libraries (UMAP) too; Numba has no setting for it
_cache.save_overload = _forgiving(_cache.save_overload)
_cache.load_overload = _forgiving(_cache.load_overload)
