"""Pictures of a model that has no vector to play (FSVAE), drawn from its own latent spikes, for the page to show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app import catalogue
from app.garbage import freeze
from esvae_core import checkpoint
from esvae_core.errors import CheckpointError, InputError
from esvae_core.explore.array_format import write_arrays
from esvae_core.pictures import to_uint8

if TYPE_CHECKING:
    import torch

    from esvae_core.baselines.fsvae import FSVAE

MOST = 16
"""Pictures that are drawn at once."""


def pictures(
    name: str, seed: int, count: int, loaded: catalogue.LoadedCheckpoint | None = None, rows: Sequence[int] = ()
) -> bytes:
    """A pack of the model's own pictures and the latent spikes that they were decoded from.

    Args:
        name: of a checkpoint whose kind cannot be played.
        seed: of all its noise, 0 to 2^32 - 1.
        count: new pictures from its prior, 1 to MOST.
        loaded: another model, whose test images this one is to reconstruct, where they are on this machine and fit.
        rows: which of them, as rows of the loaded's atlas; at most MOST.

    Returns:
        'samples' (count, H, W, C) and 'sampleSpikes' (count, T, d); with `rows` perhaps 'reconstructions' and
        'reconstructionSpikes' like them. All uint8.

    Raises:
        CheckpointError: there is no such model.
        InputError: a number out of range.
    """
    if not 0 <= seed < 2**32 or not 1 <= count <= MOST or len(rows) > MOST:
        raise InputError(f"pictures: expected a seed below 2^32 and 1 to {MOST} pictures, found {seed} and {count}")
    entry = next((entry for entry in catalogue.find() if entry.name == name), None)
    if entry is None or entry.header is None or entry.header.model.kind != "fsvae":
        raise CheckpointError(f"model {name!r}: not here, or one that is played")
    import torch  # nothing else on the page of such a model needs it

    model = _load(entry.path, entry.changed)
    arrays: dict[str, NDArray[Any]] = {}
    with torch.inference_mode():
        images, spikes = model.sample(count, torch.Generator().manual_seed(seed))
        arrays |= _named("sample", images, spikes)
        given = None if loaded is None else _images(loaded, rows, model)
        if given is not None:
            spikes, _ = model.draw(given, model.choices(len(given), torch.Generator().manual_seed(seed)))
            arrays |= _named("reconstruction", model.decode(spikes), spikes)
    return write_arrays({}, arrays)


def _named(what: str, images: torch.Tensor, spikes: torch.Tensor) -> dict[str, NDArray[Any]]:
    return {f"{what}s": to_uint8(images), f"{what}Spikes": spikes.transpose(0, 1).numpy().astype(np.uint8)}


def _images(loaded: catalogue.LoadedCheckpoint, rows: Sequence[int], model: FSVAE) -> torch.Tensor | None:
    """Those test images, as the model takes them; None where they are not here, or of another shape."""
    found = catalogue.originals(loaded)
    if not rows or found is None or loaded.atlas is None or found.images.shape[1:] != model.config.image_shape:
        return None
    if not all(0 <= row < len(loaded.atlas) for row in rows):
        raise InputError(f"rows: expected numbers from 0 to {len(loaded.atlas) - 1}")
    return found.tensor(loaded.atlas.indices[list(rows)])


@lru_cache(maxsize=2)
def _load(path: Path, changed: int) -> FSVAE:
    """The model, read again when its file has changed."""
    from esvae_core.baselines.fsvae import FSVAE

    model = checkpoint.load(path, FSVAE).model
    freeze()  # PyTorch came with the first
    return model
