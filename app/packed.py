"""What is sent of models, by gzip: what every visit asks for is packed once and kept, the rest for each answer anew."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from app import catalogue
from app.catalogue import LoadedCheckpoint
from app.responses import SHARED, Piece
from esvae_core.engine.bundle_parts import PARTS, Part, bundle_part, compressed

FIRST = ("decoder", "atlas", "controls")
"""What the first picture and the view around it need."""


def _of_bundle(part: Part) -> Callable[[LoadedCheckpoint], bytes]:
    return lambda loaded: compressed(bundle_part(loaded.bundle, part))


def _by_gzip(content: Callable[[LoadedCheckpoint], bytes | None]) -> Callable[[LoadedCheckpoint], bytes]:
    def pack(loaded: LoadedCheckpoint) -> bytes:
        found = content(loaded)
        return b"" if found is None else gzip.compress(found, 6, mtime=0)

    return pack


_PACK: dict[str, Callable[[LoadedCheckpoint], bytes]] = {
    **{part: _of_bundle(part) for part in PARTS},
    "atlas": _by_gzip(catalogue.atlas_pack),
    "controls": _by_gzip(catalogue.controls_pack),
}


def packed(loaded: LoadedCheckpoint, what: str) -> Piece | None:
    """A part of a model's bundle, its 'atlas' or its 'controls', by gzip; None if it has none of that name."""
    if what not in _PACK:
        return None
    if what not in FIRST:
        return SHARED.get((what, loaded), lambda: _PACK[what](loaded))
    if what not in loaded.packed:
        loaded.packed[what] = _PACK[what](loaded)
    return loaded.packed[what] or None
