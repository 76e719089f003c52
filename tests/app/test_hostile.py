"""Files and links that nobody made in good faith: the page says one line, keeps its picture, and goes on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest

from app import catalogue
from app.assets import FILES
from app.state import GRID, UserImage, encode
from esvae_core.checkpoint import DataRecord, Header, Metric, TrainingRecord, save
from esvae_core.config import TrainConfig
from esvae_core.explore import atlas
from esvae_core.explore.recipe import recipe_of

from .. import hostile
from .conftest import start_server
from .made import shelve, small_model
from .test_export import drop
from .visits import (
    LARGE,
    LINK,
    choose_model,
    drag,
    open_page,
    pixels_of,
    released,
    same_as_python,
    state_of,
    time_to_go_wrong,
    until,
)

pytestmark = pytest.mark.browser
HEAP = "() => performance.memory.usedJSHeapSize / 2 ** 20"


def refused(page, name, content):
    """Drop a file, and wait until the page has said why not; gives its words."""
    before = pixels_of(page)
    drop(page, name, content)
    said = page.get_by_role("alert").filter(has_text=f"{name}: ")
    said.wait_for(timeout=30_000)
    assert np.array_equal(pixels_of(page), before), name
    words = said.inner_text().strip()
    assert len(words.splitlines()) == 1, words
    assert len(words) < 400, words
    return words


def alive(page):
    drag(page, 1, 0.9)
    released(page)
    assert same_as_python(page)
    assert page.get_by_role("alert").count() == 0


def test_recipes_that_are_none(page):
    open_page(page)
    model = catalogue.named("aaa").model
    units = np.full((3, 6), GRID // 2, np.uint16)
    good = json.loads(recipe_of(model, "aaa", units, (1,), kind="grid", sampler="bernoulli", steps=8).text)
    for name, content in hostile.recipes(good).items():
        refused(page, name, content)
    assert state_of(page) == LINK
    drop(page, "good.png", hostile.carrying(json.dumps(good)))  # refused above for nothing else
    until(page, "location.search.includes('~o')")
    alive(page)


def test_pictures_that_are_none(page):
    open_page(page)
    for name, make in hostile.PICTURES.items():
        words = refused(page, name, make())
        if name == "huge.png":
            assert re.search("at most 100 million pixels, found 20000 . 20000", words)
    assert page.evaluate(HEAP) < 200
    alive(page)


def test_texts_that_unpack_to_much_are_left_packed(page):
    open_page(page)
    for name, make in hostile.BOMBS.items():
        page.keyboard.press("Control+z")
        drop(page, name, make())
        until(page, "location.search.includes('~o')")  # the picture beside the text is one
        assert isinstance(state_of(page).source, UserImage)
        assert same_as_python(page)
        assert page.evaluate(HEAP) < 200, name


PARTS = {
    "version": (0, "3", "version: expected 2"),
    "path": (1, "..%2F..%2Fetc%2Fpasswd", "not here"),
    "own of another": (2, "ok1x9.AAA", "source: rates of another model"),
    "rates of another": (6, "k1x9.AAA", "rates: expected 6 for model 'aaa', found 9"),
    "view without end": (7, ",".join(f"n{i}:" for i in range(65)), "view: expected at most 64 entries"),
}
"""What only the models here can tell, and two of what the parser refuses: all of that is in link_vectors.json, to which
`web/url_state.test.mjs` holds the page's parser word for word."""


def test_every_part_of_a_link_may_be_wrong(page):
    for what, (part, text, words) in PARTS.items():
        parts = [*encode(LINK).split("~"), "tab:draw"]
        parts[part] = text
        open_page(page, "~".join(parts))
        said = page.get_by_role("alert")
        said.wait_for()
        assert "This link does not open" in said.inner_text(), what
        assert words in said.inner_text(), (what, said.inner_text())
        assert pixels_of(page).std() > 0, "something else is shown instead"
    page.get_by_role("button", name="Random", exact=True).click()
    page.get_by_role("alert").wait_for(state="detached")


VIEWS = {
    "/": ("tab:<img src=x onerror=alert(1)>", LARGE),
    "/spikes": ("flips:1.2.x,upto:-7,layer:nowhere,sort:%25", LARGE),
    "/interpolate": ("anchors:zzz,path:sideways,frames:1e9,at:NaN", LARGE),
    "/map": ("map.axes:9,map.by:d999,map.as:songs,map.of:1-x-y", ".map-canvas[data-cursor]"),
    "/generate": ("gen.rows:1e9,gen.columns:-1,gen.t:NaN,rows:999999,columns:x,pins:9.9.9", "[data-there]"),
    "/dimensions": ("dim:999,frames:0,sort:nothing,name3:<img src=x onerror=alert(1)>", "canvas.heat"),
    "/models": ("beside:nowhere,other:../x,card:%00", "table"),
    "/how": ("upto:1e9,example:-1", ".card canvas"),
}


