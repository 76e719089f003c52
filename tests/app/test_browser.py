"""The page in Chromium: what people see, touch, upload and take along."""

from __future__ import annotations

import base64
import csv
import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from app import catalogue
from app.scene import build
from app.state import State, Upload, decode, encode

pytestmark = pytest.mark.browser
PICTURE = "Picture of the present rates"


def open_page(page, path="/"):
    page.goto(path)
    page.get_by_alt_text(PICTURE).wait_for()
    page.wait_for_url(re.compile(r"\?s=1~"))


def state_of(page) -> State:
    (text,) = parse_qs(urlsplit(page.url).query)["s"]
    return decode(text)


def source_of(page) -> str:
    src = page.get_by_alt_text(PICTURE).get_attribute("src")
    assert src is not None
    return src


def pixels_of(page) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source_of(page).split(",", 1)[1]))))


def expected(page, shelf_dir) -> np.ndarray:
    """What the library draws for the state in the address bar."""
    scene = build(state_of(page), catalogue.find([catalogue.ROOT / "checkpoints", shelf_dir]))
    pixels = scene.drawing.pixels[0]
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def changed(page, before: str) -> None:
    page.wait_for_function(
        "([label, before]) => document.querySelector(`img[alt='${label}']`)?.src !== before", arg=[PICTURE, before]
    )


def link(shelf_dir) -> str:
    """A link to the small model, whatever else there is."""
    from app.scene import first_state

    entries = catalogue.find([shelf_dir])
    return "/?s=" + encode(first_state(catalogue.take(entries[0])))


def test_keys_on_a_slider_change_the_picture_and_the_link_brings_it_back(page, shelf_dir):
    open_page(page, link(shelf_dir))
    assert np.array_equal(pixels_of(page), expected(page, shelf_dir))
    first, url = source_of(page), page.url
    page.locator("input[type=range][aria-label=d2]").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft" if state_of(page).rates[2] else "ArrowRight")
        page.wait_for_timeout(150)
    changed(page, first)
    page.wait_for_timeout(800)  # the last key's run
    assert page.url != url
    moved, there = source_of(page), page.url
    assert np.array_equal(pixels_of(page), expected(page, shelf_dir))

    page.reload()
    page.get_by_alt_text(PICTURE).wait_for()
    assert source_of(page) == moved
    assert page.url == there


def test_undo_by_key_and_by_button(page, shelf_dir):
    open_page(page, link(shelf_dir))
    first, random = source_of(page), ""
    for _ in range(3):  # the key follows at once: its message may still carry the old values of all sliders
        page.get_by_role("button", name="Random").click()
        changed(page, first)
        random = source_of(page)
        page.keyboard.press("Control+z")
        changed(page, random)
        page.wait_for_timeout(200)
        assert source_of(page) == first
    page.get_by_role("button", name="Redo").click()
    changed(page, first)
    assert source_of(page) == random


def test_the_browsers_way_back(page, shelf_dir):
    open_page(page, link(shelf_dir))
    first, url = source_of(page), page.url
    page.get_by_role("button", name="Random").click()
    changed(page, first)
    page.wait_for_function("before => location.href !== before", arg=url)
    page.go_back()
    page.wait_for_function(
        "([label, first]) => document.querySelector(`img[alt='${label}']`)?.src === first", arg=[PICTURE, first]
    )
    page.wait_for_timeout(500)
    assert page.url == url


def test_another_test_image_by_its_picture(page, shelf_dir):
    open_page(page, link(shelf_dir))
    first = source_of(page)
    page.get_by_role("button", name=re.compile("^b, test image")).first.click()
    changed(page, first)
    page.wait_for_timeout(300)
    assert np.array_equal(pixels_of(page), expected(page, shelf_dir))


def test_a_wrong_link_is_explained_and_the_page_lives_on(page):
    open_page(page, "/?s=1~aaa~p0~b16~7~e~AAAA")
    assert page.get_by_text("This link does not open").is_visible()
    assert not page.get_by_text("Traceback").is_visible()
    first = source_of(page)
    page.get_by_role("button", name="Random").click()
    changed(page, first)
    page.get_by_text("This link does not open").wait_for(state="hidden")


def _png(array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((5000, 4000)).save(file, "JPEG")
    return file.getvalue()


_RAMP = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
GOOD = {
    "colour.png": lambda: _png(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)),
    "gray16.png": lambda: _png(_RAMP * 21),
    "huge.jpg": _jpeg,
}
BAD = {
    "text.png": lambda: b"I am a letter, not a picture.",
    "cut.png": lambda: GOOD["colour.png"]()[:500],
    "empty.png": lambda: b"",
}


def upload(page, name, content):
    page.get_by_role("tab", name="Upload").click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_uploads_become_rates_and_a_picture(page, shelf_dir):
    open_page(page, link(shelf_dir))
    for name, make in GOOD.items():
        before = page.url
        upload(page, name, make())
        page.wait_for_function("before => location.href !== before", arg=before)
        page.get_by_alt_text("The original: your picture").wait_for()
        assert isinstance(state_of(page).source, Upload)
        page.wait_for_timeout(300)
        assert np.array_equal(pixels_of(page), expected(page, shelf_dir)), name
    shown = source_of(page)
    page.reload()
    page.get_by_alt_text(PICTURE).wait_for()
    assert source_of(page) == shown


def test_bad_uploads_are_explained_and_the_page_lives_on(page, shelf_dir):
    open_page(page, link(shelf_dir))
    first = source_of(page)
    for name, make in BAD.items():
        upload(page, name, make())
        page.get_by_text(re.compile(f"{re.escape(name)}: ")).first.wait_for()
        assert source_of(page) == first
    assert not page.get_by_text("Traceback").is_visible()
    page.get_by_role("button", name="New noise").click()
    changed(page, first)


def test_what_can_be_taken_along(page, shelf_dir):
    open_page(page, link(shelf_dir))
    page.get_by_role("button", name="Download", exact=True).click()

    def taken(name):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        return download.value.path().read_bytes()

    pixels = expected(page, shelf_dir)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(taken("10 times as large"))))[::10, ::10], pixels)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(taken("16 x 16 pixels")))), pixels)
    rows = list(csv.DictReader(io.StringIO(taken("Rates, CSV").decode())))
    assert [float(row["current_rate"]) for row in rows] == [r / 46080 for r in state_of(page).rates]
    page.keyboard.press("Escape")

    page.get_by_text("A grid of samples").click()
    page.get_by_alt_text(re.compile("32 samples from the prior")).wait_for()
    assert Image.open(io.BytesIO(taken("Grid, PNG"))).size == (4 * (8 * 18 - 2), 4 * (4 * 18 - 2))


def test_it_asks_nobody_else_for_anything(page, server):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page)
    foreign = [url for url in asked if not url.startswith((server, "data:", "blob:", server.replace("http", "ws")))]
    assert not foreign


def test_it_fits_a_phone(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=server)
    page = context.new_page()
    open_page(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
