"""What goes on when the server is away, and what a restart finds again."""

from __future__ import annotations

import numpy as np
import pytest

from app.state import encode

from .conftest import start_server
from .visits import (
    LINK,
    choose_model,
    drag,
    open_page,
    pixels_of,
    released,
    same_as_python,
    settled,
    soon,
    state_of,
    time_to_go_wrong,
    until,
)

pytestmark = pytest.mark.browser


def test_dragging_goes_on_and_the_link_opens_the_same_after_a_restart(browser, shelf_dir, page):
    with start_server(shelf_dir) as (address, port):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        visit = context.new_page()
        visit.set_default_timeout(30_000)
        open_page(visit)
    visit.get_by_text("The server does not answer").wait_for()
    before = pixels_of(visit)
    drag(visit, 2, 0.1)
    released(visit)
    assert not np.array_equal(pixels_of(visit), before)
    assert same_as_python(visit)
    address_before = visit.evaluate("location.href")
    visit.keyboard.press("Control+z")
    settled(visit, address_before)
    visit.keyboard.press("Control+y")
    moved, there = state_of(visit), pixels_of(visit)
    with start_server(shelf_dir, port):
        visit.reload()
        visit.locator("canvas.large").wait_for()
        assert soon(visit, lambda: np.array_equal(pixels_of(visit), there))
        assert state_of(visit) == moved
    context.close()


def test_an_address_without_a_page_opens_the_first_and_says_so(page):
    page.goto("/nowhere")
    page.get_by_text("names no page of the explorer").wait_for()
    drag(page, 2, 0.1)  # which a dialog that nobody sees would not let through
    released(page)
    choose_model(page, "aaa")
    until(page, "location.search.includes('~aaa~')")


def test_the_first_page_answers_to_its_name_too(page):
    link = encode(LINK)
    page.goto(f"/explore?s={link}")
    page.locator("canvas.large").wait_for()
    until(page, "location.pathname === '/'")
    assert soon(page, lambda: state_of(page) == LINK)
    time_to_go_wrong(page)
    assert not page.locator(".stDialog").count()


def test_two_tabs_do_not_meet(context, page):
    other = context.new_page()
    open_page(page)
    open_page(other)
    drag(page, 2, 0.1)
    released(page)
    assert state_of(page).rates != state_of(other).rates
    assert same_as_python(page)
    assert same_as_python(other)
    other.close()


def test_a_reload_in_the_middle_of_a_drag_keeps_what_the_link_holds(page):
    open_page(page)
    before = state_of(page)
    drag(page, 2, 0.1)
    page.reload()
    page.locator("canvas.large").wait_for()
    time_to_go_wrong(page, 200)
    assert state_of(page) == before
    assert same_as_python(page)


SLOW = """
window.WebSocket = class extends WebSocket {
  set onmessage(listener) { super.onmessage = (event) => setTimeout(() => listener.call(this, event), 700); }
  addEventListener(kind, listener, how) {
    const late = kind === 'message' ? (event) => setTimeout(() => listener.call(this, event), 700) : listener;
    super.addEventListener(kind, late, how);
  }
};
"""


def test_a_step_to_another_page_right_after_a_gesture_is_not_taken_back(page):
    page.add_init_script(SLOW)  # the server's answers come late, as they do from afar
    open_page(page)
    drag(page, 2, 0.1)
    released(page)
    moved = state_of(page)
    page.get_by_role("link", name="Spikes", exact=True).click()
    page.locator(".view-spikes .view").wait_for()
    time_to_go_wrong(page, 2500)
    assert page.locator(".view-spikes .view").is_visible()
    assert state_of(page).rates == moved.rates
