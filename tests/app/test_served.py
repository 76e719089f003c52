"""The explorer in Chromium as hosts serve it: below a path, inside other pages, from another folder; and strangers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app import catalogue
from app.state import Prior, State, encode, to_grid

from .behind_nginx import behind_nginx
from .conftest import start_server
from .test_export import menu, saved
from .test_standalone_page import held
from .visits import LARGE, LINK, open_page, same_as_python, soon, time_to_go_wrong

pytestmark = pytest.mark.browser

VIEWS = {
    "": LARGE,
    "explore": LARGE,
    "spikes": LARGE,
    "interpolate": LARGE,
    "map": ".map-canvas[data-cursor]",
    "generate": "[data-there]",
    "dimensions": "canvas.heat",
    "models": "table",
    "how": ".card canvas",
}
CHARTED = State("mnist", Prior(0), to_grid([0.5] * 32), 7, "systematic", 8)
"""Of a model that brings a curve of its training."""
WATCH = "window.violated = []; addEventListener('securitypolicyviolation', (e) => violated.push(e.blockedURI), true);"
STREAMLITS = re.compile("_stcore/(health|host-config)$")
"""Streamlit's page looks for its server under the page's address first, then beside it."""


@contextmanager
def visit(browser, address: str = "", **settings):
    """A page of a profile of its own, and what went wrong in it."""
    with (
        browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address or None, **settings) as context,
        watched(context) as found,
    ):
        yield found


@contextmanager
def watched(context):
    """A page of a profile, and what goes wrong in it."""
    page, wrong = context.new_page(), []
    page.set_default_timeout(60_000)
    page.add_init_script(WATCH)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    page.on("response", lambda got: got.status >= 400 and not STREAMLITS.search(got.url) and wrong.append(got.url))
    yield page, wrong
    page.close()


@pytest.fixture(scope="module", params=["base path", "nginx that strips", "nginx that does not"])
def served(request, shelf_dir, tmp_path_factory) -> Iterator[str]:
    """The app's address with a slash at its end, below a path."""
    if request.param == "base path":
        with start_server(shelf_dir, 0, "--server.baseUrlPath", "/lab/a-b/") as (address, _):
            yield address + "/"
    else:
        strips = request.param == "nginx that strips"
        with behind_nginx(shelf_dir, tmp_path_factory.mktemp("nginx"), strips=strips) as address:
            yield address


@pytest.fixture(scope="module")
def profile(browser, served) -> Iterator[Any]:
    """One browser profile for each of these addresses, so that the front end is loaded once."""
    with browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=served, accept_downloads=True
    ) as context:
        context.new_page().goto(f"{served}_stcore/health")
        yield context


@pytest.fixture(autouse=True)
def loaded(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])


def test_every_view_is_drawn_from_a_deep_link_and_breaks_no_policy(profile, served):
    with watched(profile) as (page, wrong):
        for path, ready in VIEWS.items():
            open_page(page, CHARTED if path == "models" else LINK, path, ready)
            if path == "models":
                page.locator(".js-plotly-plot").first.wait_for(state="attached")
            time_to_go_wrong(page)
            assert page.url.startswith(served)
            assert page.evaluate("violated") == [], path
        assert wrong == []


def test_addresses_without_and_with_a_slash_too_many_lead_to_the_view(profile, served):
    with watched(profile) as (page, wrong):
        open_page(page, LINK, served.removesuffix("/"))
        assert same_as_python(page)
        open_page(page, LINK, f"{served}spikes/")
        page.locator(".view-spikes").wait_for()
        page.get_by_role("link", name="Explore", exact=True).click()
        page.locator(f".view-explore {LARGE}").wait_for()
        assert page.evaluate("location.href").startswith(f"{served}?s=2~")
        assert wrong == []


def test_files_leave_and_maps_are_drawn(profile, served, tmp_path):
    with watched(profile) as (page, wrong):
        open_page(page, LINK, "map", VIEWS["map"])
        menu(page)
        assert saved(page, "PNG", tmp_path).read_bytes().startswith(b"\x89PNG")
        inside = held(saved(page, "HTML", tmp_path).read_text())
        assert (inside["view"], inside["entry"]["name"]) == ("map", "aaa")
        page.locator("summary", has_text="Settings of the map").click()
        with page.expect_response("**/esvae/map/*") as begun:
            page.get_by_role("button", name="Recompute").click()
        assert begun.value.status == 200
        assert begun.value.url.startswith(f"{served}esvae/map/")
        with page.expect_response("**/esvae/map-state/*") as stopped:
            page.get_by_role("button", name="Cancel").click()
        assert stopped.value.status == 200
        assert wrong == []
        assert page.evaluate("violated") == []


