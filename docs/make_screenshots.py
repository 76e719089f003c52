"""Drive the app and write the pictures of the README: `python -m docs.make_screenshots`.

Needs Chromium and the packages of requirements-dev.txt. Writes docs/screenshots/VIEW.png, and docs/explorer.gif: a hand
that drags rates, draws a digit, and walks between latents.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks import chromium
from benchmarks.page import serve

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "screenshots"
SIZE = {"width": 1440, "height": 900}
VIEWS = {
    "explore": "canvas.large",
    "spikes": ".cells-canvas",
    "interpolate": "ol.strip[data-there]",
    "map": "canvas",
    "generate": "[data-there]",
    "dimensions": "table",
    "models": ".side-row canvas",
    "how": ".cards canvas",
}
GIF_WIDTH = 900  # px


def views(page: Page, address: str) -> None:
    """A picture of each view that the app has."""
    page.goto(address)
    page.locator(VIEWS["explore"]).wait_for()
    links = {link.text_content(): link for link in page.get_by_test_id("stTopNavLink").all()}
    for name, ready in VIEWS.items():
        title = "How it works" if name == "how" else name.capitalize()
        if title in links:
            page.get_by_role("link", name=title, exact=True).click()
            page.locator(f".view-{name} {ready}").first.wait_for()
            page.mouse.move(2, 890)
            page.wait_for_timeout(2500)
            page.screenshot(path=OUT / f"{name}.png")


def film(page: Page, address: str) -> list[Image.Image]:
    """Frames of a hand at work."""
    frames: list[Image.Image] = []

    def shoot(times: int = 1) -> None:
        shot = Image.open(io.BytesIO(page.screenshot(clip={"x": 0, "y": 56, "width": 1440, "height": 744})))
        small = shot.convert("RGB").resize((GIF_WIDTH, GIF_WIDTH * shot.height // shot.width), Image.Resampling.LANCZOS)
        frames.extend([small] * times)

    page.goto(address)
    page.locator(VIEWS["explore"]).wait_for()
    page.wait_for_timeout(2000)
    shoot(4)
    for bar in (0, 2, 5):  # three bars in the order of their effect
        box: Any = page.locator(".fader").nth(bar).bounding_box()
        x, top, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
        page.mouse.move(x, top + tall / 2)
        page.mouse.down()
        for k in range(8):
            page.mouse.move(x, top + tall * (0.5 + 0.45 * math.sin(k * math.pi / 4)))
            page.wait_for_timeout(60)
            shoot()
        page.mouse.up()
    page.get_by_role("button", name="Draw", exact=True).click()
    pad: Any = page.locator("canvas.pad").bounding_box()
    points = [
        (0.3, 0.25),
        (0.5, 0.2),
        (0.68, 0.3),
        (0.6, 0.45),
        (0.42, 0.5),
        (0.62, 0.55),
        (0.7, 0.7),
        (0.5, 0.82),
        (0.3, 0.75),
    ]
    for k, (x, y) in enumerate(points):  # a 3
        page.mouse.move(pad["x"] + x * pad["width"], pad["y"] + y * pad["height"], steps=4)
        if k == 0:
            page.mouse.down()
        page.wait_for_timeout(60)
        shoot()
    page.mouse.up()
    page.wait_for_timeout(300)
    shoot(6)
    return frames


def _beside(frames: list[Image.Image]) -> Image.Image:
    """Some frames in one picture, whose colours then serve all of them."""
    sheet = Image.new("RGB", (sum(frame.width for frame in frames), frames[0].height))
    for k, frame in enumerate(frames):
        sheet.paste(frame, (k * frame.width, 0))
    return sheet


def main() -> None:
    """Write all of them."""
    OUT.mkdir(parents=True, exist_ok=True)
    with serve() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.PATH, args=chromium.FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(60_000)
        views(page, address)
        frames = film(page, address)
        browser.close()
    shared = _beside(frames[:: max(1, len(frames) // 6)]).quantize(128, dither=Image.Dither.NONE)
    palette = [frame.quantize(128, palette=shared, dither=Image.Dither.NONE) for frame in frames]
    palette[0].save(ROOT / "docs" / "explorer.gif", save_all=True, append_images=palette[1:], duration=110, loop=0)


if __name__ == "__main__":
    main()
