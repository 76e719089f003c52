"""An attribute, and what was measured of attributes beside one model's latent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "circular", "category"]

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Attribute:
    """One thing that can be said of an image.

    Attributes:
        name: In the words of the screen and the command line.
        unit: Of its numbers; "" where they have none.
        kind: 'number'; 'circular', a number that starts again after `period`; 'category', one of `categories`.
        how: How it is measured.
        undefined: Of which images it is not defined; "" if it is of all.
        period: Of a circular attribute.
        categories: Words of a category, by number.
        parts: Attributes that make it up. It cannot be held while they are moved, nor they while it is.
        from_pixels: Whether a formula measures it from pixels; else it comes with the data, and a network reads it.
    """

    name: str
    unit: str
    kind: Kind
    how: str
    undefined: str = ""
    period: float = 0.0
    categories: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    from_pixels: bool = True


@dataclass(frozen=True, eq=False)
class Measured:
    """Attributes beside one model's latent.

    Attributes:
        attributes: K of them.
        correlation: (K, d) of each attribute with each latent number over the training images, see `correlations`.
        train_images: How many training images that was.
        images: (N,) int64, positions in the test split.
        values: (N, K) attributes of these test images; a category is the number of its word, NaN where undefined.
    """

    attributes: tuple[Attribute, ...]
    correlation: F64
    train_images: int
    images: NDArray[np.int64]
    values: F64
