import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from app import drawings

RNG = np.random.default_rng(0)


def svg_of(html):
    (code,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return ElementTree.fromstring(base64.b64decode(code))


def test_a_png_holds_the_exact_pixels():
    pixels = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(drawings.png(pixels)))), pixels)
    large = np.asarray(Image.open(io.BytesIO(drawings.png(pixels, 10))))
    assert large.shape == (80, 80, 3)
    assert np.array_equal(large[::10, ::10], pixels)


def test_words_cannot_become_markup():
    html = drawings.figure(np.zeros((2, 2, 1), np.uint8), '"><script>', "<b>")
    assert "<script>" not in html
    assert "<b>" not in html


def test_the_raster_has_a_tick_for_each_spike_and_counts_them():
    now, was = RNG.random((2, 16, 5)) < 0.4
    html = drawings.raster(now, was, [4, 0, 1, 2, 3])
    both, more, fewer = (path.attrib["d"].count("M") for path in svg_of(html))
    assert (both, more, fewer) == ((now & was).sum(), (now & ~was).sum(), (was & ~now).sum())
    assert f"{now.sum()} spikes; {more} more and {fewer} fewer than the source" in html


def test_the_raster_follows_the_order():
    now = np.zeros((4, 3), bool)
    now[2, 1] = True
    (tick,) = re.findall(r"M[^M]+", svg_of(drawings.raster(now, now, [1, 2, 0]))[0].attrib["d"])
    assert tick.startswith("M2.12 0.10")


def test_bars_rise_from_zero_to_the_rate():
    html = drawings.rate_bars(np.array([0.0, 0.5, 1.0]), np.zeros(3), [2, 1, 0], None, 16)
    rects = [e.attrib for e in svg_of(html) if e.tag.endswith("rect")]
    heights = [float(r["height"].rstrip("%")) for r in rects]
    assert np.allclose(heights, [100 * 16 / 17, 50 * 16 / 17, 0], atol=0.01)


def test_behind_the_bars_lies_how_often_each_count_occurs():
    counts = np.array([[0, 4], [0, 4], [0, 0], [0, 2]])
    html = drawings.rate_bars(np.zeros(2), np.zeros(2), [1, 0], counts, 4)
    (code,) = re.findall(r"url\(data:image/png;base64,([^)]+)\)", html)
    alpha = np.asarray(Image.open(io.BytesIO(base64.b64decode(code))))[..., 1]
    assert alpha.shape == (5, 2)
    assert alpha[:, 1].tolist() == [0, 0, 0, 0, 200]
    assert alpha[:, 0].tolist() == [141, 0, 100, 0, 100]
