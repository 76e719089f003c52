"""Recordings of a model that the page does not play, drawn from its prior, for the page to show as films."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from app import catalogue
from app.garbage import freeze
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
        seed: of all its noise, 0 to 2^32 - 1.
        count: 1 to MOST.

    Returns:
        'samples' (count, T, H, W, 3) and 'sampleSpikes' (count, L + T, d), uint8; L steps are before the first frame.

    Raises:
        CheckpointError: there is no such model.
        InputError: a number out of range.
    """
    if not 0 <= seed < 2**32 or not 1 <= count <= MOST:
        raise InputError(f"recordings: expected a seed below 2^32 and 1 to {MOST} of them, found {seed} and {count}")
    entry = next((entry for entry in catalogue.find() if entry.name == name), None)
    if entry is None or entry.header is None or not entry.header.model.takes_frames:
        raise CheckpointError(f"model {name!r}: not here, or one of images")
    import torch  # nothing else on the page of such a model needs it

    images, _, spikes = _load(entry.path, entry.changed).sample(count, torch.Generator().manual_seed(seed))
    frames = to_uint8(in_colours(images.flatten(0, 1)))
    by_recording = spikes.transpose(0, 1).numpy().astype("uint8")
    arrays = {"samples": frames.reshape(count, -1, *frames.shape[1:]), "sampleSpikes": by_recording}
    return write_arrays({}, arrays)


@lru_cache(maxsize=2)
def _load(path: Path, changed: int) -> ESVAE:
    """The model, read again when its file has changed."""
    from esvae_core.esvae import ESVAE

    model = checkpoint.load(path, ESVAE).model
    freeze()  # PyTorch came with the first
    return model
