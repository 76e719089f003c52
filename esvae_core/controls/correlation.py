"""What attributes have to do with latent neurons, measured without any fitting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import AttributeTable, table_of
from esvae_core.controls.latent import Latent
from esvae_core.controls.measured import Attribute, Measured
from esvae_core.data.imageset import ImageSet
from esvae_core.errors import InputError
from esvae_core.image_model import ImageModel

FITTED = 4000
"""Training images that correlations are measured on; controls are fitted to the same ones."""
_FEWEST = 3  # images of which an attribute must be defined

F64 = NDArray[np.float64]


def measure(model: ImageModel, train: ImageSet, shown: ImageSet, seed: int = 0) -> Measured:
    """Attributes of images, and their correlation with the latent.

    Args:
        model: The model.
        train: Images that correlations are measured on: at most FITTED of them, chosen by seed.
        shown: Test images whose values are wanted, as those of an atlas; none is fine.
        seed: Of the choice; controls made with the same seed are fitted to the same images.

    Raises:
        InputError: nothing is known of the images.
        KindError: the model's latent is no vector of numbers.
    """
    train = some(train, FITTED, np.random.default_rng(seed))
    table = table_of(train)
    if not table.attributes:
        raise InputError(f"controls: nothing is known of the images of {train.name}")
    correlation = correlations(Latent(model).heights(train).astype(np.float64), table)
    values = _in_the_words_of(table.attributes, table_of(shown)) if len(shown) else np.empty((0, len(table.attributes)))
    return Measured(table.attributes, correlation, len(train), shown.indices.astype(np.int64), values)


def correlations(heights: F64, table: AttributeTable) -> F64:
    """(K, d) multiple correlation of each latent number with each attribute, over the images where it is defined.

    With one regressor this is Pearson's correlation, with its sign: of a number, and of a category of two words, whose
    second counts as 1. A circular attribute has two (cosine and sine), a category of more words one for each: its
    multiple correlation is from 0 to 1. 0 where either of both never changes.

    Args:
        heights: (N, d).
        table: Attributes of the same images.
    """
    found = np.zeros((len(table.attributes), heights.shape[1]))
    for k, (attribute, column) in enumerate(zip(table.attributes, table.values.T, strict=True)):
        known = np.isfinite(column)
        if known.sum() < _FEWEST:
            continue
        regressors, some = _regressors(attribute, column[known]), heights[known]
        x, y = regressors - regressors.mean(0), some - some.mean(0)
        spread = np.sqrt((y**2).sum(0))
        explained = x @ np.linalg.lstsq(x, y, rcond=1e-9)[0]
        share = np.sqrt((explained**2).sum(0)) / np.where(spread > 1e-9, spread, np.inf)
        sign = np.sign(x[:, 0] @ y) if x.shape[1] == 1 else 1.0
        found[k] = sign * np.clip(share, 0, 1)
    return found


def some(data: ImageSet, count: int, rng: np.random.Generator) -> ImageSet:
    """At most that many images, chosen at random."""
    return data if len(data) <= count else data.take(rng.permutation(len(data))[:count], data.split)


def _regressors(attribute: Attribute, column: F64) -> F64:
    """(N, R) numbers that say what an attribute's defined values say, for a linear regression."""
    if attribute.kind == "circular":
        angle = 2 * np.pi * column / attribute.period
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    columns: F64 = column[:, None]
    if attribute.kind == "category" and len(attribute.categories) > 2:
        columns = (columns == np.arange(len(attribute.categories))).astype(np.float64)
    return columns


def _in_the_words_of(attributes: tuple[Attribute, ...], table: AttributeTable) -> F64:
    """(N, K) values of a table whose categories may have words in another order; NaN where it lacks the attribute."""
    values = np.full((len(table), len(attributes)), np.nan)
    others = {attribute.name: j for j, attribute in enumerate(table.attributes)}
    for k, attribute in enumerate(attributes):
        j = others.get(attribute.name)
        if j is None or table.attributes[j].kind != attribute.kind:
            continue
        column = table.values[:, j]
        if attribute.kind == "category":
            number = {word: i for i, word in enumerate(attribute.categories)}
            theirs = np.array([number.get(word, np.nan) for word in table.attributes[j].categories])
            known = np.isfinite(column)
            values[known, k] = theirs[column[known].astype(np.int64)]
        else:
            values[:, k] = column
    return values
