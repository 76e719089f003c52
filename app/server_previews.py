"""Pictures of a model that the page does not play, drawn from its own latent spikes, for the page to show.

That is an FSVAE, which has no vector to play, or a model of recordings.
"""

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
from esvae_core.pictures import in_colours, to_uint8

if TYPE_CHECKING:
    import torch

    from esvae_core.baselines.fsvae import FSVAE
    from esvae_core.esvae import ESVAE

MOST = 16
"""Pictures that are drawn at once."""


def pictures(
    name: str, seed: int, count: int, loaded: catalogue.LoadedCheckpoint | None = None, rows: Sequence[int] = ()
) -> bytes:
    """A pack of the model's own pictures and the latent spikes that they were decoded from.

    Args:
        name: of a checkpoint that cannot be played.
        seed: of all its noise, 0 to 2^32 - 1.
        count: new pictures from its prior, 1 to MOST.
        loaded: another model, whose test images this one is to reconstruct, where they are on this machine and fit.
        rows: which of them, as rows of the loaded's atlas; at most MOST.

    Returns:
        'samples' (count, H, W, C), of recordings (count, T, H, W, 3), and 'sampleSpikes' (count, T, d); with `rows`
        perhaps 'reconstructions' and 'reconstructionSpikes' like them. All uint8.

    Raises:
        CheckpointError: there is no such model.
        InputError: a number out of range.
    """
    if not 0 <= seed < 2**32 or not 1 <= count <= MOST or len(rows) > MOST:
        raise InputError(f"pictures: expected a seed below 2^32 and 1 to {MOST} pictures, found {seed} and {count}")
    entry = next((entry for entry in catalogue.find() if entry.name == name), None)
    config = None if entry is None or entry.header is None else entry.header.model
    if entry is None or config is None or not (config.kind == "fsvae" or config.takes_frames):
        raise CheckpointError(f"model {name!r}: not here, or one that is played")
    import torch  # nothing else on the page of such a model needs it

    from esvae_core.esvae import ESVAE

    model = _load(entry.path, entry.changed)
    if isinstance(model, ESVAE):
        return _recordings(model, seed, count)
    arrays: dict[str, NDArray[Any]] = {}
    with torch.inference_mode():
        images, spikes = model.sample(count, torch.Generator().manual_seed(seed))
        arrays |= _named("sample", images, spikes)
        given = None if loaded is None else _images(loaded, rows, model)
        if given is not None:
            spikes, _ = model.draw(given, model.choices(len(given), torch.Generator().manual_seed(seed)))
            arrays |= _named("reconstruction", model.decode(spikes), spikes)
    return write_arrays({}, arrays)


def _recordings(model: ESVAE, seed: int, count: int) -> bytes:
    """New recordings of that model, frame by frame in colours, and their spikes."""
    import torch

    images, _, spikes = model.sample(count, torch.Generator().manual_seed(seed))
    frames = to_uint8(in_colours(images.flatten(0, 1)))
    arrays = {"samples": frames.reshape(count, -1, *frames.shape[1:]), "sampleSpikes": _by_picture(spikes)}
    return write_arrays({}, arrays)


def _by_picture(spikes: torch.Tensor) -> NDArray[np.uint8]:
    """(T, N, d) spikes as (N, T, d) bytes."""
    return spikes.transpose(0, 1).numpy().astype(np.uint8)


def _named(what: str, images: torch.Tensor, spikes: torch.Tensor) -> dict[str, NDArray[Any]]:
    return {f"{what}s": to_uint8(images), f"{what}Spikes": _by_picture(spikes)}


def _images(loaded: catalogue.LoadedCheckpoint, rows: Sequence[int], model: FSVAE) -> torch.Tensor | None:
    """Those test images, as the model takes them; None where they are not here, or of another shape."""
    found = catalogue.originals(loaded)
    if not rows or found is None or loaded.atlas is None or found.images.shape[1:] != model.config.image_shape:
        return None
    if not all(0 <= row < len(loaded.atlas) for row in rows):
        raise InputError(f"rows: expected numbers from 0 to {len(loaded.atlas) - 1}")
    return found.tensor(loaded.atlas.indices[list(rows)])


@lru_cache(maxsize=2)
def _load(path: Path, changed: int) -> FSVAE | ESVAE:
    """The model, read again when its file has changed."""
    from esvae_core.baselines.fsvae import FSVAE
    from esvae_core.esvae import ESVAE

    model = checkpoint.load(path).model
    assert isinstance(model, FSVAE | ESVAE)
    freeze()  # PyTorch came with the first
    return model
