"""What all parts share: a result, the median of some calls, and what machine this is."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from rich.table import Table

PACKAGES = ("torch", "numpy", "numba", "snntorch", "streamlit")


@dataclass(frozen=True)
class Result:
    """One row: milliseconds of this library and of its rival, memory of each one's process, and what it fetched."""

    part: str
    work: str
    ms: float | None
    beside_ms: float | None = None
    beside: str = ""
    """What the second figure is."""
    peak_mb: float | None = None
    beside_peak_mb: float | None = None
    note: str = ""
    p95_ms: float | None = None
    """95th percentile of the milliseconds, where single times matter."""
    requests: int | None = None
    fetched_mb: float | None = None
    """What came over the wire."""


COLUMNS = ("work", "ms", "rival ms", "times faster", "peak MB", "rival MB", "rival", "note")
WORDS = ("work", "rival", "note")


def cells(row: Result) -> tuple[str, ...]:
    """A row of the table, as texts."""
    ratio = row.beside_ms / row.ms if row.beside_ms and row.ms else None
    figures = (row.ms, row.beside_ms, ratio, row.peak_mb, row.beside_peak_mb)
    return (row.work, *map(_figure, figures), row.beside if row.beside_ms else "", row.note)


def table(results: list[Result], title: str) -> Table:
    """Rows beside their rivals, for a terminal."""
    found = Table(title=title)
    for name in COLUMNS:
        found.add_column(name, justify="left" if name in WORDS else "right")
    for row in results:
        found.add_row(*cells(row))
    return found


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def median_ms(call: Callable[[], object], *, seconds: float = 2.0, least: int = 3, most: int = 100) -> float:
    """Median wall-clock milliseconds of a call: at least `least` times, at most `most`, for about that many seconds."""
    call()
    times: list[float] = []
    while len(times) < least or (sum(times) < seconds and len(times) < most):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def matmul_peak() -> float:
    """Highest GFLOP/s of a float32 product of two 2048 x 2048 matrices, out of five."""
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    times = []
    for _ in range(6):
        start = time.perf_counter()
        torch.mm(a, b)
        times.append(time.perf_counter() - start)
    return 2 * 2048**3 / min(times) / 1e9


def reference_ms() -> float:
    """Milliseconds of a program that stays the same, without this library, on one core: how fast this machine is."""
    numbers = np.random.Generator(np.random.PCG64(0)).integers(0, 1 << 20, 100_000)

    def work() -> None:
        zlib.compress(numbers.tobytes(), 6)
        np.sort(numbers)
        json.loads(json.dumps(sorted(str(number) for number in numbers.tolist())))

    return median_ms(work, seconds=3, least=9)


def machine() -> dict[str, Any]:
    """Processor, threads, versions, load and date."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "numba_threads": numba.get_num_threads(),
        "load_before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "matmul_gflops": round(matmul_peak()),
        "reference_ms": round(reference_ms(), 2),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    about = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    flags = about.get("flags\t\t", "").split()
    names = [name for name in ("avx2", "avx512f", "avx512_bf16") if name in flags]
    return " ".join([about.get("model name\t", platform.machine()).strip(), *names])
