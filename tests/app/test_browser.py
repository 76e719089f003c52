"""Explore in Chromium: what people drag, press, draw, upload and share, and that the page's picture is Python's."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from app import catalogue
from app.state import GRID, State, TestImage, UserImage, to_grid

from .visits import (
    LARGE,
    LINK,
    bars,
    choose_model,
    drag,
    open_page,
    pixels_of,
    released,
    same_as_python,
    settled,
    soon,
    state_of,
    until,
)

pytestmark = pytest.mark.browser


def test_the_picture_follows_the_hand_and_the_link_brings_it_back(page):
    open_page(page)
    assert same_as_python(page)
    first, url = pixels_of(page), page.url
    drag(page, 2, 0.1)
    assert not np.array_equal(pixels_of(page), first), "the picture follows while the hand is down"
    assert page.url == url, "the address waits for the end of the gesture"
    released(page)
    moved = state_of(page)
    assert sum(a != b for a, b in zip(moved.rates, LINK.rates, strict=True)) == 1
    assert same_as_python(page)
    there = pixels_of(page)
    page.reload()
    page.locator(LARGE).wait_for()
    assert soon(page, lambda: np.array_equal(pixels_of(page), there))
    assert state_of(page) == moved


def test_a_sweep_changes_many_bars_as_one_step(page):
    open_page(page)
    boxes = [bars(page).nth(i).bounding_box() for i in range(6)]
    page.mouse.move(boxes[0]["x"] + 3, boxes[0]["y"] + boxes[0]["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(boxes[5]["x"] + 3, boxes[5]["y"] + boxes[5]["height"] * 0.52, steps=12)
    released(page)
    assert all(abs(rate / GRID - 0.5) < 0.06 for rate in state_of(page).rates)
    page.keyboard.press("Control+z")
    assert state_of(page).rates == LINK.rates
    page.keyboard.press("Control+y")
    assert all(abs(rate / GRID - 0.5) < 0.06 for rate in state_of(page).rates)


def test_keys_move_a_bar_and_say_so(page):
    open_page(page)
    bar = page.get_by_role("slider", name="d2", exact=True)
    before = state_of(page).rates[2]
    bar.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert soon(page, lambda: state_of(page).rates[2] == before - 2 * GRID // 64)
    assert float(bar.get_attribute("aria-valuenow")) == pytest.approx(state_of(page).rates[2] / GRID, abs=1e-3)
    assert "of 8 spikes" in bar.get_attribute("aria-valuetext")
    page.keyboard.press("Home")
    assert soon(page, lambda: state_of(page).rates[2] == 0)
    there = page.evaluate("location.href")
    page.keyboard.press("Backspace")
    settled(page, there)
    assert same_as_python(page)


def test_lock_mute_and_solo(page):
    open_page(page)
    page.get_by_role("slider", name="d3", exact=True).focus()
    page.keyboard.press("m")
    assert state_of(page).rates[3] == 0
    page.keyboard.press("m")
    assert state_of(page).rates == LINK.rates
    page.keyboard.press("s")
    assert [i for i, rate in enumerate(state_of(page).rates) if rate] == [3]
    page.keyboard.press("s")
    assert state_of(page).rates == LINK.rates
    page.keyboard.press("l")
    page.get_by_role("button", name="Random", exact=True).click()
    assert state_of(page).rates[3] == LINK.rates[3]
    assert state_of(page).rates != LINK.rates


def test_solo_and_mute_hold_back_only_what_they_changed(page):
    open_page(page)
    solo, mute = (page.get_by_role("button", name=name, exact=True) for name in ("Solo", "Mute"))
    page.get_by_role("slider", name="d3", exact=True).focus()
    page.keyboard.press("s")
    assert solo.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Undo").click()
    assert solo.get_attribute("aria-pressed") == "false"
    assert state_of(page).rates == LINK.rates
    page.get_by_role("button", name="Redo").click()
    assert solo.get_attribute("aria-pressed") == "true"
    page.get_by_role("slider", name="d2", exact=True).focus()
    page.keyboard.press("m")
    page.get_by_role("button", name="Test images").click()
    page.locator(".tiles .picked").nth(4).click()  # another image: nothing of the first one's is held back
    other = state_of(page).rates
    assert solo.get_attribute("aria-pressed") == mute.get_attribute("aria-pressed") == "false"
    page.get_by_role("slider", name="d2", exact=True).focus()
    for key in "ssmm":
        page.keyboard.press(key)
    assert state_of(page).rates == other


def test_a_double_click_brings_a_bar_back(page):
    open_page(page)
    page.get_by_role("button", name="Test images").click()
    page.locator(".tiles .picked").nth(2).click()
    source = state_of(page).rates
    box = page.get_by_role("slider", name="d4", exact=True).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 3)
    assert soon(page, lambda: state_of(page).rates[4] > GRID * 0.9)
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + 3)
    assert soon(page, lambda: state_of(page).rates == source)


def test_after_a_sweep_keys_act_on_the_bar_where_it_ended(page):
    open_page(page)
    boxes = [bars(page).nth(i).bounding_box() for i in range(6)]
    page.mouse.move(boxes[0]["x"] + 3, boxes[0]["y"] + boxes[0]["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(boxes[4]["x"] + 3, boxes[4]["y"] + boxes[4]["height"] * 0.5, steps=12)
    released(page)
    page.keyboard.press("l")
    assert [bars(page).nth(i).evaluate("bar => bar.classList.contains('locked')") for i in range(6)].index(True) == 4
    assert page.locator(".detail .reading").inner_text().startswith(bars(page).nth(4).get_attribute("aria-label"))


def test_spikes_new_and_gone_by_a_move_stand_out(page):
    open_page(page)
    raster = page.get_by_role("img", name=re.compile("^Spike raster: 6 neurons, 8 time steps"))
    assert "0 new and 0 gone" in raster.get_attribute("aria-label")
    drag(page, 0, 1)
    released(page)
    won = re.search(r"(\d+) new and (\d+) gone", raster.get_attribute("aria-label"))
    assert int(won[1]) + int(won[2]) > 0


def test_noise_sampler_and_steps(page):
    open_page(page)
    page.get_by_role("button", name="Even").click()
    assert state_of(page).sampler == "systematic"
    assert same_as_python(page)
    page.get_by_role("button", name="New noise").click()
    assert state_of(page).seed != 7
    page.get_by_label("Time steps T").fill("40")
    assert state_of(page).steps == 40
    assert same_as_python(page)
    page.get_by_label("Noise seed").fill("123")
    page.keyboard.press("Enter")
    assert state_of(page).seed == 123
    assert same_as_python(page)


def test_a_test_image_by_its_picture_and_the_draws_of_its_rates(page):
    open_page(page)
    page.get_by_role("button", name="Test images").click()
    page.get_by_role("button", name=re.compile("^b, test image")).first.click()
    assert isinstance(state_of(page).source, TestImage)
    assert same_as_python(page)
    page.locator("[data-statistics=there]").wait_for()
    page.locator("button.picked:has(canvas[aria-label*=least])").click()
    assert same_as_python(page)


def test_what_is_drawn_is_encoded_under_the_pen(page):
    open_page(page)
    page.get_by_role("button", name="Draw", exact=True).click()
    box = page.locator("canvas.pad").bounding_box()
    first = pixels_of(page)
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 160, steps=10)
    assert soon(page, lambda: not np.array_equal(pixels_of(page), first)), "the picture follows while the pen is down"
    released(page)
    assert isinstance(state_of(page).source, UserImage)
    assert same_as_python(page)


def _png(array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((9000, 7000)).save(file, "JPEG")
    return file.getvalue()


GOOD = {
    "colour.png": lambda: _png(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)),
    "gray16.png": lambda: _png(np.arange(64 * 48, dtype=np.uint16).reshape(64, 48) * 21),
    "huge.jpg": _jpeg,
}
BAD = {
    "text.png": lambda: b"I am a letter, not a picture.",
    "cut.png": lambda: GOOD["colour.png"]()[:90],
    "empty.png": lambda: b"",
}


def upload(page, name, content):
    page.get_by_role("button", name="Own picture").click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_uploads_become_rates_and_a_picture(page):
    open_page(page)
    for name, make in GOOD.items():
        before = page.url
        upload(page, name, make())
        until(page, "before => location.href !== before", arg=before)
        assert isinstance(state_of(page).source, UserImage), name
        assert same_as_python(page), name


def test_an_upload_is_encoded_as_the_library_does(page, shelf_dir):
    import torch

    from esvae_core.data import open_image, to_model_input

    open_page(page)
    before = page.url
    content = _png(np.random.default_rng(1).integers(0, 256, (30, 44), dtype=np.uint8))
    upload(page, "gray.png", content)
    until(page, "before => location.href !== before", arg=before)
    model = catalogue.named("aaa").model
    pixels = to_model_input(open_image(content, "gray.png"), image_size=16, channels=1)
    with torch.inference_mode():  # as other tests use the same model, in whatever order
        rates = model.encode(torch.from_numpy(pixels.astype(np.float32))[None] / 127.5 - 1).rates
    assert state_of(page).rates == to_grid(rates[0].tolist())


def test_bad_uploads_are_explained_and_the_page_lives_on(page):
    open_page(page)
    first = pixels_of(page)
    for name, make in BAD.items():
        upload(page, name, make())
        page.get_by_text(re.compile(f"{re.escape(name)}: expected a picture")).wait_for()
        assert np.array_equal(pixels_of(page), first)
    drag(page, 1, 0.9)
    released(page)
    assert same_as_python(page)
    assert page.get_by_text(re.compile("expected a picture")).count() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1~aaa~p0~b16~7~e~AAAA", "version: expected 2"),
        ("2~zzz~p0~b16~7~e~k1x6.AA", "model 'zzz': not here"),
        ("2~aaa~t999999~b16~7~e~k1x6.AA", "test image 999999 is not in the atlas"),
        ("2~aaa~p0~b16~7~e~k1x9.AAA", "expected 6 for model 'aaa', found 9"),
        ("2~aaa~p0~b16~7~e", "the link may have been cut short"),
        ("2~text~p0~b16~7~e~k1x6.AA", "text.safetensors"),
    ],
)
def test_a_wrong_link_is_explained_and_the_page_lives_on(page, text, words):
    open_page(page, text)
    said = page.get_by_role("alert")
    said.wait_for()
    assert "This link does not open" in said.text_content()
    assert words in said.text_content()
    page.get_by_role("button", name="Random", exact=True).click()
    said.wait_for(state="detached")
    assert same_as_python(page)


def test_another_model_and_back(page):
    open_page(page)
    first = pixels_of(page)
    choose_model(page, "bare")
    until(page, "location.search.includes('~bare~') || location.search.includes('bare')")
    assert bars(page).count() == 40
    assert soon(page, lambda: same_as_python(page))
    page.keyboard.press("Control+z")
    until(page, "location.search.includes('aaa')")
    page.get_by_role("slider", name="d5", exact=True).wait_for()
    assert soon(page, lambda: np.array_equal(pixels_of(page), first))


def test_dragging_never_asks_the_server(page):
    open_page(page)
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    drag(page, 0, 0.9, steps=30)
    assert asked == []
    page.mouse.up()


def test_it_asks_nobody_else_for_anything(page, server):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, "")
    foreign = [url for url in asked if not url.startswith((server, "data:", "blob:", server.replace("http", "ws")))]
    assert not foreign


def test_without_simd_the_server_decodes_on_release_and_the_page_says_so(page):
    page.add_init_script("WebAssembly.validate = () => false")
    open_page(page, State("aaa", TestImage(0), LINK.rates, 7, "bernoulli", 8))
    assert page.get_by_text("decoded by the server when you let go").is_visible()
    assert soon(page, lambda: same_as_python(page))
    drag(page, 2, 0.1)
    page.mouse.up()
    assert soon(page, lambda: same_as_python(page))


def test_explore_fits_a_screen_and_a_phone_and_grows_with_a_large_one(page):
    for width, height in ((2560, 1440), (1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        open_page(page)
        bottom, right = page.evaluate(
            "[document.querySelector('.stMain').scrollHeight, document.documentElement.scrollWidth]"
        )
        assert right <= width
        if width >= 1440:
            assert bottom <= height
        if width == 2560:
            assert page.locator(LARGE).first.bounding_box()["width"] > 500
            assert page.locator(".mixer").bounding_box()["height"] > height / 3
