"""Where the names of a chart's points go, so that none lies over another or over a point."""

from __future__ import annotations

from collections.abc import Sequence

SIDES = ("top left", "top right", "bottom left", "bottom right")
"""Of a point, as Plotly calls them, in the order in which they are tried."""

LETTER = (7.5, 16.0)
"""Pixels: width, a little more than that of an average letter of 13 px, and height with what is between lines."""
DOT = 6.0
"""Pixels from a point's middle that no name comes near."""

Box = tuple[float, float, float, float]  # left, top, right, bottom


def sides(points: Sequence[tuple[float, float]], texts: Sequence[str], size: tuple[float, float]) -> list[str | None]:
    """The side of each point that its name is at; None where there is no room for it.

    Args:
        points: Pixels from the left and from the top. Those that come first have first choice, and the first of all
            has a side in any case.
        texts: The names.
        size: Width and height of the plot in pixels; names may not leave it to the left or right.

    Returns:
        One of `SIDES` or None for each point.
    """
    dots = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in points]
    placed: list[Box] = []
    found: list[str | None] = []
    for i, ((x, y), text) in enumerate(zip(points, texts, strict=True)):
        others = [*placed, *dots[:i], *dots[i + 1 :]]
        boxes = {side: _box(x, y, text, side) for side in SIDES}
        within = [side for side in SIDES if boxes[side][0] >= 0 and boxes[side][2] <= size[0]] or list(SIDES[:1])
        covered = {side: sum(_over(boxes[side], other) for other in others) for side in within}
        side = min(within, key=lambda side: covered[side])
        if covered[side] and i:
            found.append(None)
            continue
        found.append(side)
        placed.append(boxes[side])
    return found


def _box(x: float, y: float, text: str, side: str) -> Box:
    width, height = LETTER[0] * len(text), LETTER[1]
    left = x - width if side.endswith("left") else x
    top = y - height if side.startswith("top") else y
    return left, top, left + width, top + height


def _over(one: Box, other: Box) -> float:
    """Pixels that two have in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)
