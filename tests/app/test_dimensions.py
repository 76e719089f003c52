"""Dimensions in Chromium: the table, the strips that are Python's pictures, names that travel in the link."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from app import catalogue
from app.state import GRID, Prior, State, TestImage, from_grid, to_grid
from esvae_core.controls.directions import to_coordinates
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.explore.dimensions import geodesic_values, quantile_values, sensitivity, traversal
from esvae_core.explore.effect import data_range

from .visits import alike, open_page, pixels_of, same_as_python, soon, state_of, until

pytestmark = pytest.mark.browser
READY = "canvas[data-most]"
MINUS = "\N{MINUS SIGN}"
READY_TOO = ".attribute-part canvas.heat"


@pytest.fixture(autouse=True)
def only_small(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])


@pytest.fixture
def atlas():
    return catalogue.named("aaa").atlas


def open_dimensions(page, atlas, chosen=2):
    rates = to_grid(atlas.rates[0].tolist())
    state = State("aaa", TestImage(int(atlas.indices[0])), rates, 7, "bernoulli", 8, view=(("dim", str(chosen)),))
    open_page(page, state, "/dimensions", READY)


def drawn(rates, seed=7):
    return decode_with_spikes(catalogue.named("aaa").model, rates, seed=seed, sampler="bernoulli", steps=8).pixels


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
    assert soon(page, lambda: state_of(page).rates[2] in (0, GRID))
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
    cell = page.locator(f"tr[data-dimension='{last}'] td").nth(4).inner_text()
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


def test_the_images_with_most_and_least_of_a_neuron_follow_the_chosen_one(page, atlas):
    open_dimensions(page, atlas)
    for j in (2, 4):
        page.locator(f"tr[data-dimension='{j}']").click()
        until(page, "j => location.search.includes(`dim:${j}`)", arg=j)
        column = atlas.counts[:, j].astype(int)
        labels = page.locator(".activating canvas[role=img]").evaluate_all("all => all.map((c) => c.ariaLabel)")
        most = [int(label.partition("test image ")[2].partition(":")[0]) for label in labels[1:9]]
        assert most == atlas.indices[np.argsort(-column, kind="stable")[:8]].tolist()


def open_shipped(page, name="digits-plus", **view):
    """A shipped model, whose controls and attributes are beside it."""
    loaded = catalogue.named(name)
    rates = to_grid(loaded.atlas.rates[0].tolist())
    source = TestImage(int(loaded.atlas.indices[0]))
    open_page(page, State(name, source, rates, 7, "systematic", 16, view=tuple(view.items())), "/dimensions", READY_TOO)
    return loaded


def test_any_place_of_a_header_sorts_and_effect_is_explores_order(page, atlas):
    open_dimensions(page, atlas)
    assert order(page) == np.argsort(-atlas.effect, kind="stable").tolist()
    found = catalogue.dimensions(catalogue.named("aaa"))
    head = page.locator("th", has_text="Beside the noise")
    box = head.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    above = np.array(found["moved"]) - found["redrawn"] + np.array(found["clear"])
    assert order(page) == np.argsort(-above, kind="stable").tolist()
    assert head.get_attribute("aria-sort") == "descending"
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"


def test_bars_of_mean_rates_start_at_one_place(page):
    open_shipped(page, "sprites-plus")  # whose classes have names of different lengths
    lefts = page.locator(".class-bars .mix-bar").evaluate_all("bars => bars.map(b => b.getBoundingClientRect().left)")
    widths = page.locator(".class-bars .mix-bar").evaluate_all("bars => bars.map(b => b.getBoundingClientRect().width)")
    assert len(lefts) == 4
    assert max(lefts) - min(lefts) < 0.5
    assert max(widths) - min(widths) < 0.5


def test_controls_are_a_table_with_their_evidence(page, tmp_path):
    loaded = open_shipped(page)
    page.get_by_role("button", name="Controls", exact=True).click()
    assert dict(state_of(page).view) == {"table": "controls"}
    rows = page.locator("tbody tr[data-control]")
    names = [row.get_attribute("data-control") for row in rows.all()]
    assert names == list(loaded.controls)
    control = loaded.controls["slant"]
    evidence = control.evidence[-1]
    text = page.locator("tr[data-control=slant]").inner_text()
    assert f"R² {evidence.reading:.2f}" in text
    assert f"{evidence.at(-1).got:+.2f} / {evidence.at(1).got:+.2f}".replace("-", MINUS) in text
    worst = max((evidence.at(-1), evidence.at(1)), key=lambda each: abs(each.side_effect))
    assert f"{worst.side} {worst.side_effect:+.2f}".replace("-", MINUS) in text
    assert f"{min(evidence.at(-1).class_kept, evidence.at(1).class_kept):.0%}".replace("%", " %") in text
    page.locator(".dimension-table thead th", has_text="Read").click()
    read = [abs(each.evidence[-1].reading) if each.evidence else -1 for each in loaded.controls.values()]
    expected = [names[i] for i in np.argsort(-np.array(read), kind="stable")]
    assert [row.get_attribute("data-control") for row in rows.all()] == expected
    unsteerable = next(name for name, each in loaded.controls.items() if not each.steerable)
    assert loaded.controls[unsteerable].why in page.locator(f'tr[data-control="{unsteerable}"]').inner_text()
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    told = list(csv.DictReader(saved.value.path().read_text().splitlines()))
    assert len(told) == sum(max(1, len(each.evidence)) for each in loaded.controls.values())
    line = next(line for line in told if line["control"] == "slant" and line["split"] == "test")
    assert float(line["got_at_1"]) == evidence.at(1).got
    assert float(line["side_effect"]) == worst.side_effect


def test_a_control_is_seen_along_its_way_and_taken(page):
    loaded = open_shipped(page, table="controls")
    page.locator("tr[data-control=thickness]").click()
    frame = "[data-strip=control] figure:nth-child(7) canvas[data-amount]"
    page.get_by_role("heading", name="thickness").wait_for()
    page.locator(frame).wait_for()
    amount = float(page.locator(frame).get_attribute("data-amount"))
    low, high = loaded.controls["thickness"].reach
    assert amount == pytest.approx(low + 6 / 8 * (high - low))
    control, atlas = loaded.controls["thickness"], loaded.atlas
    lies = to_coordinates(atlas.rates, control.coordinates) @ control.step
    labels = page.locator(".control-detail .activating canvas[role=img]").evaluate_all(
        "all => all.map((c) => c.ariaLabel)"
    )
    numbers = [int(label.partition("test image ")[2].partition(":")[0]) for label in labels[1:]]
    assert numbers == atlas.indices[np.r_[np.argsort(-lies)[:8], np.argsort(lies)[:8]]].tolist()
    assert labels[1].endswith(f" +{(lies.max() - lies.mean()) / lies.std():.1f} sd")
    start = from_grid(state_of(page).rates)
    page.locator(frame).click()
    moved = control.apply(start, amount)
    assert np.abs(from_grid(state_of(page).rates) - moved).max() < 1e-4
    page.keyboard.press("Control+z")
    assert np.allclose(from_grid(state_of(page).rates), start)


def test_correlations_with_attributes_are_read_by_pointer_and_keys(page):
    loaded = open_shipped(page)
    measured = loaded.controls.measured
    names = [attribute.name for attribute in measured.attributes]
    canvas, tip = page.locator(".attribute-part canvas.heat"), page.locator(".attribute-part .matrix-tip")
    shown = np.argsort(-loaded.atlas.effect, kind="stable")

    def told(row, place):
        j = shown[place]
        value = measured.correlation[row, j]
        sign = "" if names[row] == "class" else MINUS if value < 0 else "+"
        return f"d{j}, {names[row]}: {sign}{abs(value):.2f}"

    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert tip.inner_text() == told(0, 0), "first the chosen one"
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert tip.inner_text() == told(1, 2)
    page.keyboard.press("Enter")
    assert dict(state_of(page).view) == {"dim": str(shown[2])}
    page.keyboard.press("End")
    assert tip.inner_text() == told(1, 31)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 15 * names.index("slant") + 7)
    assert tip.inner_text() == told(names.index("slant"), 31)
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + 7)
    assert dict(state_of(page).view) == {"dim": str(shown[31])}
    assert f"{measured.train_images:,} training images" in page.locator(".attribute-part").inner_text()


def test_a_name_is_suggested_with_its_figure_and_taken_by_a_click(page):
    measured = catalogue.named("digits-plus").controls.measured
    numbers = [k for k, attribute in enumerate(measured.attributes) if attribute.kind == "number"]
    k, j = max(((k, j) for k in numbers for j in range(32)), key=lambda at: abs(measured.correlation[at]))
    value, name = measured.correlation[k, j], measured.attributes[k].name
    open_shipped(page, dim=str(j))
    called = name if value > 0 else f"less {name}"
    chip = page.locator(".suggestions .chip", has_text=called).first
    assert f"{abs(value):.2f}" in chip.inner_text()
    assert f"{measured.train_images} training images" in chip.get_attribute("title")
    chip.click()
    assert dict(state_of(page).view)[f"name{j}"] == called
    assert page.get_by_role("heading", name=f"{called} (d{j})").is_visible()
    assert page.locator(f"tr[data-dimension='{j}'] th").inner_text() == called
    page.keyboard.press("Control+z")
    assert page.get_by_role("heading", name=f"d{j}", exact=True).is_visible()


def test_a_model_without_an_atlas_says_how_to_get_one(page):
    open_page(page, State("bare", Prior(0), to_grid([0.5] * 40), 7, "bernoulli", 8), "/dimensions", ".message")
    assert page.get_by_text("esvae atlas").is_visible()


def test_it_fits_a_phone(page, atlas):
    page.set_viewport_size({"width": 390, "height": 844})
    open_dimensions(page, atlas)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    open_shipped(page, table="controls")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
