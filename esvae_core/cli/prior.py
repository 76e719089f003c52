"""`esvae fit-prior`: a better prior for a model that is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import MAX_SEED, AsJson, Checkpoint, DataDir, Dataset, OtherHash, SplitName, group
from esvae_core.cli.sources import dataset_of
from esvae_core.errors import InputError

app = group()


@app.command(
    "fit-prior",
    epilog="Examples: `esvae fit-prior checkpoints/mnist.safetensors --out fitted.safetensors --data-dir data` ·"
    " `esvae fit-prior mine.safetensors --out fitted.safetensors --features checkpoints/fad/mnist.safetensors`",
)
def fit_prior(
    checkpoint: Checkpoint,
    out_file: Annotated[Path, typer.Option("--out", help="Where to write the new checkpoint.", show_default=False)],
    components: Annotated[str, typer.Option(help="Numbers of Gaussians to try.")] = "10,20,50,100",
    feature_file: Annotated[
        Path | None, typer.Option("--features", help="Feature network to choose by, with FAD on validation images.")
    ] = None,
    images: Annotated[int, typer.Option(min=2, help="Training images, drawn at random.")] = 20000,
    samples: Annotated[int, typer.Option(min=2, help="Pictures per FAD.")] = 2000,
    snap: Annotated[bool, typer.Option(help="Round the prior's rates to multiples of 1 / T.")] = True,
    dataset: Dataset = None,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of everything random.")] = 0,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Fit a mixture of Gaussians to a model's rates, and write a checkpoint that samples from it.

    The number of Gaussians is chosen on validation images: by the FAD of sampled pictures where a feature network is
    given, else by the MMD of the rates. Beside it stand the figures of the learned prior and of rates of training
    images, which a perfect prior would have.
    """
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import Metric, load, save, stamped
    from esvae_core.esvae import ESVAE
    from esvae_core.evaluation.feature_net import load_features
    from esvae_core.evaluation.prior_choice import Candidate, choose, rates_of, validation_fad, validation_mmd

    suffix_of(out_file, (".safetensors",))
    tried = _numbers(components)
    loaded = load(checkpoint, ESVAE)
    model, steps = loaded.model, loaded.model.config.time_steps
    net = load_features(feature_file).net if feature_file else None
    train, validation = (
        dataset_of(loaded.header, dataset, split, data_dir, accept_other_hash)
        for split in (SplitName.train, SplitName.validation)
    )
    scores: dict[int, float] = {}

    with console.bar() as bar:
        task = bar.add_task("encoding", total=None, left="")

        def report(candidate: Candidate) -> None:
            scores[candidate.components] = candidate.score
            bar.update(task, description="fitting", completed=len(scores), total=len(tried))

        def encoded(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        fitted_to = rates_of(model, train, images, seed, encoded)
        if net is not None:
            criterion = validation_fad(model, net, validation, seed, count=samples, snap=snap)
            name, unit = "prior_fad_validation", f"FAD of {samples:,} pictures against"
        else:
            held = rates_of(model, validation, images, seed, encoded)
            criterion = validation_mmd(model, held, seed, snap=snap)
            name, unit = "prior_mmd_validation", "unbiased MMD of rates against those of up to 2,000 of"
        best = choose(fitted_to, tried, steps, seed, criterion, report)
        learned, perfect = criterion(None), criterion(fitted_to)
    protocol = (
        f"{unit} {len(validation):,} validation images of {validation.name}; {best.components} Gaussians fitted to "
        f"{len(fitted_to):,} train images, best of {components}, seed {seed}; the learned prior: {learned:.4g}, "
        f"rates of training images: {perfect:.4g}"
    )
    new = model.with_prior(best.mixture, snap=snap)
    kept = tuple(m for m in loaded.header.metrics if not m.name.startswith("prior_"))
    metrics = (*kept, Metric(name=name, value=best.score, protocol=protocol))
    header = loaded.header.model_copy(update={"model": new.config, "metrics": metrics})
    save(out_file, new.state_dict(), stamped(header))
    table = ", ".join(f"{score:.4g} ({count})" for count, score in scores.items())
    text = f"{out_file}: {best.components} Gaussians; {name}: {table}; learned prior: {learned:.4g}; "
    text += f"rates of training images: {perfect:.4g}"
    found = {
        "components": best.components,
        "criterion": name,
        "scores": scores,
        "learned": learned,
        "training_images": perfect,
    }
    console.say(as_json, text, file=str(out_file), **found)


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= n <= 1000 for n in numbers):
        raise InputError(f"--components {text}: expected numbers from 1 to 1000, e.g. 10,20,50")
    return numbers
