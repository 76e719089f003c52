"""Help in Chromium: a mark beside the heading of every panel in all views, and the keys that the help lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import catalogue
from app.state import State, TestImage, to_grid
from esvae_core.explore.views import SERVED

from .visits import LINK, loaded, open_page

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect
pytestmark = pytest.mark.browser

UNMARKED = """(view) => [...view.querySelectorAll('h2')]
  .filter((heading) => !heading.parentElement.matches('.head') || !heading.parentElement.querySelector('.help-mark'))
  .map((heading) => heading.textContent)"""
# of each view, what is there when all its panels are, and how many marks it has: of headings, and of panels without one
LAST = {
    "explore": (".response-part h2", 6),
    "spikes": (".layers-part h2", 7),
    "interpolate": (".raster-part h2", 6),
    "map": (".rates-part h2", 5),
    "generate": (".noise-part", 2),
    "dimensions": (".heat-part h2", 3),
    "models": (".model-card h2", 3),
    "how": (".card:nth-child(8) h2", 8),
}


@pytest.fixture(autouse=True)
def only_small(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])


def state(name: str = "aaa", *view: tuple[str, str]) -> State:
    atlas = catalogue.named(name).atlas
    rates = to_grid(atlas.rates[0].tolist())
    return State(name, TestImage(int(atlas.indices[0])), rates, 7, "bernoulli", 8, view=view)


def read_all(page) -> None:
    """Open the note of each mark; each says what the panel is, and Escape leads back to the mark."""
    for mark in page.locator(".view .help-mark").all():
        name = mark.get_attribute("aria-label").removeprefix("Help: ")
        mark.focus()
        page.keyboard.press("Enter")
        note = page.locator(".help-note:popover-open")
        expect(note).to_have_count(1)
        assert note.locator("strong").inner_text() == name
        texts = note.locator("p").all_inner_texts()
        assert len(texts) == 2
        assert all(text.endswith(".") and len(text) > 30 for text in texts)
        page.keyboard.press("Escape")
        expect(note).to_have_count(0)
        expect(mark).to_be_focused()


@pytest.mark.parametrize("view", [view.name for view in SERVED])
def test_every_panel_of_every_view_has_help_in_its_head(page, view):
    last, count = LAST[view]
    open_page(page, state(), "/" if view == "explore" else f"/{view}", last)
    loaded(page)
    assert page.locator(".view").evaluate(UNMARKED) == []
    assert page.locator(".view h2").count() > 0
    assert page.locator(".view .help-mark").count() >= count
    read_all(page)


def test_tables_of_controls_have_help_too(page):
    open_page(page, state("digits-plus", ("table", "controls")), "/dimensions", ".control-detail h2")
    assert page.locator(".view").evaluate(UNMARKED) == []
    head = page.locator(".dimensions-view .head").first
    head.locator(".help-mark").click()
    expect(page.locator(".help-note:popover-open")).to_contain_text("One row for each control")


def test_a_selection_on_the_map_keeps_its_help(page):
    open_page(page, state(), "/map", ".map-canvas canvas")
    loaded(page)
    box = page.locator(".map-over").bounding_box()
    page.locator(".map-tools .lasso").click()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for x, y in ((0.98, 0.02), (0.98, 0.98), (0.02, 0.98)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
    page.mouse.up()
    page.locator(".selection-part small").wait_for()
    assert page.locator(".view").evaluate(UNMARKED) == []
    page.locator(".selection-part .help-mark").click()
    expect(page.locator(".help-note:popover-open")).to_contain_text("inside the lasso")


@pytest.mark.parametrize("view", ["how", "spikes"])
def test_a_model_without_spikes_has_help_where_it_has_panels(page, view):
    open_page(page, replace(LINK, model="plain"), f"/{view}", ".no-spikes-notice")
    loaded(page)
    assert page.locator(".view").evaluate(UNMARKED) == []
    read_all(page)


def test_the_list_of_keys_has_every_place_that_hears_some(page):
    open_page(page, state(), "/models", "table")
    page.keyboard.press("?")
    sections = page.get_by_role("dialog", name="Help").locator(".keys section")
    keys = {
        section.locator("h4").inner_text(): " ".join(section.locator("kbd").all_inner_texts())
        for section in sections.all()
    }
    assert "Page Up" in keys["On the spikes in Spikes"]
    assert "Arrow keys" in keys["On the square in Interpolate"]
    assert all(key in keys["On the map"] for key in ("Arrow keys", "Enter", "Shift", "+", "0", "L", "Escape"))
    assert "Enter, Space" in keys["On a sample in Generate"]
    assert "Escape" in keys["On a matrix in Dimensions"]
    assert "Left, Right" in keys["On a chart"]
