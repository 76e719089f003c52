"""The first minute with Explore in Chromium: spikes step by step, exact values, help, tour and lessons."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from app import catalogue, server_decode
from app.state import GRID, State, TestImage, to_grid
from esvae_core.controls.directions import to_coordinates

from .test_figures import SVG, menu, saved
from .test_spikes import decoded, same, spikes_of
from .visits import LARGE, LINK, alike, bars, open_page, pixels_of, released, same_as_python, settled, soon, state_of

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect
pytestmark = pytest.mark.browser

RASTER = "canvas.raster"
BANDS = """canvas => {
  // whether anything is drawn at the right edge of each row, where spikes do not reach
  const { width, height } = canvas;
  const ratio = height / canvas.clientHeight;
  const [top, tall] = [2 * ratio, height - 32 * ratio];
  const context = canvas.getContext('2d');
  return [0, 1, 2, 3, 4, 5].map((place) =>
    context.getImageData(width - 1, Math.round(top + ((place + 0.5) * tall) / 6), 1, 1).data[3] > 0);
}"""


def order_of(page) -> list[str]:
    return bars(page).evaluate_all("all => all.map((bar) => bar.getAttribute('aria-label'))")


def bar_of(page, name: str):
    return page.get_by_role("slider", name=name, exact=True)


def test_a_bar_shows_its_row_of_spikes_and_a_row_its_bar(page):
    open_page(page)
    names = order_of(page)
    for place in (4, 1):
        bar_of(page, names[place]).hover()
        assert soon(page, lambda: page.locator(RASTER).evaluate(BANDS) == [k == place for k in range(6)])  # noqa: B023
    bar_of(page, names[3]).focus()
    assert soon(page, lambda: page.locator(RASTER).evaluate(BANDS).index(True) == 3)
    page.locator(RASTER).scroll_into_view_if_needed()
    box = page.locator(RASTER).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2 + (box["height"] - 32) * 5.5 / 6)
    expect(page.locator(".fader.chosen")).to_have_attribute("aria-label", names[5])
    assert page.locator(".raster-part .reading").inner_text().startswith(f"{names[5]}, step ")
    assert page.locator(".detail .reading").inner_text().startswith(names[5])


def test_a_pointer_on_its_way_to_a_button_picks_no_other_bar(page):
    # on a busy machine a pointer may take longer from one bar to the next than it rests on one that it picks
    page.add_init_script("const real = setTimeout; setTimeout = (f, ms) => real(f, ms === 400 ? 1e6 : ms)")
    open_page(page)
    names = order_of(page)
    released_at = bar_of(page, names[1]).bounding_box()
    page.mouse.click(released_at["x"] + released_at["width"] / 2, released_at["y"] + released_at["height"] / 3)
    last = bar_of(page, names[5]).bounding_box()
    page.mouse.move(last["x"] + last["width"] / 2, last["y"] + last["height"] / 3, steps=12)
    expect(page.locator(".fader.chosen")).to_have_attribute("aria-label", names[5])  # while it is there
    lock = page.locator(".detail").get_by_role("button", name="Lock")
    box = lock.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    expect(page.locator(".fader.chosen")).to_have_attribute("aria-label", names[1])
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".fader.locked")).to_have_attribute("aria-label", re.compile(f"^{names[1]}"))


def test_the_tab_key_stops_once_at_the_bars_and_arrow_keys_go_on_from_there(page):
    open_page(page)
    names = order_of(page)
    bar_of(page, names[2]).focus()
    before = state_of(page)
    for key, place in (("ArrowRight", 3), ("ArrowLeft", 2), ("ArrowLeft", 1), ("ArrowLeft", 0), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        expect(bar_of(page, names[place])).to_be_focused()
    assert state_of(page) == before, "nothing was changed"
    assert page.locator(".fader[tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    expect(page.locator(".fader:focus")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    expect(bar_of(page, names[0])).to_be_focused()


def test_the_exported_raster_has_names_and_steps(page, tmp_path):
    open_page(page)
    menu(page)
    found = {each.text for each in ET.parse(saved(page, "Spikes", "SVG", tmp_path)).getroot().iter(f"{SVG}text")}
    assert {*order_of(page), "time step", "1", "8"} <= found


def test_steps_are_shown_one_by_one_by_key_and_the_picture_is_that_of_the_spikes_so_far(page):
    open_page(page)
    address, whole = page.evaluate("location.href"), pixels_of(page)
    steps = page.get_by_role("slider", name="Steps shown")
    steps.focus()
    page.keyboard.press("Home")
    spikes = spikes_of(LINK)
    assert same(page, decoded(spikes, 1))
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(steps).to_have_attribute("aria-valuetext", "3 of 8 steps")
    assert same(page, decoded(spikes, 3))
    expect(page.locator(".picture-part h2")).to_contain_text("after 3 of 8 time steps")
    page.keyboard.press("End")
    assert soon(page, lambda: np.array_equal(pixels_of(page), whole))
    assert page.evaluate("location.href") == address, "what is only looked at is no step of the history"


def test_play_lets_spikes_arrive_and_pauses(page):
    open_page(page)
    play = page.get_by_role("button", name="Play", exact=True)
    steps = page.get_by_role("slider", name="Steps shown")
    play.click()
    expect(steps).not_to_have_value("8")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    at = int(steps.input_value())
    assert 1 <= at < 8
    assert same(page, decoded(spikes_of(LINK), at))
    play.click()
    expect(steps).to_have_value("8", timeout=30_000)
    expect(play).to_have_attribute("aria-pressed", "false")
    assert same_as_python(page)


HEARD = """
  window.heard = [];
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function () {
    window.heard.push(Math.max(...this.buffer.getChannelData(0)));
    start.call(this);
  };
