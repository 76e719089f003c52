"""Tables of rates, or of latent vectors, on disk: .npz, .csv and .parquet."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError
from esvae_core.files import write_atomically

# what NumPy and Arrow raise for files that are damaged or something else
_UNREADABLE = (OSError, ValueError, LookupError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def suffix_of(path: Path, allowed: tuple[str, ...]) -> str:
    """The path's ending, if it is one of `allowed`.

    Raises:
        InputError: if it is not, or its folder does not exist.
    """
    suffix = path.suffix.lower()
    if suffix not in allowed:
        raise InputError(f"{path}: expected a file name that ends in {' or '.join(allowed)}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: its folder does not exist")
    return suffix


def write_rates(
    path: Path, rates: NDArray[np.float32], names: list[str], labels: NDArray[np.int64] | None, *, called: str = "rate"
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
    try:
        if suffix == ".npz":
            with path.open("rb") as content:  # np.load leaves its own handle open when the archive is damaged
                archive = np.load(content, allow_pickle=False)
                if not isinstance(archive, np.lib.npyio.NpzFile):
                    raise ValueError(f"expected an archive with an array {arrays[0]!r}")
                table = archive[next((name for name in arrays if name in archive), arrays[0])]
        elif suffix == ".parquet":
            import pyarrow.parquet as pq

            columns = pq.read_table(path)
            count = sum(name.startswith(f"{called}_") for name in columns.column_names)
            table = np.stack([columns[f"{called}_{j}"].to_numpy() for j in range(count)], axis=1)
        elif suffix == ".csv":
            with path.open(encoding="utf-8") as text:
                rows = [line.split(",") for line in text if line.strip() and not line.lstrip().startswith("#")]
            rows = rows[1:] if rows and not _is_number(rows[0][0]) else rows
            table = np.array([[float(value) for value in row] for row in rows])
        else:
            raise InputError(f"{path}: expected .npz, .parquet or .csv")
        if table.dtype.kind not in "biuf":
            raise ValueError(f"expected real numbers, found {table.dtype}")
        table = np.atleast_2d(table.astype(np.float32))
    except _UNREADABLE as error:
        said = str(error).splitlines() or [type(error).__name__]
        reason = "no such file" if isinstance(error, FileNotFoundError) else said[0]
        raise InputError(f"{path}: no table of {called}s: {reason}") from error
    if table.ndim != 2 or table.shape[1] != latent_dim or not len(table):
        raise InputError(f"{path}: expected {called}s of shape (N, {latent_dim}), found {table.shape}")
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
