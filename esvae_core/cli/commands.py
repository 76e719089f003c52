"""All commands, in one."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from esvae_core.cli import (
    calibrate,
    checkpoints,
    controls,
    data,
    evaluate,
    explorer,
    export,
    fad_net,
    inference,
    network_export,
    presets,
    prior,
    runs,
    sweep,
    train,
)

app = typer.Typer(
    name="esvae",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Train, measure and use ESVAE, a variational autoencoder of spiking neurons.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"esvae {version('esvae')}")
        raise typer.Exit


@app.callback()
def _options(
    wanted: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


for part in (
    explorer,
    train,
    evaluate,
    calibrate,
    prior,
    checkpoints,
    controls,
    inference,
    export,
    network_export,
    presets,
    runs,
    sweep,
):
    app.add_typer(part.app)
app.add_typer(data.app, name="data")
app.add_typer(fad_net.app, name="fad-net")
