"""Checkpoints that visitors open in the page: who may, what is taken, and how they are listed and explored."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.applications import Starlette

from app import catalogue, routes, uploads
from esvae_core.checkpoint import Header, save

from .conftest import start_server
from .made import film_model, shelve, small_model
from .test_export import drop
from .test_served import visit
from .visits import LARGE, model_button, open_page, same_as_python, settled, state_of

expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect

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
    monkeypatch.delenv("ESVAE_ALLOWED_HOSTS", raising=False)
    yield folder
    uploads.folder.remove()


@pytest.fixture
def mine(tmp_path):
    """A checkpoint of a visitor's; its header calls it `mine`."""
    folder = tmp_path / "visitor"
    folder.mkdir()
    shelve(folder, "mine", small_model(5), with_atlas=False)
    return folder / "mine.safetensors"


def post(
    content: bytes,
    headers: dict[str, str] | None = None,
    client: str = "127.0.0.1",
    *,
    pieces: int = 3,
    stalls: bool = False,
):
    """Status and words of the answer to a checkpoint that is sent in pieces.

    Args:
        content: the file.
        headers: besides those that the page sends.
        client: the visitor's address.
        pieces: how many; with 0 the visitor goes away.
        stalls: whether nothing more comes after the first one.
    """
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
        if stalls and len(parts) < pieces:
            await asyncio.sleep(60)
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
    return sum(path.is_file() for path in uploads.folder.made().rglob("*"))


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
    assert str(uploads.folder.made()) not in answer["error"], "a path of the server's"
    assert answer["error"]
    assert kept() == 0
    assert [entry.name for entry in catalogue.find()] == ["listed"]


def test_a_model_that_is_not_explored_is_listed_with_the_reason(shelf, tmp_path):
    (tmp_path / "films").mkdir()
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
    assert post(mine.read_bytes())[0] == post((shelf / "listed.safetensors").read_bytes())[0] == 200, "listed already"


