"""What the data layer hands out (ImageSet), and what it asks of each data set's loader (Request).

Where a data set holds event recordings, an image is a recording of T frames.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from esvae_core.data.pictures import center_square, resize_all
from esvae_core.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

Split = Literal["train", "validation", "test"]
Part = Literal["train", "test"]  # the splits that a source has by itself
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==; a set equals itself
class ImageSet:
    """Images of one split, resident as bytes.

    Attributes:
        images: (N, C, H, W) uint8; of event recordings (N, T, 2, H, W).
        labels: (N,) int64, indices into `class_names`.
        class_names: One name per class.
        name: The data set, e.g. "mnist" or "folder:pets".
        split: "train", "validation" or "test".
        sha256: Identifies the source: combined hash of its files, or of its arrays where it has no files.
        indices: (N,) int64, positions in the source's split; train and validation both index its train split.
        factors: (N, F) float64, what each image was made from; None where that is not known.
        factor_names: F names.
        skipped: Files that could not be read, each with its reason.
        columns: What else is known of the images, by name: (N,) float64 with NaN where unknown, or words with "".
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    name: str
    split: Split
    sha256: str
    indices: NDArray[np.int64]
    factors: NDArray[np.float64] | None = None
    factor_names: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def from_arrays(
        cls,
        images: ArrayLike,
        labels: ArrayLike | None = None,
        *,
        factors: ArrayLike | None = None,
        factor_names: Sequence[str] = (),
        class_names: Sequence[str] = (),
        name: str = "arrays",
    ) -> ImageSet:
        """Images of your own as a train split, which `training.trainer.train` divides into train and validation.

        Args:
            images: (N, H, W), (N, C, H, W) or (N, H, W, C) with C = 1 or 3; or recordings (N, T, C, H, W) with C = 1,
                2 or 3; bytes, or floats in [0, 1].
            labels: (N,) class numbers from 0, or class names; all 0 unless given.
            factors: (N, F) what each image was made from, where that is known.
            factor_names: F names.
            class_names: names of the classes; their numbers unless given.
            name: what to call the data set.

        Raises:
            DataError: an array has another shape or type, or other values.
        """
        pixels = _as_bytes(images, name)
        numbers, names = _classes(labels, tuple(class_names), len(pixels), name)
        known = None if factors is None else np.asarray(factors)
        if known is not None:
            fits = known.ndim == 2 and len(known) == len(pixels) and np.issubdtype(known.dtype, np.number)
            if not fits or known.shape[1] != len(factor_names) or not np.isfinite(known).all():
                raise DataError(
                    f"{name}: factors: expected ({len(pixels)}, F) finite numbers and F factor_names, found shape "
                    f"{known.shape} of {known.dtype} and {len(factor_names)} names"
                )
            known = known.astype(np.float64)
        digest = hashlib.sha256(f"{pixels.shape} {names} {tuple(factor_names)}".encode())
        for array in (pixels, numbers, *(() if known is None else (known,))):
            digest.update(np.ascontiguousarray(array).tobytes())
        return cls(
            pixels,
            numbers,
            names,
            name,
            "train",
            digest.hexdigest(),
            np.arange(len(pixels), dtype=np.int64),
            known,
            tuple(map(str, factor_names)),
        )

    @classmethod
    def from_dataset(cls, dataset: Any, *, class_names: Sequence[str] = (), name: str = "dataset") -> ImageSet:
        """A map-style `torch.utils.data.Dataset`, read whole: its items are images, or tuples (image, label, ...).

        Images are Pillow's, arrays or tensors, all of one size, with values as `from_arrays` takes them.

        Raises:
            DataError: as `from_arrays`, or images have different sizes.
        """
        images, labels = [], []
        for i in range(len(dataset)):
            item = dataset[i]
            image, label = (item[0], item[1]) if isinstance(item, tuple | list) else (item, 0)
            images.append(np.asarray(image))
            labels.append(label)
        if len({image.shape for image in images}) > 1:
            found = " and ".join(map(str, sorted({image.shape for image in images})[:2]))
            raise DataError(f"{name}: expected images of one size, found {found}; resize them in the data set")
        return cls.from_arrays(np.array(images), np.array(labels), class_names=class_names, name=name)

    def resized(self, image_size: int, channels: int) -> ImageSet:
        """The same images cropped to their centre square and resized to `image_size` pixels and 1 or 3 channels.

        Recordings are not resized.
        """
        return replace(self, images=resize_all(center_square(self.images), image_size, channels))

    def tensor(self, index: int | slice | Sequence[int] | NDArray[Any] | None = None) -> Tensor:
        """Images as the model takes them.

        Args:
            index: Which images: one number, a slice, numbers, or a mask; None: all.

        Returns:
            (n, C, H, W), of recordings (n, T, 2, H, W), float32 in [-1, 1]: byte / 127.5 - 1.
        """
        if index is None:
            index = slice(None)
        elif not isinstance(index, slice):
            index = np.atleast_1d(np.asarray(index))
            index = index if index.dtype == bool else index.astype(np.int64)  # an empty list would be float
        return scaled(self.images[index])

    def factor_shares(self) -> NDArray[np.float32]:
        """(N, F) in [0, 1]: where each factor lies between its least and its greatest value in this split.

        Raises:
            ValueError: what the images were made from is not known.
        """
        if self.factors is None:
            raise ValueError(f"{self.name}: it is not known what its images were made from")
        low, high = self.factors.min(0), self.factors.max(0)
        shares: NDArray[np.float32] = ((self.factors - low) / np.maximum(high - low, 1e-12)).astype(np.float32)
        return shares

    def take(self, positions: NDArray[np.int64], split: Split) -> ImageSet:
        """The images at `positions` (n,), as a split of their own."""
        return replace(
            self,
            split=split,
            images=self.images[positions],
            labels=self.labels[positions],
            indices=self.indices[positions],
            factors=None if self.factors is None else self.factors[positions],
            columns={name: column[positions] for name, column in self.columns.items()},
        )


