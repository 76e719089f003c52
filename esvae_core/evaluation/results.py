"""What a measurement hands back: figures, curves, and the protocol they were measured by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Progress = Callable[[int, int], None]
"""Called now and then with pieces of work done and in total."""


def silent(done: int, total: int) -> None:
    """A Progress that tells nobody."""


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Result):
    """One number, or why there is none."""

    name: str = Field(description="What was measured, with its unit.")
    value: float | None = Field(None, description="The figure; the mean where there are several draws.")
    deviation: float | None = Field(None, description="Standard deviation over noise seeds, of one draw.")
    note: str = Field("", description="What to know about it, or why there is no value.")


class Curve(_Result):
    """A figure along something that is varied."""

    name: str = Field(description="What was measured.")
    along: str = Field(description="What was varied, with its unit.")
    x: tuple[float, ...] = Field(description="Its values.")
    mean: tuple[float, ...] = Field(description="The figure at each, mean over noise seeds.")
    deviation: tuple[float, ...] = Field(
        (), description="Standard deviation over seeds; empty where there is one draw."
    )


class Neighbour(_Result):
    """A new picture and the training image that is nearest to it."""

    sample: int = Field(description="Number of the picture among those of seed 0.")
    train: int = Field(description="Number of the image in the source's train split.")
    distance: float = Field(description="Euclidean distance of their pixels on [-1, 1].")


class Group(_Result):
    """The figures of one group of the suite."""

    name: str = Field(description="Name of the group.")
    protocol: str = Field(description="How they were measured: data, counts, seeds.")
    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()
    neighbours: tuple[Neighbour, ...] = Field((), description="Of each of the first new pictures; in no table.")
    seconds: float = Field(0.0, description="Time that it took.")


def over_seeds(name: str, values: Sequence[float], note: str = "") -> Figure:
    """Mean and sample standard deviation of one figure over noise seeds."""
    return Figure(name=name, value=float(np.mean(values)), deviation=spread(values), note=note)


def curve_over_seeds(name: str, along: str, x: Sequence[float], values: Sequence[Sequence[float]]) -> Curve:
    """A curve from values[i][s], at x[i] with seed s."""
    return Curve(
        name=name,
        along=along,
        x=tuple(x),
        mean=tuple(float(np.mean(row)) for row in values),
        deviation=tuple(spread(row) or 0.0 for row in values),
    )


def spread(values: Sequence[float]) -> float | None:
    """Sample standard deviation; None where one draw says nothing about it."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
