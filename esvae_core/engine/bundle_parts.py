"""A bundle in three parts, so that a page begins with what its first picture needs.

The `decoder` makes pictures of rates, the `encoder` rates of pictures, and new rates are drawn from the `prior`. A part
is laid out as a bundle is (`bundle`), but for three things:

- its header has "part", its name, and "bundle", the content hash of the whole, by which links and recipes know a model;
- its table lists its own tensors only, in the order of the whole, and its own SHA-256 is that of what it holds;
- its data are byte planes: the first byte of every number, then the second of every number, and so on. Exponents then
  lie beside exponents, and compression takes twice as much off.

The reader is `web/engine/bundle.js`.
"""

from __future__ import annotations

import json
import math
import zlib
from typing import Literal, get_args

import numpy as np

from esvae_core.engine.bundle import START, aligned, content_hash, framed

Part = Literal["decoder", "encoder", "prior"]
PARTS: tuple[Part, ...] = get_args(Part)
_GZIP = 31  # zlib's word for a gzip file with the largest window


def part_of(tensor: str) -> Part:
    """The part that holds the tensor of that name."""
    layer = tensor.partition(".")[0]
    if layer in ("encoder", "to_latent", "posterior"):
        return "encoder"
    return "prior" if layer in ("prior", "fitted") else "decoder"


def bundle_part(bundle: bytes, part: Part) -> bytes:
    """One part of a bundle that `to_bundle` wrote; of a model without a prior of its own, a prior without tensors."""
    start = START + int.from_bytes(bundle[12:16], "little")
    header = json.loads(bundle[START:start])
    table, pieces, offset = [], [], 0
    for entry in header["tensors"]:
        if part_of(entry["name"]) != part:
            continue
        size = aligned(4 * math.prod(entry["shape"]))
        at = start + entry["offset"]
        pieces.append(bundle[at : at + size])
        table.append({**entry, "offset": offset})
        offset += size
    whole = {"bundle": content_hash(bundle), "model": header["model"], "part": part, "tensors": table}
    data = np.array(bytearray().join(pieces), np.uint8).reshape(-1, 4)
    return framed(whole, data.T.tobytes())


def compressed(part: bytes) -> bytes:
    """The same by gzip: Huffman codes alone, since weights repeat nothing, and in a tenth of the time."""
    packer = zlib.compressobj(wbits=_GZIP, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(part) + packer.flush()
