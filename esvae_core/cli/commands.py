"""All commands, in one."""

from __future__ import annotations

from pathlib import Path
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
    share,
    sweep,
    train,
)

app = typer.Typer(
    name="esvae",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Train, measure and use ESVAE, a variational autoencoder of spiking neurons.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"esvae {version('esvae')}")
        raise typer.Exit


@app.callback()
def _options(
    wanted: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(help="A module or .py file that registers parts of your own; several times for several."),
    ] = None,
) -> None:
    from esvae_core import plugins

    for name in plugin or ():
        place = str(Path(name).absolute()) if name.endswith(".py") else name
        plugins.import_plugin(place)
        plugins.hand_down(place)


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
    share,
    sweep,
):
    app.add_typer(part.app)
app.add_typer(data.app, name="data")
app.add_typer(fad_net.app, name="fad-net")
app.add_typer(share.models, name="models")
