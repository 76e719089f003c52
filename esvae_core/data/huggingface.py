"""A folder of a Hugging Face data set: what `datasets`' `save_to_disk` writes, or parquet files as they lie on the Hub.

Read with pyarrow alone; the `datasets` package is not needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core.data.columns import MAX_COLUMNS, MAX_WORDS
from esvae_core.data.hashes import fingerprint
from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.own_path import own_path
from esvae_core.data.pictures import read_all, to_model_input
from esvae_core.data.splits import held_out
from esvae_core.data.streamed import Piece, Share
from esvae_core.errors import CorruptDataError, DataError
from esvae_core.files import open_regular, read_regular, shown

_TEST_FRACTION = 1 / 6
_ROWS = 1_000  # read at a time
_MAX_JSON = 16 * 2**20
_LABELS = ("label", "labels", "class")  # columns of class numbers or names where none says that it is one
_SPLIT = re.compile(r"(train|test|validation)\b|(train|test|validation)-\d", re.IGNORECASE)
_UNLABELLED = "unlabelled"  # the Hub's class -1


class _Columns(NamedTuple):
    """Which columns of a table are what."""

    image: str
    label: str | None
    class_names: tuple[str, ...]
    """Of a label in numbers; () if words are the labels, or numbers without names."""


def root_of(option: str) -> Path:
    """The folder that the option names.

    Raises:
        MissingDataError: there is none.
    """
    problem = f"huggingface:{shown(option)}: no such folder; expected huggingface:PATH with a data set in PATH"
    return own_path(option, Path.is_dir, problem)


def load(request: Request) -> ImageSet:
    """Load the folder that the option names.

    Its column of images is taken, cropped to the centre square and resized; its class labels; and what other columns
    hold numbers or few words, as attributes. Where there is a split "test", it is the test split and "train" the other;
    else a seeded sixth of each class is. A split "validation" is left out: a part of the train split takes its place.

    Raises:
        MissingDataError: there is no such folder.
        CorruptDataError: a file cannot be read, or is not what it should be.
        DataError: it holds no data set, or none of its images can be read.
    """
    root = root_of(request.option)
    splits = _files_of(root)
    own_test = "test" in splits and "train" in splits
    files = splits[request.part if own_test else "train" if "train" in splits else next(iter(splits))]
    sha256 = fingerprint(root, [path.relative_to(root).as_posix() for part in splits.values() for path in part])
    made = request.remember(f"{request.part if own_test else 'all'} {sha256}", lambda: _read(files, request))
    if not len(made["images"]):
        raise DataError(f"{request.name}: none of its images can be read: {_first(made['skipped'])}")
    class_names, labels = _classes(made, request.name)
    columns = {name.removeprefix("column "): made[name] for name in made if name.startswith("column ")}
    kept = np.arange(len(labels))
    if not own_test:
        test = held_out(labels, _TEST_FRACTION, seed=0)
        kept = np.flatnonzero(test if request.part == "test" else ~test)
    return request.answer(
        made["images"][kept],
        labels[kept],
        class_names,
        sha256,
        skipped=tuple(map(str, made["skipped"])),
        columns={name: values[kept] for name, values in columns.items()},
    )


def stream(option: str, share: Share) -> Iterator[Piece]:
    """The pictures of a share, piece by piece: of all splits, every n-th batch of rows.

    Raises:
        MissingDataError, CorruptDataError, DataError: as `load`.
    """
    for split, files in _files_of(root_of(option)).items():
        known: _Columns | None = None
        start = number = 0
        for path in files:
            for batch in _batches(path):
                known = known or _columns(batch.schema, path)
                if share.has_index(number):
                    yield _piece(batch, known, f"{shown(split)}/", start)
                start, number = start + batch.num_rows, number + 1


def _piece(batch: Any, known: _Columns, before: str, start: int) -> Piece:
    rows = list(range(batch.num_rows))
    words = {str(number): name for number, name in enumerate(known.class_names)} | {"None": "", "-1": ""}
    labels = [words.get(str(label), shown(str(label))) for label in _picked(batch, known.label, rows)]
    pictures: list[Path | bytes] = [_content(cell) for cell in batch.column(known.image).to_pylist()]
    return Piece([f"{before}{start + row}" for row in rows], pictures, labels)


def _first(lines: NDArray[Any]) -> str:
    return str(lines[0]) if len(lines) else "there are none"


# ---- files -----------------------------------------------------------------------------------------------------------


def _files_of(root: Path) -> dict[str, list[Path]]:
    """Files of each split, in order."""
    if (root / "dataset_dict.json").is_file():
        names = _json(root / "dataset_dict.json").get("splits")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise CorruptDataError(f"{shown(str(root))}: dataset_dict.json: expected a list of 'splits'")
        return {name: _listed(_inside(root, name)) for name in names if name != "validation"}
    if (root / "state.json").is_file():
        return {"train": _listed(root)}
    found: dict[str, list[Path]] = {}
    for path in sorted((*root.glob("*.parquet"), *root.glob("*/*.parquet"))):
        said = _SPLIT.search(path.relative_to(root).as_posix())
        name = next(word for word in said.groups() if word).lower() if said else "train"
        if name != "validation":
            found.setdefault(name, []).append(path)
    if not found:
        raise DataError(
            f"{shown(str(root))}: expected a data set as save_to_disk writes it (state.json or dataset_dict.json), "
            "or .parquet files"
        )
    return found


def _listed(folder: Path) -> list[Path]:
    """The arrow files that a split's state.json names."""
    files = _json(folder / "state.json").get("_data_files")
    listed = files if isinstance(files, list) else []
    names = [each.get("filename") if isinstance(each, dict) else None for each in listed]
    if not names or not all(isinstance(name, str) for name in names):
        raise CorruptDataError(f"{shown(str(folder))}: state.json: expected '_data_files' with a 'filename' each")
    return [_inside(folder, str(name)) for name in names]


