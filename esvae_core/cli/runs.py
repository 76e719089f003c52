"""`esvae runs`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, group
from esvae_core.text import shown

app = group()


class Format(StrEnum):
    """How a table is written."""

    table = "table"
    csv = "csv"
    latex = "latex"
    markdown = "markdown"


@app.command(epilog="Examples: `esvae runs` · `esvae runs runs --format latex > runs.tex`")
def runs(
    folder: Annotated[Path, typer.Argument(help="Folder of run folders, at any depth.")] = Path("runs"),
    format_: Annotated[Format, typer.Option("--format", help="How the table is written.")] = Format.table,
    as_json: AsJson = False,
) -> None:
    """Runs beside each other: epochs, the best one and its figures, and the settings that differ."""
    from esvae_core.training.runs import find_runs, table_of

    rows = table_of(find_runs(folder), folder)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    names = list(map(shown, rows[0]))
    cells = [[_cell(value) for value in row.values()] for row in rows]
    if format_ is not Format.table:
        writers: dict[Format, Callable[[list[str], list[list[str]]], str]] = {
            Format.csv: _csv,
            Format.latex: _latex,
            Format.markdown: _markdown,
        }
        typer.echo(writers[format_](names, cells), nl=False)
        return
    # "model.neuron.leak" takes three lines, so that many columns fit
    table = console.table(
        *(name.replace(".", "\n.").replace("best epoch", "best\nepoch") for name in names), compact=True
    )
    for row in cells:
        table.add_row(*map(console.text, row))
    console.out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    return shown(value if isinstance(value, str) else json.dumps(value))


def _csv(names: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([names, *rows])
    return text.getvalue()


def _markdown(names: list[str], rows: list[list[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _latex(names: list[str], rows: list[list[str]]) -> str:
    """A tabular in the rules of the package booktabs."""
    body = [" & ".join(map(_escaped, line)) + r" \\" for line in (names, *rows)]
    lines = [rf"\begin{{tabular}}{{{'l' * len(names)}}}", r"\toprule", body[0], r"\midrule", *body[1:]]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    named = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return re.sub(r"[\\~^&%$#_{}]", lambda found: named.get(found[0], "\\" + found[0]), text)