@pytest.mark.parametrize("path", VIEWS)
def test_what_a_view_remembers_is_not_believed(page, path):
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    view, ready = VIEWS[path]
    names = page_names(path) | dict(pair.split(":", 1) for pair in view.replace("%00", "").split(","))
    open_page(page, encode(replace(LINK, view=tuple(names.items()))), path, ready)
    time_to_go_wrong(page, 500)
    assert faults == []
    assert page.locator(".stage img").count() == 0


def page_names(path):
    """Every name that some view keeps in the link, with a value that none of them writes."""
    code = " ".join(content.decode() for name, (content, _) in FILES.items() if name.startswith(("parts", "views")))
    kept = set(re.findall(r"\bview\.(\w+)", code)) | set(re.findall(r'"((?:map|generate|path|dim)\.\w+)"', code))
    assert len(kept) > 5
    return dict.fromkeys(sorted(kept), "-1e99")


def test_a_checkpoint_that_goes_while_it_is_open(browser, tmp_path, monkeypatch):
    path = shelve(tmp_path, "here", small_model())
    shelve(tmp_path, "other", small_model(3))
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    with start_server(tmp_path) as (address, _):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        page = context.new_page()
        page.set_default_timeout(60_000)
        open_page(page, replace(LINK, model="here"))
        content = path.read_bytes()
        path.unlink()
        drag(page, 1, 0.9)
        released(page)
        path.write_bytes(content)  # for Python alone
        assert same_as_python(page)
        path.unlink()
        link = page.evaluate("location.href")
        page.get_by_role("link", name="Spikes", exact=True).click()
        page.locator(f".view-spikes .view {LARGE}").first.wait_for()
        assert page.get_by_role("alert").count() == 0, "what is in the page goes on"
        page.goto(link)
        page.get_by_role("alert").wait_for()
        assert "model 'here': not here" in page.get_by_role("alert").inner_text()
        assert pixels_of(page).std() > 0
        choose_model(page, "other")
        until(page, "location.search.includes('~other~')")
        context.close()


HOSTILE = (
    "![x](/esvae/fetched-a.png) [link](/esvae/fetched-b) <img src=/esvae/fetched-c.png> "
    "<script>fetch('/esvae/fetched-d')</script> "
    "<a href='javascript:alert(1)'>a</a> $x^2$ %{x} **bold** </title></style>"
)
"""Markdown pictures, HTML, a script, a formula and a template of Plotly: text, wherever it comes from a file."""


def test_names_are_text_in_all_views_and_fetch_nothing(browser, tmp_path, monkeypatch):
    name = HOSTILE.replace("/", ":")[:200]  # no file name has a slash
    model = small_model()
    path = shelve(tmp_path, name, model)
    made = atlas.load(atlas.beside(path))
    classes = tuple(f"{HOSTILE} {n}" for n in range(10))
    atlas.save(atlas.beside(path), replace(made, class_names=classes))
    rows = tuple({"epoch": float(n), "validation_mse": 0.5 / n, "mse": 0.4 / n} for n in (1, 2, 3))
    header = Header(
        name=HOSTILE,
        model=model.config,
        train=TrainConfig(factor_weight=0.5),
        dataset=DataRecord(name="stripes", sha256="0" * 64, class_names=classes, factor_names=(HOSTILE, HOSTILE)),
        training=TrainingRecord(epochs=3, device=HOSTILE, curve=rows),
        metrics=tuple(Metric(name=each, value=0.5, protocol=HOSTILE) for each in ("mse", "fad", HOSTILE)),
        source=HOSTILE,
        versions={"esvae": HOSTILE},
        created=HOSTILE,
    )
    save(path, model.state_dict(), header)
    other = tmp_path / f"other {name[:180]}.safetensors"
    save(other, small_model(1).state_dict(), header)
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    with start_server(tmp_path) as (address, _):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        page = context.new_page()
        page.set_default_timeout(60_000)
        faults, fetched = [], []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.on("request", lambda request: fetched.append(request.url))
        for view, (_, ready) in VIEWS.items():
            open_page(page, replace(LINK, model=name), view, ready)
            time_to_go_wrong(page)
            assert page.locator(".stage img, .stage script, .stage a[href^=javascript]").count() == 0, view
        open_page(page, replace(LINK, model=name), "/models", "table")
        assert name in page.locator(".models tbody tr > th").all_text_contents()[0]
        words = page.locator(".chart-words")
        words.first.wait_for()
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
        assert name in words.first.text_content()
        assert words.locator("*").count() == 0
        assert page.locator(".js-plotly-plot a").count() == 0
        labels = page.locator(".js-plotly-plot text").all_text_contents()
        assert name in labels, labels
        alone = page.evaluate(
            "async (path) => (await fetch(path, { headers: { 'X-ESVAE': '1' } })).text()",
            f"/esvae/page/{catalogue.named(name).digest}?view=explore&s={quote(encode(replace(LINK, model=name)))}",
        )
        (tmp_path / "alone.html").write_text(alone)
        page.goto((tmp_path / "alone.html").as_uri())
        page.locator(LARGE).first.wait_for()
        assert page.title() == f"{name}: ESVAE explorer"
        assert page.locator("img, a[href^=javascript]").count() == 0
        assert not [url for url in fetched if "fetched-" in url.split("?")[0] and "/model/" not in url]
        assert faults == []
        context.close()
