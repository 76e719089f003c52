"""Pictures and charts as HTML: pure functions from arrays to text.

Charts are SVG pictures in percent of their frame, so they fill any width without stretching their lines; their words
are HTML beside them, in the colours of the theme.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core.pictures import to_picture

NOW = "#7357d9"  # the present rates, and spikes that only they have
WAS = "#d97a06"  # the source's
BOTH = "#8b8f9c"  # spikes that both have; readable on white and on near black


def png(pixels: NDArray[np.uint8], scale: int = 1) -> bytes:
    """(H, W, C) bytes as a PNG file, every pixel `scale` times as wide and high."""
    file = io.BytesIO()
    to_picture(pixels, scale).save(file, "PNG")
    return file.getvalue()


def data_url(content: bytes, mime: str = "image/png") -> str:
    """A file as an address."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def picture(pixels: NDArray[np.uint8], label: str, style: str = "") -> str:
    """An <img> of the exact pixels, which the page enlarges without blurring."""
    return f'<img class="pixels {style}" alt="{escape(label)}" src="{data_url(png(pixels))}">'


def figure(pixels: NDArray[np.uint8], label: str, caption: str, style: str = "") -> str:
    """A picture with words below it."""
    return f"<figure>{picture(pixels, label, style)}<figcaption>{escape(caption)}</figcaption></figure>"


def raster(now: NDArray[np.bool_], was: NDArray[np.bool_], order: Sequence[int]) -> str:
    """Spike raster: a row for each neuron, a column for each time step.

    Args:
        now: (T, d) spikes of the present rates.
        was: (T, d) spikes of the source's under the same noise.
        order: Neurons from top to bottom.
    """
    steps, dims = now.shape
    now, was = now[:, order], was[:, order]
    layers = ((now & was, BOTH, 0.8), (now & ~was, NOW, 0.8), (was & ~now, WAS, 0.3))
    shapes = "".join(f'<path fill="{colour}" d="{_ticks(mask, high)}"/>' for mask, colour, high in layers)
    frame = f'viewBox="0 0 {steps} {dims}" preserveAspectRatio="none"'
    label = (
        f"Spike raster: {dims} neurons, {steps} time steps, {int(now.sum())} spikes; "
        f"{int((now & ~was).sum())} more and {int((was & ~now).sum())} fewer than the source"
    )
    every = max(1, -(-dims // 16))
    rows = "".join(f'<span style="top:{100 * (i + 0.5) / dims:.2f}%">d{order[i]}</span>' for i in range(0, dims, every))
    marks = sorted({1, steps, *range(4, steps + 1, max(4, steps // 4 // 4 * 4))})
    columns = "".join(f'<span style="left:{100 * (t - 0.5) / steps:.2f}%">{t}</span>' for t in marks)
    return (
        f'<div class="raster"><div class="rows" aria-hidden="true">{rows}</div>{_svg(frame, shapes, label)}'
        f'<div class="columns" aria-hidden="true">{columns}</div></div>'
    )


def rate_bars(
    now: NDArray[np.floating],
    was: NDArray[np.floating],
    order: Sequence[int],
    counts: NDArray[np.integer] | None,
    steps: int,
) -> str:
    """A bar for each rate, a mark where the source's is, and behind it how often real images have which rate.

    Args:
        now: (d,) present rates.
        was: (d,) the source's.
        order: Dimensions from left to right.
        counts: (N, d) spikes of real images in `steps` steps, or None.
        steps: T of the model: the chart has T + 1 levels, one for each count.
    """
    dims, slot = len(now), 100 / len(now)

    def y(rate: float) -> float:
        return 100 - 100 * (steps * rate + 0.5) / (steps + 1)  # the middle of the level of that count

    shapes = [f'<line x2="100%" y1="{y(r)}%" y2="{y(r)}%" stroke="{BOTH}" stroke-opacity=".3"/>' for r in (0, 0.5, 1)]
    for place, i in enumerate(order):
        left, top, mark = place * slot, y(float(now[i])), y(float(was[i]))
        shapes.append(
            f'<rect x="{left + 0.26 * slot:.2f}%" width="{0.48 * slot:.2f}%" y="{top:.2f}%" '
            f'height="{y(0) - top:.2f}%" fill="{NOW}"/>'
            f'<line x1="{left + 0.06 * slot:.2f}%" x2="{left + 0.94 * slot:.2f}%" y1="{mark:.2f}%" y2="{mark:.2f}%" '
            f'stroke="{WAS}" stroke-width="2.5"/>'
        )
    every = max(1, -(-dims // 32))
    names = "".join(
        f'<span style="left:{(place + 0.5) * slot:.2f}%">{order[place]}</span>' for place in range(0, dims, every)
    )
    scale = "".join(f'<span style="top:{y(r):.1f}%">{name}</span>' for r, name in ((1, "1"), (0.5, "½"), (0, "0")))
    label = f"Firing rates of {dims} dimensions: mean {now.mean():.2f} now, {was.mean():.2f} at the source"
    return (
        f'<div class="bars"><div class="rows" aria-hidden="true">{scale}</div>'
        f"{_svg('', ''.join(shapes), label, _density(counts, order, steps))}"
        f'<div class="columns" aria-hidden="true">{names}</div></div>'
    )


def _density(counts: NDArray[np.integer] | None, order: Sequence[int], steps: int) -> str:
    """Style of a background: a column for each dimension, a pixel for each count, darker where more images are."""
    if counts is None:
        return ""
    levels = np.arange(steps, -1, -1)[:, None, None]
    share = (counts[:, order] == levels).mean(1)  # (T + 1, d)
    tone = np.empty((*share.shape, 2), np.uint8)
    tone[..., 0], tone[..., 1] = 139, np.rint(200 * np.sqrt(share))
    file = io.BytesIO()
    Image.fromarray(tone, "LA").save(file, "PNG")
    return f"background: url({data_url(file.getvalue())}) 0 0 / 100% 100%; image-rendering: pixelated"


def _svg(frame: str, shapes: str, label: str, style: str = "") -> str:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%" {frame}>{shapes}</svg>'
    return f'<img alt="{escape(label)}" style="{style}" src="{data_url(drawing.encode(), "image/svg+xml")}">'


def _ticks(mask: NDArray[np.bool_], high: float) -> str:
    top = (1 - high) / 2
    return "".join(f"M{t + 0.12:.2f} {i + top:.2f}h.76v{high}h-.76z" for t, i in np.argwhere(mask).tolist())
