"""A model without spikes in Chromium: played like any other, told in its own numbers, and made again by Python."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from app import catalogue
from app.state import GRID, Prior, State, UserImage, encode, from_grid, to_grid
from esvae_core.engine import ann
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.replay import replay

from .visits import (
    LARGE,
    alike,
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
)

pytestmark = pytest.mark.browser

HEIGHTS = to_grid([0.5, 0.25, 0.75, 0.9, 0.1, 0.6])
PLAIN = State("plain", Prior(0), HEIGHTS, 7, "bernoulli", 1)
SHIPPED = "ae-mnist"


def value(model, j, height):
    about = catalogue.named(model).latent
    return about["low"][j] + height * (about["high"][j] - about["low"][j])


def picture(model, rates):
    return decode_with_spikes(
        catalogue.named(model).model, from_grid(rates)[None], seed=0, sampler="bernoulli", steps=1
    )


def test_the_shipped_autoencoder_is_opened_dragged_and_opened_again_by_its_link(page):
    open_page(page, State("mnist", Prior(0), to_grid([0.5] * 32), 7, "bernoulli", 16))
    before = page.evaluate("location.href")
    choose_model(page, SHIPPED)
    settled(page, before)
    page.get_by_text(f"{SHIPPED} has no spikes.").wait_for()
    assert same_as_python(page)
    first = pixels_of(page)
    drag(page, 3, 0.95)
    assert not np.array_equal(pixels_of(page), first), "it follows while the hand is down"
    released(page)
    state = state_of(page)
    assert state.rates[3] / GRID == pytest.approx(0.95, abs=0.02)
    assert same_as_python(page)
    assert alike(pixels_of(page), picture(SHIPPED, state.rates).pixels[0])
    shown = pixels_of(page)
    open_page(page, encode(state))
    assert state_of(page) == state
    assert np.array_equal(pixels_of(page), shown)


def test_bars_tell_the_latents_own_numbers(page):
    open_page(page, PLAIN)
    bar = page.get_by_role("slider", name="d3", exact=True)
    assert float(bar.get_attribute("aria-valuemin")) == pytest.approx(value("plain", 3, 0))
    assert float(bar.get_attribute("aria-valuemax")) == pytest.approx(value("plain", 3, 1))
    assert float(bar.get_attribute("aria-valuenow")) == pytest.approx(value("plain", 3, 0.9), abs=1e-3)
    assert bar.get_attribute("aria-valuetext") == f"{value('plain', 3, 0.9):.2f}"
    bar.focus()
    page.keyboard.press("m")
    assert soon(page, lambda: state_of(page).rates[3] == GRID // 2), "muted, it is at the mean of the prior"
    assert bar.get_attribute("aria-valuetext") == "0.00"
    body = page.locator(".view").inner_text()
    assert "spikes per time step" not in body
    assert "T = " not in body
    assert not page.locator("canvas.raster").count()
    assert not page.get_by_role("button", name="New noise").count()
    assert "in this page" in page.locator(".foot").text_content()


def test_pen_and_prior_are_encoded_in_the_page(page):
    open_page(page, PLAIN)
    page.get_by_role("button", name="Draw", exact=True).click()
    box = page.locator("canvas.pad").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 200, steps=6)
    released(page)
    drawn = state_of(page)
    assert isinstance(drawn.source, UserImage)
    assert drawn.rates != HEIGHTS
    assert same_as_python(page)
    page.get_by_role("button", name="Prior", exact=True).click()
    before = page.evaluate("location.href")
    page.get_by_label("Prior seed").fill("12")
    page.get_by_label("Prior seed").press("Enter")
    settled(page, before)
    plan = ann.ann_plan_of(catalogue.named("plain").model)
    assert state_of(page).rates == pytest.approx(to_grid(ann.prior(plan, 12)), abs=1)
    assert same_as_python(page)


def test_a_saved_picture_replays_and_opens(page, tmp_path, shelf_dir):
    open_page(page, PLAIN)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG", exact=True).click()
    path = tmp_path / "plain.png"
    saved.value.save_as(path)
    done = replay(path, [shelf_dir])
    assert done.identical
    assert not done.spiking
    assert done.checkpoint.stem == "plain"
    assert tuple(done.recipe.fixed_point_rates[0]) == HEIGHTS
    with page.expect_download() as saved:
        page.get_by_role("button", name=".npz", exact=True).click()
    saved.value.save_as(tmp_path / "plain.npz")
    table = np.load(tmp_path / "plain.npz")
    assert table["latent"][0] == pytest.approx([value("plain", j, h / GRID) for j, h in enumerate(HEIGHTS)], abs=1e-6)
    assert replay(tmp_path / "plain.npz", [shelf_dir]).identical
    with page.expect_download() as saved:
        page.get_by_role("button", name=".csv", exact=True).click()
    saved.value.save_as(tmp_path / "plain.csv")
    head, *lines = (tmp_path / "plain.csv").read_text().splitlines()
    assert head == "dimension,source_latent,current_latent"
    assert float(lines[3].split(",")[2]) == pytest.approx(value("plain", 3, 0.9), abs=1e-5)


def test_as_python_makes_the_same_picture(page, tmp_path, shelf_dir):
    open_page(page, PLAIN)
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Scale").select_option("1")
    page.get_by_role("button", name="as Python").click()
    lines = page.locator(".export-sheet .code").text_content()
    assert "rate" not in lines
    assert "decode_codes(model, codes)" in lines
    code = lines.replace(lines.split('load("')[1].split('"')[0], str(shelf_dir / "plain.safetensors"))
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    from PIL import Image

    made = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB"))
    assert np.array_equal(made, np.broadcast_to(picture("plain", HEIGHTS).pixels[0], made.shape))


@pytest.mark.parametrize("view", ["spikes", "how"])
def test_views_about_spikes_say_calmly_that_there_are_none(page, view):
    open_page(page, PLAIN, f"/{view}", ".no-spikes")
    assert "plain has no spikes" in page.locator(".no-spikes").inner_text()
    before = page.evaluate("location.href")
    page.locator(".no-spikes").get_by_role("button").click()
    settled(page, before)
    page.locator(".view canvas").first.wait_for()
    assert state_of(page).model != "plain"


def test_the_spiking_model_that_is_offered_is_the_best_one_of_the_same_data(page):
    open_page(page, State(SHIPPED, Prior(0), to_grid([0.5] * 32), 7, "bernoulli", 1), "/spikes", ".no-spikes")
    page.locator(".no-spikes").get_by_role("button", name="Open mnist-poisson", exact=True).wait_for()


def test_a_path_is_straight_in_the_latent(page):
    open_page(page, PLAIN, "/interpolate", ".strip[data-there]")
    assert "has no spikes" in page.locator(".no-spikes-notice").inner_text()
    assert not page.get_by_role("group", name="Path").count()
    assert not page.get_by_role("group", name="Noise between frames").count()
    slider = page.get_by_label("Place on the path")
    before = page.evaluate("location.href")
    slider.fill("0.5")
    slider.dispatch_event("change")
    settled(page, before)
    atlas = catalogue.named("plain").atlas
    ends = [atlas.counts[row] / atlas.time_steps for row in atlas.tile_positions[:2]]
    assert np.abs(from_grid(state_of(page).rates) - (ends[0] + ends[1]) / 2).max() < 1e-4
    assert same_as_python(page)


def test_samples_are_those_of_its_own_prior(page):
    open_page(page, PLAIN, "/generate", ".sheet-grid[data-there]")
    assert not page.get_by_role("heading", name="Noise").count()
    plan = ann.ann_plan_of(catalogue.named("plain").model)
    canvas = "canvas[aria-label^='Sample 4, prior seed 3']"
    expected = picture("plain", to_grid(ann.prior(plan, 3))).pixels[0]
    assert alike(pixels_of(page, canvas), expected)
    assert "deviations from the nearest" in page.locator(".sheet-grid .picked").first.get_attribute("title")


def test_dimensions_and_map_speak_of_the_latent(page):
    open_page(page, PLAIN, "/dimensions", ".dimension-table tbody tr")
    page.locator(".detail-part").get_by_text("posterior mean").first.wait_for()
    assert "above the noise" not in page.locator(".view").inner_text()
    frame = page.locator("[data-strip=equal] canvas").last
    frame.and_(page.locator("[data-value]")).wait_for()
    j = int(page.locator("tr[aria-current=true]").get_attribute("data-dimension"))
    assert frame.get_attribute("aria-label") == f"d{j} at {value('plain', j, 1):.3f}"
    moved = list(HEIGHTS)
    moved[j] = GRID
    assert alike(
        pixels_of(page, "[data-strip=equal] figure:last-child canvas"), picture("plain", tuple(moved)).pixels[0]
    )
    open_page(page, PLAIN, "/map", "canvas")
    page.get_by_label("Colour by").select_option("d2")
    assert "posterior mean of d2" in page.locator(".map-legend").inner_text()
    assert "geodesic" not in page.get_by_label("Metric").inner_text()


def test_how_it_works_shows_the_path_of_a_model_without_spikes(page):
    open_page(page, PLAIN, "/how", ".plain-cards canvas")
    titles = page.locator(".plain-cards h2").all_text_contents()
    assert titles == ["1Image", "2Encoder", "3Latent", "4Decoder", "5Picture"]
    assert same_as_python(page)
    button = page.locator(".examples button").nth(2)
    before = page.evaluate("location.href")
    button.click()
    settled(page, before)
    assert same_as_python(page)
    assert "6 numbers" in page.locator(".plain-cards").inner_text()
    assert "spikes per step" not in page.locator(".plain-cards").inner_text()


def test_side_by_side_with_a_spiking_model_on_the_same_sources(page):
    open_page(page, PLAIN, "/models", ".models table")
    page.get_by_label("The other model").select_option("aaa")
    page.get_by_text("nothing chosen").wait_for()
    atlas = catalogue.named("plain").atlas
    row = int(atlas.tile_positions[2])
    label = atlas.class_names[atlas.labels[row]]
    heights = to_grid((atlas.counts[row] / atlas.time_steps).tolist())
    assert alike(pixels_of(page, f"canvas[aria-label='plain, decoded: {label}']"), picture("plain", heights).pixels[0])
    other = catalogue.named("aaa")
    mine = int(np.flatnonzero(other.atlas.indices == atlas.indices[row])[0])
    rates = other.atlas.rates[mine][None]
    spiking = other.model
    expected = decode_with_spikes(spiking, rates, seed=7, sampler=spiking.config.sampler, steps=8).pixels[0]
    assert alike(pixels_of(page, f"canvas[aria-label='aaa, decoded: {label}']"), expected)
    assert "without spikes has no noise" in page.locator(".models").inner_text()
    assert "No spikes" in page.locator(".diagram").inner_text()


def test_it_goes_into_one_file(page, shelf_dir, tmp_path):
    from esvae_core.explore import atlas
    from esvae_core.explore.latent_interface import load_explorable
    from esvae_core.explore.page import page as whole

    path = shelf_dir / "plain.safetensors"
    text = whole(load_explorable(path), "plain", path="plain.safetensors", atlas=atlas.load(atlas.beside(path)))
    (tmp_path / "plain.html").write_text(text)
    page.goto((tmp_path / "plain.html").as_uri())
    page.locator(LARGE).wait_for()
    rates = [0.0] * 6
    for bar in bars(page).all():
        height = bar.evaluate("b => b.style.getPropertyValue('--value')")
        rates[int(bar.get_attribute("data-i"))] = float(height)
    assert soon(page, lambda: alike(pixels_of(page), picture("plain", to_grid(rates)).pixels[0]))
    page.get_by_role("tab", name="Spikes").click()
    page.locator(".no-spikes").wait_for()
