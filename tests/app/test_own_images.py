"""Pictures of the visitor's own in Chromium: drawn and brought, shown, inverted, and taken back."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from app import catalogue
from app.state import State, TestImage, UserImage, from_grid, to_grid
from esvae_core.data import ImageSet
from esvae_core.explore import atlas
from esvae_core.explore.decode_rates import decode_with_spikes

from .made import shelve, small_model
from .visits import LINK, alike, open_page, pixels_of, same_as_python, settled, state_of

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect

pytestmark = pytest.mark.browser


def draw(page, points=((0.2, 0.2), (0.8, 0.8))):
    box = page.locator("canvas.pad").bounding_box()
    before = page.evaluate("location.href")
    for k, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if k == 0:
            page.mouse.down()
    page.mouse.up()
    settled(page, before)


def pad(page):
    return pixels_of(page, "canvas.pad")


def press(page, keys):
    before = page.evaluate("location.href")
    page.keyboard.press(keys)
    settled(page, before)


def test_undo_and_clear_change_pad_rates_and_picture_together(page):
    open_page(page)
    page.get_by_role("button", name="Draw", exact=True).click()
    empty = pad(page)
    draw(page)
    one, first = pad(page), state_of(page)
    draw(page, ((0.2, 0.8), (0.8, 0.2)))
    two, second = pad(page), state_of(page)
    assert not np.array_equal(one, two)
    press(page, "Control+z")
    assert np.array_equal(pad(page), one)
    assert state_of(page).rates == first.rates
    press(page, "Control+z")
    assert np.array_equal(pad(page), empty)
    press(page, "Control+y")
    press(page, "Control+y")
    assert np.array_equal(pad(page), two)
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Clear", exact=True).click()
    settled(page, before)
    assert np.array_equal(pad(page), empty)
    cleared = state_of(page)
    assert cleared.rates != second.rates, "the rates are those of an empty pad"
    assert same_as_python(page)
    press(page, "Control+z")
    assert np.array_equal(pad(page), two)
    assert state_of(page).rates == second.rates
    page.get_by_role("button", name="Test images").click()
    page.get_by_role("button", name="Draw", exact=True).click()
    assert np.array_equal(pad(page), two), "the drawing is still there after a look elsewhere"


def test_clear_on_an_empty_pad_keeps_the_source(page):
    open_page(page)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("button", name="Clear", exact=True).click()
    assert state_of(page) == LINK


@pytest.fixture(scope="module")
def grounds(shelf_dir):
    """A model of dark strokes on white, one of colours on black."""
    made = {"inky": ((0, 255), 1), "night": ((255, 0), 3)}
    for name, ((stroke, ground), channels) in made.items():
        model = small_model(5, image_channels=channels)  # not aaa: atlases are found by weights
        path = shelve(shelf_dir, name, model, with_atlas=False)
        images = np.full((40, channels, 16, 16), ground, np.uint8)
        images[:, :, 4:12, 7:9] = stroke
        labels = np.arange(40) % 2
        data = ImageSet(images, labels, ("a", "b"), name, "test", "0" * 64, np.arange(40))
        built = atlas.build(model, data)
        tiles = np.full_like(built.tiles, ground)
        tiles[:, 4:12, 7:9] = stroke
        built.tiles[:] = tiles  # an untrained network paints no ground of its own
        atlas.save(atlas.beside(path), built)
    yield made
    for name in made:  # other modules count the models of this folder
        path = shelf_dir / f"{name}.safetensors"
        atlas.beside(path).unlink()
        path.unlink()


@pytest.mark.parametrize("name", ["inky", "night"])
def test_the_pad_has_the_ground_of_the_data(page, grounds, name):
    (_, ground), _ = grounds[name]
    known = catalogue.named(name).atlas
    rates = to_grid(known.counts[0] / known.time_steps)
    open_page(page, State(name, TestImage(int(known.indices[0])), rates, 7, "bernoulli", 8))
    page.get_by_role("button", name="Draw", exact=True).click()
    assert (pad(page) == ground).all()
    draw(page)
    assert (pad(page) != ground).any()
    assert same_as_python(page)


def png(array) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def bring(page, content):
    page.get_by_role("button", name="Own picture").click()
    page.get_by_label("A picture of your own").set_input_files(
        {"name": "it.png", "mimeType": "image/png", "buffer": content}
    )


def stroke(ground, ink):
    picture = np.full((64, 64), ground, np.uint8)
    picture[16:48, 28:36] = ink
    return picture


def open_shipped(page, name="mnist"):
    known = catalogue.named(name).atlas
    rates = to_grid(known.counts[0] / known.time_steps)
    open_page(page, State(name, TestImage(int(known.indices[0])), rates, 7, "bernoulli", 16))


def test_an_own_picture_is_shown_and_dark_ink_on_white_can_be_inverted(page):
    open_shipped(page)
    before = page.evaluate("location.href")
    bring(page, png(stroke(255, 0)))
    settled(page, before)
    shown = page.get_by_role("img", name="Your picture as the model gets it")
    expect(shown).to_be_visible()
    small = np.asarray(Image.fromarray(stroke(255, 0)).resize((32, 32), Image.Resampling.BILINEAR))
    assert alike(pixels_of(page, "canvas.own-image"), small[:, :, None])
    first = state_of(page)
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Invert it").click()
    settled(page, before)
    assert alike(pixels_of(page, "canvas.own-image"), 255 - small[:, :, None])
    assert state_of(page).rates != first.rates
    expect(page.get_by_role("button", name="Invert it")).to_be_hidden()
    expect(page.get_by_label("invert", exact=True)).to_be_checked()
    press(page, "Control+z")
    assert alike(pixels_of(page, "canvas.own-image"), small[:, :, None])
    page.get_by_role("link", name="How it works").click()
    page.locator("[data-source=image]").wait_for()  # the encoder is shown the picture itself
    assert alike(pixels_of(page, "canvas.source-image"), small[:, :, None])


def test_light_ink_on_black_needs_no_inversion(page):
    open_shipped(page)
    before = page.evaluate("location.href")
    bring(page, png(stroke(0, 255)))
    settled(page, before)
    expect(page.get_by_role("img", name="Your picture as the model gets it")).to_be_visible()
    expect(page.get_by_role("button", name="Invert it")).to_be_hidden()


def test_the_same_image_in_another_model(page):
    open_shipped(page)
    page.get_by_label("Compare with another model").select_option("mnist-plus")
    other = catalogue.named("mnist-plus")
    index = state_of(page).source.index
    (row,) = np.flatnonzero(other.atlas.indices == index)
    rates = from_grid(to_grid(other.atlas.counts[row] / other.atlas.time_steps))[None]
    expected = decode_with_spikes(other.model, rates, seed=7, sampler="bernoulli", steps=16).pixels[0]
    page.locator("canvas.other").wait_for()
    assert alike(pixels_of(page, "canvas.other"), expected)
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Prior", exact=True).click()
    page.get_by_role("button", name="Invent one").click()
    settled(page, before)
    expect(page.get_by_text("there is no image to show another")).to_be_visible()
    before = page.evaluate("location.href")
    bring(page, png(stroke(0, 255)))
    settled(page, before)
    assert isinstance(state_of(page).source, UserImage)
    page.locator("canvas.other").wait_for()
    small = np.asarray(Image.fromarray(stroke(0, 255)).resize((32, 32), Image.Resampling.BILINEAR))
    given = torch.from_numpy(small.astype(np.float32) / 127.5 - 1)[None, None]
    with torch.inference_mode():
        code = other.model.encode(given).rates[0]
    rates = from_grid(to_grid(code.tolist()))[None]
    expected = decode_with_spikes(other.model, rates, seed=7, sampler="bernoulli", steps=16).pixels[0]
    assert alike(pixels_of(page, "canvas.other"), expected)


def test_the_prior_has_a_seed_only_where_it_is_the_source(page):
    open_shipped(page)
    page.get_by_role("button", name="Prior", exact=True).click()
    seed = page.get_by_label("Prior seed")
    expect(seed).to_have_value("")
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Invent one").click()
    settled(page, before)
    expect(seed).to_have_value(re.compile(r"\d+"))
    press(page, "Control+z")
    expect(seed).to_have_value("")
