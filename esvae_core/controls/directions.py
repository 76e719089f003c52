"""Controls of a latent: what each moves, how far, and the evidence for it. NumPy alone; the page does the same.

A control moves heights in coordinates in which equal steps count alike (arcsin sqrt(rate) of firing rates): in STEPS
equal steps along a field that is linear in where it starts, `shift + (x - middle) left right`. To either side it has a
field of its own, since what has to stay the same is disturbed in other ways by more and by less of an attribute. A gain
curve says how far to go for what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import FiniteFloat

from esvae_core.controls.measured import Measured
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Coordinates = Literal["plain", "arcsine"]
Source = Literal["attribute", "category", "component", "hand"]
STEPS = 4
KNOTS = (-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Amounts asked at which a gain curve says how far to go; linear between them, constant beyond."""
MOST = KNOTS[-1]

F64 = NDArray[np.float64]
_Heights = TypeVar("_Heights", "Tensor", NDArray[np.floating])


class Field(NamedTuple):
    """A step at any place x of the latent: shift + (x - middle) left right.

    Attributes:
        shift: (d,) the step at the middle.
        left, right: (d, r) and (r, d): how it changes with where it starts.
    """

    shift: F64
    left: F64
    right: F64

    def plus(self, share: float, other: Field) -> Field:
        """The sum of this and a share of another; as its rank is the sum of both, see `reduced`."""
        return Field(
            self.shift + share * other.shift,
            np.concatenate([self.left, share * other.left], axis=1),
            np.concatenate([self.right, other.right]),
        )

    def times(self, factor: float) -> Field:
        """Steps that are `factor` times as long."""
        return Field(self.shift * factor, self.left * factor, self.right)

    def reduced(self, rank: int) -> Field:
        """The nearest field of at most that rank."""
        u, size, v = np.linalg.svd(self.left @ self.right)
        rank = min(rank, int((size > 1e-9 * max(size[0], 1e-30)).sum()))
        root = np.sqrt(size[:rank])
        return Field(self.shift, u[:, :rank] * root, v[:rank] * root[:, None])


def stacked(fields: Sequence[Field]) -> Field:
    """K fields as one of arrays (K, d), (K, d, r) and (K, r, d), r the largest of their ranks; the others get zeros."""
    rank = max(field.left.shape[1] for field in fields)
    missing = [rank - field.left.shape[1] for field in fields]
    return Field(
        np.stack([field.shift for field in fields]),
        np.stack([np.pad(field.left, ((0, 0), (0, n))) for field, n in zip(fields, missing, strict=True)]),
        np.stack([np.pad(field.right, ((0, n), (0, 0))) for field, n in zip(fields, missing, strict=True)]),
    )


def straight(shift: F64) -> Field:
    """The same step everywhere."""
    return Field(shift, np.empty((len(shift), 0)), np.empty((0, len(shift))))


@dataclass(frozen=True)
class Response:
    """What came of an amount that was asked, over N images.

    Attributes:
        asked: In units of the control.
        got: Mean change, in the same units; of a category, the share of pictures that are read as it; of a component,
            the mean absolute change per pixel on the scale 0 to 2.
        deviation: Standard deviation over the images.
        side: Name of the other attribute whose mean changed most.
        side_effect: That change, in standard deviations of the training images.
        class_kept: Share of pictures that are read as the same class as before; None without classes.
        distance: Median distance to the nearest training image's latent, over that before the move.
    """

    asked: FiniteFloat
    got: FiniteFloat
    deviation: FiniteFloat
    side: str
    side_effect: FiniteFloat
    class_kept: FiniteFloat | None
    distance: FiniteFloat


@dataclass(frozen=True)
class Evidence:
    """How well a control does on images that it was not fitted to.

    Attributes:
        split: Of the data set.
        images: How many.
        reading: How well the attribute is read from the latent, linearly: R^2 of numbers, AUC of categories; of a
            component, its correlation with the attribute that it resembles most.
        noise: Of a component: mean absolute change per pixel when the picture is drawn anew; else None.
        responses: At each amount asked.
    """

    split: str
    images: int
    reading: FiniteFloat
    noise: FiniteFloat | None
    responses: tuple[Response, ...]

    def at(self, asked: float) -> Response | None:
        """The response to an amount; None if it was not asked."""
        return next((each for each in self.responses if each.asked == asked), None)


