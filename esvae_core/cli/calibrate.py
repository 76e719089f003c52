"""`esvae calibrate`: statistics of batch normalisation that fit a trained model's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import MAX_SEED, AsJson, Checkpoint, DataDir, Dataset, OtherHash, SplitName, group
from esvae_core.cli.sources import dataset_of

app = group()


@app.command(epilog="Example: `esvae calibrate mine.safetensors --out better.safetensors --data-dir data`")
def calibrate(
    checkpoint: Checkpoint,
    out_file: Annotated[Path, typer.Option("--out", help="Where to write the new checkpoint.", show_default=False)],
    images: Annotated[int, typer.Option(min=2, help="Training images, drawn at random.")] = 2000,
    dataset: Dataset = None,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the choice and of the noise.")] = 0,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Take the statistics of batch normalisation anew, over many training images with the final weights.

    Weights stay as they are. What was measured before and a prior that was fitted belong to other rates, and are left
    out of the new checkpoint.
    """
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import load, save, stamped
    from esvae_core.esvae import ESVAE
    from esvae_core.evaluation.evaluate import evaluate
    from esvae_core.training.calibration import calibrate as take_anew

    suffix_of(out_file, (".safetensors",))
    loaded = load(checkpoint, ESVAE)
    model = loaded.model.with_prior(None)
    train, validation = (
        dataset_of(loaded.header, dataset, split, data_dir, accept_other_hash)
        for split in (SplitName.train, SplitName.validation)
    )
    before = evaluate(model, validation, seed=seed).mse
    with console.bar() as bar:
        task = bar.add_task("calibrating", total=None, left="")
        count = take_anew(model, train, images, seed, lambda done, total: bar.update(task, completed=done, total=total))
    after = evaluate(model, validation, seed=seed).mse
    header = loaded.header.model_copy(update={"model": model.config, "metrics": ()})
    save(out_file, model.state_dict(), stamped(header))
    text = f"{out_file}: statistics of {count:,} training images; validation MSE {after:.5f}, before {before:.5f}"
    console.say(as_json, text, file=str(out_file), images=count, mse_validation=after, before=before)
