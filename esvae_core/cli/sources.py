"""What commands read: data sets and pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esvae_core.cli.options import SplitName
from esvae_core.errors import DataError, InputError
from esvae_core.files import expanded

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
        frames=header.model.frame_count,
        data_dir=data_dir,
        accept_other_hash=other_hash,
        **settings,
    )


def absolute(dataset: str) -> str:
    """The data set with the path of your own files made absolute, so that it is found from any folder."""
    from esvae_core.data import DATASETS

    kind, _, option = dataset.partition(":")
    own = option and kind in DATASETS and DATASETS[kind].place
    return f"{kind}:{Path(os.path.abspath(expanded(option)))}" if own else dataset  # noqa: PTH100


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
