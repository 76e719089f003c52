"""What the commands do with models of recordings: read a file of events, write frames."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from esvae_core.cli import console
from esvae_core.errors import CorruptDataError, InputError

if TYPE_CHECKING:
    from torch import Tensor

    from esvae_core.cli.options import SamplerName
    from esvae_core.config import ImageModelConfig
    from esvae_core.esvae import ESVAE
    from esvae_core.image_model import ImageModel

_AT_A_TIME = 64
_MILLISECONDS = 120  # that a frame of a film is shown


def images_only(model: ImageModel, what: str) -> None:
    """Raise InputError if the model takes recordings, for what works on images alone."""
    if (count := model.config.frame_count) is not None:
        raise InputError(f"{what} is for models of images; this one takes recordings of {count} frames")


def recording(path: Path, config: ImageModelConfig) -> Tensor:
    """A file of events as the model takes it: (T, C, H, W) in [-1, 1]."""
    import torch

    from esvae_core.data.event_files import read_events
    from esvae_core.data.events import POLARITIES, frames_of

    if config.image_channels != len(POLARITIES):
        raise InputError(f"{path}: the model's frames have {config.image_channels} channels; expected a data set")
    try:
        events = read_events(path)
    except CorruptDataError as error:
        raise CorruptDataError(f"{path}: {error}") from error
    sensor = int(events.y.max()) + 1, int(events.x.max()) + 1
    frames = frames_of(events, config.frame_count or 1, config.image_size, sensor)
    return torch.from_numpy(frames).float() / 127.5 - 1


def decoded(model: ESVAE, rates: Tensor, sampler: SamplerName | None, seed: int, steps: int | None) -> Tensor:
    """Frames (N, T, C, H, W) of rates (N, d) under noise of that seed.

    Raises:
        InputError: `steps` are not the model's T.
    """
    import torch

    from esvae_core.seeds import generator

    source, how = generator(seed, "noise"), sampler.value if sampler else model.config.sampler
    parts = (rates[i : i + _AT_A_TIME] for i in range(0, len(rates), _AT_A_TIME))
    with torch.no_grad():
        return torch.cat([model.decode(model.sample_spikes(part, source, how, steps=steps)) for part in parts])


def decoded_of(checkpoint: Path, rates_file: Path, sampler: SamplerName | None, seed: int, steps: int | None) -> Tensor:
    """As `decoded`, of a checkpoint and of the rates in a file."""
    import torch

    from esvae_core.arrays import read_rates
    from esvae_core.checkpoint import load
    from esvae_core.esvae import ESVAE

    model = load(checkpoint, ESVAE).model
    return decoded(model, torch.from_numpy(read_rates(rates_file, model.config.latent_dim)), sampler, seed, steps)


def write_frames(frames: Tensor, out_file: Path, columns: int | None, scale: int, as_json: bool) -> None:
    """Write recordings (N, T, C, H, W): a .png with a row for each, a .gif or .webp film of all, or an .npz.

    The .npz holds `frames` (N, T, H, W, C) of bytes.
    """
    from esvae_core.explore.recipe import MAX_PIXELS
    from esvae_core.files import write_atomically
    from esvae_core.pictures import about_square, grid, in_colours

    count, steps, size, suffix = *frames.shape[:2], frames.shape[-1], out_file.suffix.lower()
    drawn = count * steps * (size * scale) ** 2
    if suffix != ".npz" and drawn > MAX_PIXELS:
        raise InputError(
            f"{out_file}: expected at most {MAX_PIXELS:,} pixels, {count:,} recordings at scale {scale} would have "
            f"{drawn:,}; choose a smaller --scale or --n, or write an .npz"
        )
    buffer = io.BytesIO()
    if suffix == ".npz":
        _save_arrays(frames, buffer)
    elif suffix == ".png":
        grid(in_colours(frames.flatten(0, 1)), steps, scale=scale).save(buffer, "PNG")
    else:
        wide = columns or about_square(count)
        first, *others = (grid(in_colours(frame), wide, scale=scale) for frame in frames.unbind(1))
        exact = {"lossless": True} if suffix == ".webp" else {}
        first.save(buffer, suffix[1:], save_all=True, append_images=others, duration=_MILLISECONDS, loop=0, **exact)
    write_atomically(out_file, buffer.getvalue())
    text = f"{out_file}: {count:,} recordings of {steps} frames"
    console.say(as_json, text, file=str(out_file), recordings=count, frames=steps)


def _save_arrays(frames: Tensor, file: io.BytesIO) -> None:
    import numpy as np

    from esvae_core.pictures import to_uint8

    np.savez_compressed(file, frames=to_uint8(frames.flatten(0, 1)).reshape(*frames.shape[:2], *frames.shape[3:], -1))
