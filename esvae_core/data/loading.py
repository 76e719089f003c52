"""What the rest of the library calls: load a split, fetch a data set's files, verify them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

from esvae_core.data import cache
from esvae_core.data.download import FileStatus, cache_dir, provide, status
from esvae_core.data.hashes import combine
from esvae_core.data.imageset import Arrays, ImageSet, Request, Split
from esvae_core.data.splits import divide
from esvae_core.data.table import DATASETS, DatasetSpec, find
from esvae_core.errors import DataError
from esvae_core.files import expanded, shown

_SIZES = range(1, 1025)
_FRAMES = 16  # the models' T unless they say otherwise
_RECORDINGS = ", ".join(spec.usage for spec in DATASETS.values() if spec.recordings)
_FEW = 5  # skipped files that are named


def load(
    name: str,
    split: Split,
    *,
    image_size: int = 32,
    channels: int | None = None,
    frames: int | None = None,
    data_dir: Path | str | None = None,
    validation_fraction: float = 1 / 12,
    validation_seed: int = 0,
    download: bool = True,
    accept_other_hash: bool = False,
) -> ImageSet:
    """Load one split of a data set.

    Args:
        name: A name in DATASETS, with an option after a colon where it takes one: "mnist", "folder:PATH".
        split: "train", "validation" (a seeded share of the source's train split, not in "train"), or "test".
        image_size: Height and width to resize to, in pixels, 1 to 1024.
        channels: 1 (colour becomes luma), 3 (gray is repeated), or None for those of the data set, which event
            recordings always have.
        frames: T, how many frames are made of each event recording, 1 to 256; 16 unless given.
        data_dir: Where files are looked for first, and downloaded to; None: the user's cache.
        validation_fraction: Share of the source's train split, in (0, 1).
        validation_seed: Seed of that choice.
        download: Whether to download missing files.
        accept_other_hash: Take files that are not the published ones; they are then read with the same care.

    Raises:
        DataError: if the name or an argument is wrong, or no image can be read.
        MissingDataError: if files are missing and cannot be downloaded; lists what to place where.
        CorruptDataError: if a file is not what it should be.
    """
    spec, option = find(name)
    channels = spec.image_channels if channels is None else channels
    _check(split, image_size, validation_fraction, validation_seed)
    _check_form(spec, channels, frames)
    paths = roots(data_dir)
    states = provide(spec.name, spec.files, paths, any_hash=accept_other_hash, download=download)
    request = Request(
        name=_public_name(name, spec, option),
        part="test" if split == "test" else "train",
        option=option,
        image_size=image_size,
        channels=channels,
        frames=(frames or _FRAMES) if spec.recordings else 0,
        files={state.name: state.path for state in states if state.path is not None},
        sha256=combine((state.name, state.found or "") for state in states) if states else "",
        remember=partial(_remember, spec.name, image_size, channels),
    )
    source = spec.loader(request)
    _say_skipped(name, request.name, source.skipped)
    result = divide(source, split, validation_fraction, validation_seed)
    if not len(result):
        raise DataError(f"{request.name}: no image for the {split} split, out of {len(source)} in its source")
    return result


def _public_name(name: str, spec: DatasetSpec, option: str) -> str:
    """What the data set is called in files that others get: of your own files the last part of the path alone."""
    return name if spec.place is None else f"{spec.name}:{shown(spec.place(option).resolve().name)}"


_SAID: set[tuple[str, tuple[str, ...]]] = set()  # what this process was told of already


def _say_skipped(asked: str, name: str, skipped: tuple[str, ...]) -> None:
    """Say which files were left out, once for all splits of a folder; the whole list where INFO is logged."""
    if not skipped or (asked, skipped) in _SAID:
        return
    _SAID.add((asked, skipped))
    log = logging.getLogger(__name__)
    if log.isEnabledFor(logging.INFO):
        log.warning("%s: %d files skipped:", name, len(skipped))
        for line in skipped:
            log.info("  %s", line)
        return
    more = " | ... (--verbose lists all)" if len(skipped) > _FEW else ""
    log.warning("%s: %d files skipped: %s%s", name, len(skipped), " | ".join(skipped[:_FEW]), more)


def fetch(name: str, data_dir: Path | str | None = None) -> list[Path]:
    """Make sure that a data set's files are there, downloading those that are missing.

    Returns:
        Where they are, of your own data the folder or file; nothing for data sets without files.

    Raises:
        DataError, MissingDataError, CorruptDataError: as `load`.
    """
    spec, option = find(name)
    if spec.place is not None:
        return [spec.place(option)]
    states = provide(spec.name, spec.files, roots(data_dir))
    return [state.path for state in states if state.path is not None]


def verify(name: str, data_dir: Path | str | None = None) -> list[FileStatus]:
    """Look for a data set's files and check their hashes; nothing is downloaded. Your own data are read once.

    Raises:
        DataError: if the name is not known, or a file cannot be opened.
        MissingDataError, CorruptDataError: of your own data, as `load`.
    """
    spec, option = find(name)
    if spec.place is not None:
        data = load(name, "train")
        return [FileStatus(data.name, spec.place(option), "ok", None, data.sha256)]
    return [status(spec.name, file, roots(data_dir)) for file in spec.files]


def roots(data_dir: Path | str | None) -> list[Path]:
    """Where files are looked for: the caller's folder, then the cache."""
    own = [] if data_dir is None else [expanded(data_dir)]
    return [*own, cache_dir()]


def _remember(dataset: str, image_size: int, channels: int, content: str, make: Callable[[], Arrays]) -> Arrays:
    depends: dict[str, str | int] = {"image_size": image_size, "channels": channels, "content": content}
    return cache.remember(cache_dir() / "resized", {"dataset": dataset, **depends}, make)


def _check_form(spec: DatasetSpec, channels: int, frames: int | None) -> None:
    """Raise DataError where pictures are asked of recordings, or the other way round."""
    if spec.recordings:
        if channels != spec.image_channels:
            raise DataError(
                f"{spec.name}: holds event recordings, whose frames have {spec.image_channels} channels, not "
                f"{channels}; they are for models with model.frames true"
            )
        if frames is not None and not 1 <= frames <= 256:
            raise DataError(f"frames {frames}: expected 1 to 256")
        return
    if frames is not None:
        raise DataError(f"{spec.name}: holds pictures; frames are made of event recordings: {_RECORDINGS}")
    if channels not in (1, 3):
        raise DataError(f"channels {channels}: expected 1 or 3")


def _check(split: str, image_size: int, fraction: float, seed: int) -> None:
    if split not in get_args(Split):
        raise DataError(f"split {split!r}: expected {', '.join(get_args(Split))}")
    if image_size not in _SIZES:
        raise DataError(f"image_size {image_size}: expected {_SIZES[0]} to {_SIZES[-1]} pixels")
    if not 0 < fraction < 1:
        raise DataError(f"validation_fraction {fraction}: expected a number above 0 and below 1")
    if not 0 <= seed < 2**64:
        raise DataError(f"validation_seed {seed}: expected 0 to {2**64 - 1}")
