"""Numba's compiler as this library uses it: once per function, cached on disk where that can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled_with(**options: Any) -> Callable[[_F], _F]:
    """A decorator: `numba.njit` with these options, outside the interpreter's lock, the machine code kept on disk.

    Where no folder can be written, a function is compiled in memory, anew in every process.
    """

    def decorate(function: _F) -> _F:
        try:
            return cast(_F, njit(cache=True, nogil=True, **options)(function))
        except RuntimeError:
            return cast(_F, njit(nogil=True, **options)(function))

    return decorate
