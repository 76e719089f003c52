"""One file of what is on the screen: asked for, saved from the page, and opened from disk with the network off."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from app import catalogue, maps, standalone_page
from app.state import LinkError, Prior, State, decode, encode, to_grid
from esvae_core.errors import InputError
from esvae_core.explore.array_format import map_parts
from esvae_core.explore.map import MapSettings, RateMap, map_key

from .test_export import menu
from .test_map import HAND, drawn, spot
from .test_map import alone as stands_alone
from .test_routes import Answer
from .visits import LINK, alike, open_page, pixels_of, soon

STATE = replace(LINK, view=(("map.by", "d2"),))


@pytest.fixture(autouse=True)
def loaded(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])
    return catalogue.named("aaa")


def held(text: str) -> dict:
    return json.loads(re.search(r'id="held">(.*?)</script>', text)[1])


def text_of(pieces) -> str:
    return b"".join(pieces).decode()


def asked(loaded, state=STATE, view="map") -> Answer:
    return Answer(f"/esvae/page/{loaded.digest}", f"view={view}&s={encode(state)}")


def test_the_route_gives_the_file_and_keeps_nothing(loaded):
    answer = asked(loaded)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"].startswith("attachment")
    inside = held(answer.body.decode())
    assert (inside["view"], decode(inside["link"]), inside["entry"]["name"]) == ("map", STATE, "aaa")
    assert base64.b64decode(inside["bundle"]) == loaded.bundle


def test_the_file_describes_a_model_as_the_app_does():
    """In all that the page looks at: what needs a server, and the card of Models, are left out."""
    told = catalogue.named("sprites-taught")
    state = State("sprites-taught", Prior(0), to_grid([0.5] * 64), 1, "systematic", 16)
    inside = held(text_of(standalone_page.page_of(told, "explore", state)))["entry"]
    app = json.loads(json.dumps(catalogue.described(told)))
    assert inside["taught"] == ["shape", "scale", "orientation", "x", "y", "hue"]
    assert app.keys() - inside.keys() == {
        "figures",
        "frames",
        "budget",
        "atlasVersion",
        "card",
        "given",
        "lessons",
        "lessonsProblem",
    }
    assert {name for name, value in inside.items() if app[name] != value} <= {"originals", "controls"}


def test_what_the_file_cannot_hold_is_refused(loaded):
    wrong = {
        "view: expected one of explore, spikes, map, found 'how'": asked(loaded, view="how"),
        "model: expected 'aaa', found 'bare'": asked(loaded, replace(STATE, model="bare")),
        "version: expected 2, found ''": Answer(f"/esvae/page/{loaded.digest}", "view=map"),
        "link: expected at most 32768 characters": Answer(f"/esvae/page/{loaded.digest}", f"view=map&s={'x' * 40_000}"),
        "not here": Answer(f"/esvae/page/{'0' * 64}", f"view=map&s={encode(STATE)}"),
    }
    for words, answer in wrong.items():
        assert (answer.status, answer.json["error"]) == (404 if words == "not here" else 400, words)
    bare = catalogue.named("bare")
    with pytest.raises(InputError, match="no map"):
        standalone_page.page_of(bare, "map", State("bare", Prior(0), to_grid([0.5] * 40), 1, "bernoulli", 8))


def test_the_map_on_the_screen_is_the_one_in_the_file(loaded, monkeypatch):
    settings = MapSettings(7, 0.25, "cosine")
    turned = [
        replace(layout, positions=layout.positions[::-1].copy())
        for layout in (loaded.atlas.map.flat, loaded.atlas.map.solid)
    ]
    other = RateMap(settings, *turned)
    monkeypatch.setattr(maps, "finished", {map_key(loaded.atlas.rates, settings): other}.get)
    places = map_parts(other)[1]["map2"].tobytes()
    for of, there in (("7-0.25-cosine", True), ("8-0.25-cosine", False), ("7", False), ("", False)):
        state = replace(LINK, view=(("map.of", of),))
        atlas = base64.b64decode(held(text_of(standalone_page.page_of(loaded, "map", state)))["atlas"])
        assert (places in atlas) == there, of
    with pytest.raises(InputError, match="expected numbers"):
        standalone_page.page_of(loaded, "map", replace(LINK, view=(("map.of", "x-y-cosine"),)))
    with pytest.raises(LinkError):
        standalone_page.page_of(loaded, "", LINK)


@pytest.mark.browser
def test_the_map_is_saved_and_explored_from_disk(page, browser, loaded, tmp_path):
    open_page(page, STATE, "/map", ".map-canvas[data-cursor]")
    menu(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML", exact=True).click()
    assert waiting.value.suggested_filename == "aaa-map.html"
    waiting.value.save_as(tmp_path / "map.html")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_offline(True)
    disk, told = context.new_page(), []
    disk.on("request", lambda request: told.append(request.url))
    disk.on("pageerror", lambda error: told.append(str(error)))
    disk.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    disk.goto((tmp_path / "map.html").as_uri())
    disk.locator(".map-canvas[data-cursor]").wait_for()
    explore(disk, loaded.atlas)
    context.close()
    assert not [text for text in told if not text.startswith(("data:", "blob:", (tmp_path / "map.html").as_uri()))]


def explore(page, atlas):
    """Points, classes, pictures under the pointer, zoom and pan."""
    assert page.get_by_role("tab", name="Map").get_attribute("aria-selected") == "true"
    assert page.get_by_label("Colour by").input_value() == "d2", "as it was on the screen"
    assert not page.get_by_text("Settings of the map").count(), "which need a server"
    stored = set(atlas.tile_positions.tolist())  # with their pictures; all others are decoded
    row = next(row for row in range(len(atlas)) if row not in stored and stands_alone(page, atlas, row))
    page.mouse.move(*spot(page, row))
    page.locator(f"{HAND}[data-row='{row}']").wait_for()
    assert soon(page, lambda: alike(pixels_of(page, HAND), drawn(atlas.rates[row])))
    other = next(r for r in range(len(atlas)) if np.hypot(*np.subtract(spot(page, r), spot(page, row))) > 80)
    still, first = spot(page, row), spot(page, other)
    page.mouse.wheel(0, -400)
    assert soon(page, lambda: np.hypot(*np.subtract(spot(page, other), spot(page, row))) > 120)
    assert np.allclose(spot(page, row), still, atol=1.5), "what is under the pointer stays there"
    page.get_by_role("button", name="Show all").click()
    assert soon(page, lambda: np.allclose(spot(page, other), first, atol=0.5))
    start = spot(page, row)
    x, y = page.locator(".map-over").evaluate(
        "c => { const b = c.getBoundingClientRect(); return [b.x + 8, b.y + 8]; }"
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=4)
    page.mouse.up()
    assert soon(page, lambda: np.allclose(np.subtract(spot(page, row), start), (40, 30), atol=1))
    page.get_by_label("Colour by").select_option("class")
    chip = page.get_by_role("button", name=atlas.class_names[0], exact=True)
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert f"{len(atlas) - int((atlas.labels == 0).sum())} shown" in page.locator(".map-over").get_attribute(
        "aria-label"
    )
    page.get_by_role("tab", name="Explore").click()
    page.get_by_role("slider", name="d2", exact=True).wait_for()
