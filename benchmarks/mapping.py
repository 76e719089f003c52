"""How smooth a map of thousands of points is: times between frames while a hand pans, zooms, turns and hovers."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.dragging import quantile
from benchmarks.measure import Result
from benchmarks.page import ROOT, chromium, serve
from esvae_core.explore import atlas as atlases
from esvae_core.explore.map import Layout

MODEL = "mnist-plus"
COPIES = 3  # of each of the 2,000 points that ship
MOVES = 240  # of the hand, one a frame
FRAME = 1000 / 60

_WATCH = """() => {
  const seen = (window.frames_ = []);
  let last = 0;
  const tick = (now) => {
    if (last) seen.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  window.ticking = requestAnimationFrame(tick);
}"""
_SEEN = "() => (cancelAnimationFrame(window.ticking), window.frames_)"


def _grown(folder: Path) -> int:
    """Put a model there whose atlas has each point several times, moved a little; how many that are."""
    rng = np.random.default_rng(0)
    source, path = ROOT / "checkpoints" / f"{MODEL}.safetensors", folder / "many.safetensors"
    shutil.copy(source, path)
    atlas = atlases.load(atlases.beside(source))
    assert atlas.map is not None
    many = COPIES * len(atlas)

    def scattered(layout: Layout) -> Layout:
        places = np.tile(layout.positions, (COPIES, 1)) + rng.normal(0, 600, (many, layout.positions.shape[1]))
        positions = np.clip(places, 0, 65535).astype(np.uint16)
        return Layout(positions, layout.trust, np.tile(layout.point_trust, COPIES))

    counts = np.tile(atlas.counts, (COPIES, 1)).astype(int) + rng.integers(-1, 2, (many, atlas.counts.shape[1]))
    grown = replace(
        atlas,
        counts=np.clip(counts, 0, atlas.time_steps).astype(atlas.counts.dtype),
        labels=np.tile(atlas.labels, COPIES),
        indices=np.arange(many),
        errors=None if atlas.errors is None else np.tile(atlas.errors, COPIES),
        map=replace(atlas.map, flat=scattered(atlas.map.flat), solid=scattered(atlas.map.solid)),
    )
    atlases.save(atlases.beside(path), grown)
    return many


def _hand(page: Any) -> dict[str, Callable[[int], None]]:
    """What the hand does at the k-th frame, the pointer having been put down or not."""
    box = page.locator(".map-over").bounding_box()
    x, y, wide = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, min(box["width"], box["height"]) / 4

    def circle(k: int) -> None:
        page.mouse.move(x + wide * math.sin(k / 20), y + wide * math.cos(k / 20))

    def wheel(k: int) -> None:
        page.mouse.wheel(0, -60 if k % 80 < 40 else 60)

    return {"hover": circle, "zoom": wheel, "drag": circle}


def smooth() -> list[Result]:
    """Frames of the map in the plane and in space, each under three gestures."""
    work = "app: frame of the map"
    with chromium() as browser:
        if browser is None:
            return [Result("map", work, None, note="needs chromium and playwright")]
        with tempfile.TemporaryDirectory() as folder:
            many = _grown(Path(folder))
            with serve(folder) as address:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                return [row for axes in (2, 3) for row in _frames(page, address, axes, f"{work}, {many:,} points")]


def _frames(page: Any, address: str, axes: int, work: str) -> list[Result]:
    page.goto(f"{address}/map")
    page.locator(".map-canvas[data-cursor]").wait_for(timeout=120_000)
    page.get_by_label("Model", exact=True).select_option("many")
    page.wait_for_url(lambda url: "~many~" in url)
    page.get_by_role("button", name=f"{axes}-D").click()
    page.wait_for_timeout(2000)
    rows = []
    for name, act in _hand(page).items():
        act(0)
        if name == "drag":
            page.mouse.down()
        page.evaluate(_WATCH)
        for k in range(MOVES):
            act(k)
        times = page.evaluate(_SEEN)
        if name == "drag":
            page.mouse.up()
        late = sum(ms > 1.5 * FRAME for ms in times) / len(times)
        drawn = float(page.locator(".map-canvas").get_attribute("data-ms"))
        note = (
            f"95th percentile {quantile(times, 0.95):.1f} ms, {100 * late:.1f} % late; points drawn in {drawn:.1f} ms"
        )
        rows.append(Result("map", f"{work}, {axes}-D, {name}", quantile(times, 0.5), note=note))
    return rows
