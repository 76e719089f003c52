"""The `esvae` command: a thin layer of words over the library; one file per group of commands."""

from __future__ import annotations

import sys

import typer
from rich.text import Text

from esvae_core.cli import (
    calibrate,
    checkpoints,
    console,
    controls,
    data,
    evaluate,
    fad_net,
    presets,
    prior,
    takeaway,
    train,
    use,
)
from esvae_core.errors import EsvaeError
from esvae_core.memory import keep_large_blocks

app = typer.Typer(
    name="esvae",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Train, measure and use ESVAE, a variational autoencoder of spiking neurons.",
)
for part in (train, evaluate, calibrate, prior, checkpoints, controls, use, takeaway, presets):
    app.add_typer(part.app)
app.add_typer(data.app, name="data")
app.add_typer(fad_net.app, name="fad-net")


def main() -> None:
    """Entry point: user errors become one line and exit code 2."""
    keep_large_blocks()
    try:
        app()
    except EsvaeError as error:
        console.err.print(Text(f"esvae: {error}", "red"), soft_wrap=True)
        sys.exit(2)
