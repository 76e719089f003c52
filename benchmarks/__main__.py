"""`python -m benchmarks [PART ...] [--json]`: one table of how long things take here, beside their rivals."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import dragging, inference, neurons, page, training
from benchmarks.measure import Result, machine

PARTS: dict[str, Callable[[], list[Result]]] = {
    "decode": inference.decode,
    "encode": inference.encode,
    "trace": inference.trace,
    "node": page.node,
    "lif": neurons.neurons,
    "training-64": partial(training.training, 64),
    "training-256": partial(training.training, 256),
    "app": page.app,
    "drag": dragging.drag,
    "drag-crowd": partial(dragging.drag, dragging.OTHERS),
    "scaling": inference.scaling,
}


def _table(results: list[Result], about: dict[str, Any]) -> Table:
    title = f"{about['processor']}, {about['threads']} threads, float32 product {about['matmul_gflops']} GFLOP/s"
    table = Table(title=f"{title}, {about['date']}")
    for name in ("work", "ms", "rival ms", "times faster", "peak MB", "rival MB", "rival", "note"):
        table.add_column(name, justify="left" if name in ("work", "rival", "note") else "right")
    for row in results:
        ratio = row.beside_ms / row.ms if row.beside_ms and row.ms else None
        figures = (
            _figure(row.ms),
            _figure(row.beside_ms),
            _figure(ratio),
            _figure(row.peak_mb),
            _figure(row.beside_peak_mb),
        )
        table.add_row(row.work, *figures, row.beside if row.beside_ms else "", row.note)
    return table


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def main() -> None:
    """Run the parts that are asked for; all of them unless some are named."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    reader.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    reader.add_argument("--json", action="store_true", help="print machine and results as JSON")
    given = reader.parse_args()
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        reader.error(f"{unknown[0]}: no such part; there are {', '.join(PARTS)}")
    about, results, log = machine(), [], Console(stderr=True)
    for name in given.parts or PARTS:
        log.print(f"{name} ...")
        results += PARTS[name]()
    if given.json:
        print(json.dumps({"machine": about, "results": [asdict(row) for row in results]}, indent=2))
    else:
        console = Console(width=None if Console().is_terminal else 160)
        console.print(_table(results, about))
        console.print(", ".join(f"{name} {version or 'not installed'}" for name, version in about["versions"].items()))


if __name__ == "__main__":
    main()
