"""FSVAE in Chromium: its bars, spikes, samples and views, and that the page's pictures are Python's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from app import catalogue
from app.flips import flips_of
from app.state import Prior, State, from_grid, to_grid
from esvae_core.engine import autoregressive, from_bundle, noise, reference
from esvae_core.engine.prior import prior
from esvae_core.pictures import to_uint8

from .visits import LARGE, alike, bars, open_page, pixels_of, same_as_python, soon, state_of

pytestmark = pytest.mark.browser
STEPS, DIMS = 6, 5
LINK = State("rival", Prior(3), to_grid([1 / 6, 0.5, 5 / 6, 0, 1]), 7, "systematic", STEPS)


@pytest.fixture
def plan(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])
    return from_bundle(catalogue.named("rival").bundle)


def picture(plan, spikes):
    return to_uint8(torch.from_numpy(reference.decode(plan, spikes)[None]))[0]


def test_a_bar_is_a_count_over_t_and_the_picture_is_pythons(page, plan):
    open_page(page, LINK)
    assert same_as_python(page)
    assert "draws this picture from spike trains" in page.locator(".intro").text_content()
    assert bars(page).count() == DIMS
    page.get_by_role("slider", name="d3", exact=True).press("End")
    assert soon(page, lambda: state_of(page).rates[3] == 46080)
    spikes = noise.sample(from_grid(state_of(page).rates), 7, "systematic", STEPS)
    assert spikes.sum(0).tolist() == [1, 3, 5, STEPS, STEPS]
    assert soon(page, lambda: alike(pixels_of(page), picture(plan, spikes)))


def test_a_single_spike_is_turned_by_hand(page, plan):
    open_page(page, LINK, "/spikes")
    page.locator(".statistics-part[data-drawn]").wait_for()
    page.locator("canvas.cells-canvas").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert soon(page, lambda: flips_of(state_of(page)) == (0,))
    spikes = noise.sample(from_grid(LINK.rates), 7, "systematic", STEPS)
    spikes[0, 0] ^= 1
    assert soon(page, lambda: alike(pixels_of(page, LARGE), picture(plan, spikes)))


def test_samples_are_those_of_its_prior_step_by_step(page, plan):
    open_page(page, LINK, "/generate", "[data-there]")
    shown = page.locator(".sheet-grid canvas")
    assert shown.count() == 50
    for place in (0, 7, 49):
        counts = autoregressive.generated(plan, place).sum(0)
        assert np.array_equal(prior(plan, place), (counts / np.float32(STEPS)).astype(np.float32))
        spikes = noise.sample(from_grid(to_grid(prior(plan, place).tolist())), 7, "systematic", STEPS)
        assert spikes.sum(0).tolist() == counts.tolist()
        assert soon(page, lambda: alike(pixels_of(page, f".sheet-grid canvas >> nth={place}"), picture(plan, spikes)))  # noqa: B023
    assert page.get_by_label("Temperature of the prior").count() == 0


@pytest.mark.parametrize(("path", "ready"), [("/interpolate", "ol.strip[data-there]"), ("/how", ".cards canvas")])
def test_other_views_show_it(page, path, ready):
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    open_page(page, LINK, path, ready)
    page.wait_for_timeout(1000)
    if path == "/how":
        assert "offer 3 candidates for each neuron" in page.locator(".cards").text_content()
    assert faults == []
