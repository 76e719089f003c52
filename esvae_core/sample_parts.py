"""Any number of new pictures, as a folder of parquet files that is a data set of images: `huggingface:FOLDER` here,
`datasets.load_dataset("parquet", ...)` elsewhere, one table for DuckDB, Spark or Ray.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from esvae_core.data.streamed import PIECE, Share
from esvae_core.files import write_atomically
from esvae_core.pictures import to_picture, to_uint8
from esvae_core.seeds import generator

PART_ROWS = 10_000
"""Pictures of a file, at most."""
_FEATURES = {"image": {"_type": "Image"}, "number": {"dtype": "int64", "_type": "Value"}}


def sample_to_parts(
    draw: Callable[[int, torch.Generator], Tensor],
    n: int,
    out: Path,
    share: Share = Share(),  # noqa: B008 - a tuple
    *,
    seed: int = 0,
    rows: int = PART_ROWS,
    report: Callable[[int], None] = lambda count: None,
) -> None:
    """Draw this process's share of `n` pictures, and write a parquet file for every so many.

    Pictures come in pieces of PIECE with a source of noise each, named by the seed and the piece, so that a picture
    does not depend on how many processes there are. Memory does not grow with their number.

    Args:
        draw: a number of pictures and the source of their noise -> (n, C, H, W) in [-1, 1].
        n: how many all processes draw together.
        out: a folder; files are called part-RANK-NUMBER.parquet, with columns `image` (PNG) and `number` (0 to n - 1).
            Each appears whole or not at all.
        share: which part of the pieces.
        seed: of the noise.
        rows: of a file, at most.
        report: called with the number of pictures of each piece.

    Raises:
        OutputError: a file cannot be written.
    """
    numbers = itertools.count()
    held: list[tuple[int, bytes]] = []

    def write() -> None:
        if held:
            write_atomically(out / f"part-{share.rank:05d}-{next(numbers):05d}.parquet", _table(held))
            held.clear()

    for first, count in _pieces(n, share):
        images = draw(count, generator(seed, "sample", first // PIECE))
        if len(held) + count > rows:
            write()
        held += [(first + i, _png(pixels)) for i, pixels in enumerate(to_uint8(images))]
        report(count)
    write()


def _pieces(n: int, share: Share) -> Iterator[tuple[int, int]]:
    """First picture and number of pictures of each piece of a share."""
    for piece in range(-(-n // PIECE)):
        if share.has_index(piece):
            yield piece * PIECE, min(PIECE, n - piece * PIECE)


def _png(pixels: object) -> bytes:
    buffer = io.BytesIO()
    to_picture(pixels).save(buffer, "PNG")  # type: ignore[arg-type]
    return buffer.getvalue()


def _table(held: list[tuple[int, bytes]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": png, "path": f"{number:07d}.png"} for number, png in held], kind)
    metadata = {"huggingface": json.dumps({"info": {"features": _FEATURES}})}
    table = pa.table({"image": cells, "number": [number for number, _ in held]}).replace_schema_metadata(metadata)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="none")  # pictures are compressed already
    return buffer.getvalue()