"""


def test_each_step_with_spikes_is_heard_when_the_sound_is_on(page):
    page.add_init_script(HEARD)
    open_page(page)
    play = page.get_by_role("button", name="Play", exact=True)
    steps = page.get_by_role("slider", name="Steps shown")

    def played():
        play.click()
        expect(play).to_have_attribute("aria-pressed", "true")
        expect(play).to_have_attribute("aria-pressed", "false", timeout=30_000)
        expect(steps).to_have_value("8")
        return page.evaluate("window.heard")

    assert played() == [], "off at first"
    page.get_by_role("button", name="Sound").click()
    heard = played()
    assert len(heard) == spikes_of(LINK).reshape(8, -1).any(1).sum()
    assert min(heard) > 0.05
    page.get_by_role("button", name="Sound").click()
    assert len(played()) == len(heard)


BEAT = """async () => {
  // ms between the second and the third step
  const roots = [...document.querySelectorAll('*')].map((each) => each.shadowRoot).filter(Boolean);
  const slider = roots.map((root) => root.querySelector('.player input')).find(Boolean);
  const at = async (step) => {
    while (Number(slider.value) < step) await new Promise(requestAnimationFrame);
    return performance.now();
  };
  return -(await at(2)) + (await at(3));
}"""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_who_asks_for_less_motion_sees_steps_slowly(page, motion):
    page.emulate_media(reduced_motion=motion)
    open_page(page)
    page.get_by_role("button", name="Play", exact=True).click()
    beat = page.evaluate(BEAT)
    assert beat > 700 if motion == "reduce" else beat < 600


def test_the_kind_of_spikes_is_chosen_beside_the_raster(page):
    open_page(page)
    beside = page.locator(".raster-part").get_by_role("group", name="Sampler")
    expect(beside.get_by_role("button", name="Random (as in the paper)")).to_have_attribute("aria-pressed", "true")
    before = page.evaluate("location.href")
    beside.get_by_role("button", name="Even").click()
    settled(page, before)
    assert state_of(page).sampler == "systematic"
    assert same_as_python(page)
    assert page.get_by_role("group", name="Sampler").count() == 1


def test_an_exact_value_is_typed(page):
    open_page(page)
    value = page.locator(".detail .value")
    bar_of(page, "d2").focus()
    value.click()
    field = page.get_by_label(re.compile("^Value of d2"))
    field.fill("0.3")
    before = page.evaluate("location.href")
    field.press("Enter")
    settled(page, before)
    assert state_of(page).rates[2] == round(0.3 * GRID)
    expect(bar_of(page, "d2")).to_be_focused()
    page.keyboard.press("Enter")
    field.fill("5/16")
    before = page.evaluate("location.href")
    field.press("Enter")
    settled(page, before)
    assert state_of(page).rates[2] == 5 * GRID // 16
    for text, words in (("much", "d2: expected a number, found 'much'."), ("1.5", "d2: expected 0 to 1, found 1.5.")):
        page.keyboard.press("Enter")
        field.fill(text)
        field.press("Enter")
        expect(page.get_by_role("alert")).to_have_text(words)
        field.press("Escape")
        expect(bar_of(page, "d2")).to_be_focused()
    assert state_of(page).rates[2] == 5 * GRID // 16
    expect(value).to_have_text("0.313")


def test_all_values_are_copied_and_pasted(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page)
    bar_of(page, "d1").focus()
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert to_grid(json.loads(copied)) == LINK.rates
    for text in ("[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]", "0.6 .5\t0.4\n0.3,0.2; 0.1"):
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        before = page.evaluate("location.href")
        page.keyboard.press("Control+v")
        settled(page, before)
        wanted = [float(word) for word in re.findall(r"[\d.]+", text)]
        assert state_of(page).rates == to_grid(wanted)
    pasted = state_of(page).rates
    for text, words in (("1 0 1", "expected 6 numbers, found 3"), ("0 0 0 0 0 2", "d5: expected 0 to 1, found 2")):
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        page.keyboard.press("Control+v")
        expect(page.get_by_role("alert")).to_have_text(f"Not pasted: {words}.")
    assert state_of(page).rates == pasted


def test_the_menu_of_all_values_says_what_is_wrong_and_sets_what_is_right(page):
    open_page(page)
    page.get_by_role("button", name="Copy or paste all rates").click()
    field = page.get_by_role("textbox", name="All rates, by number")
    assert to_grid(json.loads(field.input_value())) == LINK.rates
    field.fill("1, 0, one, 0, 0, 0")
    page.get_by_role("button", name="Set these rates").click()
    page.get_by_text("Not taken: expected numbers, found 'one'.").wait_for()
    field.fill("1, 0, 1, 0, 0, 0")
    before = page.evaluate("location.href")
    page.get_by_role("button", name="Set these rates").click()
    settled(page, before)
    assert state_of(page).rates == to_grid([1, 0, 1, 0, 0, 0])
    assert field.count() == 0 or not field.is_visible()


def test_five_pictures_say_what_a_bar_does(page):
    open_page(page)
    bar_of(page, "d2").hover()
    part = page.locator(".response-part")
    expect(part).to_have_attribute("data-shows", "What d2 does")
    for k, share in enumerate((0, 0.25, 0.5, 0.75, 1)):
        rates = [*LINK.rates]
        rates[2] = round(share * GRID)
        wanted = server_decode.drawn(replace(LINK, rates=tuple(rates))).pixels[0]
        assert alike(pixels_of(page, f".response figure:nth-child({k + 1}) canvas"), wanted), share
    expect(part.locator(".response figcaption")).to_have_text(["0", "0.25", "0.5", "0.75", "1"])


def test_the_images_that_have_most_and_least_of_a_bar_are_beside_it_and_can_be_started_from(page):
    open_page(page)
    bar_of(page, "d2").hover()
    expect(page.locator(".activating")).to_have_attribute("data-shows", "aaa d2")
    atlas = catalogue.named("aaa").atlas
    column = atlas.counts[:, 2].astype(int)
    for end, wanted in enumerate((np.argsort(-column, kind="stable"), np.argsort(column, kind="stable"))):
        assert image_numbers(page, end + 1) == atlas.indices[wanted[:3]].tolist()
    row = int(np.argsort(column, kind="stable")[0])
    (tile,) = np.flatnonzero(atlas.tile_positions == row)
    shown = pixels_of(page, ".activating figure:nth-child(3) button:nth-child(1) canvas")
    assert alike(shown, np.repeat(atlas.tiles[tile], 3, axis=2))
    before = page.evaluate("location.href")
    page.locator(".activating figure").nth(2).locator("button").first.click()
    settled(page, before)
    assert state_of(page).source == TestImage(int(atlas.indices[row]))


def furthest(loaded, name: str, count: int) -> list[list[int]]:
    """Numbers of the test images whose rates lie furthest along a control, and furthest against it."""
    control, atlas = loaded.controls[name], loaded.atlas
    lies = to_coordinates(atlas.rates, control.coordinates) @ control.step
    return [atlas.indices[np.argsort(sign * lies, kind="stable")[:count]].tolist() for sign in (-1, 1)]


def image_numbers(page, end: int) -> list[int]:
    titles = [
        tile.get_attribute("title") for tile in page.locator(".activating figure").nth(end).locator("button").all()
    ]
    return [int(re.search(r"test image (\d+)", title)[1]) for title in titles]


def test_five_pictures_say_what_a_control_does(page):
    open_page(page, "")
    for part in (LARGE, ".mixer", RASTER):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 900, f"{part} is on the first screen, beside 128 bars"
    slider = page.locator(".control", has_text="thickness").get_by_role("slider")
    slider.focus()
    part = page.locator(".response-part")
    expect(part).to_have_attribute("data-shows", "What thickness does")
    first, last = (pixels_of(page, f".response figure:nth-child({k}) canvas").mean() for k in (1, 5))
    assert last > 1.3 * first, "thicker strokes have more ink"
    thick, thin = furthest(catalogue.named(state_of(page).model), "thickness", 3)
    assert [image_numbers(page, end) for end in (1, 2)] == [thick, thin]
    slider.hover()
    box = part.locator(".activating button").first.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.wait_for_timeout(1_200)  # longer than the strip waits before it shows the bar again
    before = page.evaluate("location.href")
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    settled(page, before)
    assert state_of(page).source == TestImage(thick[0])
    page.mouse.move(5, 5)
    bar_of(page, order_of(page)[0]).focus()
    expect(part).to_have_attribute("data-shows", f"What {order_of(page)[0]} does")


@pytest.fixture
def first_visit(browser, server):
    """A browser that was never here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def test_the_tour_is_offered_once_and_goes_by_keys(first_visit):
    page = first_visit
    open_page(page)
    offer = page.get_by_role("button", name="Take the tour")
    assert page.get_by_role("dialog").count() == 0, "nothing lies over the first screen"
    offer.focus()
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog")
    titles: list[str] = []
    while card.count():
        titles.append(card.get_by_role("heading").inner_text())
        expect(card.get_by_role("heading")).to_be_focused()
        assert page.locator(".touring").count() == 1
        done = card.get_by_role("button", name="Done")
        (done if done.count() else card.get_by_role("button", name="Next")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=titles[-1])).to_have_count(0)
    assert page.locator(".touring").count() == 0
    assert 4 <= len(titles) == len(set(titles)) <= 6
    page.reload()
    page.locator(LARGE).wait_for()
    assert offer.count() == 0, "remembered"
    bars(page).first.focus()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Help").get_by_role("button", name="Take the tour").click()
    expect(page.get_by_role("dialog", name=titles[0])).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('esvae.tour')") == "1"