def test_the_theme_is_there_from_another_folder(browser, shelf_dir, tmp_path):
    with start_server(shelf_dir, cwd=tmp_path, env={"HOME": str(tmp_path)}) as (address, _):
        for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(21, 20, 27)")):
            with visit(browser, address, color_scheme=scheme) as (page, wrong):
                open_page(page, CHARTED, "/models", "table")
                page.locator(".js-plotly-plot").first.wait_for(state="attached")
                app = page.locator("[data-testid=stApp]")
                assert app.evaluate("e => getComputedStyle(e).backgroundColor") == ground
                assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "15px"
                assert wrong == []


@contextmanager
def elsewhere(html: str) -> Iterator[str]:
    """A page of another origin."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


ATTEMPTS = """async ([address, digest, link]) => {
  const [got, own] = [[], { "x-esvae": "1" }];
  const attempt = async (what, run) => got.push([what, await run().then((x) => x ?? "nothing", () => "nothing")]);
  const text = (path, options) => fetch(`${address}/esvae/${path}`, options).then((answer) => answer.text());
  const blind = (path, options) => fetch(`${address}/esvae/${path}`, { mode: "no-cors", ...options }).then(() => null);
  const shown = (path) => new Promise((done, fail) => {
    const image = new Image();
    [image.onload, image.onerror, image.src] = [() => done("drawn"), fail, `${address}/esvae/${path}`];
  });
  const view = `s=${link}&view=map`;
  const parts = [`bundle/${digest}/decoder`, `originals/${digest}`];
  for (const path of ["models", ...parts, `draw?${view}`, `page/${digest}?${view}`]) {
    await attempt(`read ${path}`, () => text(path));
    await attempt(`read ${path} as the page`, () => text(path, { headers: own }));
    await attempt(`send ${path}`, () => blind(path));
    await attempt(`show ${path}`, () => shown(path));
  }
  await attempt("draw a map as the page", () => text(`map/${digest}`, { method: "POST", headers: own }));
  await attempt("draw a map", () => blind(`map/${digest}`, { method: "POST" }));
  await attempt("import", () => import(`${address}/esvae/models`));
  await attempt("listen", () => new Promise((done, fail) => {
    const socket = new WebSocket(`${address.replace("http", "ws")}/_stcore/stream`);
    [socket.onopen, socket.onerror] = [() => done("open"), fail];
  }));
  return got;
}"""


def test_a_page_of_another_origin_gets_nothing(browser, server, shelf_dir):
    digest = catalogue.named("aaa").digest
    with elsewhere("<h1>elsewhere</h1>") as site, visit(browser) as (page, _):
        statuses = []
        page.on("response", lambda got: got.url.startswith(server) and statuses.append(got.status))
        page.goto(site)
        got = page.evaluate(ATTEMPTS, [server, digest, encode(LINK)])
    assert {what for what, found in got if found != "nothing"} == set()
    assert len(got) == 24
    assert statuses
    assert set(statuses) == {403}


@pytest.mark.parametrize("invited", [False, True])
def test_other_pages_embed_it_only_when_they_are_named(browser, shelf_dir, invited):
    with elsewhere("<iframe style='width: 1400px; height: 800px'></iframe>") as site:
        named = site.replace("127.0.0.1", "localhost") if not invited else site
        env = {"ESVAE_FRAME_ANCESTORS": f"https://course.example, {named}"}
        with start_server(shelf_dir, env=env) as (address, _), visit(browser) as (page, wrong):
            page.goto(site)
            page.locator("iframe").evaluate("(frame, url) => { frame.src = url; }", f"{address}/?s={encode(LINK)}")
            if invited:
                page.frame_locator("iframe").locator(f".view {LARGE}").first.wait_for()
                assert wrong == []
            else:
                assert soon(page, lambda: any("frame-ancestors" in told for told in wrong))
                assert soon(page, lambda: page.frames[1].url.startswith("chrome-error:"))
