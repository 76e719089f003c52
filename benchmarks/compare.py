"""A run of the benchmarks beside an earlier one: which figures became worse by more than machines vary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from benchmarks.measure import Result

NOISE = 1.25
"""How much worse than before is told: two runs in one hour differ by up to a fifth."""
FIGURES = {
    "ms": "ms",
    "p95_ms": "ms in the 95th percentile",
    "peak_mb": "MB of memory",
    "requests": "requests",
    "fetched_mb": "MB fetched",
}
"""Fields of a `Result` of which less is better, and their units."""
TIMES = ("ms", "p95_ms")


@dataclass(frozen=True)
class Run:
    """What `python -m benchmarks --json` wrote."""

    rows: Sequence[Result]
    reference_ms: float | None
    """How long that machine took for `measure.reference_ms`; runs before there was one do not say."""


@dataclass(frozen=True)
class Change:
    """One figure of a row that both runs have."""

    work: str
    unit: str
    before: float
    now: float
    ratio: float
    """How many times as much as before; of times, on a machine as fast as the one before."""
    by: str
    """What stood for the machine: the row's own rival, a fixed program, or nothing."""


def read(path: Path) -> Run:
    """A file that `python -m benchmarks --json` wrote.

    Raises:
        ValueError: it is no such file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {each.name for each in fields(Result)}
        rows = [Result(**{name: value for name, value in row.items() if name in known}) for row in content["results"]]
        return Run(rows, content["machine"].get("reference_ms"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: no results of `python -m benchmarks --json`: {error}") from error


def changes(before: Run, now: Run) -> list[Change]:
    """Figures that both have, those that became worst first.

    The time of a row with a rival is compared by the ratio to its rival, which ran on the same machine in the same
    minute, other times by how long each machine took for a fixed program; memory, requests and bytes as they are.
    """
    old = {row.work: row for row in before.rows}
    found = [
        _change(old[row.work], row, name, before.reference_ms, now.reference_ms)
        for row in now.rows
        if row.work in old
        for name in FIGURES
        if getattr(row, name) and getattr(old[row.work], name)
    ]
    return sorted(found, key=lambda change: -change.ratio)


def _change(old: Result, row: Result, name: str, reference_before: float | None, reference: float | None) -> Change:
    before, now = getattr(old, name), getattr(row, name)
    speed, by = 1.0, ""
    if name in TIMES and old.beside_ms and row.beside_ms:
        speed, by = row.beside_ms / old.beside_ms, f" beside {row.beside}"
    elif name in TIMES and reference_before and reference:
        speed, by = reference / reference_before, " on a machine as fast"
    return Change(row.work, FIGURES[name], before, now, now / before / speed, by)


def told(found: Sequence[Change]) -> list[str]:
    """A line for each figure that is worse by more than the noise; one that says so if none is."""
    lines = [
        f"worse: {c.work}: {c.now:,.4g} {c.unit}, before {c.before:,.4g}; {c.ratio:.2f} times as much{c.by}"
        for c in found
        if c.ratio > NOISE
    ]
    return lines or [f"none of {len(found)} figures is worse by more than {NOISE - 1:.0%}"]
