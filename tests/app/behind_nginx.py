"""The explorer behind nginx, with the configuration that docs/deploy.md shows."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.free_port import free_port

from .conftest import ROOT, start_server

CONFIGURATION = ROOT / "deploy/nginx.conf"
NGINX = shutil.which("nginx", path=os.pathsep.join([os.defpath, "/usr/sbin", "/usr/local/sbin"]))
PATH = "explorer"
"""Below which that configuration has it."""
_STRIPPING = "proxy_pass http://explorer:8501/;"
_AROUND = """
user root root;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""
"""What Debian's nginx.conf has around it, in a folder of the test's own."""


@contextmanager
def behind_nginx(shelf_dir: Path, folder: Path, *, strips: bool) -> Iterator[str]:
    """Address of the explorer's first page, with a slash at its end.

    Args:
        shelf_dir: Checkpoints.
        folder: For nginx's files.
        strips: Whether nginx takes the path away; if not, Streamlit is told of it.
    """
    if NGINX is None:
        pytest.skip("needs nginx, e.g. from `apt install nginx-light`")
    with start_server(shelf_dir, 0, *([] if strips else ["--server.baseUrlPath", PATH])) as (_, explorer):
        port = free_port()
        server = _changed(CONFIGURATION.read_text("utf-8"), "listen 8080;", f"listen 127.0.0.1:{port};")
        if not strips:
            server = _changed(server, _STRIPPING, _STRIPPING.replace("/;", ";"))
        server = _changed(server, "explorer:8501", f"127.0.0.1:{explorer}")
        with _nginx(folder, server, port):
            yield f"http://127.0.0.1:{port}/{PATH}/"


def _changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@contextmanager
def _nginx(folder: Path, server: str, port: int) -> Iterator[None]:
    """Run it until it is no longer needed."""
    path = folder / "nginx.conf"
    path.write_text(_AROUND.format(folder=folder, server=server), "utf-8")
    process = subprocess.Popen([NGINX, "-e", folder / "error.log", "-p", folder, "-c", path])
    try:
        for _ in range(300):
            assert process.poll() is None, (folder / "error.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
