"""Closed-loop calibration: move, decode, measure again, and correct what was asked by what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import CLASS
from esvae_core.controls.directions import KNOTS, Coordinates, Field, from_coordinates, stepped
from esvae_core.controls.fields import RANK, bystanders
from esvae_core.controls.latent import Latent
from esvae_core.controls.meter import Meter, Readings

_FIRST = (1.0, 3.0, 9.0)  # how far fields go, to either side, before it is known what that does
_LAST = (0.5, 1.0, 1.5, 2.5, 4.0)  # of calibrated fields, whose unit is about that of the control
_TOWARDS = (1.0, 1.5, 2.5)  # how far a word's field goes
_NEARLY = 0.95
_OWN = 1.5  # times as much as a change of another number counts what is missing of what was asked, both squared
_CLASS = 0.5  # times the share of pictures that come to be read as another class counts beside these squares
_LEAST, _LEAST_BEYOND = 0.7, 0.8  # of what is asked, up to 1 and beyond, is given if it can be, whatever others do
_PAYS = 0.2  # a curve is followed while it climbs at this share of its first slope
_DULL = 0.3  # a field that does not change its attribute by that much, in deviations, corrects no other
_STIFF = 0.1  # of the ridge that keeps corrections small
_ROUNDS = 6  # of correcting and measuring again
_DAMPED = 0.8  # of what a correction would be if responses were linear
_LEARNS = 0.5  # of what came of a correction, by the matrix of responses

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
        return stepped(self.places, self.middle, field, far, self.coordinates)

    def pixels(self, places: F64) -> NDArray[np.uint8]:
        """(N, C, H, W) pictures of places."""
        return self.latent.pictures(from_coordinates(places, self.coordinates).astype(np.float32), self.seed)

    def read(self, places: F64) -> Readings:
        """What is read off the pictures of places."""
        return self.meter.read(self.pixels(places))

    def change(self, field: Field, far: float) -> F64:
        """(K,) mean change of each number, in deviations; 0 where none is defined."""
        return self.effect(field, far)[0]

    def effect(self, field: Field, far: float) -> tuple[F64, float]:
        """As `change`, and the share of pictures that are read as another class than before; 0 without classes."""
        after = self.read(self.go(field, far))
        change = self.meter.change(after.numbers, self.before.numbers)
        known = np.isfinite(change)
        mean: F64 = np.where(known, change, 0).sum(0) / np.maximum(known.sum(0), 1)
        if CLASS not in after.shares:
            return mean, 0.0
        return mean, float((after.shares[CLASS].argmax(1) != self.before.shares[CLASS].argmax(1)).mean())

    def curve(self, field: Field, lengths: Sequence[float]) -> tuple[F64, F64]:
        """Distances to either side with 0 between them, and (m, K) mean changes there."""
        far = np.array([-length for length in reversed(lengths)] + [0.0, *lengths])
        changes = np.stack([self.change(field, each) if each else np.zeros(len(self.meter.scale)) for each in far])
        return far, changes


def corrected(
    probe: ResponseProbe, fields: dict[int, Field], helpers: Sequence[Field]
) -> Iterator[tuple[int, tuple[Field, Field]]]:
    """Fields of more and of less whose step of length 1 changes their own number by about one deviation, others little.

    Each is mixed with the others' fields and with helpers. What is to be the same is disturbed by moves to both sides
    alike (further from the data, pictures blur), which no field of both sides could correct; so each side has its own.

    Args:
        probe: Where they are tried.
        fields: By number of the attribute.
        helpers: Further fields, of about one deviation of the places.

    Yields:
        The number, and the fields of more and of less.
    """
    scaled, responses = {}, {}
    for k, field in fields.items():
        far, changes = probe.curve(field, _FIRST)
        length = (_reaching(far, changes[:, k], 1.0) - _reaching(far, changes[:, k], -1.0)) / 2
        halves = [np.array([np.interp(end, far, column) for column in changes.T]) for end in (length, -length)]
        responses[k] = (halves[0] - halves[1]) / 2
        scaled[k] = field.times(length)
    answers = [(probe.change(helper, 1.0) - probe.change(helper, -1.0)) / 2 for helper in helpers]
    for k, field in scaled.items():
        others = bystanders(probe.meter, k)
        rows = np.array([k, *others])
        near = [j for j in scaled if j in others and abs(responses[j][j]) > _DULL]
        parts = [field, *(scaled[j] for j in near), *helpers]
        matrix = np.stack([responses[k], *(responses[j] for j in near), *answers])[:, rows]
        up, down = (_mixed(probe, parts, matrix, rows, side) for side in (1.0, -1.0))
        yield k, (up, down.times(-1.0))


def _mixed(probe: ResponseProbe, parts: Sequence[Field], responses: F64, rows: NDArray[np.int64], side: float) -> Field:
    """The best mix that was met: its step changes the first of `rows` by `side` deviations, and the others little.

    Measured again after each correction; the matrix of responses (parts, rows) learns from what came of it (Broyden's
    rank-one update, by half), since responses shrink where fields lead far.
    """
    goal = np.zeros(len(rows))
    goal[0] = side
    shares = np.zeros(len(parts))
    shares[0] = side
    matrix, best, least = responses.copy(), parts[0], np.inf
    before: tuple[F64, F64] | None = None
    for _ in range(_ROUNDS + 1):
        mix = parts[0].times(float(shares[0]))
        for share, part in zip(shares[1:], parts[1:], strict=True):
            mix = mix.plus(float(share), part)
        mix = mix.reduced(RANK // 2)
        changes, lost = probe.effect(mix, 1.0)
        now = changes[rows]
        if (off := float(_OWN * (goal[0] - now[0]) ** 2 + _aside(now[1:]).sum()) + _CLASS * lost) < least:
            best, least = mix, off
        if before is not None and (moved := shares - before[0]) @ moved > 0:
            matrix = matrix + _LEARNS * np.outer(moved, now - before[1] - moved @ matrix) / (moved @ moved)
        before = shares, now
        weights = np.sqrt(np.r_[_OWN, 1 / (1 + now[1:] ** 2)])  # with which squares grow as `_aside` does
        shares = shares + _DAMPED * _solved(matrix * weights, (goal - now) * weights)
    return best


def _aside(changes: F64) -> F64:
    """What changes of others count: their squares up to about a deviation, hardly more beyond.

    Of an attribute that is nearly the same in all training images a deviation is little, and many of them may come of
    any move; that must not outweigh all else.
    """
    squares: F64 = changes**2
    return squares / (1 + squares)


def gain_of(probe: ResponseProbe, up: Field, down: Field, k: int) -> F64:
    """For each of KNOTS: how far to go so that number k changes by as many deviations; as far as it pays, if never.

    Less far where what is missing of the change and the changes of others, both squared, are least together.
    """
    others = bystanders(probe.meter, k)
    lengths = np.array([0.0, *_LAST])
    gain = np.zeros(len(KNOTS))
    for side, field in ((1.0, up), (-1.0, down)):
        nothing = np.zeros(len(probe.meter.scale))
        changes = np.stack([probe.change(field, side * length) if length else nothing for length in lengths])
        fine = np.linspace(0.0, lengths[-1], 101)
        got, *aside = (np.interp(fine, lengths, changes[:, j]) for j in (k, *others))
        moved = sum(map(_aside, aside), np.zeros(len(fine)))
        for i, asked in enumerate(KNOTS):
            if asked * side > 0:
                shares = (_LEAST if abs(asked) <= 1 else _LEAST_BEYOND, 1.0)
                least, most = (abs(_reaching(side * lengths, changes[:, k], share * asked)) for share in shares)
                losses = np.where(fine <= most, _OWN * (asked - got) ** 2 + moved, np.inf)
                gain[i] = side * max(least, float(fine[np.argmin(losses)]))
    return gain


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
