"""What huggingface_hub asks of the Hub to make a repository, commit files, list and fetch them, answered here."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_LARGE = (".safetensors", ".npz")
"""Files that the Hub takes as LFS objects."""


class Hub(ThreadingHTTPServer):
    """Repositories in memory.

    Attributes:
        files: Contents by repository and name.
        objects: LFS objects by their hash.
        private: Repositories that were made private.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, bytes]] = {}
        self.objects: dict[str, bytes] = {}
        self.private: set[str] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def commit(self, repository: str) -> str:
        """Names the state of a repository, as a commit does."""
        parts = sorted(self.files[repository].items())
        return hashlib.sha1(repr([(n, hashlib.sha256(c).hexdigest()) for n, c in parts]).encode()).hexdigest()


@contextmanager
def hub() -> Iterator[Hub]:
    """A Hub that runs."""
    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if found := re.fullmatch(r"/api/models/(\w+/\w+)(?:/(revision|tree)/\w+)?", path):
            self._describe(found[1], found[2])
        elif found := re.fullmatch(r"/(\w+/\w+)/resolve/\w+/([\w.-]+)", path):
            self._send_file(found[1], found[2])
        else:
            self._json({"error": f"not here: {path}"}, 404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        content = self._body()
        self.server.objects[hashlib.sha256(content).hexdigest()] = content
        self._json({})

    def do_POST(self) -> None:
        path, content = urlsplit(self.path).path, self._body()
        if path == "/api/repos/create":
            asked = json.loads(content)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            self.server.files.setdefault(name, {})
            if asked.get("private") or asked.get("visibility") == "private":
                self.server.private.add(name)
            self._json({"url": f"{self.server.address}/{name}"})
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif re.fullmatch(r"/api/models/\w+/\w+/preupload/\w+", path):
            files = [file["path"] for file in json.loads(content)["files"]]
            modes = [{"path": name, "uploadMode": "lfs" if name.endswith(_LARGE) else "regular"} for name in files]
            self._json({"files": [mode | {"shouldIgnore": False} for mode in modes]})
        elif path.endswith("/info/lfs/objects/batch"):
            upload = {"upload": {"href": f"{self.server.address}/object"}}
            objects = [{**each, "actions": upload} for each in json.loads(content)["objects"]]
            self._json({"transfer": "basic", "objects": objects}, kind="application/vnd.git-lfs+json")
        elif found := re.fullmatch(r"/api/models/(\w+/\w+)/commit/\w+", path):
            self._commit(found[1], content)
        else:
            self._json({"error": f"not here: {path}"}, 404)

    def _commit(self, repository: str, content: bytes) -> None:
        for line in map(json.loads, content.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.server.files[repository][value["path"]] = base64.b64decode(value["content"])
            if line["key"] == "lfsFile":
                self.server.files[repository][value["path"]] = self.server.objects[value["oid"]]
        commit = self.server.commit(repository)
        self._json(
            {"success": True, "commitOid": commit, "commitUrl": f"{self.server.address}/{repository}/commit/{commit}"}
        )

    def _describe(self, repository: str, what: str | None) -> None:
        files = self.server.files.get(repository)
        if files is None:
            self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        elif what == "tree":
            sizes = [(name, len(content)) for name, content in files.items()]
            self._json([{"type": "file", "path": name, "size": size, "oid": "0" * 40} for name, size in sizes])
        else:
            about = {"id": repository, "modelId": repository, "sha": self.server.commit(repository), "private": True}
            self._json(
                about | {"siblings": [{"rfilename": name} for name in files], "tags": [], "downloads": 0, "likes": 0}
            )

    def _send_file(self, repository: str, name: str) -> None:
        content = self.server.files.get(repository, {}).get(name)
        if content is None:
            self._json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        etag = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": self.server.commit(repository)}
        self._answer(content, 200, "application/octet-stream", etag)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _json(self, value: object, status: int = 200, headers: dict[str, str] | None = None, kind: str = "") -> None:
        self._answer(json.dumps(value).encode(), status, kind or "application/json", headers or {})

    def _answer(self, content: bytes, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