@pytest.mark.parametrize("end", ["Escape", "End the tour"])
def test_the_tour_from_the_line_on_top_leaves_the_focus_at_help(first_visit, end):
    page = first_visit
    open_page(page)
    page.get_by_role("button", name="Take the tour").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="A picture from a few numbers")).to_be_visible()
    if end == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name=end).click()
    expect(page.locator(".tour-card")).to_have_count(0)
    expect(page.get_by_role("button", name="Help", exact=True)).to_be_focused()


HEADING = """(part) => {
  // the heading of what the tour points at, and what is in front of its middle
  const heading = part.querySelector('h2') ?? part.previousElementSibling?.querySelector('h2');
  if (!heading || heading.offsetParent === null || getComputedStyle(heading).clipPath !== 'none') return true;
  const box = heading.getBoundingClientRect();
  const [x, y] = [box.left + Math.min(box.width, 60) / 2, (box.top + box.bottom) / 2];
  return heading.contains(part.getRootNode().elementFromPoint(x, y));
}"""


def test_on_a_phone_the_tour_shows_the_heading_of_each_part(browser, server):
    with browser.new_context(viewport={"width": 390, "height": 844}, base_url=server) as phone:
        page = phone.new_page()
        atlas = catalogue.named("mnist-plus").atlas  # whose bars are taller than the window
        rates = to_grid(atlas.rates[0].tolist())
        open_page(page, State("mnist-plus", TestImage(int(atlas.indices[0])), rates, 7, "bernoulli", 16))
        page.get_by_role("button", name="Take the tour").click()
        card = page.locator(".tour-card")
        for step in range(1, 6):
            card.get_by_text(f"{step} of 6").wait_for()
            assert soon(page, lambda: page.locator(".touring").evaluate(HEADING)), step
            card.get_by_role("button", name="Next").click()


