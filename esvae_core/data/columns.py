"""What a person noted about the pictures of a folder: `attributes.csv` beside them, a row per picture."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import CorruptDataError
from esvae_core.files import read_regular

FILE = "attributes.csv"
MAX_BYTES = 64 * 2**20
MAX_COLUMNS = 64
MAX_WORDS = 100  # a column of more different words is free text, which no attribute is
_MAX_NAME = 40


def read_columns(path: Path, names: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """Columns of an attributes.csv, in the order of `names`.

    The first line names the columns; the column `file` (the first, if none is called so) holds paths of pictures,
    relative to the csv's folder. A column whose cells are all numbers or empty is one of numbers, any other one of
    words. Pictures without a row have empty cells.

    Args:
        path: The file.
        names: N pictures, as paths with forward slashes.

    Returns:
        By column name: (N,) float64, NaN where empty; or (N,) words, "" where empty.

    Raises:
        CorruptDataError: not a table of that form, or larger than MAX_BYTES or MAX_COLUMNS.
    """
    header, rows = _table(path)
    key = header.index("file") if "file" in header else 0
    by_name = {row[key].strip().replace("\\", "/").removeprefix("./"): row for row in rows}
    empty = [""] * len(header)
    columns: dict[str, NDArray[np.generic]] = {}
    for j, title in enumerate(header):
        if j == key:
            continue
        cells = [by_name.get(name, empty)[j].strip() for name in names]
        numbers = [_number(cell) for cell in cells]
        if all(number is not None for number in numbers):
            columns[title] = np.array(numbers, np.float64)
        elif len(set(cells)) <= MAX_WORDS:
            columns[title] = np.array(cells, np.str_)
        else:
            logging.getLogger(__name__).warning(
                "%s: column %r left out: more than %d different words", path, title, MAX_WORDS
            )
    return columns


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """The titles, and the rows, each as long as the titles."""
    try:
        text = io.StringIO(read_regular(path, MAX_BYTES).decode("utf-8-sig"), newline="")
        lines = [row for row in csv.reader(text, strict=True) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise CorruptDataError(f"{path}: expected a table of comma-separated values: {error}") from error
    header = [title.strip() for title in lines[0]] if lines else []
    if not 2 <= len(header) <= MAX_COLUMNS:
        raise CorruptDataError(
            f"{path}: expected a line of 2 to {MAX_COLUMNS} column names, 'file' and others, found {len(header)}"
        )
    for title in header:
        if not title or len(title) > _MAX_NAME or not title.isprintable() or header.count(title) > 1:
            shown = title[: 2 * _MAX_NAME]
            raise CorruptDataError(
                f"{path}: column name {shown!r}: expected different ones of 1 to {_MAX_NAME} characters"
            )
    for number, row in enumerate(lines[1:], 2):
        if len(row) != len(header):
            raise CorruptDataError(f"{path}: row {number}: expected {len(header)} cells, found {len(row)}")
    return header, lines[1:]


def _number(cell: str) -> float | None:
    """The number in a cell; NaN if it is empty, None if it holds something else."""
    if not cell:
        return math.nan
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
