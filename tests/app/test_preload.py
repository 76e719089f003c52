"""Pages name what they will ask for: files that are there, and the parts of the model that they open."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from app import assets, catalogue, model_routes, preload
from app.state import encode

from .made import shelve, small_model
from .test_routes import Answer
from .visits import LINK


@pytest.fixture
def opening(monkeypatch):
    """Nothing is known yet."""
    fresh = preload.Opening()
    for module in (preload, model_routes):
        monkeypatch.setattr(module, "OPENING", fresh)
    return fresh


def link_of(path="/", query="", accept="text/html,*/*", status=200):
    """The Link header of an answer behind the middleware."""
    app = Starlette(
        routes=[Route("/{path:path}", lambda request: Response(status_code=status))],
        middleware=[Middleware(preload.Preload)],
    )
    sent = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"accept", accept.encode())],
    }

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as thread:  # after a browser's test there is a loop in this one
        thread.submit(asyncio.run, app(scope, None, send)).result()
    return dict(sent[0]["headers"]).get(b"link", b"").decode()


def addresses(header):
    return re.findall(r"<esvae/([^>]*)>", header)


def test_the_files_that_are_named_are_there(opening):
    found = addresses(link_of())
    assert f"web/{assets.VERSION}/mount.js" in found
    for address in found:
        assert Answer(f"/esvae/{address}").status == 200, address
    assert link_of() == link_of("/map") == link_of("/lab/", status=304)


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [("/esvae/models", "text/html", 200), ("/static/x.js", "*/*", 200), ("/", "text/html", 404), ("/", "", 200)],
)
def test_other_answers_name_nothing(opening, path, accept, status):
    assert link_of(path, accept=accept, status=status) == ""


def test_the_parts_of_the_model_that_a_page_opens_are_named_once_they_are_known(opening, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    shelve(tmp_path, "aaa", small_model())
    shelve(tmp_path, "mnist", small_model(1), with_atlas=False)
    model_routes.open_first()
    about = Answer("/esvae/model/mnist").json
    found = [address for address in addresses(link_of()) if not address.startswith("web/")]
    assert found == ["models", "model/mnist", f"bundle/{about['hash']}/decoder"]
    query = f"s={quote(encode(LINK))}"
    assert link_of(query=query).count("bundle/") == 0, "nobody has opened it"
    about = Answer("/esvae/model/aaa").json
    found = [address for address in addresses(link_of(query=query)) if not address.startswith("web/")]
    atlas = f"atlas/{about['hash']}?{about['atlasVersion']}"
    assert found == ["models", "model/aaa", f"bundle/{about['hash']}/decoder", atlas]
    for address in found:
        assert Answer(f"/esvae/{address.partition('?')[0]}", headers={}).status == 200


@pytest.mark.parametrize("query", ["s=", "s=x", "s=2~aaa", "s=" + "9" * 10_000, "&" * 5000, "a=1&" * 50, "s=%ff"])
def test_a_query_that_is_no_link_names_what_a_visit_without_one_opens(opening, query):
    opening.note({"name": "aaa", "hash": "0" * 64, "atlas": False, "controls": ""})
    opening.note_first("aaa")
    assert addresses(link_of(query=query))[-1] == f"bundle/{'0' * 64}/decoder"


def test_no_more_models_are_remembered_than_a_page_could_ask_for(opening):
    for n in range(200):
        opening.note({"name": str(n), "hash": f"{n:064}", "atlas": False, "controls": ""})
    opening.note_first("199")
    assert opening.parts_of("") == ["models", "model/199", f"bundle/{199:064}/decoder"]
    opening.note_first("0")
    assert opening.parts_of("") == ["models"]


def test_a_visit_without_a_link_tries_models_in_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    for name, atlas in (("bare", False), ("full", True), ("mnist", False), ("mnist-plus", False)):
        shelve(tmp_path, name, small_model(), with_atlas=atlas)
    (tmp_path / "broken.safetensors").write_text("no checkpoint")
    turns = {entry["name"]: entry["turn"] for entry in Answer("/esvae/models").json}
    assert turns == {"mnist-plus": 0, "mnist": 1, "full": 2, "bare": 3, "broken": None}
    monkeypatch.setenv(catalogue.OPEN_OPTION, str(tmp_path))
    assert [entry.name for entry in catalogue.opening_order(catalogue.find())][:2] == ["mnist-plus", "mnist"]
