"""A run of the benchmarks beside an earlier one: what became slower by more than machines vary."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.measure import Result

NOISE = 1.25
"""How much slower than before, machine for machine, is told: two runs in one hour differ by up to a fifth."""


@dataclass(frozen=True)
class Change:
    """One row that both runs have."""

    work: str
    before_ms: float
    ms: float
    ratio: float
    """How many times as long as before, on a machine that is as fast as the one before."""
    by: str
    """What stood for the machine: the row's own rival, or all rows."""


def read(path: Path) -> list[Result]:
    """Rows of a file that `python -m benchmarks --json` wrote.

    Raises:
        ValueError: it is no such file.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["results"]
        known = {each.name for each in fields(Result)}
        return [Result(**{name: value for name, value in row.items() if name in known}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{path}: no results of `python -m benchmarks --json`: {error}") from error


def changes(before: Sequence[Result], now: Sequence[Result]) -> list[Change]:
    """Rows that both have, the most slowed first.

    A row with a rival is compared by the ratio to its rival, which ran on the same machine in the same minute; others
    by how much slower they became than the median row did.
    """
    old: Mapping[str, Any] = {row.work: row for row in before if row.ms}
    both = [(old[row.work], row) for row in now if row.ms and row.work in old]
    if not both:
        return []
    machine = math.exp(statistics.median(math.log(b.ms / a.ms) for a, b in both if b.ms))
    found = []
    for a, b in both:
        assert b.ms
        rival = b.beside_ms and a.beside_ms
        speed = b.beside_ms / a.beside_ms if b.beside_ms and a.beside_ms else machine
        found.append(Change(b.work, a.ms, b.ms, b.ms / a.ms / speed, b.beside if rival else "the median row"))
    return sorted(found, key=lambda change: -change.ratio)


def told(found: Sequence[Change]) -> list[str]:
    """A line for each row that is slower by more than the noise; one that says so if none is."""
    slower = [change for change in found if change.ratio > NOISE]
    lines = [
        f"slower: {c.work}: {c.ms:,.4g} ms, before {c.before_ms:,.4g} ms; {c.ratio:.2f} times as long by {c.by}"
        for c in slower
    ]
    return lines or [f"none of {len(found)} rows is slower by more than {NOISE - 1:.0%}"]
