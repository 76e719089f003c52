"""Dimensions in Chromium: the table, the strips that are Python's pictures, names that travel in the link."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app import catalogue
from app.state import GRID, Prior, State, TestImage, from_grid, to_grid
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.dimensions import geodesic_values, quantile_values, sensitivity, traversal
from esvae_core.explore.effect import data_range

from .visits import alike, open_page, pixels_of, same_as_python, state_of, until

pytestmark = pytest.mark.browser
READY = "canvas[data-most]"


@pytest.fixture(autouse=True)
def only_small(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.ROOT / "checkpoints", shelf_dir])


@pytest.fixture
def atlas():
    return catalogue.named("aaa").atlas


def open_dimensions(page, atlas, chosen=2):
    rates = to_grid(atlas.rates[0].tolist())
    state = State("aaa", TestImage(int(atlas.indices[0])), rates, 7, "bernoulli", 8, view=(("dim", str(chosen)),))
    open_page(page, state, "/dimensions", READY)


def drawn(rates, seed=7):
    return decode_with_spikes(
        catalogue.named("aaa").checkpoint.model, rates, seed=seed, sampler="bernoulli", steps=8
    ).pixels


def order(page):
    return [int(row.get_attribute("data-dimension")) for row in page.locator("tbody tr").all()]


def test_strips_are_pythons_pictures_and_follow_the_rates(page, atlas):
    open_dimensions(page, atlas)
    values = {"quantiles": quantile_values(atlas.rates[:, 2], 9), "equal": geodesic_values(9)}

    def check():
        base = from_grid(state_of(page).rates)
        for strip, expected in values.items():
            pictures = drawn(traversal(base, 2, expected))
            for i in (0, 3, 8):
                assert alike(pixels_of(page, f"[data-strip={strip}] figure:nth-child({i + 1}) canvas"), pictures[i])

    check()
    page.locator("[data-strip=equal] figure:nth-child(4) button").click()
    assert state_of(page).rates[2] == round(values["equal"][3] * GRID)
    assert same_as_python(page)
    page.keyboard.press("Control+z")
    page.evaluate("() => document.activeElement?.blur()")
    slider = page.get_by_role("slider", name="Rate", exact=True)
    slider.focus()
    page.keyboard.press("End" if state_of(page).rates[2] < GRID else "Home")
    page.wait_for_timeout(600)
    assert state_of(page).rates[2] in (0, GRID)
    assert same_as_python(page)
    check()


def test_the_sensitivity_is_pythons(page, atlas):
    open_dimensions(page, atlas)
    base = from_grid(state_of(page).rates)
    ends = traversal(base, 2, data_range(atlas.rates)[:, 2])
    pictures = np.stack([drawn(ends, 7 + k) for k in range(8)])
    most = sensitivity(pictures[:, 0], pictures[:, 1]).max()
    assert float(page.locator(READY).get_attribute("data-most")) == pytest.approx(most, abs=0.01)
    assert page.locator(READY).get_attribute("data-dimension") == "2"


def test_the_table_sorts_and_a_row_is_chosen(page, atlas):
    open_dimensions(page, atlas)
    found = catalogue.dimensions(catalogue.named("aaa"))
    page.get_by_role("button", name="Usage").click()
    assert order(page) == np.argsort(-np.array(found["bits"]), kind="stable").tolist()
    page.get_by_role("button", name="Usage").click()
    assert order(page) == np.argsort(found["bits"], kind="stable").tolist()
    assert page.locator("th[aria-sort=ascending]").inner_text().strip() == "Usage"
    last = order(page)[-1]
    page.locator(f"tr[data-dimension='{last}'] td").nth(1).click()
    assert dict(state_of(page).view) == {"dim": str(last)}
    assert page.locator("tr.chosen").get_attribute("data-dimension") == str(last)
    page.locator(f"{READY}[data-dimension='{last}']").wait_for()
    cell = page.locator(f"tr[data-dimension='{last}'] td").nth(3).inner_text()
    assert f"{found['moved'][last]:.3f} / {found['redrawn'][last]:.3f}" in cell
    assert ("not above the noise" in cell) == (not found["clear"][last])


def test_a_name_is_kept_in_the_link_and_can_be_taken_along(page, atlas):
    open_dimensions(page, atlas)
    page.get_by_label("Name of the dimension").fill("slant, to the left")
    page.keyboard.press("Enter")
    until(page, "location.search.includes('slant')")
    page.reload()
    page.locator(READY).wait_for()
    assert page.get_by_role("heading", name="slant, to the left (d2)").is_visible()
    assert page.locator("tr[data-dimension='2'] th").inner_text() == "slant, to the left"
    with page.expect_download() as saved:
        page.get_by_role("button", name="Names").click()
    told = json.loads(saved.value.path().read_text())
    assert told["names"] == {"d2": "slant, to the left"}
    assert told["checkpoint"] == catalogue.named("aaa").digest


def test_a_model_without_an_atlas_says_how_to_get_one(page):
    open_page(page, State("bare", Prior(0), to_grid([0.5] * 40), 7, "bernoulli", 8), "/dimensions", ".message")
    assert page.get_by_text("esvae atlas").is_visible()


def test_it_fits_a_phone(browser, server, atlas):
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=server)
    page = context.new_page()
    open_dimensions(page, atlas)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
