"""Group "generation": how new pictures compare with real ones, and whether they are copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.data import ImageSet, Split
from esvae_core.evaluation.adapter import EvaluationAdapter, draw
from esvae_core.evaluation.fad import PUBLISHED_COUNT, published_fad
from esvae_core.evaluation.feature_net import FeatureFile, features
from esvae_core.evaluation.frechet import frechet_distance, gaussian
from esvae_core.evaluation.inception import NAMES, inception_scores
from esvae_core.evaluation.neighbours import copied_share, manifold, nearest
from esvae_core.evaluation.random_subset import shuffled
from esvae_core.evaluation.results import Figure, Group, Neighbour, Progress, over_seeds, silent
from esvae_core.seeds import generator

NEIGHBOURS = 5
COPIES = 1_000

FADS = ("FAD, published protocol", "FAD, evaluation mode")
FLOOR = "the same of random train images, the floor"


def generation(
    adapter: EvaluationAdapter,
    test: ImageSet,
    train: ImageSet,
    *,
    net: FeatureFile | None,
    inception: Path | None = None,
    samples: int = 10_000,
    seeds: int = 3,
    report: Progress = silent,
) -> Group:
    """FAD by two protocols with its floor; precision, recall, density, coverage; copies; FID, KID and IS.

    Args:
        adapter: the model.
        test: real images that samples are compared with.
        train: images that it was trained on: for the floor, and for copies.
        net: feature network; None: what needs one says so.
        inception: local file of Inception weights; None: what needs it says so.
        samples: pictures per seed.
        seeds: of the samples, and of the random train images.
        report: progress.
    """
    test = shuffled(test)  # its first images stand for all of it below
    rows: dict[str, list[float]] = {}
    reference = None if net is None else features(net.net, test.tensor())
    first = torch.empty(0)
    for seed in range(seeds):
        pictures = draw(
            adapter,
            samples,
            generator(seed, "generation"),
            lambda n, _, seed=seed: report(seed * samples + n, seeds * samples),  # type: ignore[misc]
        )
        first = pictures if seed == 0 else first
        if net is None or reference is None:
            break  # nothing but the first samples is looked at
        chosen = np.random.default_rng(seed).permutation(len(train))[:samples]
        for suffix, images in (("", pictures), (FLOOR, train.tensor(chosen))):
            for name, value in _distances(images, net, reference, test.split).items():
                rows.setdefault(f"{name}: {suffix}" if suffix else name, []).append(value)
    figures = _order(rows) if rows else [Figure(name=name, note=_no_net(test)) for name in FADS]
    if net is not None and FADS[0] not in rows:
        published = net.header.statistics == "published"
        why = f"needs {PUBLISHED_COUNT:,} samples" if published else "no published statistics of this data set"
        if published and test.split != "test":
            why = "the published statistics are those of the test split"
        figures.insert(0, Figure(name=FADS[0], note=f"not measured: {why}"))
    copies, neighbours = _copies(first[:COPIES], test, train)
    figures += copies
    figures += _inception(first, test, inception)
    shown = f"{samples:,} samples of each of the seeds 0 to {seeds - 1}" if net else f"{samples:,} samples of seed 0"
    return Group(
        name="generation",
        protocol=f"{shown}; {len(test):,} test and {len(train):,} train images of {test.name}; "
        f"{NEIGHBOURS} neighbours; FAD in published protocol of the first {PUBLISHED_COUNT:,}",
        figures=tuple(figures),
        neighbours=neighbours,
    )


def _distances(images: Tensor, net: FeatureFile, reference: NDArray[np.float64], split: Split) -> dict[str, float]:
    found = features(net.net, images)
    values = {}
    # What is chosen on validation images must not be told how far samples are from the test split.
    if net.header.statistics == "published" and split == "test" and len(images) >= PUBLISHED_COUNT:
        values[FADS[0]] = published_fad(images, net.net, net.statistics)
    values[FADS[1]] = frechet_distance(gaussian(found), gaussian(reference))
    count = min(len(found), len(reference))
    if count > NEIGHBOURS:
        values |= manifold(reference[:count], found[:count], NEIGHBOURS)._asdict()
    return values


def _order(rows: dict[str, list[float]]) -> list[Figure]:
    """Each figure with its floor behind it."""
    own = [name for name in rows if not name.endswith(FLOOR)]
    return [over_seeds(name, rows[name]) for each in own for name in (each, f"{each}: {FLOOR}") if name in rows]


def _copies(samples: Tensor, test: ImageSet, train: ImageSet) -> tuple[list[Figure], tuple[Neighbour, ...]]:
    """Distances in pixels: Euclidean, on [-1, 1]."""
    known = _flat(train.tensor())
    distances, which = nearest(_flat(samples), known)
    unseen, _ = nearest(_flat(test.tensor(slice(0, COPIES))), known)
    neighbours = tuple(
        Neighbour(sample=i, train=int(train.indices[n]), distance=round(float(x), 4))
        for i, (n, x) in enumerate(zip(which, distances, strict=True))
    )
    closest = min(neighbours, key=lambda n: n.distance)
    figures = [
        Figure(
            name="distance to the nearest train image, median over samples",
            value=float(np.median(distances)),
            note=f"{len(samples):,} samples, pixels; test images: {np.median(unseen):.3f}",
        ),
        Figure(
            name="share of samples nearer to a train image than 99 % of test images",
            value=copied_share(distances, unseen),
            note=f"0.01 is expected without copies; the nearest: sample {closest.sample} and train image "
            f"{closest.train:,}, at {closest.distance:.3f}",
        ),
    ]
    return figures, neighbours


def _inception(samples: Tensor, test: ImageSet, weights: Path | None) -> list[Figure]:
    if weights is None:
        return [Figure(name=name, note="not measured: weights not given") for name in NAMES]
    count = min(len(samples), len(test))
    scores = inception_scores(samples[:count], test.tensor(slice(0, count)), weights)
    return [
        Figure(name=name, value=scores[name][0], deviation=scores[name][1], note=f"{count:,} of each; first seed")
        for name in NAMES
    ]


def _no_net(test: ImageSet) -> str:
    return f"not measured: no feature network for {test.name}; `esvae fad-net train` makes one"


def _flat(images: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = images.flatten(1).numpy()
    return found
