"""Sliders of controls in Explore: the picture changes as the slider's name says, and undo brings the slider back."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app import catalogue
from app.state import Prior, State, TestImage, to_grid
from esvae_core.controls import strokes

from .visits import LARGE, LINK, drag, open_page, pixels_of, released, same_as_python, settled, soon, state_of

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect
pytestmark = pytest.mark.browser

IMAGES = 10
"""Test images that are moved: the first that Explore shows."""


def measured(pixels, name):
    """Attribute of (N, H, W) bytes, by the library's own definition."""
    return strokes.measure(pixels[:, None])[:, strokes.NAMES.index(name)]


def opened(page, row):
    atlas = catalogue.named("mnist-plus").atlas
    state = State(
        "mnist-plus", TestImage(int(atlas.indices[row])), to_grid(atlas.rates[row].tolist()), 7, "systematic", 16
    )
    open_page(page, state)
    page.locator(".controls-part").wait_for()


def slider(page, name):
    return page.get_by_role("slider", name=f"Control: {name}", exact=True)


def asked(page, name, deviations):
    """Move a slider, as the keyboard or a screen reader does, and let go."""
    before = page.evaluate("location.href")
    slider(page, name).fill(str(deviations))
    settled(page, before)


def test_pictures_change_as_the_sliders_say(page):
    opened(page, 40)
    page.get_by_role("button", name="Test images").click()
    tiles = page.locator(".tiles .picked")
    assert tiles.count() >= IMAGES
    pictures: dict[str, list[np.ndarray]] = {"as it was": [], "thickness": [], "slant": []}
    for row in range(IMAGES):
        tiles.nth(row).click()
        assert same_as_python(page)
        pictures["as it was"].append(pixels_of(page)[:, :, 0])
        for name in ("thickness", "slant"):
            asked(page, name, 1)
            assert same_as_python(page), "the recipe of the moved picture gives the same"
            pictures[name].append(pixels_of(page)[:, :, 0])
            page.keyboard.press("Control+z")
            expect(slider(page, name)).to_have_value("0")
    for name in ("thickness", "slant"):
        moved, still = (measured(np.stack(pictures[which]), name) for which in (name, "as it was"))
        change = (moved - still) / catalogue.named("mnist-plus").controls[name].size
        assert 0.7 < np.median(change) < 1.4
        assert (change > 0.2).mean() >= 0.9


FIELDS = {
    "a control": ("/", LARGE, "slider", "Control: thickness", "ArrowRight"),
    "the noise's seed": ("/", LARGE, "spinbutton", "Noise seed", "ArrowUp"),
    "a dimension's rate": ("/dimensions", ".rate-field", "slider", "Rate", "ArrowRight"),
    "columns of samples": ("/generate", "[data-there]", "spinbutton", "Columns", "ArrowDown"),
    "the first seed of samples": ("/generate", "[data-there]", "spinbutton", "First seed", "ArrowUp"),
}


@pytest.mark.parametrize("what", FIELDS)
def test_presses_of_a_key_are_one_step(page, what):
    path, ready, role, name, key = FIELDS[what]
    opened(page, 0)
    open_page(page, state_of(page), path, ready)
    start = state_of(page)
    field = page.get_by_role(role, name=name, exact=True)
    field.focus()
    for _ in range(4):
        page.keyboard.press(key)
    assert soon(page, lambda: state_of(page) != start)
    page.get_by_role("button", name="Undo", exact=True).click()
    assert soon(page, lambda: state_of(page) == start)


def test_undo_takes_back_a_prior_that_was_drawn_by_keys(page):
    open_page(page)
    page.get_by_role("group", name="Start from").get_by_role("button", name="Prior").click()
    field = page.get_by_role("spinbutton", name="Prior seed")
    field.focus()
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    assert soon(page, lambda: state_of(page).source == Prior(LINK.source.seed + 4))
    page.keyboard.press("Tab")
    page.keyboard.press("Control+z")
    assert soon(page, lambda: state_of(page).source == LINK.source)


