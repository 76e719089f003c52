"""`esvae fit-prior`: a better prior for a model that is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import MAX_SEED, AsJson, Checkpoint, DataDir, Dataset, OtherHash, SplitName, group
from esvae_core.cli.sources import dataset_of
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from esvae_core.data import ImageSet
    from esvae_core.esvae import ESVAE
    from esvae_core.evaluation.feature_net import FeatureNet
    from esvae_core.evaluation.prior_choice import Candidate

app = group()

_OF_THE_PRIOR = ("prior_", "mmd", "fad")
"""Beginnings of the names of figures that another prior changes."""


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

    suffix_of(out_file, (".safetensors",))
    tried = _numbers(components)
    loaded = load(checkpoint, ESVAE)
    net = load_features(feature_file).net if feature_file else None
    train, validation = (
        dataset_of(loaded.header, dataset, split, data_dir, accept_other_hash)
        for split in (SplitName.train, SplitName.validation)
    )
    found = _search(loaded.model, train, validation, net, tried, images=images, samples=samples, snap=snap, seed=seed)
    best, others = found.best, f"rates of training images: {found.perfect:.4g}"
    protocol = (
        f"{found.what} {len(validation):,} validation images of {validation.name}; {best.components} Gaussians fitted "
        f"to {found.images:,} train images, best of {components}, seed {seed}; the learned prior: {found.learned:.4g}, "
        f"{others}"
    )
    new = loaded.model.with_prior(best.mixture, snap=snap)
    kept = tuple(m for m in loaded.header.metrics if not m.name.startswith(_OF_THE_PRIOR))
    metrics = (*kept, Metric(name=found.criterion, value=best.score, protocol=protocol))
    header = loaded.header.model_copy(update={"model": new.config, "metrics": metrics})
    save(out_file, new.state_dict(), stamped(header))
    table = ", ".join(f"{score:.4g} ({count})" for count, score in found.scores.items())
    text = f"{out_file}: {best.components} Gaussians; {found.criterion}: {table}; learned prior: {found.learned:.4g}; "
    figures = {
        "components": best.components,
        "criterion": found.criterion,
        "scores": found.scores,
        "learned": found.learned,
        "training_images": found.perfect,
    }
    console.say(as_json, text + others, file=str(out_file), **figures)


@dataclass(frozen=True)
class _Found:
    """The best prior, and what was measured on the way to it.

    Attributes:
        best: The prior.
        criterion: Name of the figure that it was chosen by.
        what: What that figure compares, in words.
        scores: It of each number of Gaussians.
        learned: It of the learned prior.
        perfect: It of rates of training images.
        images: Training images that priors were fitted to.
    """

    best: Candidate
    criterion: str
    what: str
    scores: dict[int, float]
    learned: float
    perfect: float
    images: int


def _search(
    model: ESVAE,
    train: ImageSet,
    validation: ImageSet,
    net: FeatureNet | None,
    tried: Sequence[int],
    *,
    images: int,
    samples: int,
    snap: bool,
    seed: int,
) -> _Found:
    """Fit and compare, with a progress bar; the arguments are the command's."""
    from esvae_core.evaluation.prior_choice import choose, rates_of, validation_fad, validation_mmd

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
            name, what = "prior_fad_validation", f"FAD of {samples:,} pictures against"
        else:
            held = rates_of(model, validation, images, seed, encoded)
            criterion = validation_mmd(model, held, seed, snap=snap)
            name, what = "prior_mmd_validation", "unbiased MMD of rates against those of up to 2,000 of"
        best = choose(fitted_to, tried, model.config.time_steps, seed, criterion, report)
        return _Found(best, name, what, scores, criterion(None), criterion(fitted_to), len(fitted_to))


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= n <= 1000 for n in numbers):
        raise InputError(f"--components {text}: expected numbers from 1 to 1000, e.g. 10,20,50")
    return numbers
