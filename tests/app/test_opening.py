"""Opening another model on a slow link, another view on a phone, and the first stops of the tab key."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app import catalogue
from app.state import encode, to_grid
from esvae_core.engine import from_bundle
from esvae_core.engine.prior import prior
from esvae_core.explore import atlas as atlases

from .conftest import start_server
from .test_export import drop
from .visits import (
    LINK,
    alike,
    bars,
    choose_model,
    model_button,
    open_page,
    pixels_of,
    released,
    same_as_python,
    settled,
    soon,
    state_of,
    until,
)

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect

pytestmark = pytest.mark.browser


@pytest.fixture
def held(page):
    """Requests for the model `bare` that wait until a test lets them go on."""
    routes = []
    page.route("**/model/bare", lambda route: routes.append(route))
    return routes


def test_while_a_model_is_opened_the_page_says_so_and_nothing_of_the_old_one_moves(page, held):
    open_page(page)
    choose_model(page, "bare")
    expect(page.get_by_text("Opening bare … aaa is still shown.")).to_be_visible()
    box = bars(page).nth(1).bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 5)
    page.keyboard.press("Control+z")
    assert state_of(page) == LINK
    assert page.locator(".actions").evaluate("actions => actions.inert"), "the buttons are out of reach"
    model_button(page).focus()
    before = page.evaluate("location.href")
    held.pop().continue_()
    settled(page, before)
    assert state_of(page).model == "bare"
    expect(model_button(page)).to_have_text("bare")
    expect(model_button(page)).to_be_focused()
    expect(page.get_by_text("Opening bare")).to_be_hidden()
    assert bars(page).count() == 40
    assert same_as_python(page)


IN_PIECES = """
const { fetch } = globalThis;
globalThis.waiting = [];
globalThis.fetch = async (...asked) => {
  const answer = await fetch(...asked);
  if (!answer.headers.has("x-esvae-size")) return answer;
  const [bytes, { headers }] = [new Uint8Array(await answer.arrayBuffer()), answer];
  const body = new ReadableStream({
    async start(controller) {
      for (let k = 0; k < 4; k++) {
        controller.enqueue(bytes.slice((k * bytes.length) >> 2, ((k + 1) * bytes.length) >> 2));
        await new Promise((goOn) => waiting.push(goOn));
      }
      controller.close();
    },
  });
  return new Response(body, { headers });
};
"""
"""What says how much there will be comes in four pieces, each when the test lets it."""
GO_ON = "waiting.splice(0).forEach((goOn) => goOn())"


def test_on_a_slow_link_the_page_says_how_much_of_a_model_is_there(page):
    open_page(page)
    page.evaluate(f"() => {{ {IN_PIECES} }}")
    choose_model(page, "digits-plus")
    amount = page.get_by_text(re.compile(r"^[\d.]+ of [\d.]+ MB$"))
    bar = page.get_by_role("progressbar", name="How much of the model is here")
    share = 0
    for quarter in (0.25, 0.5, 0.75):
        expect(amount).to_be_visible()
        until(page, "waiting.length > 0")
        assert soon(page, lambda: bar.evaluate("bar => bar.value / bar.max") > share)  # noqa: B023
        share = bar.evaluate("bar => bar.value / bar.max")
        assert share == pytest.approx(quarter, abs=0.1)
        page.evaluate(GO_ON)
    assert soon(page, lambda: page.evaluate(GO_ON) is None and not amount.is_visible())
    expect(model_button(page)).to_have_text("digits-plus")
    assert soon(page, lambda: state_of(page).model == "digits-plus")


def test_a_model_that_does_not_come_leaves_the_old_one_and_its_name(page, held):
    open_page(page)
    choose_model(page, "bare")
    expect(page.get_by_text("Opening bare")).to_be_visible()
    held.pop().abort()
    expect(page.get_by_text("bare does not open")).to_be_visible()
    expect(model_button(page)).to_have_text("aaa")
    box = bars(page).nth(1).bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 3, box["y"] + 60, steps=3)
    released(page)
    assert state_of(page).model == "aaa"
    assert same_as_python(page)


def test_opening_can_be_given_up_and_the_last_choice_counts(page, held):
    open_page(page)
    choose_model(page, "bare")
    page.get_by_role("button", name="Cancel").click()
    expect(model_button(page)).to_have_text("aaa")
    expect(page.get_by_text("Opening bare")).to_be_hidden()
    choose_model(page, "bare")
    before = page.evaluate("location.href")
    choose_model(page, "plain")
    settled(page, before)
    assert state_of(page).model == "plain"
    for route in held:
        route.continue_()  # they come too late
    page.get_by_text("plain has no spikes").first.wait_for()
    assert state_of(page).model == "plain"


def test_undo_to_a_model_that_does_not_come_goes_back(page):
    open_page(page)
    for name in ("bare", "aaa"):
        before = page.evaluate("location.href")
        choose_model(page, name)
        settled(page, before)
    page.reload()  # the history is kept, the models are not, and the page's head names the parts of `aaa` alone
    page.locator("canvas.large").wait_for()
    page.route("**/model/bare", lambda route: route.abort())
    page.keyboard.press("Control+z")
    expect(page.get_by_text("bare does not open")).to_be_visible()
    expect(model_button(page)).to_have_text("aaa")
    assert state_of(page).model == "aaa"
    assert same_as_python(page)


def test_on_a_phone_the_drawer_closes_and_the_view_has_its_name(browser, server):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, base_url=server
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    open_page(page)
    expect(page.get_by_role("heading", name="Explore", level=1)).to_be_visible()
    for view in ("Generate", "How it works", "Explore"):
        page.get_by_test_id("stExpandSidebarButton").tap()
        link = page.get_by_test_id("stSidebarNavLink").filter(has_text=view)
        expect(link).to_be_in_viewport()
        link.tap()
        expect(page.get_by_role("heading", name=view, level=1)).to_be_visible()
        expect(link).not_to_be_in_viewport()
        box = page.get_by_role("heading", name=view, level=1).bounding_box()
        inside = page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).dataset.testid", [box["x"] + 4, box["y"] + 4]
        )
        assert inside is None or "idebar" not in inside, "nothing lies above it"
    context.close()


def test_the_first_stop_of_the_tab_key_leads_to_the_bars(page):
    open_page(page)
    page.get_by_role("link", name="Skip to the view").focus()
    page.keyboard.press("Enter")
    expect(bars(page).first).to_be_focused()
    page.goto(f"/generate?s={encode(LINK)}")
    page.locator("[data-there]").wait_for()
    page.get_by_role("link", name="Skip to the view").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=re.compile("^Help: ")).first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Rows")).to_be_focused()


def test_nothing_moves_while_a_model_is_opened(browser, server):
    context = browser.new_context(base_url=server)
    visit = context.new_page()
    visit.set_default_timeout(60_000)
    held = []
    visit.route("**/model/bare", lambda route: held.append(route))
    open_page(visit)
    for width, height in ((1440, 900), (1024, 768), (768, 1024), (390, 844)):
        visit.set_viewport_size({"width": width, "height": height})
        soon(visit, lambda width=width: visit.evaluate("innerWidth") == width)
        before = visit.locator(".view").bounding_box()
        choose_model(visit, "bare")
        cancel = visit.get_by_role("button", name="Cancel")
        expect(visit.locator(".opening")).to_contain_text("Opening bare … aaa is still shown.")
        assert visit.locator(".view").bounding_box() == before, width
        box = cancel.bounding_box()
        assert box["x"] + box["width"] <= width
        cancel.click()
        expect(cancel).to_be_hidden()
        assert visit.locator(".view").bounding_box() == before, width
    context.close()


def test_copying_the_link_moves_nothing(page, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page)
    buttons = page.locator(".actions button")
    before = [button.bounding_box() for button in buttons.all()]
    page.get_by_role("button", name="Link", exact=True).click()
    page.locator("[data-done=Copied]").wait_for()
    assert [button.bounding_box() for button in buttons.all()] == before
    assert page.evaluate("navigator.clipboard.readText()").endswith(page.evaluate("location.search"))


def test_while_the_server_is_away_a_line_says_so_until_it_is_back(browser, shelf_dir):
    with start_server(shelf_dir) as (address, port):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        visit = context.new_page()
        visit.set_default_timeout(60_000)
        open_page(visit)
    line = visit.get_by_text("The server does not answer")
    line.wait_for()
    before = visit.evaluate("location.href")
    visit.get_by_role("button", name="New noise").click()
    settled(visit, before)
    expect(line).to_be_visible()  # a gesture does not take it away
    with start_server(shelf_dir, port):
        expect(line).to_be_hidden(timeout=60_000)
    context.close()


def test_the_list_of_models_shows_pictures_kinds_and_why_one_cannot_be_explored(page):
    open_page(page)
    model_button(page).click()
    card = page.locator(".model-list li")
    shown = card.filter(has=page.get_by_text("mnist-plus", exact=True))
    expect(shown.locator("canvas")).to_have_count(4)
    atlas = atlases.load(catalogue.SHIPPED / "mnist-plus.atlas.npz")
    assert alike(pixels_of(page, ".model-list li:has-text('mnist-plus') canvas"), np.repeat(atlas.tiles[0], 3, axis=2))
    expect(shown).to_contain_text("spiking network, firing rates")
    expect(card.filter(has=page.get_by_text("plain", exact=True))).to_contain_text("network without spikes (VAE)")
    rival = card.filter(has=page.get_by_text("rival", exact=True))
    expect(rival).to_contain_text("spiking network, spikes step by step")
    assert rival.get_by_role("button").count() == 1
    broken = card.filter(has=page.get_by_text("cut", exact=True))
    expect(broken).to_contain_text("cut.safetensors")
    assert broken.get_by_role("button").count() == 0
    page.keyboard.press("Escape")
    expect(card.first).to_be_hidden()
    model_button(page).press("Enter")
    plain = card.get_by_role("button").filter(has=page.get_by_text("plain", exact=True))
    before = page.evaluate("location.href")
    plain.press("Enter")
    settled(page, before)
    assert state_of(page).model == "plain"
    expect(model_button(page)).to_be_focused()


def test_a_model_comes_in_parts_as_they_are_needed(page):
    asked, held = [], []
    page.on("request", lambda request: asked.append(request.url) if "/bundle/" in request.url else None)
    page.route("**/bundle/*/prior", lambda route: held.append(route))
    open_page(page, "")
    parts = {url.rpartition("/")[2] for url in asked}
    assert parts == {"decoder"}, "all that the first screen needs"
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Prior", exact=True).click()
    page.get_by_role("button", name="Invent one").click()
    name = state_of(page).model
    expect(page.get_by_text(f"Loading the prior of {name} …")).to_be_visible()
    assert page.evaluate("location.href") == before
    held.pop().abort()
    expect(page.get_by_text("Failed to fetch")).to_be_visible()
    page.get_by_role("button", name="Invent one").click()
    expect(page.get_by_text(f"Loading the prior of {name} …")).to_be_visible()
    expect(page.get_by_text("Failed to fetch")).to_be_visible()  # until a gesture ends
    held.pop().continue_()
    settled(page, before)
    expect(page.get_by_text("Loading the prior")).to_be_hidden()
    drawn = state_of(page)
    wanted = to_grid(prior(from_bundle(catalogue.named(name).bundle), drawn.source.seed))
    assert np.abs(np.subtract(drawn.rates, wanted)).max() <= 1, "as Python draws them"
    assert same_as_python(page)
    assert soon(page, lambda: any(url.endswith("/encoder") for url in asked)), "a gesture has ended: one may draw"
    page.unroute("**/bundle/*/prior")
    page.reload()
    page.locator("canvas.large").wait_for()
    assert state_of(page) == drawn
    assert same_as_python(page)


def test_a_table_that_is_dropped_is_told_from_a_damaged_file(page):
    open_page(page)
    drop(page, "aaa-neurons.csv", b"dimension,name\n0,d0\n")
    message = page.locator(".message.warning")
    message.get_by_text("aaa-neurons.csv: CSV files have figures alone").wait_for()
    assert "(PNG, GIF, WebP, MP4, SVG), arrays (NPZ)" in message.inner_text()
    assert "damaged" not in message.inner_text()