@dataclass(frozen=True)
class Request:
    """What a loader is asked for: one part of its source, as images of a given size.

    Attributes:
        name: Name for the result.
        part: "train" or "test".
        option: What followed the colon in the name, or "".
        image_size: Height and width of the images in pixels.
        channels: 1 or 3, or 2 of event recordings.
        frames: How many frames are made of each event recording; 0 of pictures.
        files: The data set's files by name, as found on this machine.
        sha256: Combined hash of those files; "" where the table has none.
        remember: `remember(content, make)` gives make()'s arrays, from disk if they were made before from the same
            content at the same size (see cache.py). `content` names all else that they depend on, hash included.
    """

    name: str
    part: Part
    option: str
    image_size: int
    channels: int
    frames: int
    files: Mapping[str, Path]
    sha256: str
    remember: Callable[[str, Callable[[], Arrays]], Arrays]

    def answer(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.integer[Any]],
        class_names: tuple[str, ...],
        sha256: str,
        **more: Any,
    ) -> ImageSet:
        """The whole part as an ImageSet; `more` may hold indices, factors, factor_names, skipped and columns."""
        more.setdefault("indices", np.arange(len(images), dtype=np.int64))
        return ImageSet(images, labels.astype(np.int64), class_names, self.name, self.part, sha256, **more)


def scaled(images: NDArray[np.uint8]) -> Tensor:
    """Bytes of images as a model takes them: float32 in [-1, 1], byte / 127.5 - 1."""
    import torch  # here, because torch takes seconds to import and most callers only want the bytes

    return torch.from_numpy(images.astype(np.float32)).div_(127.5).sub_(1)


def _as_bytes(values: ArrayLike, name: str) -> NDArray[np.uint8]:
    """(N, C, H, W) bytes of images in any of the usual forms, or (N, T, C, H, W) bytes of recordings.

    Raises:
        DataError: they have another form.
    """
    images = np.asarray(values)
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    known = (images.ndim == 4 and images.shape[1] in (1, 3)) or (images.ndim == 5 and images.shape[2] in (1, 2, 3))
    if not known or 0 in images.shape:
        raise DataError(
            f"{name}: images: expected shape (N, H, W), (N, C, H, W) or (N, H, W, C) with C 1 or 3, or recordings "
            f"(N, T, C, H, W) with C 1 to 3, found {np.shape(values)}"
        )
    kind, most = images.dtype.kind, 1.0 if images.dtype.kind == "f" else 255.0
    if kind not in "fui":
        raise DataError(f"{name}: images: expected bytes or floats in [0, 1], found {images.dtype}")
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= most):  # also where one is NaN
        raise DataError(f"{name}: images: expected bytes or floats in [0, 1], found {images.dtype} {low:g} to {high:g}")
    if kind == "f":
        images = np.round(images * 255)
    return np.ascontiguousarray(images, np.uint8)


_MOST_CLASSES = 10_000


def _classes(
    labels: ArrayLike | None, class_names: tuple[str, ...], count: int, name: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """(N,) class numbers, and the classes' names.

    Raises:
        DataError: labels have another form, or there are other than `class_names`.
    """
    found = np.zeros(count, np.int64) if labels is None else np.asarray(labels)
    if found.shape != (count,) or found.dtype.kind not in "iuU":
        raise DataError(
            f"{name}: labels: expected {count} class numbers or names, found shape {found.shape} of {found.dtype}"
        )
    if found.dtype.kind == "U":
        names, found = np.unique(found, return_inverse=True)
        class_names = class_names or tuple(map(str, names))
    low, high = (int(found.min()), int(found.max())) if count else (0, 0)
    classes = len(class_names) or min(high, _MOST_CLASSES) + 1
    if low < 0 or high >= classes:
        raise DataError(f"{name}: labels: expected 0 to {classes - 1}, found {low} to {high}")
    return found.astype(np.int64), class_names or tuple(map(str, range(classes)))
