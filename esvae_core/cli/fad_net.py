"""`esvae fad-net import`, `train`: the feature networks of the Fréchet autoencoder distance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, group

app = group("Feature networks of the Fréchet autoencoder distance (FAD).")


@app.callback()
def fad_net() -> None:
    """Feature networks of the Fréchet autoencoder distance (FAD)."""


@app.command(
    "import",
    epilog="Example: `esvae fad-net import mnist_64.pth mnist_test_64.npz checkpoints/fad/mnist.safetensors`",
)
def import_(
    weights: Annotated[Path, typer.Argument(help="Published feature autoencoder (.pth).", show_default=False)],
    statistics: Annotated[Path, typer.Argument(help="Published statistics (.npz).", show_default=False)],
    out_file: Annotated[Path, typer.Argument(metavar="OUT", help="Where to write it.", show_default=False)],
    dataset: Annotated[str | None, typer.Option(help="Its data set; OUT's name unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take a published feature network: its encoder, and the statistics of its test set."""
    from esvae_core.arrays import suffix_of
    from esvae_core.evaluation.feature_import import import_features
    from esvae_core.evaluation.feature_net import save_features

    suffix_of(out_file, (".safetensors",))
    file = import_features(weights, statistics, dataset or out_file.stem)
    save_features(out_file, file)
    text = f"{out_file}: {file.header.config.features} features of {file.header.dataset}"
    console.say(as_json, text, file=str(out_file), header=file.header.model_dump())