def test_the_page_is_used_while_the_tour_is_open(first_visit):
    page = first_visit
    open_page(page)
    page.get_by_role("button", name="Take the tour").click()
    last = order_of(page)[-1]  # not below the card
    box = bar_of(page, last).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.9, steps=4)
    released(page)
    assert state_of(page).rates != LINK.rates
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_visit_without_storage_works(first_visit):
    page = first_visit
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })")
    open_page(page)
    page.get_by_role("button", name="Hide").click()
    expect(page.locator(".intro")).to_contain_text("ESVAE explorer")


def test_every_panel_has_help_that_escape_closes(page):
    open_page(page, "")
    marks = page.locator(".view .help-mark")
    assert marks.count() == 8
    for mark in marks.all():
        name = mark.get_attribute("aria-label").removeprefix("Help: ")
        mark.focus()
        page.keyboard.press("Enter")
        note = page.get_by_role("note", name=name)
        expect(note).to_be_visible()
        assert len(note.inner_text()) > 60
        box = note.bounding_box()
        assert 0 <= box["x"] <= 1440 - box["width"]
        page.keyboard.press("Escape")
        expect(note).to_be_hidden()
        expect(mark).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/interpolate", "/models"])
def test_the_question_mark_lists_keys_in_every_view(page, path):
    open_page(page, LINK, path, "canvas, table")
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Help")
    expect(help_).to_be_visible()
    assert "undo" in help_.get_by_role("definition").all_inner_texts()[1]
    page.keyboard.press("Escape")
    expect(help_).to_have_count(0)
    if path == "/":
        page.get_by_label("Noise seed").focus()
        page.get_by_role("button", name="Copy or paste all rates").click()
        page.get_by_role("textbox").press("?")
        assert help_.count() == 0, "a question mark that is typed is text"


