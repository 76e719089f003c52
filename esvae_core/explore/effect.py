"""How much each latent dimension does to the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.explore.drawing import draw

LOW, HIGH = 5, 95  # percentiles of the data between which a dimension is moved


def data_range(rates: NDArray[np.floating]) -> NDArray[np.float32]:
    """(2, d): the 5th and the 95th percentile of each dimension of `rates` (N, d)."""
    ends: NDArray[np.float32] = np.percentile(rates, [LOW, HIGH], axis=0).astype(np.float32)
    return ends


def effects(model: ESVAE, rates: NDArray[np.floating], *, references: int = 4, seed: int = 0) -> NDArray[np.float32]:
    """Mean absolute change of the picture when one rate moves across the data's range and all else stays.

    Systematic sampling under frozen noise at the model's own T: a moved rate then adds its spikes and no luck.

    Args:
        model: The network.
        rates: (N, d) in [0, 1], of real images.
        references: Rate vectors, chosen by seed from `rates`, over whose changes the mean is taken.
        seed: Of that choice and of the noise.

    Returns:
        (d,) mean absolute difference per pixel, on the scale 0 to 2 of pictures in [-1, 1].

    Raises:
        InputError: if there are no rates, or they do not fit the model.
    """
    dims = model.config.latent_dim
    if rates.ndim != 2 or not len(rates) or rates.shape[1] != dims:
        raise InputError(f"rates: expected shape (N, {dims}) with N >= 1, got {rates.shape}")
    ends = data_range(rates)
    chosen = np.random.default_rng(seed).choice(len(rates), min(references, len(rates)), replace=False)
    total = np.zeros(dims)
    for reference in rates[chosen]:
        moved = np.tile(reference, (2, dims, 1)).astype(np.float32)
        moved[:, range(dims), range(dims)] = ends
        low, high = (
            draw(model, end, seed=seed, sampler="systematic", steps=model.config.time_steps).pixels for end in moved
        )
        total += np.abs(high.astype(np.int16) - low).mean(axis=(1, 2, 3)) / 127.5
    return (total / len(chosen)).astype(np.float32)


def by_effect(effect: NDArray[np.floating]) -> tuple[int, ...]:
    """Dimensions in falling order of their effect (d,); equals keep their order."""
    return tuple(int(i) for i in np.argsort(-effect, kind="stable"))
