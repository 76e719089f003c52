"""Finished and unfinished runs beside each other: how far each came, and the settings in which they differ."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esvae_core.config import RunConfig, parse
from esvae_core.errors import ConfigError, DataError
from esvae_core.files import read_regular

_MOST_BYTES = 2**24  # of a run's settings, and of its log
_MOST_COLUMNS = 200  # of a log; training writes some twenty, and a few more for layers and attributes
_MOST_FOLDERS = 100_000


@dataclass(frozen=True)
class RunSummary:
    """One run folder."""

    folder: Path
    config: RunConfig
    log: tuple[dict[str, float], ...]
    """A row per epoch done, as in log.csv."""

    @property
    def finished(self) -> bool:
        """Whether all its epochs are done and its checkpoint is there."""
        return len(self.log) >= self.config.train.epochs and (self.folder / "model.safetensors").exists()

    @property
    def best(self) -> dict[str, float] | None:
        """The epoch whose weights model.safetensors holds: the least validation MSE among those at the last T."""
        if not self.log:
            return None
        last = self.log[-1].get("time_steps")
        final = [row for row in self.log if row.get("time_steps") == last and "validation_mse" in row]
        return min(final, key=lambda row: row["validation_mse"], default=None)


def find_runs(root: Path) -> list[RunSummary]:
    """All runs in a folder, at any depth, by path; a folder with config.json and log.csv is one.

    Raises:
        DataError: the folder is not there, or holds no run.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")
    found = [run for folder in _folders(root) if (run := read_run(folder)) is not None]
    if not found:
        raise DataError(f"{root}: holds no run of `esvae train`; expected folders with config.json and log.csv")
    return found


def read_run(folder: Path) -> RunSummary | None:
    """The run in that folder; None if there is none, or its files are of something else."""
    try:
        settings = json.loads(read_regular(folder / "config.json", _MOST_BYTES))
        text = read_regular(folder / "log.csv", _MOST_BYTES).decode()
        table = csv.DictReader(io.StringIO(text))
        if len(table.fieldnames or ()) > _MOST_COLUMNS:
            return None
        rows = [
            {name: float(value) for name, value in row.items() if value and math.isfinite(float(value))}
            for row in table
        ]
        return RunSummary(folder, parse(RunConfig, settings, str(folder)), tuple(rows))
    except (OSError, ValueError, TypeError, RecursionError, csv.Error, ConfigError):
        return None


def table_of(runs: list[RunSummary], root: Path) -> list[dict[str, Any]]:
    """One row for each run: epochs, best epoch, its figures, seconds, and the settings that are not the same in all."""
    settings = [_flat(run.config.model_dump(mode="json")) for run in runs]
    names = list(dict.fromkeys(name for values in settings for name in values))
    different = [
        name
        for name in names
        if name != "name" and len({json.dumps(values.get(name), sort_keys=True) for values in settings}) > 1
    ]
    rows = []
    for run, values in zip(runs, settings, strict=True):
        best = run.best or {}
        row: dict[str, Any] = {
            "run": run.folder.relative_to(root).as_posix() if run.folder != root else run.folder.name,
            "epochs": f"{len(run.log)}/{run.config.train.epochs}",
            "best epoch": int(best["epoch"]) if "epoch" in best else None,
        }
        row |= {
            name.removeprefix("validation_"): value for name, value in best.items() if name.startswith("validation_")
        }
        row["seconds"] = run.log[-1].get("seconds") if run.log else None
        rows.append(row | {name: values.get(name) for name in different})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in columns} for row in rows]


def _folders(root: Path) -> Iterator[Path]:
    left, seen = [root], 0
    while left and seen < _MOST_FOLDERS:
        folder, seen = left.pop(), seen + 1
        yield folder
        try:
            inner = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
        except OSError:
            continue
        left += sorted(inner, reverse=True)


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by names with dots; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
