"""`esvae fad-net import`, `train`: the feature networks of the Fréchet autoencoder distance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import MAX_SEED, AsJson, DataDir, OtherHash, group

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


@app.command(
    epilog="Example: `esvae fad-net train --dataset cifar10 --data-dir data --out checkpoints/fad/cifar10.safetensors`"
)
def train(
    dataset: Annotated[str, typer.Option(help="Data set.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help="Where to write it.", show_default=False)],
    data_dir: DataDir = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the train split.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the weights and the order of images.")] = 0,
    size: Annotated[int | None, typer.Option(help="Height and width of the images; 64 or 32 unless given.")] = None,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Train a feature network for a data set that has no published one; statistics of its test split."""
    from esvae_core.arrays import suffix_of
    from esvae_core.data import DATASETS, load
    from esvae_core.evaluation.feature_net import save_features
    from esvae_core.evaluation.feature_training import train_features

    suffix_of(out_file, (".safetensors",))
    if size is None:
        spec = DATASETS.get(dataset.partition(":")[0])
        size = 64 if spec is not None and spec.native_size is not None and min(spec.native_size) >= 64 else 32
    kept, test = (
        load(dataset, split, image_size=size, data_dir=data_dir, accept_other_hash=accept_other_hash)
        for split in ("train", "test")
    )
    with console.bar() as bar:
        task = bar.add_task("feature network", total=None, left="")

        def report(done: int, total: int, error: float) -> None:
            bar.update(task, description=f"feature network, mse {error:.4f}", completed=done, total=total)

        file = train_features(kept, test, epochs=epochs, seed=seed, report=report)
    save_features(out_file, file)
    text = f"{out_file}: {file.header.config.features} features of {file.header.dataset}"
    console.say(as_json, text, file=str(out_file), header=file.header.model_dump())
