"""Checkpoints that visitors open in the page: who may, what is taken, and how they are listed and explored."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette

from app import catalogue, routes, uploads

from .conftest import start_server
from .made import film_model, shelve, small_model
from .test_export import drop
from .test_served import visit
from .visits import LARGE, model_button, open_page, same_as_python, settled, state_of

PAGE = {"X-ESVAE": "1", "Host": "127.0.0.1:8501"}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A server's only checkpoints, and no file of a visitor's."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    shelve(folder, "listed", small_model(), with_atlas=False)
    monkeypatch.setattr(catalogue, "SHIPPED", folder)
    for option in (catalogue.OPEN_OPTION, "ESVAE_CHECKPOINTS", uploads.OPTION):
        monkeypatch.delenv(option, raising=False)
    uploads._folder.cache_clear()
    yield folder
    for path in uploads.places():
        uploads.remove(path / "any")
    uploads._folder.cache_clear()


@pytest.fixture
def mine(tmp_path):
    """A checkpoint of a visitor's; its header calls it `mine`."""
    folder = tmp_path / "visitor"
    folder.mkdir()
    shelve(folder, "mine", small_model(5), with_atlas=False)
    return folder / "mine.safetensors"


def post(content: bytes, headers: dict[str, str] | None = None, client: str = "127.0.0.1", pieces: int = 3):
    """Status and words of the answer to a checkpoint that is sent in pieces; 0 pieces: the visitor goes away."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/esvae/checkpoint",
        "raw_path": b"/esvae/checkpoint",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in (PAGE | (headers or {})).items()],
        "server": ("127.0.0.1", 8501),
        "client": (client, 1),
        "http_version": "1.1",
    }
    size = -(-len(content) // max(1, pieces))
    parts = [content[k * size : (k + 1) * size] for k in range(pieces)]
    told = {"body": b""}

    async def receive():
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        if message["type"] == "http.response.start":
            told["status"] = message["status"]
        else:
            told["body"] += message.get("body", b"")

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, Starlette(routes=routes.ROUTES)(scope, receive, send)).result(60)
    return told["status"], json.loads(told["body"])


def kept() -> int:
    """How many files the server holds of visitors, parts of files among them."""
    return sum(path.is_file() for path in uploads._folder().rglob("*"))


def test_it_is_listed_under_the_name_in_its_header_and_can_be_explored(shelf, mine):
    status, listed = post(mine.read_bytes())
    assert (status, listed["name"], listed["problem"]) == (200, "mine", "")
    assert [entry.name for entry in catalogue.find()] == ["listed", "mine"]
    assert catalogue.named("mine").header.name == "mine"
    assert post(mine.read_bytes())[1]["name"] == "mine", "the same again is the same model"
    assert kept() == 1


def test_the_same_file_as_one_that_is_listed_is_that_one(shelf):
    assert post((shelf / "listed.safetensors").read_bytes())[1]["name"] == "listed"
    assert kept() == 0


def test_another_model_of_a_name_that_is_taken_has_a_name_of_its_own(shelf, tmp_path):
    (tmp_path / "other").mkdir()
    shelve(tmp_path / "other", "listed", small_model(9), with_atlas=False)
    name = post((tmp_path / "other" / "listed.safetensors").read_bytes())[1]["name"]
    assert name.endswith("/listed")
    assert catalogue.named(name).digest != catalogue.named("listed").digest


@pytest.mark.parametrize("damage", ["text", "cut", "empty"])
def test_what_is_no_checkpoint_is_refused_and_not_kept(shelf, mine, damage):
    content = {"text": b"no checkpoint", "cut": mine.read_bytes()[:-9], "empty": b""}[damage]
    status, answer = post(content)
    assert status == 404
    assert str(uploads._folder()) not in answer["error"], "a path of the server's"
    assert answer["error"]
    assert kept() == 0
    assert [entry.name for entry in catalogue.find()] == ["listed"]


def test_a_model_that_is_not_explored_is_listed_with_the_reason(shelf, tmp_path):
    (tmp_path / "films").mkdir()
    from esvae_core.checkpoint import Header, save

    model, path = film_model(), tmp_path / "films" / "film.safetensors"
    save(path, model.state_dict(), Header(name="film", model=model.config))
    status, listed = post(path.read_bytes())
    assert (status, listed["name"]) == (200, "film")
    assert "recordings" in listed["problem"]
    assert kept() == 1


def test_too_large_or_cut_off_leaves_nothing(shelf, mine, monkeypatch):
    assert post(mine.read_bytes(), pieces=0)[0] == 400
    monkeypatch.setattr(uploads, "MAX_BYTES", len(mine.read_bytes()) - 1)
    status, answer = post(mine.read_bytes())
    assert status == 400
    assert "esvae app FILE" in answer["error"]
    assert kept() == 0


def test_no_more_than_a_few_are_kept(shelf, mine, tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 1)
    assert post(mine.read_bytes())[0] == 200
    (tmp_path / "next").mkdir()
    shelve(tmp_path / "next", "next", small_model(6), with_atlas=False)
    status, answer = post((tmp_path / "next" / "next.safetensors").read_bytes())
    assert status == 429
    assert "1 checkpoints were opened already" in answer["error"]
    assert kept() == 1


@pytest.mark.parametrize(
    ("option", "client", "headers", "taken"),
    [
        ("", "127.0.0.1", {}, True),
        ("", "::1", {"Host": "[::1]:8501"}, True),
        ("", "192.0.2.7", {}, False),
        ("", "127.0.0.1", {"Host": "explorer.example"}, False),
        ("", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, False),
        ("", "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, False),
        ("0", "127.0.0.1", {}, False),
        ("1", "192.0.2.7", {"Host": "explorer.example"}, True),
    ],
)
def test_visitors_on_this_machine_may_and_others_if_the_host_says_so(
    shelf, mine, monkeypatch, option, client, headers, taken
):
    monkeypatch.setenv(uploads.OPTION, option)
    status, answer = post(mine.read_bytes(), headers, client)
    assert status == (200 if taken else 403)
    assert taken or "takes no checkpoints" in answer["error"]
    assert len(catalogue.find()) == 1 + taken


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server of its own: what is opened there is listed for all."""
    folder = tmp_path_factory.mktemp("uploads")
    shelve(folder, "first", small_model(), with_atlas=False)
    with start_server(folder) as (address, _):
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("way", ["drop", "dialog"])
def test_a_checkpoint_of_ones_own_is_opened_in_the_page(browser, address, tmp_path, monkeypatch, way):
    shelve(tmp_path, f"by-{way}", small_model(20 + len(way)), with_atlas=False)
    file = tmp_path / f"by-{way}.safetensors"
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, tmp_path])
    with visit(browser, address) as (page, wrong):
        open_page(page, "")
        before = page.evaluate("location.href")
        if way == "drop":
            drop(page, file.name, file.read_bytes())
        else:
            model_button(page).click()
            page.get_by_label("A checkpoint of your own").set_input_files(file)
        settled(page, before)
        assert state_of(page).model == f"by-{way}"
        assert same_as_python(page)
        page.reload()
        page.locator(LARGE).wait_for()
        expect(model_button(page)).to_have_accessible_name(f"Model: by-{way}")
        assert wrong == []


@pytest.mark.browser
def test_a_file_that_is_none_gets_its_reason_and_the_model_stays(browser, address):
    with visit(browser, address) as (page, _):
        open_page(page, "")
        before = state_of(page).model
        drop(page, "weights.safetensors", b"no checkpoint")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("weights.safetensors: ")
        expect(alert).not_to_contain_text("esvae-opened")
        assert state_of(page).model == before
