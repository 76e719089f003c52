"""Pictures of a source that need not fit into memory: what its readers give, piece by piece."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NamedTuple

PIECE = 250
"""Pictures of a piece, at most; sources that come in pieces of their own may have larger ones."""


class Piece(NamedTuple):
    """Some pictures in a row.

    Attributes:
        names: What to call each.
        pictures: Files, or their bytes.
        labels: The class of each in words, "" where there is none.
    """

    names: list[str]
    pictures: list[Path | bytes]
    labels: list[str]


class Share(NamedTuple):
    """Which part of a source one of `world` processes reads; all parts together are the whole.

    Attributes:
        rank: From 0.
        world: How many processes there are.
    """

    rank: int = 0
    world: int = 1

    def has(self, name: str) -> bool:
        """Whether a picture of that name is in it, in whatever order names come."""
        return zlib.crc32(name.encode("utf-8", "surrogateescape")) % self.world == self.rank

    def has_index(self, index: int) -> bool:
        """Whether the piece or picture at that place is in it."""
        return index % self.world == self.rank
