"""Interpolate in Chromium: walks between anchors, and what stands beside the path."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app import catalogue
from app.state import GRID, State, TestImage, from_grid, to_grid, unpack
from esvae_core.controls import strokes
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.fixed_point import to_fixed_point
from esvae_core.explore.interpolate import interpolate

from .visits import LINK, alike, open_page, pixels_of, released, same_as_python, settled, soon, state_of, until

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect
pytestmark = pytest.mark.browser


def open_view(page, state=LINK):
    open_page(page, state, "/interpolate", "ol.strip[data-there]")


def anchors_of(page):
    return [page.locator("ol.anchors li canvas").nth(i) for i in range(page.locator("ol.anchors li").count())]


def rates_of(index):
    atlas = catalogue.named("aaa").atlas
    (row,) = np.flatnonzero(atlas.indices == index)
    return atlas.counts[row] / atlas.time_steps


def test_the_strip_is_what_the_library_interpolates(page):
    import torch

    open_view(page)
    labels = [canvas.get_attribute("aria-label") for canvas in anchors_of(page)]
    ends = [rates_of(int(re.search(r"test (\d+)", label)[1])) for label in labels]
    assert len(ends) == 4
    start, end = (torch.tensor(rates, dtype=torch.float64) for rates in ends[:2])
    path = interpolate(start, end, 6, "arcsine").numpy()  # frames 0 to 5 of 16 are a third of the way
    model = catalogue.named("aaa").model
    expected = decode_with_spikes(
        model, np.stack([from_grid(to_grid(r)) for r in path]), seed=7, sampler="bernoulli", steps=8
    ).pixels
    for k in range(6):
        assert alike(pixels_of(page, f"ol.strip li:nth-child({k + 1}) canvas"), expected[k]), k


def test_walking_makes_the_present_rates(page):
    open_view(page)
    before = page.evaluate("location.href")
    slider = page.get_by_label("Place on the path")
    slider.fill("1")
    settled(page, before)
    second = int(re.search(r"test (\d+)", anchors_of(page)[1].get_attribute("aria-label"))[1])
    assert state_of(page).rates == to_grid(rates_of(second))
    assert same_as_python(page)
    page.locator("ol.strip li button").nth(15).click()
    assert same_as_python(page)


def test_the_walk_stays_on_a_path_whose_anchors_are_edited(page):
    """Picture, slider and frame agree; undo brings anchor and rates back together."""
    open_view(page)
    page.locator("ol.strip li button").nth(15).click()
    fourth = int(re.search(r"test (\d+)", anchors_of(page)[3].get_attribute("aria-label"))[1])
    third = int(re.search(r"test (\d+)", anchors_of(page)[2].get_attribute("aria-label"))[1])
    assert soon(page, lambda: state_of(page).rates == to_grid(rates_of(fourth)))
    page.locator("ol.anchors li").nth(3).get_by_role("button", name=re.compile("Remove")).click()
    assert soon(page, lambda: state_of(page).rates == to_grid(rates_of(third))), "the end of what is left"
    assert same_as_python(page)
    slider = page.get_by_label("Place on the path")
    assert slider.input_value() == slider.get_attribute("max") == "2"
    expect(page.locator("ol.strip li button").nth(15)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo", exact=True).click()
    assert soon(page, lambda: state_of(page).rates == to_grid(rates_of(fourth)))
    assert len(anchors_of(page)) == 4


def test_the_square_blends_under_the_pointer(page):
    open_view(page)
    box = page.get_by_role("slider", name=re.compile("Blend of four")).bounding_box()
    first = pixels_of(page)
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=6)
    assert soon(page, lambda: not np.array_equal(pixels_of(page), first))
    released(page)
    assert same_as_python(page)


def test_anchors_come_and_go_and_are_kept_in_the_link(page):
    open_view(page)
    page.get_by_role("button", name="+ current code").click()
    page.get_by_role("button", name="+ draw of the prior").click()
    assert page.locator("ol.anchors li").count() == 6
    page.get_by_role("button", name="Remove anchor 1", exact=True).click()
    page.get_by_role("button", name="Move right anchor 1", exact=True).click()
    labels = [canvas.get_attribute("aria-label") for canvas in anchors_of(page)]
    page.reload()
    page.locator("ol.anchors li").first.wait_for()
    assert [canvas.get_attribute("aria-label") for canvas in anchors_of(page)] == labels
    assert len(labels) == 5


def labels_of(page):
    """What the anchors are, without their places."""
    return [canvas.get_attribute("aria-label").partition(": ")[2] for canvas in anchors_of(page)]


def test_an_anchor_is_replaced_shown_dragged_and_moved_by_keys(page):
    open_view(page)
    picture = page.locator("ol.anchors li button.picked")
    first = labels_of(page)
    picture.nth(2).click()
    dialog = page.get_by_role("dialog", name="Replace anchor 3")
    dialog.get_by_label("Class of the anchor").select_option("e")
    tile = dialog.locator(".tiles button").nth(1)
    index = int(tile.get_attribute("title").split()[-1])
    tile.click()
    expect(dialog).to_have_count(0)
    assert labels_of(page) == [*first[:2], f"e · test {index}", first[3]]
    picture.nth(2).click()
    dialog.get_by_role("button", name="Show this anchor in all views").click()
    assert state_of(page).source == TestImage(index)
    assert same_as_python(page)
    picture.nth(0).click()
    dialog = page.get_by_role("dialog", name="Replace anchor 1")
    assert dialog.get_by_role("button", name="Current code").is_visible(), "as the button below the anchors calls it"
    assert dialog.get_by_role("button", name="Mean of the class").is_disabled()
    dialog.get_by_label("Class of the anchor").select_option("e")
    dialog.get_by_role("button", name="Mean of the class").click()
    atlas = catalogue.named("aaa").atlas
    mean = atlas.rates[atlas.labels == 4].astype(float).mean(0)
    anchor = dict(state_of(page).view)["anchors"].split("|")[0]
    assert np.abs(np.array(unpack(anchor[1:], "anchor")) / GRID - mean).max() < 1e-4

    before = labels_of(page)
    start, end = (picture.nth(k).bounding_box() for k in (3, 1))
    page.mouse.move(start["x"] + 40, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(end["x"] + 40, end["y"] + 50, steps=8)
    page.mouse.up()
    assert page.get_by_role("dialog").count() == 0, "a drag is no press"
    assert labels_of(page) == [before[0], before[3], before[1], before[2]]
    picture.nth(3).focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert labels_of(page) == [before[0], before[2], before[3], before[1]]
    expect(picture.nth(1)).to_be_focused()


def test_the_path_of_a_control_lies_between_its_ends(page):
    loaded = catalogue.named("mnist-plus")
    rates = to_grid(loaded.atlas.rates[0].tolist())
    source = TestImage(int(loaded.atlas.indices[0]))
    open_view(page, State("mnist-plus", source, rates, 7, "systematic", 16))
    page.get_by_label("Anchors along a control").select_option("thickness")
    control = loaded.controls["thickness"]
    found = [unpack(anchor[1:], "anchor") for anchor in dict(state_of(page).view)["anchors"].split("|")]
    low, high = control.reach
    for k, anchor in enumerate(found):
        moved = to_fixed_point(control.apply(np.array(rates) / GRID, low + (high - low) * k / 4))
        assert np.abs(np.array(anchor) - moved).max() <= 1
    page.locator("ol.strip[data-there]").wait_for()
    ends = np.stack([pixels_of(page, f"ol.strip li:nth-child({k}) canvas")[:, :, 0] for k in (1, 16)])
    thin, thick = strokes.measure(ends[:, None])[:, 0]
    assert thick - thin > control.size


def chosen_frame(page) -> int:
    return page.locator("ol.strip li button").evaluate_all(
        "list => list.findIndex(b => b.getAttribute('aria-pressed') === 'true')"
    )


def raster_of(page):
    return pixels_of(page, "canvas.raster")


@pytest.mark.parametrize("noise", ["noise: same", "drifting", "new each frame"])
def test_the_player_moves_slider_raster_and_picture_together(page, noise):
    open_view(page)
    page.get_by_role("button", name=noise, exact=True).click()
    page.locator("ol.strip[data-there]").wait_for()
    slider = page.get_by_label("Place on the path")
    before = raster_of(page)
    page.get_by_role("button", name="Play").click()
    until(page, "slider => Number(slider.value) > 0.5", arg=slider.element_handle())
    assert not np.array_equal(raster_of(page), before)
    page.get_by_role("button", name="Pause").click()
    k = chosen_frame(page)
    assert float(slider.input_value()) == pytest.approx(k / 15 * 3, abs=1e-3)
    frame = pixels_of(page, f"ol.strip li:nth-child({k + 1}) canvas")
    assert np.array_equal(pixels_of(page), frame), "the picture is the frame's, whatever the noise"
    assert state_of(page).rates != LINK.rates, "where it was stopped, the rates are kept"
    page.keyboard.press("Control+z")
    assert state_of(page).rates == LINK.rates, "all of the walk is one step"


def test_the_hand_stops_the_player(page):
    open_view(page)
    page.get_by_role("button", name="Play").click()
    until(page, "slider => Number(slider.value) > 0.2", arg=page.get_by_label("Place on the path").element_handle())
    box = page.get_by_role("slider", name=re.compile("Blend of four")).bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    page.get_by_role("button", name="Play").wait_for()
    released(page)
    assert chosen_frame(page) == -1
    assert same_as_python(page), "picture and link agree"


def test_presses_of_a_sliders_keys_are_one_step(page):
    open_view(page)
    page.get_by_label("Time steps T").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert state_of(page).steps == 13
    page.keyboard.press("Control+z")
    assert state_of(page).steps == 8


def test_a_finger_finds_the_arrows_of_anchors(browser, server):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, base_url=server
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    open_view(page)
    labels = [canvas.get_attribute("aria-label") for canvas in anchors_of(page)]
    for button in page.locator(".anchor-acts button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    page.get_by_role("button", name="Move right anchor 1", exact=True).tap()
    moved = [canvas.get_attribute("aria-label") for canvas in anchors_of(page)]
    assert [label.split(": ")[1] for label in moved[:2]] == [label.split(": ")[1] for label in labels[1::-1]]
    context.close()


@pytest.mark.parametrize("noise", ["drifting", "new each frame"])
def test_other_noise_between_frames(page, noise):
    open_view(page)
    first = [pixels_of(page, f"ol.strip li:nth-child({k}) canvas") for k in (1, 9)]
    page.get_by_role("button", name=noise).click()
    page.locator("ol.strip[data-there]").wait_for()
    there = [pixels_of(page, f"ol.strip li:nth-child({k}) canvas") for k in (1, 9)]
    assert not np.array_equal(first[1], there[1])
    if noise == "new each frame":
        assert np.array_equal(first[0], there[0]), "the first frame has the state's own noise"


def test_the_slider_of_the_path_says_when_the_picture_is_from_the_square(page):
    open_page(page, LINK, "/interpolate", "ol.strip[data-there]")
    slider = page.get_by_label("Place on the path")
    slider.fill("1")
    expect(slider).to_have_attribute("aria-valuetext", "frame 6 of 16")
    expect(slider).to_have_css("opacity", "1")
    box = page.locator(".corners").bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    expect(slider).to_have_attribute("aria-valuetext", "not a frame of the path")
    expect(page.get_by_text("not a frame of the path", exact=True)).to_be_visible()
    expect(slider).to_have_css("opacity", "0.4")
    page.locator("ol.strip button").nth(3).click()
    expect(slider).to_have_attribute("aria-valuetext", "frame 4 of 16")
    expect(slider).to_have_css("opacity", "1")
