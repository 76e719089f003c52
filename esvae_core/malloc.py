"""The C library's allocator: set up for training, which reuses large blocks; and asked for what a server has freed."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h of the GNU C library


def keep_large_blocks() -> bool:
    """Serve large blocks from the heap and never trim it (mallopt(3)).

    By default every feature map of a training step is mapped anew, page fault by page fault, which costs a quarter to
    half of the step. Only for processes that are about training: freed memory stays with the process.

    Returns:
        Whether the allocator took the settings; other C libraries are left alone.
    """
    library = _gnu()
    if library is None:
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, 64 * 2**20))
    return all(library.mallopt(name, value) == 1 for name, value in settings)


def give_back() -> bool:
    """Give memory that was freed back to the system, from all threads' heaps (malloc_trim(3)).

    Without it a server keeps what its busiest moment needed, since blocks in use lie above those that were freed.

    Returns:
        Whether the allocator had any to give; other C libraries are left alone.
    """
    library = _gnu()
    return library is not None and library.malloc_trim(0) == 1


def _gnu() -> ctypes.CDLL | None:
    """The C library, if it is GNU's."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version") else None
