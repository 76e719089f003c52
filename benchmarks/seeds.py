"""What runs that differ in their seed alone have in common: mean and deviation of each figure.

    for s in 0 1 2; do
        esvae train --preset esvae-plus --set train.epochs=2 --set train.seed=$s --out runs/plus-$s
        esvae evaluate runs/plus-$s/model.safetensors --suite latent --out runs/plus-$s/suite.json
    done
    python -m benchmarks.seeds runs/plus-*

Figures are the validation error of the weights that a run kept, and those of a suite.json beside them, if there is one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from esvae_core.checkpoint import Header, load
from esvae_core.evaluation.results import spread
from esvae_core.evaluation.suite import SuiteReport

VALIDATION = "validation MSE"


def figures_of(folder: Path) -> tuple[Header, dict[str, float]]:
    """Header of a run's model, and its figures by name."""
    header = load(folder / "model.safetensors").header
    curve = header.training.curve if header.training else ()
    if not curve:
        raise SystemExit(f"{folder}: expected a model with its training curve")
    last = curve[-1].get("time_steps")
    figures = {VALIDATION: min(row["validation_mse"] for row in curve if row.get("time_steps") == last)}
    suite = folder / "suite.json"
    if suite.exists():
        for group in SuiteReport.model_validate_json(suite.read_text(encoding="utf-8")).groups:
            figures |= {figure.name: figure.value for figure in group.figures if figure.value is not None}
    return header, figures


def table(folders: Sequence[Path]) -> str:
    """The figures of runs as Markdown, one row each.

    Raises:
        SystemExit: the runs differ in more than their seed.
    """
    runs = [figures_of(folder) for folder in folders]
    settings = [header.model_dump(include={"model", "data", "train"}) for header, _ in runs]
    seeds = [known["train"].pop("seed") for known in settings]
    for folder, known in zip(folders, settings, strict=True):
        if known != settings[0]:
            raise SystemExit(f"{folder}: its settings differ from those of {folders[0]} in more than the seed")
    header, first = runs[0]
    assert header.train is not None
    names = [name for name in first if all(name in figures for _, figures in runs)]
    lines = [f"| {header.name}, {header.train.epochs} epochs | mean | {' | '.join(f'seed {seed}' for seed in seeds)} |"]
    lines.append("| --- |" + " ---: |" * (1 + len(runs)))
    for name in names:
        values = [figures[name] for _, figures in runs]
        off = spread(values)
        mean = f"{sum(values) / len(values):.4f}" + ("" if off is None else f" ± {off:.4f}")
        lines.append(f"| {name} | {mean} | {' | '.join(f'{value:.4f}' for value in values)} |")
    return "\n".join(lines)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="run folders")
    print(table(parser.parse_args().runs))


if __name__ == "__main__":
    main()
