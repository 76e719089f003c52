"""What commands read and paint: data sets, pictures, rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from esvae_core.cli.options import SamplerName, SplitName
from esvae_core.errors import DataError, InputError

if TYPE_CHECKING:
    from esvae_core.data import ImageSet


def dataset_of(header: Any, name: str | None, split: SplitName, data_dir: Path | None, other_hash: bool) -> ImageSet:
    """A split as the checkpoint's model takes it."""
    from esvae_core.data import load

    known = header.data.dataset if header.data else header.dataset.name if header.dataset else None
    name = name or known
    if name is None:
        raise DataError(f"{header.name}: its data set is not known; name one with --dataset")
    settings: dict[str, Any] = {}
    if header.data is not None and header.data.dataset == name:
        settings = {
            "validation_fraction": header.data.validation_fraction,
            "validation_seed": header.data.validation_seed,
        }
        other_hash = other_hash or header.data.accept_other_hash
    return load(
        name,
        split.value,
        image_size=header.model.image_size,
        channels=header.model.image_channels,
        data_dir=data_dir,
        accept_other_hash=other_hash,
        **settings,
    )


def picture(path: Path, model: Any) -> Any:
    """An image file as the model takes it, (C, H, W) in [-1, 1]."""
    import torch

    from esvae_core.data import open_image, to_model_input

    config = model.config
    pixels = to_model_input(open_image(path, str(path)), image_size=config.image_size, channels=config.image_channels)
    return torch.from_numpy(pixels).float() / 127.5 - 1


def end_of_path(header: Any, model: Any, source: str, data_dir: Path | None) -> Any:
    """One end of an interpolation: an image file, or DATASET:N."""
    name, colon, number = source.rpartition(":")
    if colon and number.isdecimal() and not Path(source).exists():
        data = dataset_of(header, name, SplitName.test, data_dir, False)
        if int(number) >= len(data):
            raise InputError(f"{source}: {name} has {len(data):,} test images, counted from 0")
        return data.tensor(int(number))[0]
    return picture(Path(source), model)


def pictures_from(
    model: Any, rates: Any, sampler: SamplerName | None, steps: int | None, seed: int, *, frozen: bool = False
) -> Any:
    """Pictures from rates, 250 at a time at T = 16; `frozen` gives all the same noise."""
    import torch

    from esvae_core.seeds import generator

    source = generator(seed, "noise")
    images = []
    name = sampler.value if sampler else None
    shared = model.noise(1, generator=source, steps=steps) if frozen else None
    with torch.no_grad():
        for part in rates.split(max(1, 4000 // (steps or model.config.time_steps))):
            noise = shared.expand(-1, len(part), -1) if shared is not None else None
            spikes = model.sample_spikes(part, generator=source, steps=steps, sampler=name, noise=noise)
            images.append(model.decode(spikes))
    return torch.cat(images)
