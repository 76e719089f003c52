"""The C library's allocator, set up for training: large blocks are kept for reuse instead of given back."""

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
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt") or not hasattr(library, "gnu_get_libc_version"):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, 64 * 2**20))
    return all(library.mallopt(name, value) == 1 for name, value in settings)