@dataclass(frozen=True, eq=False)
class Control:
    """One direction of a latent.

    Attributes:
        name: As people ask for it.
        source: 'attribute', 'category', 'component', or 'hand' for one that a person made.
        attribute: Which attribute it moves; of a component, which it resembles most.
        unit: Of that attribute.
        size: How much of the unit is asked by an amount of 1: a standard deviation of the training images.
        steerable: Whether pictures follow it, by the evidence on validation images.
        why: Why they do not; "" if they do.
        reach: Lowest and highest amount of which at least half is given, on validation images.
        evidence: On validation and on test images.
        coordinates: In which it moves.
        middle: (d,), where the linear part of its fields is 0.
        up, down: The fields of positive and of negative amounts; both point to more of the attribute.
        gain: One number for each of KNOTS: how far to go, negative for less.
    """

    name: str
    source: Source
    attribute: str
    unit: str
    size: float
    steerable: bool
    why: str
    reach: tuple[float, float]
    evidence: tuple[Evidence, ...]
    coordinates: Coordinates
    middle: F64
    up: Field
    down: Field
    gain: F64

    @property
    def two_sides(self) -> bool:
        """Whether it has a field of its own for negative amounts."""
        return self.up is not self.down

    @property
    def step(self) -> F64:
        """(d,) the mean of both fields at the middle: which way the control leads."""
        return (self.up.shift + self.down.shift) / 2

    def field(self, far: float) -> Field:
        """The field on that side."""
        return self.up if far > 0 else self.down

    def apply(self, heights: _Heights, amount: float) -> _Heights:
        """Latents moved by an amount.

        Args:
            heights: (d,) or (N, d) in [0, 1]: firing rates; of a model without spikes, heights as
                `esvae_core.engine.ann.ANNPlan.heights` gives them.
            amount: What is asked, in units of `size`; more than MOST counts as MOST.

        Returns:
            The same shape and type, in [0, 1].

        Raises:
            InputError: heights of another shape or outside [0, 1], or an amount that is no finite number.
        """
        if not isinstance(heights, np.ndarray):
            import torch

            moved = self.apply(heights.detach().cpu().double().numpy(), amount)
            return torch.from_numpy(moved).to(heights.device, heights.dtype)
        if heights.ndim not in (1, 2) or heights.shape[-1] != len(self.middle):
            raise InputError(f"{self.name}: expected heights of shape (N, {len(self.middle)}), got {heights.shape}")
        if not bool(((heights >= 0) & (heights <= 1)).all()):
            raise InputError(f"{self.name}: expected heights in [0, 1], got some outside or no numbers")
        if not np.isfinite(amount):
            raise InputError(f"{self.name}: expected a finite amount, got {amount}")
        if amount == 0:
            return heights.copy()
        place = to_coordinates(heights, self.coordinates)
        far = float(np.interp(amount, KNOTS, self.gain))
        moved = stepped(place, self.middle, self.field(far), far, self.coordinates)
        return from_coordinates(moved, self.coordinates).astype(heights.dtype)


def by_hand(
    name: str, toward: NDArray[np.floating], away: NDArray[np.floating], coordinates: Coordinates = "arcsine"
) -> Control:
    """A control from examples: an amount of 1 is the way from the mean of some latents to that of others.

    Args:
        name: What to call it.
        toward: (N, d) heights in [0, 1]: a selection, the images of a class, or one picture.
        away: (M, d) heights: the rest, another class, or another picture.
        coordinates: In which it moves: 'arcsine' for firing rates, 'plain' for a latent without spikes.

    Raises:
        InputError: heights of other shapes or outside [0, 1].
    """
    if toward.ndim != 2 or away.ndim != 2 or toward.shape[1:] != away.shape[1:] or not len(toward) or not len(away):
        raise InputError(f"{name}: expected heights (N, d) and (M, d), got {toward.shape} and {away.shape}")
    for heights in (toward, away):
        if not bool(((heights >= 0) & (heights <= 1)).all()):
            raise InputError(f"{name}: expected heights in [0, 1], got some outside or no numbers")
    start, end = (to_coordinates(heights, coordinates).mean(0) for heights in (away, toward))
    return along(name, end - start, coordinates)


def along(name: str, step: F64, coordinates: Coordinates) -> Control:
    """A control that goes straight on: an amount of 1 is the step (d,), in its coordinates."""
    field = straight(step)
    return Control(
        name=name,
        source="hand",
        attribute="",
        unit="",
        size=1.0,
        steerable=True,
        why="",
        reach=(-MOST, MOST),
        evidence=(),
        coordinates=coordinates,
        middle=np.zeros(len(step)),
        up=field,
        down=field,
        gain=np.array(KNOTS),
    )


class Controls(Mapping[str, Control]):
    """The controls of one model by name, those that pictures follow first.

    Attributes:
        measured: Attributes of images and their correlation with the latent; None if that was not measured.
        dataset: Name of the data set that they were made with; "" if there are none.
        dataset_sha256: Hash of its files.
    """

    def __init__(
        self,
        controls: tuple[Control, ...] = (),
        where: str = "controls",
        measured: Measured | None = None,
        dataset: str = "",
        dataset_sha256: str = "",
    ) -> None:
        self._by_name = {control.name: control for control in controls}
        self._where = where
        self.measured, self.dataset, self.dataset_sha256 = measured, dataset, dataset_sha256

    def __getitem__(self, name: str) -> Control:
        """The control of that name.

        Raises:
            InputError: there is none; the message lists those there are.
        """
        if name not in self._by_name:
            known = ", ".join(self._by_name) or "none; `esvae controls` makes them"
            raise InputError(f"{self._where}: no control {name!r}; there are {known}")
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name


def to_coordinates(heights: NDArray[np.floating], coordinates: Coordinates) -> F64:
    """Heights in [0, 1] -> places: themselves, or arcsin(sqrt(height)) in [0, pi/2]."""
    exact = heights.astype(np.float64)
    place: F64 = np.arcsin(np.sqrt(exact)) if coordinates == "arcsine" else exact
    return place


def from_coordinates(place: F64, coordinates: Coordinates) -> F64:
    """The way back, into [0, 1]."""
    heights: F64 = np.sin(place) ** 2 if coordinates == "arcsine" else place
    return np.clip(heights, 0, 1)


def stepped(place: F64, middle: F64, field: Field, far: float, coordinates: Coordinates, steps: int = STEPS) -> F64:
    """Places after going `far` along a field, in equal steps, within their range."""
    end = np.pi / 2 if coordinates == "arcsine" else 1.0
    for _ in range(steps):
        slope = field.shift + (place - middle) @ field.left @ field.right
        place = np.clip(place + far / steps * slope, 0, end)
    return place
