"""Seeded splits that keep the shares of the classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.imageset import ImageSet, Split


def held_out(labels: NDArray[np.integer], fraction: float, seed: int) -> NDArray[np.bool_]:
    """Choose a share of the images, from each class alike.

    All images are lined up class by class, shuffled within each class, and every (1/fraction)-th is taken: the total is
    exact, and each class gives its share to within one image.

    Args:
        labels: (N,) classes.
        fraction: Share to take, in (0, 1). At least one image is taken and one left, if there are two.
        seed: Seed of the shuffle.

    Returns:
        (N,) True where taken.
    """
    total = len(labels)
    taken = np.zeros(total, dtype=np.bool_)
    if total < 2:
        return taken
    count = min(max(round(fraction * total), 1), total - 1)
    shuffled = np.random.default_rng(seed).permutation(total)
    lined_up = shuffled[np.argsort(labels[shuffled], kind="stable")]
    taken[lined_up[np.floor((np.arange(count) + 0.5) * total / count).astype(np.int64)]] = True
    return taken


def divide(source: ImageSet, split: Split, fraction: float, seed: int) -> ImageSet:
    """`split` out of the source's part it comes from: train and validation share its train part, test is whole.

    Args:
        source: The train part for "train" and "validation", the test part for "test".
        split: What to give.
        fraction: Share of the train part that is the validation split, in (0, 1).
        seed: Seed of that choice.
    """
    if split == "test":
        return source
    chosen = held_out(source.labels, fraction, seed)
    return source.take(np.flatnonzero(chosen if split == "validation" else ~chosen), split)
