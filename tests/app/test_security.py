"""Whom the server answers: foreign hosts and origins get a line and start nothing; and the headers of all answers."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from app import catalogue, security
from app.security import Guard, hosts, refusal
from esvae_core.errors import ConfigError

from .conftest import ROOT, start_server
from .test_routes import PAGE, Answer

LOOPBACK = ["localhost", "LOCALHOST:8501", "localhost.", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8501"]
FOREIGN = [
    "evil.example",
    "evil.example:8501",
    "localhost.evil.example",
    "evil-localhost",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "localhost:8501@evil.example",
    "localhost/evil.example",
    "localhost evil.example",
    "localhost:x",
    "[::1",
    "[evil.example]",
    "http://localhost",
    ":8501",
    ".",
    "*",
    "",
]
MACHINE = socket.gethostname().lower()


def allowed(host: str, address: str | None = "127.0.0.1", option: str = "") -> bool:
    return refusal(Headers({"host": host}), hosts(address, option)) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_a_machine_that_serves_itself_answers_to_its_own_names_alone(address):
    assert [host for host in LOOPBACK if not allowed(host, address)] == []
    strangers = [*FOREIGN, "10.0.0.1", "[fe80::1]", "0.0.0.0", f"{MACHINE}.example"]
    assert [host for host in strangers if allowed(host, address)] == []


@pytest.mark.parametrize("address", ["192.168.1.5", "2001:DB8::7", "Lab.example"])
def test_another_address_answers_to_itself_and_to_the_machine(address):
    own = f"[{address}]" if ":" in address else address
    assert [host for host in [*LOOPBACK, own, f"{own}:8501", MACHINE] if not allowed(host, address)] == []
    assert [host for host in [*FOREIGN, "192.168.1.6", "[2001:db8::8]"] if allowed(host, address)] == []


@pytest.mark.parametrize("address", ["0.0.0.0", "::", None, ""])
def test_all_interfaces_answer_to_every_address_and_to_no_foreign_name(address):
    assert [host for host in [*LOOPBACK, "10.1.2.3:9", "[2001:db8::7]", MACHINE] if not allowed(host, address)] == []
    assert [host for host in [*FOREIGN, "999.1.1.1", "10.0.0.1.example"] if allowed(host, address)] == []


def test_the_option_names_further_hosts():
    option = " lab.example, Course.Example ,2001:db8::7,,"
    for host in ("lab.example", "LAB.example:8443", "course.example.", "[2001:db8::7]:80", "localhost"):
        assert allowed(host, option=option), host
    assert [host for host in [*FOREIGN, "x.lab.example", "lab.example.evil"] if allowed(host, option=option)] == []
    assert allowed("evil.example", option="*")
    assert not allowed("", option="*"), "that is no host"


@pytest.mark.parametrize("option", ["https://lab.example", "lab.example/x", "a b", "*.example", "x;y", "x\n!"])
def test_what_is_no_host_name_is_refused_in_a_line(option):
    with pytest.raises(ConfigError, match=r"^ESVAE_ALLOWED_HOSTS: expected host names .*, found '.*'$"):
        hosts("127.0.0.1", f"fine.example,{option}")


@pytest.mark.parametrize(
    "option", ["course.example", "https://a.example;script-src *", "'unsafe-inline'", "ftp://x", "https://"]
)
def test_what_is_no_origin_cannot_enter_the_policy(option):
    with pytest.raises(ConfigError, match=r"^ESVAE_FRAME_ANCESTORS: expected origins .*, found .*$"):
        security.ancestors(f"https://fine.example,{option}")


def test_pages_that_may_embed_are_named_in_the_policy():
    named = security.ancestors("https://course.example, https://*.lab.example:8443,http://[::1]:*")
    assert security.content_security_policy(named).endswith(
        "; frame-ancestors 'self' https://course.example https://*.lab.example:8443 http://[::1]:*"
    )
    assert security.content_security_policy().endswith("; frame-ancestors 'self'")


HOME = "localhost:8501"
STRANGERS = [
    {"origin": "http://evil.example"},
    {"origin": "https://localhost:8501.evil.example"},
    {"origin": "http://localhost:3000"},
    {"origin": "http://localhost"},
    {"origin": "http://127.0.0.1:8501"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "file://"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "websocket"},
]
FRIENDS = [
    {},
    {"origin": "http://localhost:8501"},
    {"origin": "https://LOCALHOST:8501"},
    {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
    {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},  # a link, or a page that embeds
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_pages_of_other_origins_are_refused(headers):
    for option in ("", "*", "lab.example"):
        assert "\n" not in refusal(Headers({"host": HOME} | headers), hosts("127.0.0.1", option))


@pytest.mark.parametrize("headers", FRIENDS)
def test_the_own_page_and_links_are_answered(headers):
    assert refusal(Headers({"host": HOME} | headers), hosts("127.0.0.1", "")) is None


def test_a_page_of_a_named_host_may_ask_behind_a_proxy_that_rewrites_the_host():
    headers = Headers({"host": HOME, "origin": "https://lab.example:8443"})
    assert refusal(headers, hosts("127.0.0.1", "lab.example")) is None
    assert "Host header" in refusal(headers, hosts("127.0.0.1", ""))


def test_two_hosts_are_none():
    headers = Headers(raw=[(b"host", b"localhost"), (b"host", b"evil.example")])
    assert refusal(headers, hosts("127.0.0.1", "*"))


def _in_own_loop(guard, *asked):
    """Playwright, where another test has begun it, keeps a loop running in the main thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(guard(*asked))).result()


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_refusal_is_a_line_before_anything_is_started_and_is_logged_once(kind, caplog):
    begun, sent = [], []

    async def app(scope, receive, send):
        begun.append(scope)

    async def send(message):
        sent.append(message)

    guard = Guard(app, hosts("127.0.0.1", ""), "default-src 'self'")
    scope = {"type": kind, "headers": [(b"host", b"evil.example\xff\x1b[31m")], "path": "/"}
    ask = partial(_in_own_loop, guard)
    for _ in range(3):
        ask(scope, None, send)
    assert begun == []
    assert len(caplog.messages) == 1
    assert caplog.messages[0].isprintable()
    assert "ESVAE_ALLOWED_HOSTS" in caplog.messages[0]
    if kind == "http":
        assert sent[0]["status"] == 403
        assert sent[1]["body"].decode().strip() in caplog.messages[0]
    else:
        assert [message["type"] for message in sent] == ["websocket.close"] * 3
    for n in range(1000):
        ask(scope | {"headers": [(b"host", f"evil{n}.example".encode())]}, None, send)
    assert len(caplog.messages) <= 100, "strangers cannot fill the log"


