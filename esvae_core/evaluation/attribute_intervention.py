"""Whether pictures follow neurons that were taught an attribute: one fires otherwise, the picture is measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.controls.attributes import table_of
from esvae_core.data import ImageSet
from esvae_core.evaluation.adapter import BATCH, RateAdapter
from esvae_core.pictures import to_uint8
from esvae_core.seeds import generator

F64 = NDArray[np.float64]


class Response(NamedTuple):
    """What one taught neuron does to pictures.

    Attributes:
        share: Of the asked change of its attribute, the slope of what was measured over what was asked.
        side: The largest slope among the other taught attributes, both in standard deviations over the images.
    """

    share: float
    side: float


def attribute_intervention(
    adapter: RateAdapter, test: ImageSet, names: tuple[str, ...], levels: tuple[tuple[float, ...], ...], seed: int
) -> list[Response]:
    """How far pictures change as asked when one taught neuron fires for another value of its attribute.

    Every image gets the value of an image drawn at random, one attribute at a time; all other neurons keep their
    rates, and the noise stays the same. The pictures of both are measured. Images of which any of this is undefined
    are left out.

    Args:
        adapter: its first K latent neurons were taught the attributes.
        test: images.
        names: K attributes.
        levels: of each attribute its values at evenly spaced rates from 0 to 1.
        seed: of the values and of the noise.

    Returns:
        One response per attribute.
    """
    order = generator(seed, "attributes followed")
    rates = torch.cat([adapter.features(test.tensor(slice(i, i + BATCH))) for i in range(0, len(test), BATCH)])
    before = _measured(adapter, rates, test, names, seed)
    spread = np.nanstd(before, axis=0)
    found = []
    for k, values in enumerate(levels):
        moved = rates.clone()
        own = _values(rates[:, k], values)
        moved[:, k] = rates[torch.randperm(len(test), generator=order), k]
        asked = _values(moved[:, k], values) - own
        changed = _measured(adapter, moved, test, names, seed) - before
        slopes = [_slope(asked, column) for column in changed.T]
        others = [abs(slopes[j]) * spread[k] / spread[j] for j in range(len(names)) if j != k]
        found.append(Response(slopes[k], max(others, default=0.0)))
    return found


def _measured(adapter: RateAdapter, rates: Tensor, like: ImageSet, names: tuple[str, ...], seed: int) -> F64:
    """(N, K) attributes of the pictures of these rates."""
    source = generator(seed, "noise of attributes followed")
    parts = (rates[i : i + BATCH] for i in range(0, len(rates), BATCH))
    drawn = [adapter.decode(adapter.spikes(part, source)) for part in parts]
    pictures = to_uint8(torch.cat(drawn)).transpose(0, 3, 1, 2)
    shown = ImageSet(pictures, like.labels, like.class_names, like.name, like.split, "", like.indices)
    table = table_of(shown)
    return np.stack([table.column(name) for name in names], axis=1)


def _values(rates: Tensor, levels: tuple[float, ...]) -> F64:
    values: F64 = np.interp(rates.double().numpy(), np.linspace(0, 1, len(levels)), levels)
    return values


def _slope(asked: F64, changed: F64) -> float:
    known = np.isfinite(changed)
    return float((asked[known] * changed[known]).sum() / max(float((asked[known] ** 2).sum()), 1e-12))