def test_the_hand_moves_many_bars_and_undo_brings_slider_and_rates_back(page):
    opened(page, 3)
    thickness = slider(page, "thickness")
    start = np.array(state_of(page).rates)
    before = measured(pixels_of(page)[None, :, :, 0], "thickness")[0]
    got = page.locator(".control", has_text="thickness").locator(".control-got")
    expect(got).to_have_text(f"{before:.2f} px")
    box = thickness.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.65, box["y"] + box["height"] / 2, steps=6)
    released(page)
    moved = np.array(state_of(page).rates)
    assert (moved != start).sum() > 20
    amount = float(thickness.input_value())
    assert 0.8 < amount < 1.6
    assert "px" in page.locator(".control", has_text="thickness").inner_text()
    after = measured(pixels_of(page)[None, :, :, 0], "thickness")[0]
    expect(got).to_have_text(re.compile(rf"^{after:.2f} px \(\+[0-9.]+ px\)$"))
    change = float(re.search(r"\+([0-9.]+)", got.inner_text())[1])
    assert change == pytest.approx(after - before, rel=0.01, abs=0.006)
    low, high = (float(thickness.get_attribute(end)) for end in ("min", "max"))
    size = catalogue.named("mnist-plus").controls["thickness"].size

    def marked() -> float:
        mark = page.locator(".control", has_text="thickness").locator(".control-mark").bounding_box()
        return low + (mark["x"] + mark["width"] / 2 - box["x"] - 9) / (box["width"] - 18) * (high - low)

    lies = pytest.approx((after - before) / size, abs=0.05)
    assert soon(page, lambda: marked() == lies), "the mark is where it lies"
    page.get_by_role("button", name="Undo").click()
    expect(thickness).to_have_value("0")
    assert np.array_equal(state_of(page).rates, start)
    page.get_by_role("button", name="Redo").click()
    expect(thickness).to_have_value(str(amount))
    assert np.array_equal(state_of(page).rates, moved)
    page.reload()
    expect(thickness).to_have_value(str(amount))
    page.get_by_role("button", name="Undo").click()
    expect(thickness).to_have_value("0")
    assert np.array_equal(state_of(page).rates, start)


def test_locked_bars_stay_and_a_bar_begins_anew(page):
    opened(page, 3)
    page.get_by_role("slider", name="d0", exact=True).focus()
    page.keyboard.press("l")
    start = np.array(state_of(page).rates)
    asked(page, "slant", 1.5)
    moved = np.array(state_of(page).rates)
    assert moved[0] == start[0]
    assert (moved != start).sum() > 20
    drag(page, 1, 0.5)
    released(page)
    assert slider(page, "slant").input_value() == "0", "amounts count from the rates without controls"
    asked(page, "slant", 0.5)
    before = page.evaluate("location.href")
    before = float(slider(page, "slant").input_value())
    slider(page, "slant").press("ArrowRight")
    assert float(slider(page, "slant").input_value()) == pytest.approx(before + 0.05)
    slider(page, "slant").press("Backspace")
    settled(page, before)
    assert np.array_equal(np.delete(state_of(page).rates, 1), np.delete(moved, 1))


def test_a_bar_that_is_locked_after_a_move_stays_where_it_was_moved(page):
    opened(page, 3)
    asked(page, "slant", 1)
    moved = np.array(state_of(page).rates)
    page.get_by_role("slider", name="d0", exact=True).focus()
    page.keyboard.press("l")
    asked(page, "slant", -1)
    after = np.array(state_of(page).rates)
    assert after[0] == moved[0]
    assert (after != moved).sum() > 20


def test_more_shows_all_and_says_why_one_is_not_steerable(page):
    opened(page, 3)
    assert page.locator(".control input").count() == 5
    page.get_by_role("button", name="more").filter(has_text="more").last.click()
    controls = catalogue.named("mnist-plus").controls
    assert page.locator(".controls-list input").count() == len(controls)
    bad = next(control for control in controls.values() if not control.steerable)
    found = slider(page, bad.name)
    assert found.is_disabled()
    assert found.get_attribute("title") == bad.why
