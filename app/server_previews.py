"""Recordings of a model of such, for the page to show as films: drawn from its prior, or of rates that were moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app import catalogue
from app.garbage import freeze
from app.state import MAX_SEED, Rates, from_grid, to_grid
from esvae_core import checkpoint
from esvae_core.errors import CheckpointError, InputError
from esvae_core.explore.array_format import write_arrays
from esvae_core.pictures import in_colours, to_uint8

if TYPE_CHECKING:
    from esvae_core.esvae import ESVAE

MOST = 16
"""Recordings that are drawn at once."""


def recordings(name: str, seed: int, count: int) -> bytes:
    """A pack of new recordings and the latent spikes that they were decoded from.

    Args:
        name: of a checkpoint of recordings.
        seed: of the rates and of the frozen noise of each, 0 to MAX_SEED.
        count: 1 to MOST.

    Returns:
        'samples' (count, T, H, W, 3) and 'sampleSpikes' (count, L + T, d), uint8; L steps are before the first frame.
        'rates' (count, d), uint16 in units of 1/GRID.

    Raises:
        CheckpointError: there is no such model.
        InputError: a number out of range.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"recordings: expected 1 to {MOST} of them, found {count}")
    model = _named(name, seed)
    import torch  # nothing else on the page of such a model needs it

    drawn = model.prior_rates(count, generator=torch.Generator().manual_seed(seed)).detach().numpy()
    return _pack(model, [to_grid(rates) for rates in drawn], seed)


def recording(name: str, seed: int, rates: Rates) -> bytes:
    """As `recordings`, of one recording of these rates, in units of 1/GRID.

    Raises:
        CheckpointError: there is no such model.
        InputError: the seed is out of range, or there are not d rates.
    """
    model = _named(name, seed)
    if len(rates) != model.config.latent_dim:
        raise InputError(f"rates: expected {model.config.latent_dim} for model {name!r}, found {len(rates)}")
    return _pack(model, [rates], seed)


def _named(name: str, seed: int) -> ESVAE:
    if not 0 <= seed <= MAX_SEED:
        raise InputError(f"recordings: expected a seed from 0 to {MAX_SEED}, found {seed}")
    entry = next((entry for entry in catalogue.find() if entry.name == name), None)
    if entry is None or entry.header is None or not entry.header.model.takes_frames:
        raise CheckpointError(f"model {name!r}: not here, or one of images")
    return _load(entry.path, entry.changed)


def _pack(model: ESVAE, rates: Sequence[Rates], seed: int) -> bytes:
    """Each decoded under the frozen noise of that seed, so that a rate that is moved changes its own spikes alone."""
    import torch

    made = [model.decode_many(torch.from_numpy(from_grid(each)), (seed,)) for each in rates]
    frames = [to_uint8(in_colours(one.images.flatten(0, 1))) for one in made]
    spikes = [one.spikes[:, 0].numpy().astype("uint8") for one in made]
    grid = np.asarray(rates, np.uint16)
    return write_arrays({}, {"samples": np.stack(frames), "sampleSpikes": np.stack(spikes), "rates": grid})


@lru_cache(maxsize=2)
def _load(path: Path, changed: int) -> ESVAE:
    """The model, read again when its file has changed."""
    from esvae_core.esvae import ESVAE

    model = checkpoint.load(path, ESVAE).model
    freeze()  # PyTorch came with the first
    return model
