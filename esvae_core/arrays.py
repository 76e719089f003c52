"""Tables of rates, or of latent vectors, on disk: .npz, .csv and .parquet."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError
from esvae_core.files import open_regular, write_atomically
from esvae_core.npz import most_bytes, read_npz


def suffix_of(path: Path, allowed: tuple[str, ...]) -> str:
    """The path's ending, if it is one of `allowed`.

    Raises:
        InputError: if it is not, or its folder does not exist.
    """
    suffix = path.suffix.lower()
    if suffix not in allowed:
        raise InputError(f"{path}: expected a file name that ends in {' or '.join(allowed)}")
    try:
        exists = path.parent.is_dir()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if not exists:
        raise InputError(f"{path}: its folder does not exist")
    return suffix


def write_rates(
    path: Path,
    rates: NDArray[np.float32],
    names: list[str],
    labels: NDArray[np.int64] | list[str] | None,
    *,
    called: str = "rate",
) -> None:
    """Write (N, d) rates with one name per row, and labels where there are any, as .npz or .parquet.

    `called` is what one number is: 'rate', or 'feature' for models without rates.
    """
    suffix = suffix_of(path, (".npz", ".parquet"))
    buffer = io.BytesIO()
    if suffix == ".npz":
        arrays = {f"{called}s": rates, "names": np.array(names)} | ({} if labels is None else {"labels": labels})
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns: dict[str, object] = {"name": names}
        if labels is not None:
            columns["label"] = labels
        columns |= {f"{called}_{j}": rates[:, j] for j in range(rates.shape[1])}
        pq.write_table(pa.table(columns), buffer)
    write_atomically(path, buffer.getvalue())


def write_columns(path: Path, columns: Mapping[str, Any]) -> None:
    """Write named columns of one length as .parquet or .csv; None and NaN are empty cells."""
    suffix = suffix_of(path, (".parquet", ".csv"))
    import pyarrow as pa

    table = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})
    buffer = io.BytesIO()
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, buffer)
    else:
        import pyarrow.csv as text

        text.write_csv(table, buffer, text.WriteOptions(quoting_style="needed"))
    write_atomically(path, buffer.getvalue())


def read_rates(path: Path, latent_dim: int) -> NDArray[np.float32]:
    """Read (N, d) rates from .npz (array 'rates'), .parquet (columns rate_0 ...) or .csv (one row per vector).

    Raises:
        InputError: the file cannot be read, has another width, or values outside [0, 1].
    """
    rates = _read_table(path, latent_dim, "rate", ("rates",))
    if not bool(((rates >= 0) & (rates <= 1)).all()):
        raise InputError(f"{path}: expected rates in [0, 1], found values outside or not numbers")
    return rates


def read_features(path: Path, latent_dim: int) -> NDArray[np.float32]:
    """Read (N, d) latent vectors of a model without rates, as `read_rates`; the array is 'features' or 'latent'.

    Raises:
        InputError: the file cannot be read, has another width, or values that are not finite.
    """
    features = _read_table(path, latent_dim, "feature", ("features", "latent"))
    if not bool(np.isfinite(features).all()):
        raise InputError(f"{path}: expected finite features, found others")
    return features


def _read_table(path: Path, latent_dim: int, called: str, arrays: tuple[str, ...]) -> NDArray[np.float32]:
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".parquet", ".csv"):
        raise InputError(f"{path}: expected .npz, .parquet or .csv")
    try:
        if suffix == ".npz":
            found = read_npz(path, arrays)
            if not found:
                raise ValueError(f"expected an array {arrays[0]!r}")
            table = next(found[name] for name in arrays if name in found)
        else:
            with open_regular(path) as file:
                table = _columns(file, called, latent_dim) if suffix == ".parquet" else _lines(file)
        if table.dtype.kind not in "biuf":
            raise ValueError(f"expected real numbers, found {table.dtype}")
        if suffix == ".csv" and not len(table):  # the others know the shape that they are empty of
            raise ValueError(f"expected {called}s of shape (N, {latent_dim}), found no row")
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, which the callers refuse
            table = np.atleast_2d(table.astype(np.float32))
    except Exception as error:  # Arrow raises nearly anything on bad bytes
        said = str(error).splitlines() or [type(error).__name__]
        reason = "no such file" if isinstance(error, FileNotFoundError) else said[0]
        raise InputError(f"{path}: no table of {called}s: {reason}") from error
    if table.ndim != 2 or table.shape[1] != latent_dim or not len(table):
        raise InputError(f"{path}: expected {called}s of shape (N, {latent_dim}), found {table.shape}")
    return table


def _columns(file: BinaryIO, called: str, latent_dim: int) -> NDArray[Any]:
    """Columns of a .parquet file, in the order of their numbers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file)
    names = [name for name in table.schema_arrow.names if name.startswith(f"{called}_")]
    if len(names) != latent_dim:
        raise ValueError(f"expected {latent_dim} columns {called}_0 ..., found {len(names)}")
    for name in names:
        kind = table.schema_arrow.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            raise ValueError(f"{name}: expected real numbers, found {kind}")
    size = 8 * table.metadata.num_rows * latent_dim
    if size > most_bytes(file):
        raise ValueError(f"it unpacks to {size:,} bytes, expected at most {most_bytes(file):,}")
    columns = table.read(names)
    return np.stack([columns[f"{called}_{j}"].to_numpy() for j in range(latent_dim)], axis=1)


def _lines(file: BinaryIO) -> NDArray[np.float32]:
    """Rows of a .csv file: numbers, below a line of names if there is one; lines that begin with # are notes."""
    text = io.StringIO(file.read().decode("utf-8-sig"))  # spreadsheets write a byte order mark first
    lines = (line for line in text if line.strip() and not line.lstrip().startswith("#"))
    first = next(lines, "")
    rows = lines if not any(map(_is_number, first.split(","))) else chain([first], lines)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")  # said by the caller, in our words
        return np.loadtxt(rows, np.float32, comments=None, delimiter=",", ndmin=2)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