@pytest.mark.parametrize(
    ("option", "client", "headers", "taken"),
    [
        ("", "127.0.0.1", {}, True),
        ("", "::1", {"Host": "[::1]:8501"}, True),
        ("", "192.0.2.7", {}, False),
        ("", "127.0.0.1", {"Host": "explorer.example"}, False),
        ("", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, False),
        ("", "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, False),
        ("", "127.0.0.1", {"X-Forwarded-Proto": "https"}, False),
        ("", "127.0.0.1", {"CF-Connecting-IP": "192.0.2.7"}, False),
        ("", "127.0.0.1", {"Origin": "http://127.0.0.1:8501"}, True),
        ("", "127.0.0.1", {"Origin": "https://explorer.example"}, False),
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


def test_a_server_that_others_reach_by_a_name_takes_none_unless_it_says_so(shelf, mine, monkeypatch):
    """Its proxy asks from this machine, and hands on what its visitor calls the host."""
    monkeypatch.setenv("ESVAE_ALLOWED_HOSTS", "explorer.example")
    assert post(mine.read_bytes())[0] == 403


def test_names_keep_their_meaning_whatever_is_opened_later(shelf, tmp_path):
    hashes = {}
    for seed in range(4):
        shelve(tmp_path / str(seed), "twin", small_model(30 + seed), with_atlas=False)
        name = post((tmp_path / str(seed) / "twin.safetensors").read_bytes())[1]["name"]
        hashes[name] = catalogue.named(name).digest
        assert {known: catalogue.named(known).digest for known in hashes} == hashes
    assert len(set(hashes.values())) == 4


def test_a_request_for_a_part_keeps_nothing(shelf, mine):
    assert post(mine.read_bytes(), {"Range": "bytes=0-"})[0] == 416
    assert kept() == 0
    assert len(catalogue.find()) == 1


def test_a_folder_that_a_cleaner_has_taken_takes_its_models_alone(shelf, mine, monkeypatch):
    post(mine.read_bytes())
    shutil.rmtree(uploads.folder.made())
    assert [entry.name for entry in catalogue.find()] == ["listed"]
    assert post(mine.read_bytes())[1]["name"] == "mine"


def test_a_full_disk_is_said(shelf, mine, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads.tempfile, "mkdtemp", full)
    assert post(mine.read_bytes()) == (400, {"error": "the server cannot keep it: No space left on device"})


def test_who_sends_nothing_does_not_keep_others_waiting(shelf, mine, monkeypatch):
    monkeypatch.setattr(uploads, "PATIENCE", 0.05)
    status, answer = post(mine.read_bytes(), stalls=True)
    assert (status, answer) == (400, {"error": "it did not arrive whole, or too slowly"})
    assert kept() == 0
    assert post(mine.read_bytes())[0] == 200


def test_the_same_files_good_and_bad_by_many_at_once(shelf, mine):
    """None is listed before it was read, and one that is refused takes no other with it."""
    damaged = mine.read_bytes()[:-9]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, [damaged, mine.read_bytes()] * 8))
    assert {status for status, _ in answers} <= {200, 404, 429}
    assert {answer["name"] for status, answer in answers if status == 200} == {"mine"}
    assert [entry.name for entry in catalogue.find()] == ["listed", "mine"]
    assert kept() == 1


def test_the_same_file_that_arrives_while_the_first_is_kept_is_that_one(tmp_path):
    own, kept = tmp_path / ".own", tmp_path / "kept"
    for folder in (own, kept):
        folder.mkdir()
        (folder / uploads._MODEL).write_bytes(folder.name.encode())
    uploads._move(own, kept)
    assert (kept / uploads._MODEL).read_bytes() == b"kept"
    with pytest.raises(FileNotFoundError):
        uploads._move(tmp_path / "gone", tmp_path / "new")


def test_a_folder_above_may_be_listed_too(shelf, mine, monkeypatch):
    above = uploads.folder.made().parent
    monkeypatch.chdir(above)
    for named in (above, Path("../") / above.name):
        monkeypatch.setattr(catalogue, "folders", lambda named=named: [shelf, named, *uploads.folder.kept()])
        assert post(b"no checkpoint")[0] == 404
        status, listed = post(mine.read_bytes())
        assert (status, listed["problem"]) == (200, "")
        assert catalogue.named(listed["name"]).header.name == "mine"
        uploads.folder.remove()


@pytest.mark.parametrize("name", ["..", "../../models", ".", "", "a/./b"])
def test_names_stay_whole_in_addresses(shelf, tmp_path, name):
    model = small_model()
    save(tmp_path / "odd.safetensors", model.state_dict(), Header(name=name, model=model.config))
    listed = post((tmp_path / "odd.safetensors").read_bytes())[1]["name"]
    assert all(part.strip(".") for part in listed.split("/")), listed
    assert catalogue.named(listed).header.name == name


@pytest.mark.linux
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_was_opened_goes_with_the_server(tmp_path, mine, monkeypatch, end):
    """At the latest when the next one takes a checkpoint."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    env = {"TMPDIR": str(folder)}
    with start_server(tmp_path, env=env) as (address, _):
        sent = urllib.request.Request(f"{address}/esvae/checkpoint", mine.read_bytes(), {"X-ESVAE": "1"})
        with urllib.request.urlopen(sent) as answer:
            assert json.load(answer)["name"] == "mine"
        (opened,) = folder.glob("esvae-opened-*")
        os.kill(int(opened.name.split("-")[2]), end)
        late = time.monotonic() + 20
        while end is not signal.SIGKILL and opened.exists() and time.monotonic() < late:
            time.sleep(0.05)  # one signal is tried: leaving this block sends another
    if end is signal.SIGKILL:
        monkeypatch.setattr(uploads.tempfile, "tempdir", str(folder))
        uploads.folder.made()
        assert not opened.exists()
        uploads.folder.remove()
    assert [*folder.glob("esvae-opened-*")] == []


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