def _inside(folder: Path, name: str) -> Path:
    if Path(name).name != name or name in ("", ".", ".."):
        raise CorruptDataError(f"{shown(str(folder))}: expected a name without folders, found {name!r}")
    return folder / name


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_regular(path, _MAX_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise CorruptDataError(f"{shown(str(path))}: expected JSON: {error}") from error
    if not isinstance(content, dict):
        raise CorruptDataError(f"{shown(str(path))}: expected a JSON object, found {type(content).__name__}")
    return content


def _batches(path: Path) -> Iterator[Any]:
    """Record batches of an arrow stream or a parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # mapped, because a reader of a stream sets aside as many bytes as a header says there are
        with open_regular(path) as file:
            source = pa.BufferReader(pa.py_buffer(mmap(file.fileno(), 0, access=ACCESS_READ)))
        is_parquet = path.suffix == ".parquet"
        for batch in pq.ParquetFile(source).iter_batches(_ROWS) if is_parquet else pa.ipc.open_stream(source):
            batch.validate(full=True)
            yield batch
    except (OSError, ValueError, NotImplementedError) as error:  # pyarrow's own errors are kinds of these
        reason = " ".join(str(error).split())
        raise CorruptDataError(f"{shown(str(path))}: expected a table of Apache Arrow: {reason}") from error


# ---- columns ---------------------------------------------------------------------------------------------------------


def _read(files: list[Path], request: Request) -> Arrays:
    """Images, labels and other columns of all files; see `_classes` for labels."""

    def convert(image: Image.Image) -> NDArray[np.uint8]:
        return to_model_input(image, image_size=request.image_size, channels=request.channels)

    images: list[NDArray[np.uint8]] = []
    skipped: list[str] = []
    labels: list[Any] = []
    others: dict[str, list[Any]] = {}
    known: _Columns | None = None
    count = 0
    for path in files:
        for batch in _batches(path):
            known = known or _columns(batch.schema, path)
            if known.image not in batch.schema.names:
                raise CorruptDataError(f"{shown(str(path))}: expected a column {known.image!r} as in the files before")
            cells = [_content(cell) for cell in batch.column(known.image).to_pylist()]
            names = [f"row {count + i}" for i in range(len(cells))]
            found, kept, lines = read_all(cells, names, convert)
            count += len(cells)
            images += [found] if len(found) else []
            skipped += lines
            rows = kept.tolist()
            labels += _picked(batch, known.label, rows)
            for name in batch.schema.names:
                if name not in (known.image, known.label) and len(others) < MAX_COLUMNS:
                    others.setdefault(name, []).extend(_picked(batch, name, rows))
    shape = (0, request.channels, request.image_size, request.image_size)
    made: Arrays = {
        "images": np.concatenate(images) if images else np.empty(shape, np.uint8),
        "labels": np.array([str(label) for label in labels], np.str_),
        "class_names": np.array(known.class_names if known else (), np.str_),
        "skipped": np.array(skipped, np.str_),
    }
    for name, values in others.items():
        if len(values) == len(labels) and (column := _attribute(values)) is not None:
            made[f"column {shown(name)}"] = column
    return made


def _columns(schema: Any, path: Path) -> _Columns:
    """Which columns are images and labels, by the features that `datasets` notes in a schema, else by type and name."""
    features = _features(schema)
    kinds = {name: str(said.get("_type")) for name, said in features.items() if isinstance(said, dict)}
    images = [name for name in schema.names if kinds.get(name) == "Image"] or [
        name for name in schema.names if schema.field(name).type.__str__().startswith("struct<bytes: binary")
    ]
    if not images:
        raise DataError(f"{shown(str(path))}: expected a column of images, found {', '.join(schema.names) or 'none'}")
    labels = [name for name in schema.names if kinds.get(name) == "ClassLabel"]
    labels += [name for name in _LABELS if name in schema.names]
    if not labels:
        return _Columns(images[0], None, ())
    named = features.get(labels[0])
    names = named.get("names") if isinstance(named, dict) else None
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return _Columns(images[0], labels[0], tuple(map(shown, names)) if good and names else ())


def _features(schema: Any) -> dict[str, Any]:
    try:
        said = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        found = said["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _content(cell: Any) -> bytes:
    """The bytes of a picture; b"" where there are none, which no reader takes for a picture."""
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    return content if isinstance(content, bytes) else b""


def _picked(batch: Any, name: str | None, rows: list[int]) -> list[Any]:
    if name is None or name not in batch.schema.names:
        return [None] * len(rows)
    values = batch.column(name).to_pylist()
    return [values[row] for row in rows]


def _attribute(values: list[Any]) -> NDArray[Any] | None:
    """A column as numbers, or as words where there are few of them; None: it is neither."""
    if all(value is None or isinstance(value, bool | int | float) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    if all(value is None or isinstance(value, str) for value in values) and len(set(values)) <= MAX_WORDS:
        return np.array(["" if value is None else shown(value) for value in values], np.str_)
    return None


def _classes(made: Arrays, name: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Class names, and the class number of each image."""
    said, names = made["labels"], tuple(map(str, made["class_names"]))
    if not names:
        words, numbers = np.unique(said, return_inverse=True)
        by_number = np.char.isdigit(words).all() if len(words) else False
        order = np.argsort(words.astype(np.int64)) if by_number else np.arange(len(words))
        place = np.empty(len(words), np.int64)
        place[order] = np.arange(len(words))
        shown_names = tuple(name if word == "None" else str(word) for word in words[order])
        return shown_names, place[numbers]
    known = {str(number): number for number in range(-1, len(names))} | {"None": -1}
    if strange := next((str(text) for text in said if str(text) not in known), None):
        raise CorruptDataError(
            f"{name}: label {strange!r}: expected 0 to {len(names) - 1}, as its {len(names)} classes are named"
        )
    labels = np.array([known[str(text)] for text in said], np.int64)
    if (labels == -1).any():
        names, labels = (*names, _UNLABELLED), np.where(labels == -1, len(names), labels)
    return names, labels
