"""Recordings of a model of such, for the page to show as films: drawn from its prior, or of rates that were moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app import catalogue
from app.garbage import freeze
from app.state import MAX_SEED, Rates, from_grid, to_grid
from esvae_core import checkpoint
from esvae_core.data import ImageSet
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
    model, _ = _named(name, seed, count)
    import torch  # nothing else on the page of such a model needs it

    drawn = model.prior_rates(count, generator=torch.Generator().manual_seed(seed)).detach().numpy()
    return _pack(model, [to_grid(rates) for rates in drawn], seed)


def reconstructions(name: str, seed: int, count: int) -> bytes:
    """As `recordings`, of test recordings that the model encodes; which ones, the seed says.

    Returns:
        As `recordings`, and 'originals' (count, T, H, W, 3), uint8.

    Raises:
        CheckpointError: there is no such model, or its test recordings are not at hand.
        InputError: a number out of range.
    """
    model, dataset = _named(name, seed, count)
    import torch

    config = model.config
    data = _test_recordings(dataset, config.image_size, config.image_channels, config.time_steps)
    if not data:
        raise CheckpointError("its test recordings are not on this machine")
    rows = [(seed * count + k) % len(data) for k in range(count)]
    originals = data.tensor(np.array(rows))
    with torch.no_grad():
        rates = model.encode(originals).rates.numpy()
    frames = to_uint8(in_colours(originals.flatten(0, 1))).reshape(*originals.shape[:2], *originals.shape[3:], 3)
    return _pack(model, [to_grid(each) for each in rates], seed, originals=frames)


def recording(name: str, seed: int, rates: Rates) -> bytes:
    """As `recordings`, of one recording of these rates, in units of 1/GRID.

    Raises:
        CheckpointError: there is no such model.
        InputError: the seed is out of range, or there are not d rates.
    """
    model, _ = _named(name, seed)
    if len(rates) != model.config.latent_dim:
        raise InputError(f"rates: expected {model.config.latent_dim} for model {name!r}, found {len(rates)}")
    return _pack(model, [rates], seed)


def _named(name: str, seed: int, count: int = 1) -> tuple[ESVAE, str]:
    """A model of recordings, and the data set that it was trained on."""
    if not 1 <= count <= MOST:
        raise InputError(f"recordings: expected 1 to {MOST} of them, found {count}")
    if not 0 <= seed <= MAX_SEED:
        raise InputError(f"recordings: expected a seed from 0 to {MAX_SEED}, found {seed}")
    entry = next((entry for entry in catalogue.find() if entry.name == name), None)
    if entry is None or entry.header is None or not entry.header.model.takes_frames:
        raise CheckpointError(f"model {name!r}: not here, or one of images")
    return _load(entry.path, entry.changed), entry.header.dataset.name if entry.header.dataset else ""


@lru_cache(maxsize=2)
def _test_recordings(dataset: str, image_size: int, channels: int, frames: int) -> ImageSet | None:
    # a folder is somebody's own
    return None if ":" in dataset else catalogue.shown_split(dataset, image_size, channels, frames)


def _pack(model: ESVAE, rates: Sequence[Rates], seed: int, **more: NDArray[np.uint8]) -> bytes:
    """Each decoded under the frozen noise of that seed, so that a rate that is moved changes its own spikes alone."""
    import torch

    made = [model.decode_many(torch.from_numpy(from_grid(each)), (seed,)) for each in rates]
    frames = [to_uint8(in_colours(one.images.flatten(0, 1))) for one in made]
    spikes = [one.spikes[:, 0].numpy().astype("uint8") for one in made]
    grid = np.asarray(rates, np.uint16)
    made_of = {"samples": np.stack(frames), "sampleSpikes": np.stack(spikes), "rates": grid}
    return write_arrays({}, made_of | more)


@lru_cache(maxsize=2)
def _load(path: Path, changed: int) -> ESVAE:
    """The model, read again when its file has changed."""
    from esvae_core.esvae import ESVAE

    model = checkpoint.load(path, ESVAE).model
    freeze()  # PyTorch came with the first
    return model
