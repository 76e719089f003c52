"""Tables of many models from what `esvae evaluate --suite full --out` wrote of each.

    for m in mnist mnist-plus; do
        esvae evaluate checkpoints/$m.safetensors --data-dir data --suite full --out runs/suites/$m.json
    done
    python -m benchmarks.figures runs/suites/*.json --write docs/figures.md

With --add, rows of models that no file is given of stay as they are. A row is called like its file. What was not
measured, or does not apply, is a dash.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks.marks import put_table, table_in
from esvae_core.evaluation.generation import FADS, FLOOR
from esvae_core.evaluation.reconstruction import MSE
from esvae_core.evaluation.results import Curve, Figure, Group
from esvae_core.evaluation.suite import SuiteReport
from esvae_core.files import write_atomically

DASH = "-"

_T = TypeVar("_T", Figure, Curve)


class Column(NamedTuple):
    """One figure in a table: a name as the suite has it, or a curve's name and a place on it."""

    title: str
    name: str
    digits: int = 4
    x: float | None = None
    """Where on the curve; infinity: its last point."""
    unit: float = 1.0
    """What one is shown for; 1e6 shows millions."""
    other: str = ""
    """What a model without rates calls it."""


LAST = float("inf")
_NEAREST = "accuracy, 5 nearest neighbours"

TABLES: dict[str, tuple[str, tuple[Column, ...]]] = {
    "reconstruction": (
        "reconstruction",
        (
            Column("MSE", MSE),
            Column("PSNR, dB", "PSNR in dB, mean over images", 2),
            Column("SSIM", "SSIM", 3),
        ),
    ),
    "price of sampling": (
        "sampling",
        (
            Column("Bernoulli spikes", "MSE, Bernoulli spikes"),
            Column("systematic spikes", "MSE, systematic spikes"),
            Column("the encoder's own", "MSE, the encoder's own spikes"),
            Column("mean of 16 Bernoulli draws", "MSE, mean image of 16 Bernoulli draws"),
            Column("rates of 0", "share of all rates", 2, 0.0),
            Column("rates of 1", "share of all rates", 2, 1.0),
        ),
    ),
    "generation": (
        "generation",
        (
            Column("FAD, published", FADS[0], 2),
            Column("floor", f"{FADS[0]}: {FLOOR}", 2),
            Column("FAD, evaluation mode", FADS[1], 2),
            Column("floor", f"{FADS[1]}: {FLOOR}", 2),
            Column("precision", "precision", 2),
            Column("recall", "recall", 2),
            Column("density", "density", 2),
            Column("coverage", "coverage", 2),
            Column("copies", "share of samples nearer to a train image than 99 % of test images", 3),
        ),
    ),
    "probes": (
        "latent",
        (
            Column("rates, 200", "accuracy, linear probe, rates", 3, 200, other="accuracy, linear probe, latent"),
            Column("all", "accuracy, linear probe, rates", 3, LAST, other="accuracy, linear probe, latent"),
            Column("counts, all", "accuracy, linear probe, sampled counts", 3, LAST),
            Column("pixels, 200", "accuracy, linear probe, pixels", 3, 200),
            Column("all", "accuracy, linear probe, pixels", 3, LAST),
            Column("PCA, 200", "accuracy, linear probe, PCA of ", 3, 200),
            Column("all", "accuracy, linear probe, PCA of ", 3, LAST),
            Column("untrained, all", "accuracy, linear probe, untrained encoder", 3, LAST),
            Column("5 nearest: rates, 200", f"{_NEAREST}, rates", 3, 200, other=f"{_NEAREST}, latent"),
            Column("all", f"{_NEAREST}, rates", 3, LAST, other=f"{_NEAREST}, latent"),
            Column("pixels, all", f"{_NEAREST}, pixels", 3, LAST),
        ),
    ),
    "latent": (
        "latent",
        (
            Column("active", "active dimensions", 0),
            Column("dead", "dead dimensions", 0),
            Column("saturated", "saturated dimensions", 0),
            Column("MMD, unbiased", "MMD of posterior and prior rates, random blocks of "),
            Column("bits a dimension, Bernoulli", "information of count on rate in bits, mean over dimensions", 2),
            Column("systematic", "the same, systematic", 2),
            Column("latent fires", "spikes per neuron and step, latent", 2),
        ),
    ),
    "robustness": (
        "robustness",
        (
            Column("as it is", "MSE, latent spikes flipped", 3, 0.0),
            Column("flipped, p = .1", "MSE, latent spikes flipped", 3, 0.1),
            Column(".3", "MSE, latent spikes flipped", 3, 0.3),
            Column("deleted, p = .1", "MSE, latent spikes deleted", 3, 0.1),
            Column("moved by 1 step", "MSE, latent spikes moved in time", 3, 1.0),
            Column("shuffled in time", "MSE, latent spike trains shuffled in time", 3, 1.0),
            Column("input noise .4", "MSE, Gaussian noise on the input", 3, 0.4),
            Column("salt and pepper .1", "MSE, salt and pepper on the input", 3, 0.1),
            Column("T = 4", "MSE, time steps at inference", 3, 4.0),
            Column("T = 8", "MSE, time steps at inference", 3, 8.0),
            Column("T = 64", "MSE, time steps at inference", 3, 64.0),
        ),
    ),
    "cost": (
        "cost",
        (
            Column("parameters", "parameters", 0),
            Column("additions, millions", "additions per image", 1, unit=1e6),
            Column("multiplications, millions", "multiplications per image", 1, unit=1e6),
            Column("dense, all steps, millions", "multiply-adds per image, dense", 1, unit=1e6),
            Column("without time, millions", "multiply-adds per image, the same network without time", 1, unit=1e6),
            Column("spikes a synapse", "spikes per synapse and image", 2),
            Column("energy, uJ", "energy per image in uJ, event-driven, float32", 1),
            Column("ordinary network, float32", "energy per image in uJ, ordinary network of this shape, float32", 1),
            Column("5 bits", "energy per image in uJ, the same quantised to 5 bits", 2),
        ),
    ),
}
"""Title of a table -> group of the suite, and its columns."""


