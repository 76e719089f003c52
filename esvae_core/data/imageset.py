"""What the data layer hands out (ImageSet), and what it asks of each data set's loader (Request)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Split = Literal["train", "validation", "test"]
Part = Literal["train", "test"]  # the splits that a source has by itself
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==; a set equals itself
class ImageSet:
    """Images of one split, resident as bytes.

    Attributes:
        images: (N, C, H, W) uint8.
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

    def tensor(self, index: int | slice | Sequence[int] | NDArray[Any] | None = None) -> Tensor:
        """Images as the model takes them.

        Args:
            index: Which images: one number, a slice, numbers, or a mask; None: all.

        Returns:
            (n, C, H, W) float32 in [-1, 1]: byte / 127.5 - 1.
        """
        import torch  # here, because torch takes seconds to import and most callers only want the bytes

        if index is None:
            index = slice(None)
        elif not isinstance(index, slice):
            index = np.atleast_1d(np.asarray(index))
            index = index if index.dtype == bool else index.astype(np.int64)  # an empty list would be float
        return torch.from_numpy(self.images[index].astype(np.float32)).div_(127.5).sub_(1)

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
        channels: 1 or 3.
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
