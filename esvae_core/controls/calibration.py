"""Closed-loop calibration: move, decode, measure again, and correct what was asked by what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.directions import KNOTS, Coordinates, from_coordinates, stepped
from esvae_core.controls.fields import Field, bystanders
from esvae_core.controls.latent import Latent
from esvae_core.controls.meter import Meter, Readings

_FIRST = (1.0, 3.0, 9.0)  # how far fields go, to either side, before it is known what that does
_LAST = (0.5, 1.0, 1.5, 2.5, 4.0)  # of calibrated fields, whose unit is about that of the control
_TOWARDS = (1.0, 1.5, 2.5)  # how far a word's field goes
_NEARLY = 0.95
_PAYS = 0.2  # a curve is followed while it climbs at this share of its first slope
_DULL = 0.3  # a field that does not change its attribute by that much, in deviations, corrects no other
_STIFF = 0.1  # of the ridge that keeps corrections small

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResponseProbe:
    """Where fields are tried: latents of images, decoded and measured before and after a move.

    Attributes:
        latent: Encoder and decoder.
        meter: Reads pictures.
        coordinates: In which fields move.
        middle: (d,) where the linear part of fields is 0.
        places: (N, d) of the images, in these coordinates.
        before: What is read off the pictures of the places themselves.
        seed: Of the noise, which is the same before and after.
    """

    latent: Latent
    meter: Meter
    coordinates: Coordinates
    middle: F64
    places: F64
    before: Readings
    seed: int

    @classmethod
    def of(
        cls, latent: Latent, meter: Meter, coordinates: Coordinates, middle: F64, places: F64, seed: int
    ) -> ResponseProbe:
        """Decode and read the places themselves."""
        pictures = latent.pictures(from_coordinates(places, coordinates).astype(np.float32), seed)
        return cls(latent, meter, coordinates, middle, places, meter.read(pictures), seed)

    def go(self, field: Field, far: float) -> F64:
        """(N, d) places after the move."""
        return stepped(self.places, self.middle, field.shift, field.left, field.right, far, self.coordinates)

    def pixels(self, places: F64) -> NDArray[np.uint8]:
        """(N, C, H, W) pictures of places."""
        return self.latent.pictures(from_coordinates(places, self.coordinates).astype(np.float32), self.seed)

    def read(self, places: F64) -> Readings:
        """What is read off the pictures of places."""
        return self.meter.read(self.pixels(places))

    def change(self, field: Field, far: float) -> F64:
        """(K,) mean change of each number, in deviations; 0 where none is defined."""
        change = self.meter.change(self.read(self.go(field, far)).numbers, self.before.numbers)
        known = np.isfinite(change)
        mean: F64 = np.where(known, change, 0).sum(0) / np.maximum(known.sum(0), 1)
        return mean

    def curve(self, field: Field, lengths: Sequence[float]) -> tuple[F64, F64]:
        """Distances to either side with 0 between them, and (m, K) mean changes there."""
        far = np.array([-length for length in reversed(lengths)] + [0.0, *lengths])
        changes = np.stack([self.change(field, each) if each else np.zeros(len(self.meter.scale)) for each in far])
        return far, changes


def corrected(probe: ResponseProbe, fields: dict[int, Field]) -> dict[int, Field]:
    """Fields whose step of length 1 changes their own number by about one deviation, and others as little as can be.

    Each is mixed with the others' fields by the inverse of the matrix of responses (ridge), measured twice.
    """
    if not fields:
        return {}
    scaled, matrix = {}, {}
    for k, field in fields.items():
        far, changes = probe.curve(field, _FIRST)
        length = (_reaching(far, changes[:, k], 1.0) - _reaching(far, changes[:, k], -1.0)) / 2
        halves = [np.array([np.interp(end, far, column) for column in changes.T]) for end in (length, -length)]
        matrix[k] = (halves[0] - halves[1]) / 2
        scaled[k] = _scaled(field, length)
    mixed = {}
    for k, field in scaled.items():
        others = bystanders(probe.meter, k)
        helpers = [k, *(j for j in scaled if j in others and abs(matrix[j][j]) > _DULL)]
        rows = np.array([k, *others])
        responses = np.stack([matrix[j][rows] for j in helpers])
        goal = np.zeros(len(rows))
        goal[0] = 1.0
        shares = np.zeros(len(helpers))
        shares[0] = 1.0
        now = matrix[k][rows]
        for again in (True, False):
            shares = shares + _solved(responses, goal - now)
            mix = _scaled(field, shares[0])
            for share, j in zip(shares[1:], helpers[1:], strict=True):
                mix = mix.plus(float(share), scaled[j])
            mix = mix.reduced()
            if again:
                now = (probe.change(mix, 1.0)[rows] - probe.change(mix, -1.0)[rows]) / 2
        mixed[k] = mix
    return mixed


def gain_of(probe: ResponseProbe, field: Field, k: int) -> F64:
    """For each of KNOTS: how far to go so that number k changes by as many deviations; as far as it pays, if never."""
    far, changes = probe.curve(field, _LAST)
    return np.array([_reaching(far, changes[:, k], asked) for asked in KNOTS])


def gain_of_word(probe: ResponseProbe, field: Field, attribute: str, word: int) -> F64:
    """For each of KNOTS: how far to go, so that at 1 nearly as many pictures are read as the word as ever will be."""
    others = probe.before.shares[attribute].argmax(1) != word
    shares = []
    for far in _TOWARDS:
        read_as = probe.read(probe.go(field, far)).shares[attribute].argmax(1) == word
        shares.append(float(read_as[others].mean()) if others.any() else 0.0)
    enough = int(np.argmax(np.array(shares) >= _NEARLY * max(shares)))
    return _TOWARDS[enough] * np.array(KNOTS)


def _reaching(far: F64, got: F64, asked: float) -> float:
    """Shortest distance on the asked side at which at least as much came as was asked; else that where most came."""
    if asked == 0:
        return 0.0
    side = far >= 0 if asked > 0 else far <= 0
    order = np.argsort(np.abs(far[side]))
    lengths, given = far[side][order], (got * np.sign(asked))[side][order]
    climbing = np.maximum.accumulate(given)
    slopes = np.diff(climbing) / np.diff(lengths)
    flat = np.flatnonzero(slopes < _PAYS * slopes[0])
    best = int(flat[0]) if len(flat) and flat[0] else int(np.argmax(given))
    if climbing[best] <= 0:
        return float(np.sign(asked))  # nothing comes of it; to go a step shows so
    keep = np.flatnonzero(np.r_[True, np.diff(climbing[: best + 1]) > 0])
    return float(np.interp(abs(asked), climbing[keep], lengths[keep]))


def _solved(responses: F64, wanted: F64) -> F64:
    """Shares of rows of `responses` (H, R) whose sum is nearest to `wanted` (R,), small ones preferred."""
    gram = responses @ responses.T + _STIFF * np.eye(len(responses))
    return np.linalg.solve(gram, responses @ wanted).astype(np.float64)


def _scaled(field: Field, factor: float) -> Field:
    return Field(field.shift * factor, field.left * factor, field.right)