def cell(group: Group, column: Column) -> str:
    """What a table shows of one figure, with its deviation where there is one."""
    value, deviation = _found(group, column)
    if value is None:
        return DASH
    shown = f"{value / column.unit:,.{column.digits}f}"
    return shown if deviation is None else f"{shown} ± {deviation / column.unit:.{column.digits}f}"


def _found(group: Group, column: Column) -> tuple[float | None, float | None]:
    if column.x is None:
        # a name that ends in what differs between models, like a number of dimensions, is a beginning
        figure = _named(group.figures, column.name)
        return (None, None) if figure is None else (figure.value, figure.deviation)
    curve = _named(group.curves, column.name) or (_named(group.curves, column.other) if column.other else None)
    at = None if curve is None else len(curve.x) - 1 if column.x == LAST else _index(curve.x, column.x)
    if curve is None or at is None:
        return None, None
    return curve.mean[at], curve.deviation[at] if curve.deviation and curve.deviation[at] else None


def _named(among: Sequence[_T], name: str) -> _T | None:
    exact = [each for each in among if each.name == name]
    return next(iter(exact or [each for each in among if each.name.startswith(name)]), None)


def _index(x: Sequence[float], wanted: float) -> int | None:
    return next((i for i, value in enumerate(x) if abs(value - wanted) < 1e-9), None)


def table(reports: dict[str, SuiteReport], title: str, before: str = "") -> str:
    """One table as Markdown, a row for each model that has something to say; columns of dashes are left out.

    Args:
        reports: By name of the model.
        title: Of the table.
        before: The table as it was, whose rows of other models stay.
    """
    group_name, columns = TABLES[title]
    found = {name: {group.name: group for group in report.groups} for name, report in reports.items()}
    groups = {name: groups[group_name] for name, groups in found.items() if group_name in groups}
    cells = rows_of(before, [column.title for column in columns])
    cells |= {name: [cell(group, column) for column in columns] for name, group in groups.items()}
    rows = {name: row for name, row in cells.items() if any(text != DASH for text in row)}
    kept = [i for i in range(len(columns)) if any(row[i] != DASH for row in rows.values())]
    lines = [_line(["model", *(columns[i].title for i in kept)]), _line(["---", *("---:" for _ in kept)])]
    return "\n".join(lines + [_line([f"`{name}`", *(row[i] for i in kept)]) for name, row in rows.items()])


def rows_of(table: str, titles: Sequence[str]) -> dict[str, list[str]]:
    """The rows of a table by name of the model, with dashes for the columns of `titles` that it leaves out.

    Raises:
        SystemExit: its columns are others, or in another order.
    """
    if not table.strip():
        return {}
    (_, *head), _, *lines = ([text.strip() for text in line.strip(" |").split(" | ")] for line in table.splitlines())
    places, at = [], 0
    for name in head:
        if name not in titles[at:]:
            raise SystemExit(f"expected columns among {', '.join(titles)}, got {name}")
        places.append(titles.index(name, at))
        at = places[-1] + 1
    found = {}
    for name, *texts in lines:
        found[name.strip("`")] = row = [DASH] * len(titles)
        for place, text in zip(places, texts, strict=True):
            row[place] = text
    return found


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+", type=Path, help="files of the suite, in the order of the rows")
    parser.add_argument("--write", type=Path, help="Markdown file whose tables are replaced")
    parser.add_argument("--add", action="store_true", help="keep the rows of other models that are in the file")
    arguments = parser.parse_args()
    # `runs/suites/*.json` finds the finished groups that the suite keeps beside its reports, too
    suites: list[Path] = [path for path in arguments.suites if not path.name.endswith(".groups.json")]
    reports = {path.stem: SuiteReport.model_validate_json(path.read_text(encoding="utf-8")) for path in suites}
    if arguments.write is None:
        print("\n\n".join(f"{title}\n\n{table(reports, title)}" for title in TABLES))
        return
    text = arguments.write.read_text(encoding="utf-8")
    for title in TABLES:
        text = put_table(text, title, table(reports, title, table_in(text, title) if arguments.add else ""))
    write_atomically(arguments.write, text.encode())


if __name__ == "__main__":
    main()
