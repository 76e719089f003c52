"""Charts that are taken along from the page in Chromium: SVG and PDF, opened and held against what the page shows."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app import catalogue

from .test_export import TURNED, drop, menu
from .test_spikes import open_spikes, spikes_of
from .visits import LINK, loaded, open_page, same_as_python, settled, state_of

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"
NOW, QUIET = "rgb(100,71,201)", "rgb(139,143,156)"
PAGES = {
    "/": "canvas.large",
    "/interpolate": "ol.strip[data-there]",
    "/map": ".map-canvas[data-cursor]",
    "/dimensions": ".sensitivity:not(.missing)",
    "/how": ".cards .chart-picture rect",
}


def charts(page) -> list[str]:
    return page.get_by_label("Chart", exact=True).locator("option").all_text_contents()


def saved(page, name: str, kind: str, tmp_path):
    page.get_by_label("Chart", exact=True).select_option(label=name)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Chart as {kind}").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


DRAW = """async (text) => {
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def rendered(context, path) -> np.ndarray:
    """(H, W, 3) of an SVG file as Chromium draws it.

    On a canvas: of a tab that was just opened, a busy machine's Chromium at times refuses to take a screenshot.
    """
    page = context.new_page()
    png = base64.b64decode(page.evaluate(DRAW, path.read_text(encoding="utf-8")))
    page.close()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def printed(path) -> np.ndarray:
    """(H, W, 3) of a PDF file as poppler draws it, a pixel of the screen as one."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("no pdftoppm here")
    run = subprocess.run(["pdftoppm", "-r", "96", "-png", str(path)], capture_output=True, check=True)
    assert not run.stderr, run.stderr
    return np.asarray(Image.open(io.BytesIO(run.stdout)).convert("RGB")).astype(int)


def apart(whole: np.ndarray, part: np.ndarray) -> float:
    """Mean difference of grey levels where the part fits best into the whole."""
    tall, wide = part.shape[:2]
    places = [(y, x) for y in range(whole.shape[0] - tall + 1) for x in range(min(24, whole.shape[1] - wide + 1))]
    coarse = [np.abs(whole[y : y + tall : 4, x : x + wide : 4] - part[::4, ::4]).mean() for y, x in places]
    y, x = places[int(np.argmin(coarse))]
    return float(np.abs(whole[y : y + tall, x : x + wide] - part).mean())


def test_the_raster_is_the_one_on_the_screen(page, context, tmp_path):
    open_spikes(page, TURNED)
    seen = np.asarray(Image.open(io.BytesIO(page.locator("canvas.cells-canvas").screenshot())).convert("RGB"))
    menu(page)
    svg = saved(page, "Spikes", "SVG", tmp_path)
    assert svg.name == "aaa-spikes.svg"
    root = ET.parse(svg).getroot()
    assert root.find(f"{SVG}title").text == "Spikes"
    assert "3 edited by hand" in root.find(f"{SVG}desc").text
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {f"d{j}" for j in range(6)} | {str(t) for t in range(1, 9)} <= set(texts)
    cells = [each.get("fill") for each in root.iter(f"{SVG}rect") if each.get("height") == "15"]  # 17, less two edges
    spikes, plain = spikes_of(TURNED), spikes_of(LINK)
    assert cells.count(QUIET) == int((spikes & plain).sum())
    assert cells.count(NOW) == int((spikes & ~plain & 1).sum())
    drawn = rendered(context, svg)
    seen = seen.astype(int)
    assert apart(drawn, seen) < 0.3 * apart(np.roll(drawn, 60, axis=1), seen)
    assert apart(drawn, seen) < 2
    page.get_by_role("button", name="Export", exact=True).click()


def test_every_chart_of_a_page_is_written_and_read(page, context, tmp_path):
    open_spikes(page)
    page.get_by_role("button", name="Rank spikes by effect").click()
    page.locator(".ranked-list li").first.wait_for()
    menu(page)
    names = charts(page)
    assert names == [
        "Spikes",
        "Effect of turning a spike, by step",
        "Weight of each step in the final picture",
        "Spikes in T steps",
        "If they were Poisson",
        "Steps from one spike to the next",
        "Fano factor: variance / mean of the count",
        "Membrane of the chosen neuron",
    ]
    for name in names:
        svg, pdf = saved(page, name, "SVG", tmp_path), saved(page, name, "PDF", tmp_path)
        drawn = rendered(context, svg)
        assert drawn.std() > 5, name
        other = printed(pdf)
        assert np.abs(np.subtract(other.shape, drawn.shape)).max() <= 1, name
        height, width = np.minimum(other.shape, drawn.shape)[:2]
        assert np.abs(other[:height, :width] - drawn[:height, :width]).mean() < 6, name  # letters differ
    chart = page.locator("figure.chart", has_text="If they were Poisson").locator("svg")
    page.keyboard.press("Escape")
    seen = np.asarray(Image.open(io.BytesIO(chart.screenshot())).convert("RGB")).astype(int)
    drawn = rendered(context, tmp_path / "aaa-if-they-were-poisson.svg")
    assert apart(drawn, seen) < 2


@pytest.mark.parametrize("path", PAGES)
def test_charts_of_all_views_open(path, page, context, tmp_path):
    open_page(page, LINK, path, PAGES[path])
    loaded(page)
    menu(page)
    for name in charts(page):
        svg, pdf = saved(page, name, "SVG", tmp_path), saved(page, name, "PDF", tmp_path)
        assert rendered(context, svg).std() > 3, name
        assert pdf.read_bytes().startswith(b"%PDF-1.4\n"), name
        assert printed(pdf).std() > 3, name
    kinds = {each.tag.removeprefix(SVG) for each in ET.parse(svg).getroot()}
    if path == "/map":
        circles = len(list(ET.parse(svg).getroot().iter(f"{SVG}circle")))
        assert circles >= len(catalogue.named("aaa").atlas.labels)
    if path == "/dimensions":
        assert charts(page)[0] == "Rates of d0"
        assert "rect" in kinds


def test_pictures_of_a_path_are_in_the_file(page, tmp_path):
    open_page(page, LINK, "/interpolate", PAGES["/interpolate"])
    menu(page)
    root = ET.parse(saved(page, "Path", "SVG", tmp_path)).getroot()
    assert len(list(root.iter(f"{SVG}image"))) == 16


def test_a_page_without_charts_offers_none(page):
    open_page(page, LINK, "/generate", "[data-there]")
    sheet = menu(page)
    assert sheet.get_by_role("button", name="PNG").is_visible()
    assert not sheet.get_by_label("Chart", exact=True).count()


@pytest.mark.parametrize("kind", ["SVG", "PDF"])
def test_a_dropped_chart_opens_what_it_shows(page, kind, tmp_path):
    open_spikes(page, TURNED)
    shown = state_of(page)
    menu(page)
    path = saved(page, "Spikes in T steps", kind, tmp_path)
    open_page(page, replace(LINK, seed=99))
    before = page.evaluate("location.href")
    drop(page, path.name, path.read_bytes())
    settled(page, before)
    assert state_of(page) == shown
    assert same_as_python(page)


def test_the_menu_says_what_carries_what(page):
    open_page(page)
    words = menu(page).inner_text()
    assert "Charts and HTML carry the link" in words
    assert "A table (.csv) carries neither" in words


def test_a_dropped_page_opens_what_it_shows(page, tmp_path):
    open_page(page, replace(LINK, seed=31))
    shown = state_of(page)
    menu(page)
    with page.expect_download() as waiting:
        page.locator(".export-sheet").get_by_role("button", name="HTML", exact=True).click()
    path = tmp_path / "it.html"
    waiting.value.save_as(path)
    open_page(page)
    before = page.evaluate("location.href")
    drop(page, path.name, path.read_bytes())
    settled(page, before)
    assert state_of(page) == shown
