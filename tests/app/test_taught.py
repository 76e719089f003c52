"""Neurons that were taught what they stand for, as sprites-taught ships: they are named, and the picture follows."""

from __future__ import annotations

import numpy as np
import pytest

from app import catalogue
from app.state import State, TestImage, to_grid
from esvae_core.controls import strokes

from .visits import LARGE, frames, open_page, pixels_of, soon

pytestmark = pytest.mark.browser
WRITTEN = """() => {
  window.written = [];
  const before = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    written.push(text);
    return before.call(this, text, ...place);
  };
}"""
"""What is written on canvases from then on."""


@pytest.fixture
def sprite(page):
    atlas = catalogue.named("sprites-taught").atlas
    middle = np.abs(atlas.rates[:, :6] - 0.5)[:, 1:5].max(1).argmin()  # neither small nor large, and in the middle
    rates = to_grid(atlas.rates[middle].tolist())
    open_page(page, State("sprites-taught", TestImage(int(atlas.indices[middle])), rates, 7, "systematic", 16))
    return page


def pictures(page, name):
    """Pictures (H, W, 3) in [0, 1] with a neuron at rate 0 and at rate 1, by the keys that do it."""
    bar = page.get_by_role("slider", name=name, exact=True)
    bar.focus()
    found = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        frames(page)
        found.append(pixels_of(page, LARGE) / 255)
    page.keyboard.press("Backspace")
    return found


def centre(picture):
    light = picture.max(2)
    light = np.where(light > 0.2, light, 0)
    down, right = np.indices(light.shape)
    return (light * right).sum() / light.sum() / len(light), (light * down).sum() / light.sum() / len(light)


def test_the_picture_goes_where_the_hand_says(sprite):
    (left, _), (right, _) = map(centre, pictures(sprite, "x"))
    assert right - left > 0.25  # of the picture's width; sprites reach over 3/8 of it
    (_, top), (_, bottom) = map(centre, pictures(sprite, "y"))
    assert bottom - top > 0.25


def test_the_picture_grows(sprite):
    small, large = (float((picture.max(2) > 0.5).mean()) for picture in pictures(sprite, "scale"))
    assert large > 1.6 * small


def test_a_taught_neuron_has_its_name_in_every_view(sprite):
    sprite.get_by_role("slider", name="hue", exact=True).focus()
    assert sprite.locator(".reading", has_text="hue").first.is_visible()
    assert sprite.get_by_role("slider", name="d6", exact=True).count() == 1  # the first that was taught nothing
    sprite.get_by_role("link", name="Spikes").first.click()
    sprite.locator("canvas.cells-canvas").wait_for()
    sprite.evaluate(WRITTEN)
    sprite.get_by_role("group", name="Order of the neurons").get_by_role("button", name="highest rate").click()
    assert soon(sprite, lambda: {"shape", "orientation", "hue"} <= set(sprite.evaluate("written"))), "whole"
    sprite.get_by_role("link", name="Dimensions").first.click()
    assert sprite.locator("tr[data-dimension='5'] th").inner_text() == "hue"


def test_a_bar_that_was_taught_an_attribute_says_its_value_and_the_picture_has_it(page):
    atlas = catalogue.named("mnist-taught").atlas
    row = int(np.flatnonzero(atlas.labels == 3)[0])
    rates = to_grid(atlas.rates[row].tolist())
    open_page(page, State("mnist-taught", TestImage(int(atlas.indices[row])), rates, 7, "systematic", 16))
    bar = page.get_by_role("slider", name="thickness", exact=True)
    bar.focus()

    def thickness():
        picture = pixels_of(page, LARGE)[:, :, 0]
        return strokes.measure(picture[None, None])[0, 0]

    for key, said, low, high in (("Home", "1.24 px", 1, 2.4), ("End", "5.58 px", 3.4, 6)):
        page.keyboard.press(key)
        assert soon(page, lambda said=said: said in bar.get_attribute("aria-valuetext"))
        assert said in page.locator(".reading").first.text_content()
        assert soon(page, lambda low=low, high=high: low < thickness() < high)
