"""Whom the server answers, and what every answer tells the browser.

A page of another site can make a visitor's browser send requests here: across origins, or under a name of its own that
it has made to resolve to this machine (DNS rebinding). Such requests are refused before anything else sees them,
WebSockets included. All answers carry a content security policy, so that the page loads and runs nothing from
elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from esvae_core.errors import ConfigError

HOSTS_OPTION = "ESVAE_ALLOWED_HOSTS"
ANCESTORS_OPTION = "ESVAE_FRAME_ANCESTORS"
PAGE_HEADER = "x-esvae"
"""Sent by the explorer's own page with all that it asks; pages of other sites cannot send it."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_NAME = r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?"
_HOST = re.compile(rf"({_NAME}|\[[0-9a-f:.]{{2,45}}\])\.?(?::[0-9]{{1,5}})?")
_ANCESTOR = re.compile(rf"\*|https?://(?:\*\.)?(?:{_NAME}|\[[0-9a-f:.]{{2,45}}\])(?::[0-9]{{1,5}}|:\*)?")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.S)
_MAX_TOLD = 100  # refusals that are logged; a stranger who invents names shall not fill the disk
_LOG = logging.getLogger("esvae.app")


@dataclass(frozen=True)
class Hosts:
    """Hosts that requests may be addressed to, without their ports.

    Attributes:
        named: By the option; pages of these may ask, too, whatever a proxy makes of the Host header.
        served: What follows from the address that is listened at.
        addresses: Whether any IP address is allowed: no name was resolved, so none was resolved falsely.
        any: Whether all are.
    """

    named: frozenset[str]
    served: frozenset[str] = _LOOPBACK
    addresses: bool = False
    any: bool = False

    def __contains__(self, host: str | None) -> bool:
        if host is None:
            return False
        return self.any or host in self.served or host in self.named or (self.addresses and _address(host) is not None)


def hosts(address: str | None, option: str) -> Hosts:
    """Hosts that are allowed.

    Args:
        address: What is listened at: a name, an IP address, or None for all interfaces.
        option: Further host names, separated by commas, or `*` for any.

    Raises:
        ConfigError: an entry of `option` is no host name.
    """
    named = {_option_host(entry) for entry in _entries(option)}
    named, everything = named - {"*"}, "*" in named
    host = (address or "0.0.0.0").lower()
    ip = _address(host)
    if (ip is not None and ip.is_loopback) or host == "localhost":
        own = {_bracketed(host)}
    else:
        own = {_bracketed(host), socket.gethostname().lower()}
    return Hosts(frozenset(named), _LOOPBACK | own, ip is not None and ip.is_unspecified, everything)


def ancestors(option: str) -> tuple[str, ...]:
    """Origins of pages that may embed the explorer, besides its own.

    Args:
        option: As `https://course.example` or `https://*.example`, separated by commas; `*` for any.

    Raises:
        ConfigError: an entry is no origin.
    """
    found = tuple(_entries(option))
    for entry in found:
        if not _ANCESTOR.fullmatch(entry):
            raise ConfigError(f"{ANCESTORS_OPTION}: expected origins such as https://course.example, found {entry!a}")
    return found


def content_security_policy(embedders: Sequence[str] = ()) -> str:
    """The policy of all answers: nothing from elsewhere, and no code but that of files served here.

    Args:
        embedders: Origins of pages that may embed the explorer.

    Streamlit needs more than the explorer: styles in the page, components' modules from blob: addresses, and a line of
    script in its page, which is allowed by its hash.
    """
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' blob: 'wasm-unsafe-eval' {' '.join(_inline_hashes())}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *embedders]),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Guard:
    """Middleware around everything: refuses foreign hosts and origins, and adds the headers to all answers."""

    def __init__(self, app: ASGIApp, allowed: Hosts, policy: str) -> None:
        self._app = app
        self._allowed = allowed
        self._headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy}
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        reason = refusal(Headers(scope=scope), self._allowed)
        if reason is None:
            await self._app(scope, receive, with_headers)
            return
        self._tell(reason)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # which the server turns into 403
        else:
            await PlainTextResponse(reason + "\n", 403)(scope, receive, with_headers)

    def _tell(self, reason: str) -> None:
        """Log a refusal, each once."""
        if reason not in self._told and len(self._told) < _MAX_TOLD:
            self._told.add(reason)
            _LOG.warning("refused: %s", reason)


class FromPage:
    """Middleware around routes that cost or change something: only the explorer's own page may ask."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if PAGE_HEADER in Headers(scope=scope):
            await self._app(scope, receive, send)
        else:
            error = f"expected a request of the explorer's own page, which sends the header {PAGE_HEADER}"
            await JSONResponse({"error": error}, 403, headers={"Cache-Control": "no-store"})(scope, receive, send)


def refusal(headers: Headers, allowed: Hosts) -> str | None:
    """Why a request is not answered, in a line; None if it is."""
    sent = headers.getlist("host")
    host = sent[0].lower() if len(sent) == 1 else ""
    if _host(host) not in allowed:
        return f"host {host[:100]!a}: not answered here; if it is this server, name it in {HOSTS_OPTION}"
    origin = headers.get("origin")
    if origin is not None:
        authority = re.sub("^https?://", "", origin.lower())
        if authority != host and _host(authority) not in allowed.named:
            return (
                f"origin {origin[:100]!a} of a request to {host!a}: only the explorer's own pages are answered; "
                f"a proxy must pass the Host header on, or its host be named in {HOSTS_OPTION}"
            )
    elif headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
        return "a page of another site asked for a part of the explorer: only its own pages are answered"
    return None


def _host(authority: str) -> str | None:
    """A host without its port and final dot; None if there is none."""
    found = _HOST.fullmatch(authority)
    return found[1] if found else None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _entries(option: str) -> list[str]:
    return [entry for entry in (part.strip().lower() for part in option.split(",")) if entry]


def _option_host(entry: str) -> str:
    host = entry if entry == "*" else _host(_bracketed(entry) if _address(entry) else entry)
    if host is None:
        raise ConfigError(f"{HOSTS_OPTION}: expected host names separated by commas, or *, found {entry!a}")
    return host


def _inline_hashes() -> list[str]:
    """Of the scripts within Streamlit's page."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes().decode()
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