def test_a_lesson_opens_its_state_and_undo_leads_back(page):
    open_page(page)
    page.keyboard.press("?")
    before = page.evaluate("location.href")
    page.get_by_role("link", name="One spike's worth").click()
    settled(page, before)
    page.get_by_text("1 edited by hand on the page Spikes").wait_for()
    found = state_of(page)
    assert found.model == "mnist-poisson"
    assert dict(found.view)["lesson"] == "spike"
    assert soon(page, lambda: same_as_python(page))
    expect(page.locator(".intro.lesson")).to_contain_text("One spike out of about 1,100")
    page.get_by_role("button", name="Close the lesson").click()
    expect(page.locator(".intro")).to_contain_text("ESVAE explorer")
    for _ in range(2):
        page.get_by_role("button", name="Undo", exact=True).click()
    assert soon(page, lambda: isinstance(state_of(page), State) and state_of(page).model == "aaa")
    assert soon(page, lambda: same_as_python(page))


def test_the_image_itself_stands_beside_its_reconstruction(page):
    page.goto("/")  # the first model, whose data set is not on every machine
    figure = page.locator(".picture-part figure").filter(has_text=re.compile("^original$"))
    expect(figure).to_be_visible()
    loaded = catalogue.named("mnist-poisson")
    images = catalogue.original_rows(loaded)

    canvas = ".picture-part canvas[aria-label='The image itself, which the encoder saw']"

    def shown(row: int) -> bool:
        return alike(pixels_of(page, canvas), images[row])

    row_of = {int(index): row for row, index in enumerate(loaded.atlas.indices)}
    assert soon(page, lambda: shown(row_of[state_of(page).source.index]))
    before = page.evaluate("location.href")
    page.locator(".tiles button").nth(5).click()
    settled(page, before)
    assert soon(page, lambda: shown(row_of[state_of(page).source.index]))
    page.get_by_role("button", name="Prior", exact=True).click()
    page.get_by_role("button", name="Invent one").click()
    expect(figure).to_be_hidden()  # a draw of the prior was never an image


def test_the_test_images_are_one_stop_of_the_tab_key(page):
    open_page(page, "")
    tiles = page.locator(".tiles button")
    assert tiles.evaluate_all("all => all.filter((tile) => tile.tabIndex === 0).length") == 1
    stop = page.locator(".tiles button[tabindex='0']")
    expect(stop).to_have_attribute("aria-pressed", "true")
    tiles.first.focus()
    row = tiles.evaluate_all("all => all.filter((tile) => tile.offsetTop === all[0].offsetTop).length")
    for key, at in (("ArrowRight", 1), ("ArrowDown", 1 + row), ("ArrowUp", 1), ("End", tiles.count() - 1)):
        page.keyboard.press(key)
        expect(tiles.nth(at)).to_be_focused()
    page.keyboard.press("ArrowRight")  # there is none
    expect(tiles.last).to_be_focused()
    before = page.evaluate("location.href")
    page.keyboard.press("Enter")
    settled(page, before)
    expect(tiles.last).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(tiles.last).to_be_focused()
