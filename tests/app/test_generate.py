"""Generate in Chromium: a grid of samples that can be made again, kept, replaced and opened."""

from __future__ import annotations

import numpy as np
import pytest

from app.state import UserImage

from .visits import LINK, open_page, pixels_of, same_as_python, settled, state_of

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
    page.get_by_role("link", name="Explore").click()
    page.locator("canvas.large").wait_for()
    page.wait_for_timeout(300)
    assert np.array_equal(pixels_of(page), shown)
    assert same_as_python(page)


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
    page.get_by_label("most typical first").check()
    there(page)
    titles = page.locator(".sheet-grid button.picked").evaluate_all("list => list.map(b => b.title)")
    distances = [float(title.split(" from the nearest")[0].rsplit(", ", 1)[1]) for title in titles]
    assert distances == sorted(distances)
