"""Presentation, saved pictures, their comparison, and steps that survive a reload, in Chromium."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from app.state import decode, encode

from .test_export import drop
from .visits import (
    LARGE,
    LINK,
    choose_model,
    drag,
    model_button,
    open_page,
    pixels_of,
    released,
    same_as_python,
    settled,
    soon,
    state_of,
)

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect
pytestmark = pytest.mark.browser

STAR = "Save this picture in the tray"


def test_presentation_shows_picture_bars_and_spikes_alone(page):
    open_page(page)
    before = page.evaluate("location.href")
    page.keyboard.press("p")
    settled(page, before)
    assert dict(state_of(page).view)["present"] == "1"
    large, mixer, raster = (page.locator(each) for each in (LARGE, ".mixer", "canvas.raster"))
    assert large.bounding_box()["width"] > 600, "the picture is large"
    for part in (large, mixer, raster):
        box = part.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 1440
        assert 0 <= box["y"] < box["y"] + box["height"] <= 900
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        inside = "(e, [x, y]) => e.getRootNode().elementFromPoint(x, y).closest('.stage') === e.closest('.stage')"
        assert part.evaluate(inside, middle), "nothing lies over it"
    for hidden in (".bar", ".intro", ".source-part", ".controls-part", ".noise-part", ".player", ".thumbs"):
        expect(page.locator(hidden).first).to_be_hidden()
    drag(page, 2, 0.1)
    released(page)
    assert same_as_python(page)
    page.reload()
    page.locator(".presenting canvas.large").wait_for()
    before = page.evaluate("location.href")
    page.keyboard.press("Escape")
    settled(page, before)
    assert "present" not in dict(state_of(page).view)
    expect(page.locator(".bar")).to_be_visible()
    page.get_by_role("button", name="Present", exact=True).click()
    expect(page.locator(".bar")).to_be_hidden()
    page.get_by_role("button", name="Leave the presentation").click()
    expect(page.locator(".bar")).to_be_visible()


def test_saved_pictures_are_kept_exported_read_back_and_compared(browser, server):
    context = browser.new_context(base_url=server, accept_downloads=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    open_page(page)
    star = page.get_by_role("button", name=STAR)
    first = pixels_of(page)
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    drag(page, 2, 0.05)
    released(page)
    expect(star).to_have_attribute("aria-pressed", "false")
    changed = state_of(page)
    second = pixels_of(page)
    star.click()
    page.reload()
    page.locator(LARGE).wait_for()

    tray = page.get_by_role("button", name="Saved", exact=True)
    cards = page.locator(".saved-list li")
    tray.click()
    expect(cards).to_have_count(2)
    cards.nth(1).get_by_role("button", name="Compare aaa").click()
    page.get_by_role("button", name="Compare with what is shown").click()
    dialog = page.get_by_role("dialog", name="A/B comparison")
    expect(dialog.get_by_role("row")).to_have_count(2)
    captions = [text.strip() for text in dialog.locator("figcaption").all_inner_texts()]
    assert captions[0].startswith("A: aaa, ")
    assert captions[1].startswith("B: shown now: aaa, "), "which is which"
    assert dialog.get_by_role("row").nth(1).inner_text().split() == ["d2", "0.750", f"{changed.rates[2] / 46080:.3f}"]
    size = np.sqrt(((second.astype(float) - first) ** 2).mean()) / 127.5
    assert float(re.search(r"root mean square ([0-9.]+)", dialog.inner_text())[1]) == pytest.approx(size, abs=0.005)
    page.keyboard.press("Escape")

    with page.expect_download() as got:
        page.get_by_role("button", name="Export all").click()
    content = got.value.path().read_bytes()
    told = json.loads(content)
    assert [decode(each["link"]).rates for each in told["pictures"]] == [changed.rates, LINK.rates]
    for _ in range(2):
        cards.first.get_by_role("button", name="Remove").click()
    expect(cards).to_have_count(0)
    page.keyboard.press("Escape")
    drop(page, "pictures.json", content)
    expect(page.get_by_text("2 pictures of pictures.json added to the tray")).to_be_visible()
    drop(page, "pictures.json", b'{"format": "esvae-saved", "version": 9}')
    expect(page.get_by_text("expected saved pictures of version 1, found 9")).to_be_visible()
    tray.click()
    cards.nth(1).locator(".picked").click()
    assert soon(page, lambda: np.array_equal(pixels_of(page), first))
    context.close()


def test_a_browser_that_keeps_nothing_says_so(browser, server):
    context = browser.new_context(base_url=server, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    for name in ("localStorage", "sessionStorage"):
        page.add_init_script(f"Object.defineProperty(window, '{name}', {{ get() {{ throw new Error('no') }} }})")
    open_page(page)
    page.get_by_role("button", name=STAR).click()
    expect(page.get_by_role("alert")).to_contain_text("no leave or no room to keep them")
    page.get_by_role("button", name="Saved", exact=True).click()
    expect(page.locator(".saved-list li")).to_have_count(1)
    context.close()


def test_undo_goes_on_after_a_reload_and_not_after_another_link(page):
    open_page(page)
    first = pixels_of(page)
    drag(page, 2, 0.05)
    released(page)
    before = page.evaluate("location.href")
    choose_model(page, "bare")
    settled(page, before)
    page.reload()
    page.locator(LARGE).wait_for()
    expect(model_button(page)).to_have_text("bare")
    page.keyboard.press("Control+z")
    expect(model_button(page)).to_have_text("aaa")
    page.get_by_role("button", name="Undo").click()
    assert soon(page, lambda: np.array_equal(pixels_of(page), first))
    assert state_of(page).rates == LINK.rates
    open_page(page, encode(replace(LINK, seed=99)))
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
