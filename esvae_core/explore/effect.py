"""How much each latent dimension does to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from esvae_core.engine.noise import frozen_sampler
from esvae_core.errors import InputError
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.dimensions import Contrast, contrast, judged
from esvae_core.explore.latent_interface import levels_of

if TYPE_CHECKING:
    from esvae_core.esvae import ESVAE
    from esvae_core.explore.latent_interface import Explorable

LOW, HIGH = 5, 95  # percentiles of the data between which a dimension is moved


def data_range(rates: NDArray[np.floating]) -> NDArray[np.float32]:
    """(2, d): the 5th and the 95th percentile of each dimension of `rates` (N, d)."""
    ends: NDArray[np.float32] = np.percentile(rates, [LOW, HIGH], axis=0).astype(np.float32)
    return ends


def effects(
    model: Explorable, rates: NDArray[np.floating], *, references: int = 4, seed: int = 0
) -> NDArray[np.float32]:
    """Mean absolute change of the picture when one rate moves across the data's range and all else stays.

    Systematic sampling under frozen noise at the model's own T: a moved rate then adds its spikes and no noise.

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
    moved, steps = _moved(model, rates, references, seed), levels_of(model.config)
    total = np.zeros(model.config.latent_dim)
    for ends in moved:
        low, high = (
            decode_with_spikes(model, end, seed=seed, sampler="systematic", steps=steps).pixels for end in ends
        )
        total += np.abs(high.astype(np.int16) - low).mean(axis=(1, 2, 3)) / 127.5
    return (total / len(moved)).astype(np.float32)


def beside_noise(
    model: ESVAE, rates: NDArray[np.floating], *, references: int = 8, draws: int = 4, seed: int = 0
) -> Contrast:
    """The same move, seen through the noise of the model's own sampler at its own T.

    Args:
        model: The network.
        rates: (N, d) in [0, 1], of real images; N >= 2.
        references: Rate vectors, chosen by seed from `rates`, from which each dimension is moved.
        draws: How often each picture is drawn, 2 or more.
        seed: Of that choice, and of the first draw's noise; the others have the seeds that follow.

    Raises:
        InputError: if there are too few rates or draws, or the rates do not fit the model.
    """
    config = model.config
    found = []
    for ends in _moved(model, rates, references, seed):
        low, high = (
            np.stack(
                [
                    decode_with_spikes(
                        model, end, seed=seed + k, sampler=frozen_sampler(config.sampler), steps=config.time_steps
                    ).pixels
                    for k in range(draws)
                ]
            )
            for end in ends
        )
        found.append(contrast(low, high))
    moved, redrawn = (np.stack(part) for part in zip(*found, strict=True))
    return judged(moved, redrawn)


def _moved(model: Explorable, rates: NDArray[np.floating], references: int, seed: int) -> NDArray[np.float32]:
    """(references, 2, d, d): real rate vectors; in row j, dimension j is at either end of the data's range."""
    dims = model.config.latent_dim
    if rates.ndim != 2 or not len(rates) or rates.shape[1] != dims:
        raise InputError(f"rates: expected shape (N, {dims}) with N >= 1, got {rates.shape}")
    chosen = np.random.default_rng(seed).choice(len(rates), min(references, len(rates)), replace=False)
    moved = np.tile(rates[chosen, None, None], (1, 2, dims, 1)).astype(np.float32)
    moved[:, :, range(dims), range(dims)] = data_range(rates)
    return moved


def by_effect(effect: NDArray[np.floating]) -> tuple[int, ...]:
    """Dimensions in falling order of their effect (d,); equals keep their order."""
    return tuple(int(i) for i in np.argsort(-effect, kind="stable"))
