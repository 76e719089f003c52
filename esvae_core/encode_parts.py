"""Latent vectors of any number of pictures, as a folder of parquet files: DuckDB, Spark or Ray read one table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from esvae_core.arrays import write_rates
from esvae_core.data import DATASETS, Split, load, to_model_input
from esvae_core.data.imageset import scaled
from esvae_core.data.pictures import read_all
from esvae_core.data.streamed import PIECE, Piece, Share
from esvae_core.data.table import find
from esvae_core.errors import DataError, OutputError

PART_ROWS = 50_000
"""Rows of a file, at most."""
FEW = 20
"""Pictures that could not be read whose reasons are kept."""


class Encoded(NamedTuple):
    """What became of a share of the pictures.

    Attributes:
        images: How many were encoded.
        skipped: One line for each that could not be read, the first FEW of them.
        skipped_count: How many there were.
    """

    images: int
    skipped: list[str]
    skipped_count: int


class Batch(NamedTuple):
    """Pictures as a model takes them: names, images (n, C, H, W) uint8, classes in words, and what was skipped."""

    names: list[str]
    images: NDArray[np.uint8]
    labels: list[str]
    skipped: list[str]


def batches_of(
    source: str, share: Share, *, image_size: int, channels: int, split: Split = "test", data_dir: Path | None = None
) -> Iterator[Batch]:
    """The pictures of a share of a data set, at most some hundred at a time.

    Data of one's own that can be larger than memory (`folder:`, `huggingface:`, `tar:`) are read as they come, whole;
    of other data sets a split is loaded.

    Args:
        source: a data set, e.g. "mnist", "tar:PATH".
        share: which part of it.
        image_size: height and width in pixels.
        channels: 1 or 3.
        split: of data sets that are loaded.
        data_dir: where their files are.

    Raises:
        DataError: it cannot be read.
    """
    spec, option = find(source)
    if spec.stream is not None:
        yield from _converted(spec.stream(option, share), image_size, channels)
        return
    data = load(source, split, image_size=image_size, channels=channels, data_dir=data_dir)
    mine = np.array([i for i in range(len(data)) if share.has_index(i // PIECE)], np.int64)
    for start in range(0, len(mine), PIECE):
        rows = mine[start : start + PIECE]
        names = [f"{data.name}/{data.split}/{data.indices[row]}" for row in rows]
        yield Batch(names, data.images[rows], [data.class_names[data.labels[row]] for row in rows], [])


def _converted(pieces: Iterable[Piece], image_size: int, channels: int) -> Iterator[Batch]:
    def convert(image: Image.Image) -> NDArray[np.uint8]:
        return to_model_input(image, image_size=image_size, channels=channels)

    for piece in pieces:
        for start in range(0, len(piece.names), PIECE):
            rows = slice(start, start + PIECE)
            images, kept, skipped = read_all(piece.pictures[rows], piece.names[rows], convert)
            places = [start + int(row) for row in kept]
            yield Batch(
                [piece.names[place] for place in places],
                images,
                [piece.labels[place] for place in places],
                list(skipped),
            )


def encode_to_parts(
    encode: Callable[[Tensor], Tensor],
    batches: Iterable[Batch],
    out: Path,
    *,
    rank: int = 0,
    called: str = "rate",
    rows: int = PART_ROWS,
    report: Callable[[int], None] = lambda count: None,
) -> Encoded:
    """Encode batch after batch, and write a parquet file for every so many rows.

    Memory does not grow with the number of pictures.

    Args:
        encode: images (n, C, H, W) in [-1, 1] -> (n, d).
        batches: pictures.
        out: a folder; files are called part-RANK-NUMBER.parquet. Each appears whole or not at all.
        rank: number of this process.
        called: what one number is, "rate" or "feature".
        rows: of a file, at most.
        report: called with the number of pictures of each batch.

    Raises:
        DataError: a picture source cannot be read.
        OutputError: a file cannot be written, or the folder holds parts already.
    """
    count = skipped_count = waiting = 0
    skipped: list[str] = []
    held: list[tuple[Batch, NDArray[np.float32]]] = []
    numbers = itertools.count()

    def write() -> None:
        if not waiting:
            return
        found = np.concatenate([values for _, values in held])
        names = [name for batch, _ in held for name in batch.names]
        labels = [label for batch, _ in held for label in batch.labels]
        write_rates(out / f"part-{rank:05d}-{next(numbers):05d}.parquet", found, names, labels, called=called)
        held.clear()

    for batch in batches:
        skipped_count += len(batch.skipped)
        skipped += batch.skipped[: FEW - len(skipped)]
        if len(batch.names):
            images = scaled(batch.images)
            if waiting + len(images) > rows:
                write()
                waiting = 0
            held.append((batch, encode(images).numpy()))
            waiting += len(images)
            count += len(images)
        report(len(batch.names) + len(batch.skipped))
    write()
    return Encoded(count, skipped, skipped_count)


def prepare_folder(out: Path) -> None:
    """Make the folder for the parts.

    Raises:
        OutputError: it cannot be made, or holds parts of another run, which would be read as of the same table.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        old = next(out.glob("part-*.parquet"), None)
    except OSError as error:
        raise OutputError(f"{out}: cannot be made: {error.strerror}") from error
    if old is not None:
        raise OutputError(f"{out}: holds parts already ({old.name}); choose another folder")


def check_source(source: str) -> None:
    """Refuse what cannot be read in pieces.

    Raises:
        DataError: it is no data set, or one of recordings.
    """
    kind = source.partition(":")[0]
    if kind not in DATASETS:
        raise DataError(f"{source}: expected a data set, such as folder:PATH, tar:PATH, huggingface:PATH, mnist")
    if DATASETS[kind].recordings:
        raise DataError(f"{source}: recordings are not encoded in parts; write to .npz or .parquet")
