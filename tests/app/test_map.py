"""The map in Chromium: what is under the pointer, what a click takes, what a lasso holds and hands out."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from app import catalogue, server_decode
from app.state import Prior, State, TestImage, from_grid, to_grid
from esvae_core.explore.array_format import map_parts, write_arrays
from esvae_core.explore.map import MapSettings, RateMap

from .visits import alike, frames, open_page, pixels_of, soon, state_of, time_to_go_wrong, until

pytestmark = pytest.mark.browser
MINUS = "\N{MINUS SIGN}"
HAND, NOW = ".hand-part canvas", ".now-part canvas"


@pytest.fixture(autouse=True)
def only_small(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])


@pytest.fixture
def atlas():
    return catalogue.named("aaa").atlas


def start(atlas, row=0) -> State:
    rates = to_grid(atlas.rates[row].tolist())
    return State("aaa", TestImage(int(atlas.indices[row])), rates, 7, "bernoulli", 8)


def open_map(page, state):
    open_page(page, state, "/map", ".map-canvas[data-cursor]")


def spot(page, row):
    """Where a row is on the screen."""
    box = page.locator(".map-over").bounding_box()
    x, y = page.locator(".map-canvas").evaluate("(map, row) => map.spotOf(row)", row)
    return box["x"] + x, box["y"] + y


def spots(page, count=3) -> np.ndarray:
    """Where the first rows are on the screen."""
    return np.array([spot(page, row) for row in range(count)])


def alone(page, atlas, row) -> bool:
    """Whether no other point is nearer to where this one is on the screen."""
    spots = page.locator(".map-canvas").evaluate(
        "(map, count) => Array.from({ length: count }, (_, row) => [...map.spotOf(row)])", len(atlas)
    )
    apart = np.linalg.norm(np.array(spots) - spots[row], axis=1)
    apart[row] = np.inf
    return bool(apart.min() > 2)


def drawn(rates, seed=0, sampler="systematic"):
    from esvae_core.explore.decode_rates import decode_with_spikes

    model = catalogue.named("aaa").model
    return decode_with_spikes(model, np.asarray(rates, np.float32)[None], seed=seed, sampler=sampler, steps=8).pixels[0]


def test_hover_shows_the_right_picture_also_after_a_filter(page, atlas):
    open_map(page, start(atlas))
    hidden = int(atlas.labels[0])
    page.get_by_role("button", name=atlas.class_names[hidden], exact=True).click()
    stored = set(atlas.tile_positions.tolist())
    rows = [r for r in range(len(atlas)) if r not in stored and atlas.labels[r] != hidden and alone(page, atlas, r)][:3]
    assert rows
    for row in rows:
        page.mouse.move(*spot(page, row))
        page.locator(f"{HAND}[data-row='{row}']").wait_for()
        assert (
            f"test image {atlas.indices[row]}, “{atlas.class_names[atlas.labels[row]]}”"
            in page.locator(".hand-part figcaption").inner_text()
        )
        assert alike(pixels_of(page, HAND), drawn(atlas.rates[row]))
    page.mouse.move(*spot(page, 0))  # a hidden one is not there
    time_to_go_wrong(page, 200)
    assert page.locator(HAND).get_attribute("data-row") != "0"
    page.mouse.move(2, 2)
    page.get_by_text("Move over the map").wait_for()
    assert not pixels_of(page, HAND).any(), "no picture of a place that the pointer has left"


def test_a_click_takes_a_point_as_the_source_and_undo_gives_it_back(page, atlas):
    open_map(page, start(atlas))
    row = next(r for r in range(1, len(atlas)) if alone(page, atlas, r))
    page.mouse.click(*spot(page, row))
    until(page, "index => location.search.includes(`~t${index}~`)", arg=int(atlas.indices[row]))
    assert state_of(page).rates == to_grid(atlas.rates[row].tolist())
    assert alike(pixels_of(page, NOW), server_decode.drawn(state_of(page)).pixels[0])
    page.keyboard.press("Control+z")
    assert state_of(page).source == TestImage(int(atlas.indices[0]))


def test_empty_space_is_decoded_there(page, atlas):
    open_map(page, start(atlas))
    x, y = page.locator(".map-canvas").evaluate(
        """(map, count) => {
          const spots = Array.from({ length: count }, (_, row) => map.spotOf(row));
          for (let y = 30; y < map.clientHeight; y += 10) for (let x = 30; x < map.clientWidth; x += 10)
            if (spots.every(([a, b]) => Math.hypot(a - x, b - y) > 25)) return [x, y];
        }""",
        len(atlas),
    )
    box = page.locator(".map-over").bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.locator(f"{HAND}[data-place]").wait_for()
    assert "Approximation" in page.locator(".hand-part figcaption").inner_text()
    place = np.array(page.locator(HAND).get_attribute("data-place").split(), float)
    points = atlas.map.flat.positions / 32767.5 - 1
    apart = ((points - place) ** 2).sum(1)
    near = np.argsort(apart)[:8]
    weights = 1 / (apart[near] + 1e-9)
    rates = (weights[:, None] * atlas.rates[near]).sum(0) / weights.sum()
    assert alike(pixels_of(page, HAND), drawn(rates, 7, "bernoulli"))
    page.mouse.click(box["x"] + x, box["y"] + y)
    until(page, "() => /~r[.]/.test(location.search)")  # rates that are off the grid of counts
    assert np.allclose(from_grid(state_of(page).rates), rates, atol=1e-3)


def test_the_marker_is_at_the_source_and_travels_with_the_rates(page, atlas):
    open_map(page, start(atlas, 5))
    cursor = lambda: np.array(page.locator(".map-canvas").get_attribute("data-cursor").split(), float)  # noqa: E731
    there = atlas.map.flat.positions[5] / 32767.5 - 1
    assert np.allclose(cursor(), there, atol=2e-3)
    bar = page.get_by_role("slider", name="d2", exact=True)
    bar.focus()
    page.keyboard.press("Home" if atlas.rates[5, 2] > 0.5 else "End")
    assert soon(page, lambda: not np.allclose(cursor(), there, atol=2e-3))


def test_a_lasso_holds_points_and_saves_them(page, atlas):
    open_map(page, start(atlas))
    page.get_by_role("button", name="Lasso").first.click()
    box = page.locator(".map-over").bounding_box()
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98)]
    spots = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for to in spots[1:]:
        page.mouse.move(*to, steps=3)
    page.mouse.up()
    page.get_by_text("the mean rates, decoded").wait_for()
    inside = [row for row in range(len(atlas)) if spot(page, row)[0] < box["x"] + box["width"] / 2]
    assert 0 < len(inside) < len(atlas)
    with page.expect_download() as one:
        page.get_by_role("button", name="JSON").click()
    told = json.loads(one.value.path().read_text())
    assert told["indices"] == atlas.indices[inside].tolist()
    assert np.allclose(told["meanRates"], atlas.rates[inside].mean(0), atol=1e-5)
    assert sum(told["classes"].values()) == len(inside)
    with page.expect_download() as other:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(other.value.path().read_text())))
    assert [int(r["test_image"]) for r in rows[:-1]] == told["indices"]
    assert rows[-1]["test_image"] == "mean"
    assert np.allclose([float(rows[3][f"d{j}"]) for j in range(6)], atlas.rates[inside[3]])
    page.get_by_title("Take the mean rates").click()
    assert np.allclose(from_grid(state_of(page).rates), told["meanRates"], atol=1e-4)


def test_wheel_drag_and_keys_move_the_view(page, atlas):
    open_map(page, start(atlas))
    box = page.locator(".map-over").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = spots(page)
    page.mouse.move(*middle)
    page.mouse.wheel(0, -400)
    assert soon(page, lambda: float(np.median((spots(page) - middle) / (before - middle))) > 1.2)
    frames(page)
    zoomed = spots(page)
    factor = float(np.median((zoomed - middle) / (before - middle)))
    assert np.allclose(zoomed - middle, factor * (before - middle), atol=2.5), "what is under the pointer stays"
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 30, steps=4)
    page.mouse.up()
    assert soon(page, lambda: np.allclose(spots(page) - zoomed, [60, 30], atol=1.5))
    page.locator(".map-over").focus()
    page.keyboard.press("0")
    assert soon(page, lambda: np.allclose([spot(page, row) for row in range(3)], before, atol=0.5))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert soon(page, lambda: isinstance(state_of(page).source, TestImage))


def test_what_is_shown_is_in_the_link(page, atlas):
    open_map(page, start(atlas))
    page.get_by_role("button", name="3-D").click()
    page.get_by_role("button", name="Pictures").click()
    page.get_by_label("Colour").select_option("d3")
    assert dict(state_of(page).view) == {"map.axes": "3", "map.as": "pictures", "map.by": "d3"}
    assert page.get_by_role("img", name=re.compile("rate of d3, from")).is_visible()
    page.reload()
    page.locator(".map-canvas[data-pictures]").wait_for()
    assert page.get_by_role("button", name="3-D").get_attribute("aria-pressed") == "true"
    before = spots(page, 8)
    page.mouse.move(*before[0])
    page.mouse.down()
    page.mouse.move(before[0][0] + 90, before[0][1] + 10, steps=5)
    page.mouse.up()
    assert soon(page, lambda: (spots(page, 8) - before).std(axis=0).max() > 3), "space turns: not all points move alike"


def test_a_model_without_a_map_says_how_to_get_one(page):
    open_page(page, State("bare", Prior(0), to_grid([0.5] * 40), 7, "bernoulli", 8), "/map", ".message")
    page.get_by_text("has no atlas of test images").wait_for()
    assert page.get_by_text("esvae atlas").is_visible()


def test_the_line_below_rates_wraps_in_its_column(page, atlas):
    page.set_viewport_size({"width": 1300, "height": 900})
    open_map(page, start(atlas))
    reading = page.locator(".map-right .detail .reading")
    assert "90 % of real images" in reading.inner_text()
    edges = [page.locator(where).bounding_box() for where in (".map-right .mixer", ".map-right .detail .reading")]
    column, line = (box["x"] + box["width"] for box in edges)
    assert line <= column + 1


def test_it_fits_a_phone(browser, server, atlas):
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=server, has_touch=True)
    page = context.new_page()
    open_map(page, start(atlas))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row = next(r for r in range(1, len(atlas)) if alone(page, atlas, r))
    page.touchscreen.tap(*spot(page, row))
    until(page, "index => location.search.includes(`~t${index}~`)", arg=int(atlas.indices[row]))
    context.close()


def test_two_fingers_zoom_and_move_the_map(browser, server, atlas):
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=server, has_touch=True)
    page = context.new_page()
    open_map(page, start(atlas))
    before, state, held = spots(page), state_of(page), page.evaluate("scrollY")
    box = page.locator(".map-over").bounding_box()
    tools = context.new_cdp_session(page)
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = middle
    touch("touchStart", (x - 30, y))
    touch("touchStart", (x - 30, y), (x + 30, y))
    for k in range(1, 11):  # three times as far apart, and their middle 20 to the right and 30 down
        apart, x, y = 30 + 6 * k, middle[0] + 2 * k, middle[1] + 3 * k
        touch("touchMove", (x - apart, y), (x + apart, y))
    touch("touchEnd")
    assert soon(page, lambda: np.allclose(spots(page) - middle - [20, 30], 3 * (before - middle), atol=3))
    assert state_of(page) == state, "no point was taken on the way"
    assert page.evaluate("scrollY") == held
    context.close()


# ---- attributes, controls, and fingers -------------------------------------------------------------------------------


def shipped(page, name="digits-plus", row=0, **view):
    """The map of a shipped model, whose controls and attributes are beside it."""
    loaded = catalogue.named(name)
    atlas = loaded.atlas
    kept = tuple((f"map.{key}", value) for key, value in view.items())
    rates = to_grid(atlas.rates[row].tolist())
    open_map(page, State(name, TestImage(int(atlas.indices[row])), rates, 7, "systematic", 16, view=kept))
    return loaded


def test_points_are_coloured_by_an_attribute_in_its_unit(page):
    loaded = shipped(page)
    atlas, measured = loaded.atlas, loaded.controls.measured
    page.get_by_label("Colour").select_option(label="slant")
    assert dict(state_of(page).view) == {"map.by": "a.slant"}
    ramp = page.get_by_role("img", name=re.compile(rf"slant, from {MINUS}?[0-9.]+° to {MINUS}?[0-9.]+°"))
    values = dict(zip(measured.images.tolist(), measured.values[:, 1].tolist(), strict=True))
    assert measured.attributes[1].name == "slant"
    inside = np.sort([values[int(index)] for index in atlas.indices])
    low, high = re.findall(r"-?[0-9.]+(?=°)", ramp.get_attribute("aria-label").replace(MINUS, "-"))
    assert float(low) == pytest.approx(inside[round(0.02 * (len(inside) - 1))], abs=0.02)
    assert float(high) == pytest.approx(inside[round(0.98 * (len(inside) - 1))], abs=0.02)
    row = next(r for r in range(len(atlas)) if alone(page, atlas, r))
    page.mouse.move(*spot(page, row))
    page.locator(f"{HAND}[data-row='{row}']").wait_for()
    said = page.locator(".hand-part figcaption").inner_text()
    told = re.search(rf"slant ({MINUS}?[0-9.]+)°", said)[1].replace(MINUS, "-")
    assert float(told) == pytest.approx(values[int(atlas.indices[row])], abs=0.06)


def test_the_path_of_a_control_is_where_it_leads(page):
    loaded = shipped(page, row=4)
    atlas = loaded.atlas
    page.get_by_label("Path of a control").select_option("slant")
    path = page.locator(".map-canvas[data-path*=',']")
    path.wait_for()
    found = np.array([at.split() for at in path.get_attribute("data-path").split(", ")], float)
    control, places = loaded.controls["slant"], atlas.map.flat.positions / 32767.5 - 1
    assert len(found) == 13
    for at, amount in zip(found, np.linspace(*control.reach, 13), strict=True):
        rates = control.apply(from_grid(state_of(page).rates), amount)
        apart = np.sqrt(((atlas.rates - rates) ** 2).mean(1))
        near = np.argsort(apart, kind="stable")[:8]
        weights = 1 / (apart[near] ** 2 + 1e-12)
        assert np.allclose(at, (weights[:, None] * places[near]).sum(0) / weights.sum(), atol=5e-3)
    assert dict(state_of(page).view) == {"map.path": "slant"}


def test_a_selection_becomes_a_control_of_ones_own(page):
    from esvae_core.controls.directions import by_hand
    from esvae_core.controls.own_file import read_own_control

    loaded = shipped(page)
    atlas = loaded.atlas
    page.get_by_role("button", name="Lasso").first.click()
    box = page.locator(".map-over").bounding_box()
    corners = [(0.02, 0.02), (0.45, 0.02), (0.45, 0.98), (0.02, 0.98)]
    spots = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for to in spots[1:]:
        page.mouse.move(*to, steps=3)
    page.mouse.up()
    name = page.get_by_label("Name of the control")
    name.fill("slant")
    name.press("Enter")
    page.get_by_text("There is a control of that name").wait_for()
    name.fill("to the left")
    page.get_by_role("button", name="Make").click()
    until(page, "location.search.includes('control0')")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save control to the left, JSON").click()
    told = json.loads(saved.value.path().read_text())
    inside = np.isin(atlas.indices, told["recipe"]["toward"])
    assert 0 < inside.sum() < len(atlas)
    made = by_hand("to the left", atlas.rates[inside], atlas.rates[~inside])
    assert np.allclose(told["step"], made.step, atol=1e-4)
    read = read_own_control(saved.value.path(), len(made.step))
    assert np.allclose(read.apply(atlas.rates[:5], 0.7), made.apply(atlas.rates[:5], 0.7), atol=1e-4)
    page.reload()  # the link alone brings it back
    page.locator(".map-canvas[data-cursor]").wait_for()
    page.get_by_role("link", name="Explore", exact=True).click()
    slider = page.get_by_role("slider", name="Control: to the left", exact=True)
    slider.wait_for()
    start = from_grid(state_of(page).rates)
    slider.fill("0.5")
    until(page, "() => !location.search.includes('~k16x32.')")
    assert np.abs(from_grid(state_of(page).rates) - made.apply(start, 0.5)).max() < 1e-3
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_role("button", name="Remove control to the left").click()
    until(page, "() => !location.search.includes('control0')")


def test_another_map_can_be_given_back_for_the_original(page, atlas):
    flipped = RateMap(MapSettings(neighbors=30), *(replace(each, positions=65535 - each.positions) for each in
                                                   (atlas.map.flat, atlas.map.solid)))  # fmt: skip
    done = json.dumps({"key": "k", "state": "done", "progress": 1})
    page.route("**/esvae/map/*", lambda route: route.fulfill(body=done, content_type="application/json"))
    page.route("**/esvae/map-data/*", lambda route: route.fulfill(body=write_arrays(*map_parts(flipped))))
    open_map(page, start(atlas, 5))
    cursor = page.locator(".map-canvas")
    before = cursor.get_attribute("data-cursor")
    page.locator("summary", has_text="Settings of the map").click()
    back = page.get_by_role("button", name="Original map")
    assert not back.is_visible()
    page.get_by_role("button", name="Recompute").click()
    back.wait_for()
    assert cursor.get_attribute("data-cursor") != before
    back.click()
    page.locator(f".map-canvas[data-cursor='{before}']").wait_for()
    assert not back.is_visible()


def test_a_finger_that_rests_looks_around_and_takes_nothing(browser, server, atlas):
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=server, has_touch=True)
    page = context.new_page()
    open_map(page, start(atlas))
    state = state_of(page)
    tools = context.new_cdp_session(page)
    rows = [r for r in range(1, len(atlas)) if alone(page, atlas, r)][:2]
    places = [spot(page, row) for row in rows]
    before = spots(page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", places[0])
    page.locator(f"{HAND}[data-row='{rows[0]}']").wait_for()
    touch("touchMove", places[1])
    page.locator(f"{HAND}[data-row='{rows[1]}']").wait_for()
    touch("touchEnd")
    assert page.locator(HAND).get_attribute("data-row") == str(rows[1]), "what it showed stays"
    assert state_of(page) == state
    assert np.allclose(spots(page), before), "the map has not moved"
    shown = page.locator(HAND).bounding_box()
    assert shown["y"] + shown["height"] <= 844, "the picture is on the first screen"
    context.close()
