"""What a run learns from and is judged by: the images, and how they are divided into batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from esvae_core.config import RunConfig
from esvae_core.data import ImageSet, Split, divide, load
from esvae_core.errors import TrainingError
from esvae_core.training.taught import Taught, taught

_SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True)
class TrainingData:
    """Training and validation images of a run."""

    images: ImageSet
    validation: ImageSet
    batches: int
    """Steps of one epoch."""
    taught: Taught | None
    """What the first latent neurons are taught, where any are."""


def training_data(
    config: RunConfig, data_dir: Path | None, processes: int, own: ImageSet | None = None
) -> TrainingData:
    """Load a run's images.

    Args:
        config: the run's settings.
        data_dir: where the data set's files are.
        processes: how many processes share a batch.
        own: images in place of the data set that the settings name.

    Raises:
        TrainingError: a batch that the processes cannot share or that has more images than there are; neurons that
            cannot be taught.
        DataError: the data set cannot be read.
    """
    train = config.train
    if train.batch_size % processes:
        raise TrainingError(f"batch_size: expected a multiple of {processes} processes, got {train.batch_size}")
    images, validation = (_split(config, split, data_dir, own) for split in _SPLITS)
    batches = min(len(images) // train.batch_size, train.batches_per_epoch or len(images))
    if not batches:
        raise TrainingError(
            f"batch_size: {train.batch_size} is more than the {len(images)} training images of {images.name}"
        )
    return TrainingData(images, validation, batches, taught(config, images))


def _split(config: RunConfig, split: Split, data_dir: Path | None, own: ImageSet | None) -> ImageSet:
    data, model = config.data, config.model
    if own is not None:
        part = divide(own, split, data.validation_fraction, data.validation_seed)
        if model.takes_frames or own.images.ndim == 5:
            return _recordings(part, model.input_shape)
        return part.resized(model.image_size, model.image_channels)
    return load(
        data.dataset,
        split,
        image_size=model.image_size,
        channels=model.image_channels,
        frames=model.frame_count,
        data_dir=data_dir,
        validation_fraction=data.validation_fraction,
        validation_seed=data.validation_seed,
        accept_other_hash=data.accept_other_hash,
    )


def _recordings(part: ImageSet, shape: tuple[int, ...]) -> ImageSet:
    """Recordings of one's own, which are taken as they are.

    Raises:
        TrainingError: the model takes others.
    """
    if part.images.shape[1:] != shape:
        raise TrainingError(
            f"{part.name}: the model takes images of shape {shape}, these have {part.images.shape[1:]}; "
            "recordings are not resized"
        )
    return part
