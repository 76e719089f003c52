"""Fields of a latent along which one attribute changes while the others stay, fitted on training images alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import CLASS, AttributeTable
from esvae_core.controls.directions import Field
from esvae_core.controls.meter import Meter

RANK = 12
"""Largest rank of the linear part of a field."""
FEWEST = 20
"""Training images that a category must have."""
MOST_WORDS = 20
"""Categories with more words have no controls."""
_NEIGHBOURS = 60
_PAIRS = 15  # of each training image with one of its neighbours
_RIDGE = 0.01

F64 = NDArray[np.float64]


def held_by(meter: Meter, k: int) -> list[int]:
    """Which numbers stay while number k moves: its bystanders but compounds, whose parts are held already."""
    return [j for j in bystanders(meter, k) if not meter.attributes[j].parts]


def bystanders(meter: Meter, k: int | None) -> list[int]:
    """Numbers whose change is a side effect of moving attribute k: all but itself, its parts and its compounds.

    Neither is one that says nearly the same (`Meter.alike`): it cannot stay. Without an attribute: all numbers.
    """
    attributes = meter.attributes
    numbers = [j for j, other in enumerate(attributes) if other.kind != "category"]
    if k is None:
        return numbers
    own = attributes[k]
    return [
        j
        for j in numbers
        if j != k
        and attributes[j].name not in own.parts
        and own.name not in attributes[j].parts
        and not meter.alike[j, k]
    ]


class Pairs(NamedTuple):
    """Training images and neighbours of the same class.

    Attributes:
        start: (P, d) places of the images, less the mean place.
        step: (P, d) to the neighbours.
        change: (P, K) of their attributes, in deviations; 0 where one of both is undefined.
    """

    start: F64
    step: F64
    change: F64


def pairs_of(places: F64, table: AttributeTable, meter: Meter, seed: int) -> Pairs:
    """Each image with some of its nearest neighbours of the same class."""
    from sklearn.neighbors import NearestNeighbors

    rng, names = np.random.default_rng(seed), [attribute.name for attribute in table.attributes]
    labels = table.column(CLASS) if CLASS in names else np.zeros(len(places))
    starts, ends = [], []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = min(_NEIGHBOURS, max(1, len(members) // 4), len(members) - 1)
        if count < 1:
            continue
        near = NearestNeighbors(n_neighbors=count + 1).fit(places[members]).kneighbors(return_distance=False)
        chosen = rng.integers(0, near.shape[1], (len(members), min(_PAIRS, count)))
        starts.append(np.repeat(members, chosen.shape[1]))
        ends.append(members[np.take_along_axis(near, chosen, 1).ravel()])
    start, end = np.concatenate(starts), np.concatenate(ends)
    change = np.nan_to_num(meter.change(table.values[end], table.values[start]))
    return Pairs(places[start] - places.mean(0), places[end] - places[start], change)


def field_of(pairs: Pairs, meter: Meter, k: int) -> Field:
    """The step that goes with a change of attribute k by a deviation, at constant others.

    Least squares with a small ridge: steps between neighbours on the changes of the held attributes, and on that of
    attribute k times (1, start).
    """
    held = held_by(meter, k)
    own = pairs.change[:, k : k + 1]
    features = np.concatenate([own, own * pairs.start, pairs.change[:, held]], axis=1).astype(np.float32)
    gram = (features.T @ features).astype(np.float64)
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    weights = _solved(gram, (features.T @ pairs.step.astype(np.float32)).astype(np.float64))
    size = pairs.start.shape[1]
    return Field(weights[0], np.eye(size), weights[1 : 1 + size])


def category_fields(places: F64, table: AttributeTable, meter: Meter, k: int) -> dict[int, Field]:
    """For each word of category k: the step from any place to where that word's images lie, all else alike.

    Places are regressed on all numbers and categories together; a word's offset takes the place of the offset of
    where one is, which is read from the place linearly.
    """
    numbers = [j for j, attribute in enumerate(table.attributes) if attribute.kind != "category"]
    values = table.values[:, numbers]
    defined = np.isfinite(values)
    means = np.where(defined, values, 0).sum(0) / np.maximum(defined.sum(0), 1)
    columns = [np.where(defined, values - means, 0) / meter.scale[numbers]]
    first: dict[int, int] = {}
    width = len(numbers)
    for j, attribute in enumerate(table.attributes):
        if attribute.kind == "category":
            first[j] = width
            columns.append((table.values[:, j : j + 1] == np.arange(len(attribute.categories))).astype(np.float64))
            width += len(attribute.categories)
    features = np.concatenate([*columns, np.ones((len(places), 1))], axis=1)
    gram = features.T @ features + 1e-3 * len(features) * np.diag([*np.ones(width) * 1e-2, 0])
    weights = _solved(gram, features.T @ places)
    words = len(table.attributes[k].categories)
    offsets = weights[first[k] : first[k] + words]
    column = table.values[:, k]
    known = np.isfinite(column)
    counts = np.bincount(column[known].astype(np.int64), minlength=words)
    centred = places[known] - places.mean(0)
    own = offsets[column[known].astype(np.int64)]
    base = own.mean(0)
    gram = centred.T @ centred
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    follow = Field(np.zeros(places.shape[1]), np.eye(places.shape[1]), _solved(gram, centred.T @ (base - own)))
    reduced = follow.reduced(RANK)
    return {
        word: Field(offsets[word] - base, reduced.left, reduced.right)
        for word in range(words)
        if counts[word] >= FEWEST
    }


def _solved(gram: F64, right: F64) -> F64:
    return np.linalg.solve(gram, right).astype(np.float64)
