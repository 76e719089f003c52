import hashlib
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from esvae_core.data import DATASETS, RemoteFile, fetch, load, verify
from esvae_core.data.download import provide, status
from esvae_core.errors import CorruptDataError, MissingDataError

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Site:
    """A web server on this machine: `answers` maps a path to (status, declared length, body)."""

    def __init__(self):
        self.answers, self.asked = {}, []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                code, length, body = site.answers.get(self.path, (404, 0, b""))
                self.send_response(code)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def serve(self, path, body=CONTENT, length=-1, code=200):
        self.answers[path] = (code, len(body) if length == -1 else length, body)
        return self.url(path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = _Site()
    yield site
    site.close()


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_missing_file_is_downloaded_once_and_checked(site, tmp_path):
    file = RemoteFile("f.gz", (site.serve("/f.gz"),), SHA256)
    (state,) = provide("toy", [file], [tmp_path])
    assert state.path == tmp_path / "toy" / "f.gz"
    assert state.path.read_bytes() == CONTENT
    assert files_in(tmp_path) == ["toy", "toy/f.gz"]
    provide("toy", [file], [tmp_path])
    assert site.asked == ["/f.gz"]


BROKEN = {
    "not found": (404, 0, b""),
    "server error": (500, 5, b"sorry"),
    "body shorter than declared": (200, len(CONTENT), CONTENT[:1000]),
    "short body, honest length": (200, 1000, CONTENT[:1000]),
    "short body, no length": (200, None, CONTENT[:1000]),
    "empty body": (200, 0, b""),
    "longer body": (200, None, CONTENT + b"x"),
    "one bit wrong": (200, len(CONTENT), CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])),
    "a page instead": (200, 6, b"<html>"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_download_leaves_nothing_behind(site, tmp_path, how):
    site.answers["/f.gz"] = BROKEN[how]
    file = RemoteFile("f.gz", (site.url("/f.gz"),), SHA256)
    with pytest.raises(MissingDataError, match=rf"toy: place f\.gz in {tmp_path / 'toy'}; could not .*127\.0\.0\.1"):
        provide("toy", [file], [tmp_path])
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("how", BROKEN)
def test_the_next_mirror_is_tried(site, tmp_path, how):
    site.answers["/first"] = BROKEN[how]
    file = RemoteFile("f.gz", (site.url("/first"), site.serve("/second"), site.url("/third")), SHA256)
    (state,) = provide("toy", [file], [tmp_path])
    assert state.path.read_bytes() == CONTENT
    assert site.asked == ["/first", "/second"]
    assert files_in(tmp_path) == ["toy", "toy/f.gz"]


def test_whole_files_stay_when_a_later_one_fails(site, tmp_path):
    good = RemoteFile("good.gz", (site.serve("/good"),), SHA256)
    bad = RemoteFile("bad.gz", (site.url("/bad"),), SHA256)
    never = RemoteFile("never.gz", (site.serve("/never"),), SHA256)
    with pytest.raises(MissingDataError, match=r"place bad\.gz, never\.gz in"):
        provide("toy", [good, bad, never], [tmp_path])
    assert files_in(tmp_path) == ["toy", "toy/good.gz"]
    site.serve("/bad")
    provide("toy", [good, bad, never], [tmp_path])
    assert site.asked == ["/good", "/bad", "/bad", "/never"]


def test_no_server_at_all(site, tmp_path):
    url = site.serve("/f.gz")
    site.server.server_close()
    with pytest.raises(MissingDataError, match=rf"place f\.gz in {tmp_path / 'toy'}; could not download"):
        provide("toy", [RemoteFile("f.gz", (url,), SHA256)], [tmp_path])


def test_a_folder_that_cannot_be_written(site, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MissingDataError, match="could not download"):
        provide("toy", [RemoteFile("f.gz", (site.serve("/f.gz"),), SHA256)], [tmp_path / "file"])


def test_nothing_is_asked_for_when_downloads_are_off(site, tmp_path):
    with pytest.raises(MissingDataError, match=r"place f\.gz in"):
        provide("toy", [RemoteFile("f.gz", (site.serve("/f.gz"),), SHA256)], [tmp_path], download=False)
    assert site.asked == []


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(site, tmp_path, monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    provide("toy", [RemoteFile("f.gz", (site.serve("/f.gz"),), SHA256)], [tmp_path])
    assert ("100%" in capsys.readouterr().err) == terminal


def test_search_order(tmp_path):
    own, cache = tmp_path / "own", tmp_path / "cache"
    file = RemoteFile("f.gz", (), SHA256)
    order = [own / "toy" / "f.gz", own / "f.gz", cache / "toy" / "f.gz"]
    for path in reversed(order):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
        assert status("toy", file, [own, cache]).path == path
    order[0].write_bytes(b"wrong")  # another copy is right
    assert status("toy", file, [own, cache]).path == order[1]
    assert status("toy", file, [own, cache], any_hash=True).path == order[0]


def test_verify_tells_ok_missing_and_wrong(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(CONTENT)
    (tmp_path / "b").write_bytes(b"wrong")
    files = tuple(RemoteFile(name, (), SHA256) for name in "abc")
    monkeypatch.setitem(DATASETS, "mnist", replace(DATASETS["mnist"], files=files))
    a, b, c = verify("mnist", tmp_path)
    assert (a.state, a.path, a.found) == ("ok", tmp_path / "a", SHA256)
    assert (b.state, b.path, b.found) == ("wrong hash", tmp_path / "b", hashlib.sha256(b"wrong").hexdigest())
    assert (c.state, c.path, c.found, c.expected) == ("missing", None, None, SHA256)
    with pytest.raises(CorruptDataError, match=f"{tmp_path / 'b'}: SHA-256 .* expected {SHA256}"):
        fetch("mnist", tmp_path)


def test_load_downloads_to_the_data_folder_or_the_cache(site, mnist_dir, tmp_path, own_cache, monkeypatch):
    files = []
    for path in sorted((mnist_dir / "mnist").iterdir()):
        content = path.read_bytes()
        url = site.serve(f"/{path.name}", content)
        files.append(RemoteFile(path.name, (url,), hashlib.sha256(content).hexdigest(), len(content)))
    monkeypatch.setitem(DATASETS, "mnist", replace(DATASETS["mnist"], files=tuple(files)))
    with pytest.raises(MissingDataError):
        load("mnist", "test", download=False)
    assert len(load("mnist", "test", data_dir=tmp_path / "new")) == 20
    assert len(files_in(tmp_path / "new" / "mnist")) == 4
    assert [path.parent for path in fetch("mnist")] == [own_cache / "mnist"] * 4
    load("mnist", "test", data_dir=tmp_path / "other")  # what the cache has is not downloaded again
    assert len(site.asked) == 8
    assert not (tmp_path / "other").exists()
