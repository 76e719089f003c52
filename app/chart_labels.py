"""Where the names in a chart go: none lies over another, over a point or over a curve, however wide the chart is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

LETTER = (7.5, 16.0)
"""Pixels: width, a little more than that of an average letter of 13 px, and height with what is between lines."""
DOT = 6.0
"""Pixels from a point's middle that no name comes near."""
CLEAR = 2.0
"""Pixels between a name and a curve."""
NEAR = 7.0
"""Pixels from a point to its name; where there is no room, a line leads to it from farther off."""
FAR = (NEAR, 16.0, 28.0, 42.0, 58.0, 76.0, 96.0)
LEANS = (-0.7, 0.7, -0.1, 0.1, -1.8, 1.8)
"""How far across, for each pixel up or down."""
TRIED = 12
"""Places along a curve that its name may be at, beside its end."""
SPACING = 3.0
"""Pixels between the points that stand for a curve."""
MOST = 500
"""Points of a curve that are looked at; a file may claim any number of epochs."""

Point = tuple[float, float]
"""Share of the plot's width from the left, and pixels from the top."""
Box = tuple[float, float, float, float]  # left, top, right, bottom
Pixels = NDArray[np.floating]  # (n, 2)
_NO_LEADER: Pixels = np.empty((0, 2))


@dataclass(frozen=True)
class Place:
    """Where a name is.

    Attributes:
        point: Which of its points it belongs to.
        across: Pixels from the point to the end of the name that is nearer to it; negative to the left.
        down: Pixels from the point to the name's nearer edge; negative above it.
    """

    point: int
    across: float
    down: float

    def box(self, at: Point, text: str, width: float) -> Box:
        """What the name covers in a plot of this width, where its point is `at`."""
        wide, tall = LETTER[0] * len(text), LETTER[1]
        x, y = at[0] * width + self.across, at[1] + self.down
        left = x if self.across >= 0 else x - wide
        top = y if self.down >= 0 else y - tall
        return left, top, left + wide, top + tall

    def leader(self, at: Point, width: float) -> Pixels:
        """The line that leads from the point to the name; nothing where it is near."""
        if abs(self.down) <= NEAR:
            return _NO_LEADER
        parts = np.linspace(DOT / abs(self.down), 1, 24)[:, None]
        line: Pixels = np.array([at[0] * width, at[1]]) + parts * np.array([self.across, self.down])
        return line


class _Plot:
    """A plot of one width: what is drawn in it, in pixels, and the names that have a place so far."""

    def __init__(self, drawn: Sequence[Point], dots: Sequence[Point], width: float, height: float) -> None:
        self._width, self._height = width, height
        self._drawn, self._dots = (np.array(p).reshape(-1, 2) * np.array([width, 1.0]) for p in (drawn, dots))
        self._boxes: list[Box] = []
        self._leaders: list[Pixels] = []

    def take(self, place: Place, at: Point, text: str) -> None:
        """A name has this place."""
        self._boxes.append(place.box(at, text, self._width))
        self._leaders.append(place.leader(at, self._width))

    def covered(self, place: Place, at: Point, text: str) -> float:
        """How much a name would lie over, and beyond the plot; 0 if it is free."""
        box = place.box(at, text, self._width)
        left, top, right, bottom = box
        beyond = max(0.0, -left) + max(0.0, right - self._width) + max(0.0, -top) + max(0.0, bottom - self._height)
        leader = place.leader(at, self._width)
        names = sum(_over(box, other) + _inside(leader, other, 0) for other in self._boxes)
        leaders = sum(_inside(other, box, 0) for other in self._leaders)
        return 100 * beyond + names + leaders + _inside(self._drawn, box, CLEAR) + 10 * _inside(self._dots, box, DOT)


def places(
    named: Sequence[Sequence[Point]],
    texts: Sequence[str],
    curves: Sequence[Sequence[Point]],
    dots: Sequence[Point],
    widths: Sequence[float],
    height: float,
) -> list[Place | None]:
    """A place for each name, free at all widths; None where there is none.

    Args:
        named: What each name belongs to: a dot, or the points of a curve, of which the last is the best.
        texts: The names. Those that come first have first choice, and the first of all has a place in any case.
        curves: What no name may lie over.
        dots: As well.
        widths: Of the plot in pixels, from that on a phone.
        height: Of the plot in pixels.
    """
    drawn = [point for curve in curves for point in _dense(curve, max(widths))]
    plots = [_Plot(drawn, dots, width, height) for width in widths]
    found: list[Place | None] = []
    for points, text in zip(named, texts, strict=True):
        best, least = None, math.inf
        for place in _candidates(points):
            cover = 0.0
            for plot in plots:
                if cover < least:
                    cover += plot.covered(place, points[place.point], text)
            if cover < least:
                best, least = place, cover
            if not cover:
                break
        if least and found:
            best = None
        found.append(best)
        if best:
            for plot in plots:
                plot.take(best, points[best.point], text)
    return found


def _candidates(points: Sequence[Point]) -> Iterator[Place]:
    """Near the last point before far from it, and near others of the curve before far from the last."""
    last = len(points) - 1
    step = max(1, len(points) // TRIED)
    for far in FAR:
        for point in range(last, -1, -step) if far <= FAR[1] else (last,):
            for down in (-far, far):
                for lean in LEANS if far > NEAR else LEANS[:2]:
                    yield Place(point, round(lean * far), down)


def _inside(points: Pixels, box: Box, clear: float) -> int:
    """How many points are in a box, or nearer to it than `clear`."""
    if not len(points):
        return 0
    x, y = points[:, 0], points[:, 1]
    left, top, right, bottom = box
    return int(np.count_nonzero((x > left - clear) & (x < right + clear) & (y > top - clear) & (y < bottom + clear)))


def _dense(curve: Sequence[Point], width: float) -> list[Point]:
    """Points along a curve, so near to each other that none of its parts is missed."""
    kept = curve[:: 1 + len(curve) // MOST]
    out = list(kept[:1])
    for (x0, y0), (x1, y1) in pairwise(kept):
        length = math.hypot((x1 - x0) * width, y1 - y0)
        if not math.isfinite(length):
            continue
        parts = max(1, math.ceil(length / SPACING))
        out += [(x0 + (x1 - x0) * k / parts, y0 + (y1 - y0) * k / parts) for k in range(1, parts + 1)]
    return out


def _over(one: Box, other: Box) -> float:
    """Pixels that two have in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)
