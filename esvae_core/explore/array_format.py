"""Arrays for the page: named NumPy arrays and a JSON description in one binary answer.

All numbers are little-endian::

    0   8 bytes   magic 'ESVAEPCK'
    8   uint32    version of this layout
    12  uint32    length of the header, a multiple of 16
    16  header    JSON, padded with spaces: {"about": ..., "arrays": [{"name", "type", "shape", "offset"}]}
    ..  data      offsets count from the data's start and are multiples of 16

The reader is `esvae_core/web/formats/array_format.js`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.directions import KNOTS, STEPS, Controls, stacked
from esvae_core.explore.atlas import Atlas
from esvae_core.explore.map import RateMap

MAGIC = b"ESVAEPCK"
VERSION = 1
TYPES = ("uint8", "uint16", "uint32", "float32")
_ALIGN = 16


def write_arrays(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """One binary answer.

    Args:
        about: What JSON can say.
        arrays: Arrays of the types in TYPES.

    Raises:
        TypeError: if an array has another type.
        ValueError: if a number in `about` is not finite, which JSON has no word for.
    """
    table, parts, offset = [], [], 0
    for name, array in arrays.items():
        if array.dtype.name not in TYPES:
            raise TypeError(f"{name}: expected one of {', '.join(TYPES)}, got {array.dtype}")
        table.append({"name": name, "type": array.dtype.name, "shape": list(array.shape), "offset": offset})
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        parts.append(raw + bytes(-len(raw) % _ALIGN))
        offset += len(parts[-1])
    header = json.dumps({"about": dict(about), "arrays": table}, separators=(",", ":"), allow_nan=False).encode()
    header += b" " * (-len(header) % _ALIGN)
    sizes = VERSION.to_bytes(4, "little") + len(header).to_bytes(4, "little")
    return b"".join((MAGIC, sizes, header, *parts))


def atlas_parts(atlas: Atlas) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What the views need of an atlas, its map with it: description and arrays to pack."""
    about: dict[str, Any] = {"classNames": atlas.class_names, "steps": atlas.time_steps, "dataset": atlas.dataset}
    arrays: dict[str, NDArray[Any]] = {
        "counts": atlas.counts,
        "labels": atlas.labels.astype("uint16"),
        "indices": atlas.indices.astype("uint32"),
        "tilePositions": atlas.tile_positions.astype("uint32"),
        "tiles": atlas.tiles,
        "effect": atlas.effect,
    }
    if atlas.errors is not None:
        arrays["errors"] = atlas.errors
    if atlas.map is not None:
        of_map, places = map_parts(atlas.map)
        about |= of_map
        arrays |= places
    return about, arrays


def control_parts(controls: Controls) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Controls as the page moves rates by them: words and evidence, and arrays of K controls of a latent of size d.

    All share coordinates and middle, as those of one file do. Ranks below that of the widest field are padded with 0.
    Fields of negative amounts follow, of those controls alone that have others than of positive amounts.
    With them comes what was measured of attributes, if it was.
    """
    every = list(controls.values())
    words = ("name", "source", "attribute", "unit", "size", "steerable", "why", "reach", "two_sides")
    about: dict[str, Any] = {
        "coordinates": every[0].coordinates,
        "knots": KNOTS,
        "steps": STEPS,
        "controls": [
            {name: getattr(control, name) for name in words}
            | {"evidence": [asdict(evidence) for evidence in control.evidence]}
            for control in every
        ],
    }
    arrays: dict[str, NDArray[Any]] = {
        "middle": every[0].middle.astype(np.float32),
        "gain": np.stack([control.gain for control in every]).astype(np.float32),
    }
    up = stacked([control.up for control in every])
    arrays |= {name: part.astype(np.float32) for name, part in up._asdict().items()}
    if other := [control.down for control in every if control.two_sides]:
        arrays |= {f"{name}Down": part.astype(np.float32) for name, part in stacked(other)._asdict().items()}
    measured = controls.measured
    if measured is not None:
        told = ("name", "unit", "kind", "how", "undefined", "period", "categories")
        about["measured"] = {
            "dataset": controls.dataset,
            "trainImages": measured.train_images,
            "attributes": [{name: getattr(each, name) for name in told} for each in measured.attributes],
        }
        arrays |= {
            "correlation": measured.correlation.astype(np.float32),
            "images": measured.images.astype(np.uint32),
            "values": measured.values.astype(np.float32),
        }
    return about, arrays


def map_parts(drawn: RateMap) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """A map, under `map`, and where its points lie and how far they are to be trusted."""
    trust = {"trust2": round(drawn.flat.trust, 4), "trust3": round(drawn.solid.trust, 4)}
    about = {name: value for name, value in asdict(drawn.settings).items() if name != "seed"} | trust
    places = {"map2": drawn.flat.positions, "map3": drawn.solid.positions}
    return {"map": about}, places | {"trust2": drawn.flat.point_trust, "trust3": drawn.solid.point_trust}
