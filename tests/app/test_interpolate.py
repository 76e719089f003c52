"""Interpolate in Chromium: walks between anchors, and what stands beside the path."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app import catalogue
from app.state import TestImage, from_grid, to_grid
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.interpolate import interpolate

from .visits import LINK, alike, open_page, pixels_of, released, same_as_python, settled, state_of

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
    model = catalogue.named("aaa").checkpoint.model
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


def test_the_square_blends_under_the_pointer(page):
    open_view(page)
    box = page.get_by_role("slider", name=re.compile("Blend of four")).bounding_box()
    first = pixels_of(page)
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=6)
    page.wait_for_timeout(100)
    assert not np.array_equal(pixels_of(page), first)
    released(page)
    assert same_as_python(page)


def test_anchors_come_and_go_and_are_kept_in_the_link(page):
    open_view(page)
    page.get_by_role("button", name="+ present rates").click()
    page.get_by_role("button", name="+ prior draw").click()
    assert page.locator("ol.anchors li").count() == 6
    page.get_by_role("button", name="Remove anchor 1", exact=True).click()
    page.get_by_role("button", name="Move right anchor 1", exact=True).click()
    labels = [canvas.get_attribute("aria-label") for canvas in anchors_of(page)]
    page.reload()
    page.locator("ol.anchors li").first.wait_for()
    assert [canvas.get_attribute("aria-label") for canvas in anchors_of(page)] == labels
    assert len(labels) == 5


def test_an_anchor_opens_and_the_player_plays(page):
    open_view(page)
    page.locator("ol.anchors li button.picked").nth(2).click()
    assert isinstance(state_of(page).source, TestImage)
    assert same_as_python(page)
    still = pixels_of(page)
    page.get_by_role("button", name="Play").click()
    page.locator("ol.strip [aria-pressed=true]").wait_for()
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Pause").click()
    assert np.array_equal(pixels_of(page), still), "the pause shows the present rates again"


@pytest.mark.parametrize("noise", ["coupled", "fresh"])
def test_other_noise_between_frames(page, noise):
    open_view(page)
    first = [pixels_of(page, f"ol.strip li:nth-child({k}) canvas") for k in (1, 9)]
    page.get_by_role("button", name=noise).click()
    page.locator("ol.strip[data-there]").wait_for()
    there = [pixels_of(page, f"ol.strip li:nth-child({k}) canvas") for k in (1, 9)]
    assert not np.array_equal(first[1], there[1])
    if noise == "fresh":
        assert np.array_equal(first[0], there[0]), "the first frame has the state's own noise"