COSTLY = ["originals/0", "draw", "recordings/aaa", "page/0", "map-state/0", "map-data/0"]


@pytest.mark.parametrize("path", COSTLY)
def test_what_costs_is_done_for_the_own_page_alone(path):
    asked = Answer(f"/esvae/{path}", headers={})
    assert asked.status == 403
    assert "header x-esvae" in asked.json["error"]
    assert Answer(f"/esvae/{path}").status in (400, 404)


def test_maps_are_begun_and_stopped_for_the_own_page_alone(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    monkeypatch.setattr("app.maps.start", lambda *_: pytest.fail("begun"))
    monkeypatch.setattr("app.maps.cancel", lambda *_: pytest.fail("stopped"))
    assert Answer(f"/esvae/map/{catalogue.named('aaa').digest}", headers={}, method="POST").status == 403
    assert Answer("/esvae/map-state/0", headers={}, method="DELETE").status == 403


def ask(address: str, path: str, headers: dict[str, str], method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """One request with just these headers."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_a_server_refuses_strangers_on_every_route_streamlits_included(server):
    own = server.removeprefix("http://")
    digest = json.loads(ask(server, "/esvae/model/aaa", {"Host": own})[2])["hash"]
    routes = [
        "/",
        "/spikes",
        "/esvae/models",
        f"/esvae/bundle/{digest}/decoder",
        "/_stcore/health",
        "/_stcore/host-config",
    ]
    for path in [*routes, "/favicon.png", "/nowhere", "/esvae/nowhere"]:
        assert ask(server, path, {"Host": own})[0] in (200, 404)
        for strange in ({"Host": "evil.example"}, {"Host": own, "Origin": "http://evil.example"}):
            status, _, body = ask(server, path, strange | PAGE)
            assert (status, body.count(b"\n")) == (403, 1), (path, strange)
    for strange in ({"Host": "evil.example"}, {"Host": own, "Origin": "http://evil.example"}):
        assert ask(server, f"/esvae/map/{digest}?neighbors=4", strange | PAGE, "POST")[0] == 403
        assert ask(server, "/_stcore/stream", strange | UPGRADE)[0] == 403
    assert ask(server, "/_stcore/stream", {"Host": own, "Origin": server} | UPGRADE)[0] == 101


def test_every_answer_has_the_headers(server):
    own = server.removeprefix("http://")
    for path in ("/", "/spikes", "/esvae/models", "/esvae/draw", "/_stcore/health", "/static/none.js", "/esvae/none"):
        for headers in ({"Host": own}, {"Host": "evil.example"}):
            _, told, _ = ask(server, path, headers)
            assert told["x-content-type-options"] == "nosniff", path
            assert told["content-security-policy"] == security.content_security_policy(), path


def listening(port: int) -> set[str]:
    """Addresses at which a port is listened at, as /proc/net writes them."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


needs_proc = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc/net")
LOCAL, ALL = {"0100007F"}, {"00000000"}


@needs_proc
@pytest.mark.parametrize("where", ["clone", "home", "root"])
def test_it_listens_at_this_machine_alone_wherever_it_is_started(shelf_dir, tmp_path, where):
    cwd = {"clone": ROOT, "home": tmp_path, "root": Path("/")}[where]
    with start_server(shelf_dir, cwd=cwd, env={"HOME": str(tmp_path)}) as (_, port):
        assert listening(port) == LOCAL
    log = (shelf_dir / f"server-{port}.log").read_text()
    assert "Network URL" not in log
    assert "External URL" not in log
    assert "usage statistics" not in log


@needs_proc
def test_a_host_that_is_named_is_served(shelf_dir, tmp_path):
    named = {"HOME": str(tmp_path), "STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}
    with start_server(shelf_dir, cwd=tmp_path, env=named) as (address, port):
        assert listening(port) == ALL
        assert ask(address, "/esvae/models", {"Host": "10.9.8.7:1"})[0] == 200
        assert ask(address, "/esvae/models", {"Host": "evil.example"})[0] == 403
    with start_server(shelf_dir, 0, "--server.address", "127.0.0.1", env=named) as (_, port):
        assert listening(port) == LOCAL, "the flag goes first"


@needs_proc
def test_an_address_in_a_file_of_ones_own_is_not_served_in_silence(shelf_dir, tmp_path):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/config.toml").write_text('[server]\naddress = "0.0.0.0"\n')
    with start_server(shelf_dir, cwd=tmp_path, env={"HOME": str(tmp_path)}) as (_, port):
        assert listening(port) == LOCAL
    log = (shelf_dir / f"server-{port}.log").read_text()
    assert "config.toml: its server.address is not used; name the address with --server.address" in log


@pytest.mark.parametrize(("name", "value"), [("ESVAE_ALLOWED_HOSTS", "http://x"), ("ESVAE_FRAME_ANCESTORS", "x; y")])
def test_an_option_that_says_nothing_stops_the_start_with_a_line(name, value):
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app/main.py"), "--server.port", "0"]
    ended = subprocess.run(command, env=os.environ | {name: value}, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    said = [line for line in ended.stderr.splitlines() if line]
    assert len(said) == 1
    assert re.match(rf"error: {name}: expected .*, found ", said[0])


def test_another_server_than_streamlits_gets_the_settings_too(tmp_path):
    code = """
import os, sys
os.chdir(sys.argv[1])
from app import main
from streamlit import config
print([config.get_option(name) for name in sys.argv[2:]])
"""
    names = ["theme.light.primaryColor", "browser.gatherUsageStats", "server.maxUploadSize"]
    env = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    told = subprocess.check_output([sys.executable, "-c", code, str(tmp_path), *names], env=env, text=True, timeout=60)
    assert told.strip() == "['#6447c9', False, 50]"
