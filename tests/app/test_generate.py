"""Generate in Chromium: a grid of samples that can be made again, kept, replaced and opened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app import catalogue
from app.state import Prior, State, UserImage, encode, to_grid
from esvae_core.controls import strokes

from .visits import LINK, open_page, pixels_of, same_as_python, settled, soon, state_of, until

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect
pytestmark = pytest.mark.browser


def open_view(page, state=LINK):
    open_page(page, state, "/generate", "[data-there]")


def cell(page, k):
    return pixels_of(page, f".sheet-grid .cell:nth-child({k}) canvas")


def there(page):
    """Wait until the grid's pictures are all there; it takes the mark away as soon as it draws anew."""
    page.locator("[data-there]").wait_for()


def test_a_seed_means_the_same_samples_again(page):
    open_view(page)
    there(page)
    first = [cell(page, k) for k in (1, 7, 50)]
    page.get_by_role("button", name="New samples").click()
    there(page)
    assert not all(np.array_equal(a, cell(page, k)) for a, k in zip(first, (1, 7, 50), strict=True))
    page.keyboard.press("Control+z")
    there(page)
    assert all(np.array_equal(a, cell(page, k)) for a, k in zip(first, (1, 7, 50), strict=True))


def test_rows_columns_and_a_sample_that_is_opened(page):
    open_view(page)
    page.get_by_label("Rows").fill("2")
    page.get_by_label("Columns").fill("3")
    page.keyboard.press("Enter")
    there(page)
    shown = cell(page, 4)
    page.locator(".sheet-grid .cell:nth-child(4) button.picked").click()
    assert isinstance(state_of(page).source, UserImage)
    page.get_by_role("link", name="Explore", exact=True).click()
    page.locator("canvas.large").wait_for()
    assert soon(page, lambda: np.array_equal(pixels_of(page), shown))
    assert same_as_python(page)


def thickness(page):
    images = np.stack([cell(page, k)[:, :, 0] for k in range(1, 11)])
    return strokes.measure(images[:, None])[:, 0]


def test_samples_are_moved_by_a_control_or_held_at_a_value(page):
    loaded = catalogue.named("mnist-plus")
    control = loaded.controls["thickness"]
    rates = to_grid(loaded.atlas.rates[0].tolist())
    view = (("rows", "2"), ("columns", "5"))
    open_view(page, State("mnist-plus", Prior(0), rates, 7, "systematic", 16, view=view))
    before = thickness(page)
    page.get_by_label("Control of the samples").select_option("thickness")
    amount = page.get_by_label("Amount of the control")
    amount.fill("1")
    there(page)
    until(page, "location.search.includes('by:1')")
    there(page)
    moved = (thickness(page) - before) / control.size
    assert 0.5 < np.median(moved) < 1.5
    page.get_by_role("button", name="held", exact=True).click()
    until(page, "location.search.includes('hold:')")
    wanted = float(dict(state_of(page).view)["hold"])
    page.get_by_text("10 samples").wait_for()
    there(page)
    held = thickness(page)
    assert np.median(np.abs(held - wanted)) < 0.35 * control.size, "each is near the wanted value"
    assert held.std() < before.std()
    page.reload()
    page.locator(".sheet-grid").wait_for()
    there(page)
    assert np.array_equal(thickness(page), held), "the link leads to the same"


def test_a_pinned_sample_stays_when_the_others_change(page):
    open_view(page)
    there(page)
    kept, other = cell(page, 2), cell(page, 3)
    page.locator(".sheet-grid .cell:nth-child(2)").hover()
    page.get_by_role("button", name="Pin sample 2", exact=True).click()
    page.get_by_role("button", name="New samples").click()
    there(page)
    assert np.array_equal(cell(page, 2), kept)
    assert not np.array_equal(cell(page, 3), other)


