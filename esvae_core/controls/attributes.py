"""What can be said of an image in numbers or words: attributes, measured from its pixels or known with the data.

Which attributes there are depends on the data set: strokes of digits, shapes of gray things, colours of colour
pictures; the factors that sprites were made from; the columns that came with a folder or with CelebA; the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls import looks, strokes
from esvae_core.controls.measured import Attribute
from esvae_core.data.imageset import ImageSet

CLASS = "class"
"""Name of the attribute that holds a data set's classes."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """Attributes of N images.

    Attributes:
        attributes: K of them.
        values: (N, K) float64; a category is the number of its word. NaN where an attribute is undefined.
    """

    attributes: tuple[Attribute, ...]
    values: F64

    def __len__(self) -> int:
        return len(self.values)

    def column(self, name: str) -> F64:
        """(N,) values of one attribute.

        Raises:
            KeyError: there is none of that name.
        """
        for j, attribute in enumerate(self.attributes):
            if attribute.name == name:
                column: F64 = self.values[:, j]
                return column
        raise KeyError(name)


class Family(NamedTuple):
    """Attributes that one function measures from pixels."""

    attributes: tuple[Attribute, ...]
    measure: Callable[[NDArray[np.uint8]], F64]
    """(N, C, H, W) images -> (N, K), NaN where undefined."""


_BLANK = "images of nearly one level"
_GRAY = "pictures without colour"
_THING = "that differ from the rim's median by a tenth"

STROKES = Family(
    (
        Attribute("thickness", "px", "number", "twice the mean distance of the skeleton from the outline", _BLANK),
        Attribute("slant", "deg", "number", "arc tangent of the shear of the second moments, to the right", _BLANK),
        Attribute("width", "px", "number", "of the parallelogram that leans alike, without 2 % of ink a side", _BLANK),
        Attribute("height", "px", "number", "of the same parallelogram", _BLANK),
        Attribute("length", "px", "number", "of the skeleton", _BLANK),
        Attribute("area", "px2", "number", "of the ink", _BLANK, parts=("thickness", "length")),
        Attribute("holes", "", "number", "parts of the ground that the ink encloses, of a pixel or more", _BLANK),
    ),
    strokes.measure,
)
SHAPES = Family(
    (
        Attribute(
            "area",
            "px2",
            "number",
            f"pixels {_THING}",
            _BLANK,
            parts=("width", "height"),
        ),
        Attribute("width", "px", "number", "of the box, without 2 % of the thing a side", _BLANK),
        Attribute("height", "px", "number", "of the same box", _BLANK),
        Attribute("aspect", "", "number", "height over width", _BLANK, parts=("width", "height")),
        Attribute("brightness", "", "number", "mean gray of the thing, 0 to 1", _BLANK),
        Attribute("contrast", "", "number", "standard deviation of gray within the thing", _BLANK),
        Attribute("symmetry", "", "number", "1 less the share by which the mirror image differs", _BLANK),
        Attribute("texture", "", "number", "mean difference of neighbouring pixels within the thing", _BLANK),
    ),
    looks.measure_shapes,
)
COLOURS = Family(
    (
        Attribute("brightness", "", "number", "mean luma, 0 to 1"),
        Attribute("contrast", "", "number", "standard deviation of luma"),
        Attribute("hue", "deg", "circular", "mean hue, weighted by chroma; red 0, green 120, blue 240", _GRAY, 360.0),
        Attribute("saturation", "", "number", "chroma over the largest channel, both summed over the picture"),
        Attribute("edge density", "", "number", "share of pixels whose luma changes by more than a tenth"),
        Attribute("foreground", "", "number", f"share of pixels {_THING}"),
    ),
    looks.measure_colours,
)
_HANDWRITING = ("digits", "mnist")
_FACTORS = {
    "scale": Attribute("scale", "px", "number", "from the centre to the outermost corner", from_pixels=False),
    "orientation": Attribute(
        "orientation", "rad", "circular", "counterclockwise", period=float(np.pi), from_pixels=False
    ),
    "x": Attribute("x", "px", "number", "from the left edge to the centre", from_pixels=False),
    "y": Attribute("y", "px", "number", "from the upper edge to the centre", from_pixels=False),
    "hue": Attribute("hue", "", "circular", "of the colour circle: red 0, green 1/3", period=1.0, from_pixels=False),
}


UNITS = {
    attribute.name: attribute.unit
    for attribute in (*STROKES.attributes, *SHAPES.attributes, *COLOURS.attributes, *_FACTORS.values())
}
"""Unit of each attribute by its name; one name has the same unit everywhere."""


def family_of(name: str, channels: int) -> Family | None:
    """What is measured of a data set's pixels; None where all is known already (sprites).

    Args:
        name: The data set's, with or without its option.
        channels: 1 or 3, of the images.
    """
    base = name.partition(":")[0]
    if base in _HANDWRITING:
        return STROKES
    if base.startswith("sprites"):
        return None
    return COLOURS if channels == 3 else SHAPES


def table_of(data: ImageSet) -> AttributeTable:
    """All attributes of a split: measured, known, and its classes where there are two or more."""
    attributes: list[Attribute] = []
    columns: list[F64] = []
    family = family_of(data.name, data.images.shape[1])
    if family is not None:
        attributes += family.attributes
        columns += list(family.measure(data.images).T)
    if data.factors is not None:
        for name, column in zip(data.factor_names, data.factors.T, strict=True):
            if not np.array_equal(column, data.labels):  # the class says the same
                unknown = Attribute(name, "", "number", "known with the data", from_pixels=False)
                attributes.append(_FACTORS.get(name, unknown))
                columns.append(column)
    for name, column in data.columns.items():
        attribute, values = _known(name, column, taken={each.name for each in attributes})
        attributes.append(attribute)
        columns.append(values)
    if len(data.class_names) > 1:
        how = "the class that the data set gives"
        attributes.append(Attribute(CLASS, "", "category", how, categories=data.class_names, from_pixels=False))
        columns.append(data.labels.astype(np.float64))
    values = np.stack(columns, axis=1) if columns else np.empty((len(data), 0))
    return AttributeTable(tuple(attributes), values)


def _known(name: str, column: NDArray[np.generic], taken: set[str]) -> tuple[Attribute, F64]:
    """A column that came with the images, as an attribute; one of a name that is taken is called 'given NAME'."""
    called = name if name not in taken | {CLASS} else f"given {name}"
    how = "a column that came with the images"
    if column.dtype.kind == "f":
        missing = "images whose cell is empty" if bool(np.isnan(column.astype(np.float64)).any()) else ""
        return Attribute(called, "", "number", how, missing, from_pixels=False), column.astype(np.float64)
    words, numbers = np.unique(column[column != ""], return_inverse=True)
    values = np.full(len(column), np.nan)
    values[column != ""] = numbers
    missing = "images whose cell is empty" if len(numbers) < len(column) else ""
    categories = tuple(str(word) for word in words)
    return Attribute(called, "", "category", how, missing, categories=categories, from_pixels=False), values


def words_of(attribute: Attribute, values: Sequence[float] | F64) -> list[str | None]:
    """Values of a category in its words; None where undefined."""
    return [None if np.isnan(value) else attribute.categories[int(value)] for value in values]
