"""`python -m benchmarks [PART ...] [--json | --markdown] [--against FILE]`: how long things take, beside rivals."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import compare, dragging, inference, mapping, neurons, page, rerun, sessions, start, training
from benchmarks.measure import COLUMNS, WORDS, Result, cells, machine, table

PARTS: dict[str, Callable[[], list[Result]]] = {
    "decode": inference.decode,
    "encode": inference.encode,
    "trace": inference.trace,
    "node": page.node,
    "lif": neurons.neurons,
    "training-64": partial(training.training, 64),
    "training-256": partial(training.training, 256),
    "start": start.visits,
    "models": start.models,
    "commands": start.commands,
    "drag": dragging.drag,
    "drag-crowd": partial(dragging.drag, dragging.OTHERS),
    "drag-models": dragging.models,
    "rerun": rerun.rerun,
    "sessions": sessions.sessions,
    "map": mapping.smooth,
    "scaling": inference.scaling,
}


def _markdown(results: list[Result]) -> str:
    rules = ("---" if name in WORDS else "---:" for name in COLUMNS)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (COLUMNS, rules, *map(cells, results)))


def main() -> None:
    """Run the parts that are asked for; all of them unless some are named."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    reader.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    form = reader.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print machine and results as JSON")
    form.add_argument("--markdown", action="store_true", help="print what README.md keeps")
    reader.add_argument("--against", type=Path, metavar="FILE", help="of --json; name what became worse, exit code 1")
    given = reader.parse_args()
    try:
        before = compare.read(given.against) if given.against else None
    except ValueError as error:
        reader.error(str(error))
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        reader.error(f"{unknown[0]}: no such part; there are {', '.join(PARTS)}")
    about, results, log = machine(), [], Console(stderr=True)
    for name in given.parts or PARTS:
        log.print(f"{name} ...")
        results += PARTS[name]()
    title = f"{about['processor']}, {about['threads']} threads, float32 product {about['matmul_gflops']} GFLOP/s"
    title = f"{title}, {about['date']}"
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in about["versions"].items())
    if given.json:
        print(json.dumps({"machine": about, "results": [asdict(row) for row in results]}, indent=2))
    elif given.markdown:
        print(f"{title}; {versions}\n\n{_markdown(results)}")
    else:
        console = Console(width=None if Console().is_terminal else 160)
        console.print(table(results, title))
        console.print(versions)
    if before is not None:
        found = compare.changes(before, compare.Run(results, about["reference_ms"]))
        log.print("\n".join(compare.told(found)), markup=False)
        raise SystemExit(any(change.ratio > compare.NOISE for change in found))


if __name__ == "__main__":
    main()