WATCH = """(grid) => {
  // in each frame, how many pictures are missing, and what the pinned one is
  window.seen = [];
  const look = () => {
    const canvases = [...grid.querySelectorAll('canvas')];
    const data = canvases.map((each) => each.getContext('2d').getImageData(0, 0, each.width, each.height).data);
    window.seen.push([data.filter((pixels) => pixels[3] === 0).length, data[2].join()]);
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""


def test_no_picture_is_gone_while_the_temperature_moves(page):
    open_view(page, replace(LINK, view=(("rows", "2"), ("columns", "4"), ("pins", "2-77-100"))))
    there(page)
    before = [cell(page, k) for k in range(1, 9)]
    page.locator(".sheet-grid").evaluate(WATCH)
    page.get_by_label("Temperature of the prior").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    until(page, "location.search.includes('heat:1.3')")
    there(page)
    seen = page.evaluate("() => (cancelAnimationFrame(window.watching), window.seen)")
    assert len(seen) > 6
    assert {missing for missing, _ in seen} == {0}
    assert len({pinned for _, pinned in seen}) == 1
    after = [cell(page, k) for k in range(1, 9)]
    same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same[2], "the pinned one"
    assert sum(same) < 5, "others follow; a small model may draw one alike"
    open_view(page, state_of(page))
    there(page)
    assert all(np.array_equal(cell(page, k), picture) for k, picture in enumerate(after, 1))


def test_temperature_0_is_the_middle_of_the_prior(page):
    open_view(page)
    there(page)
    before = page.evaluate("location.href")
    page.get_by_label("Temperature of the prior").fill("0")
    settled(page, before)
    there(page)
    assert all(np.array_equal(cell(page, 1), cell(page, k)) for k in (2, 30, 50))


def test_samples_of_a_class_and_the_typical_first(page):
    open_view(page)
    page.get_by_label("Class").select_option("c")
    there(page)
    labels = page.locator(".sheet-grid canvas").evaluate_all("list => list.map(c => c.getAttribute('aria-label'))")
    assert labels
    assert all("like “c”" in label for label in labels)
    page.get_by_label("closest to real images first").check()
    there(page)
    titles = page.locator(".sheet-grid button.picked").evaluate_all("list => list.map(b => b.title)")
    distances = [float(title.split(" from the nearest")[0].rsplit(", ", 1)[1]) for title in titles]
    assert distances == sorted(distances)


def test_a_pinned_sample_keeps_its_temperature(page):
    open_view(page)
    there(page)
    kept, other = cell(page, 2), cell(page, 3)
    page.locator(".sheet-grid .cell:nth-child(2)").hover()
    page.get_by_role("button", name="Pin sample 2", exact=True).click()
    before = page.evaluate("location.href")
    page.get_by_label("Temperature of the prior").fill("0.3")
    settled(page, before)
    there(page)
    assert np.array_equal(cell(page, 2), kept)
    assert not np.array_equal(cell(page, 3), other)
    page.reload()
    there(page)
    assert np.array_equal(cell(page, 2), kept), "the link keeps it, too"


def test_pins_of_links_from_before_have_the_temperature_of_the_view(page):
    open_view(page, f"{encode(LINK)}~pins:2-77,heat:0.5")
    there(page)
    old = cell(page, 3)
    open_view(page, f"{encode(LINK)}~pins:2-77-50")
    there(page)
    assert np.array_equal(cell(page, 3), old)


def test_a_chosen_sample_is_marked_pinned_replaced_and_opened(page):
    open_view(page)
    there(page)
    chosen = page.locator(".sheet-grid button.picked[aria-pressed=true]")
    assert not chosen.count()
    page.locator(".sheet-grid .cell:nth-child(4) button.picked").click()
    assert chosen.locator("canvas").get_attribute("aria-label").startswith("Sample 4, prior seed 3")
    line = page.locator(".chosen-sample")
    assert line.inner_text().startswith("Sample 4, prior seed 3")
    line.get_by_role("button", name="Replace").click()
    there(page)
    assert chosen.locator("canvas").get_attribute("aria-label").startswith("Sample 4, prior seed 1")
    assert line.get_by_role("button", name="Pin").get_attribute("aria-pressed") == "true"
    shown = cell(page, 4)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    there(page)
    line.get_by_role("link", name="Open in Explore").click()
    page.locator(".view-explore canvas.large").wait_for()
    until(page, "location.pathname === '/'")
    assert np.array_equal(pixels_of(page), shown)
    assert same_as_python(page)
    before, now = page.evaluate("location.href"), state_of(page)
    page.keyboard.press("Control+z")  # the steps came along
    settled(page, before)
    assert state_of(page).rates != now.rates


@pytest.mark.parametrize(("width", "height"), [(768, 1024), (390, 844), (1024, 768)])
def test_a_finger_finds_pictures_uncovered_and_large_buttons(browser, server, width, height):
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=True, base_url=server
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    open_view(page)
    there(page)
    page.locator(".sheet-grid .cell:nth-child(3) button.picked").tap()
    line = page.locator(".chosen-sample")
    line.get_by_role("button", name="Pin").tap()
    there(page)
    covered = page.locator(".sheet-grid .cell canvas").evaluate_all(
        """list => list.filter((canvas) => {
          canvas.scrollIntoView({ block: 'center' });
          const box = canvas.getBoundingClientRect();
          return [[0.5, 0.1], [0.9, 0.1], [0.5, 0.5], [0.5, 0.9]].some(([x, y]) => {
            const at = canvas.getRootNode().elementFromPoint(box.left + x * box.width, box.top + y * box.height);
            return !at?.closest('.picked')?.contains(canvas);
          });
        }).length"""
    )
    assert covered == 0
    for button in line.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    assert "pinned" in page.locator(".sheet-grid .cell:nth-child(3) canvas").get_attribute("aria-label")
    context.close()
