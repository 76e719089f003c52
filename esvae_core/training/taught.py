"""What the first latent neurons are taught to stand for, as firing rates: known factors, or measured attributes.

One neuron for each, as in Locatello et al., "Disentangling Factors of Variation Using Few Labels" (ICLR 2020); a rate
is in [0, 1] as their labels are, so that it can be the label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.config import RunConfig
from esvae_core.controls.attributes import family_of, table_of
from esvae_core.data import ImageSet
from esvae_core.data.sprites import redrawn
from esvae_core.errors import TrainingError
from esvae_core.training.redraw import REDRAWN, Redraw

LEVELS = 21
"""Rates 0, .05 ... 1 at which a checkpoint says what a taught neuron stands for."""

_RARE = 0.005  # share of images at either end whose values are all 0, or all 1: a few may lie far out

F64 = NDArray[np.float64]
Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Taught:
    """What the first K latent neurons are taught.

    Attributes:
        names: K names.
        values: (N, K) of the training images, in each one's unit; NaN where an attribute is undefined.
        scale: (S, K) ascending values whose rates are evenly spaced from 0 to 1.
        rates: (N, K) float32 in [0, 1], those of `values`; NaN where nothing is taught.
        draw_again: (n, C, H, W) images, what is known of them (n, K) and what is asked (n, K) -> other images, and
            (n, K) what they have; None: images cannot be drawn again.
    """

    names: tuple[str, ...]
    values: F64
    scale: F64
    rates: Tensor
    draw_again: Callable[[Images, F64, F64], tuple[Images, F64]] | None

    def rates_of(self, values: F64) -> Tensor:
        """(n, K) values to (n, K) float32 rates."""
        return _rates(values, self.scale)

    def values_of(self, rates: F64) -> F64:
        """(n, K) rates to (n, K) values."""
        places = np.linspace(0, 1, len(self.scale))
        return np.stack([np.interp(r, places, s) for r, s in zip(rates.T, self.scale.T, strict=True)], axis=1)

    def levels(self) -> tuple[tuple[float, ...], ...]:
        """For each neuron its value at LEVELS rates from 0 to 1."""
        values = self.values_of(np.linspace(0, 1, LEVELS)[:, None].repeat(len(self.names), 1))
        return tuple(tuple(float(f"{value:.6g}") for value in column) for column in values.T)


def taught(config: RunConfig, data: ImageSet) -> Taught | None:
    """What a run teaches; None: nothing.

    Args:
        config: the run's settings.
        data: its training images.

    Raises:
        TrainingError: nothing is known of the images or an attribute is not one of them, there are more than neurons,
            images are changed unseen, or cannot be drawn again.
    """
    train = config.train
    if not train.factor_weight:
        return None
    if config.data.mirror or config.data.shift:
        raise TrainingError("train.factor_weight: expected neither data.mirror nor data.shift, which change factors")
    names = train.factor_names or data.factor_names
    if not names:
        raise TrainingError(
            f"train.factor_weight: it is not known what the images of {data.name} were made from; "
            "name attributes to teach in train.factor_names"
        )
    if len(names) > config.model.latent_dim:
        raise TrainingError(
            f"train.factor_weight: expected a latent neuron for each of {len(names)} factors, "
            f"got model.latent_dim {config.model.latent_dim}"
        )
    if not train.factor_names:
        assert data.factors is not None
        low, high = data.factors.min(0), data.factors.max(0)
        again = _draws_sprites(data) if data.name.startswith("sprites") else None
        found = Taught(names, data.factors, np.stack([low, high]), torch.from_numpy(data.factor_shares()), again)
    else:
        values = _attributes(data, names)
        scale = np.nanquantile(values, np.linspace(_RARE, 1 - _RARE, 1001), axis=0)
        found = Taught(names, values, scale, _rates(values, scale), _draws_attributes(data, names))
    if train.factor_pairs and found.draw_again is None:
        known = ", ".join(sorted({name for redraw in REDRAWN.values() for name in redraw.names}))
        raise TrainingError(
            f"train.factor_pairs: images of {data.name} cannot be drawn again with other values of "
            f"{', '.join(names)}; of gray images {known} can be changed"
        )
    return found


def _attributes(data: ImageSet, names: tuple[str, ...]) -> F64:
    table = table_of(data)
    known = {attribute.name: attribute for attribute in table.attributes}
    for name in names:
        if name not in known or known[name].kind != "number":
            numbers = ", ".join(each.name for each in table.attributes if each.kind == "number")
            raise TrainingError(f"train.factor_names: expected some of {numbers}, got {name!r}")
        if not np.isfinite(table.column(name)).any():
            raise TrainingError(f"train.factor_names: {name} is undefined for all images of {data.name}")
    return np.stack([table.column(name) for name in names], axis=1)


def _rates(values: F64, scale: F64) -> Tensor:
    """The place of each value between evenly spaced quantiles; the middle of those that are equal."""
    rates = np.full(values.shape, np.nan, np.float32)
    places = np.linspace(0, 1, len(scale))
    for k, column in enumerate(scale.T):
        low = np.interp(values[:, k], column, places)
        high = 1 - np.interp(-values[:, k], -column[::-1], places)
        rates[:, k] = (low + high) / 2
    return torch.from_numpy(rates)


def _draws_sprites(data: ImageSet) -> Callable[[Images, F64, F64], tuple[Images, F64]]:
    assert data.factors is not None
    whole = (data.factors % 1 == 0).all(0)  # the kind of shape

    def draw(images: Images, _: F64, asked: F64) -> tuple[Images, F64]:
        asked = np.where(whole, asked.round(), asked)
        zeros = np.zeros(len(images), np.int64)
        like = ImageSet(
            images, zeros, ("",), data.name, data.split, "", zeros, factors=asked, factor_names=data.factor_names
        )
        return redrawn(like, asked).images, asked

    return draw


def _draws_attributes(
    data: ImageSet, names: tuple[str, ...]
) -> Callable[[Images, F64, F64], tuple[Images, F64]] | None:
    family = family_of(data.name, data.images.shape[1])
    redraw: Redraw | None = REDRAWN.get(family.attributes) if family is not None else None
    if family is None or redraw is None or not set(names) <= set(redraw.names):
        return None
    every = [attribute.name for attribute in family.attributes]
    columns, places = [every.index(name) for name in names], [redraw.names.index(name) for name in names]

    def draw(images: Images, known: F64, asked: F64) -> tuple[Images, F64]:
        own = np.full((len(images), len(redraw.names)), np.nan)
        own[:, places] = asked
        again = redraw.draw(images, own)
        return again, family.measure(again)[:, columns]

    return draw


def pairs(found: Taught, images: Images, rows: NDArray[Any], asked: F64) -> tuple[Images, Tensor]:
    """Every second image becomes the one before it, drawn again with other values of what is taught.

    Args:
        found: what is taught.
        images: (M, C, H, W) of a batch.
        rows: (M,) which training images they are.
        asked: (M // 2, K) in [0, 1], rates that are asked of those that are drawn again.

    Returns:
        (M, C, H, W) images; (M, K) float32 rates to teach.
    """
    assert found.draw_again is not None
    first = rows[: len(rows) // 2 * 2 : 2]
    again, values = found.draw_again(images[: 2 * len(first) : 2], found.values[first], found.values_of(asked))
    images, rates = images.copy(), found.rates[torch.from_numpy(rows)].clone()
    images[1::2] = again
    rates[1::2] = found.rates_of(values)
    return images, rates
