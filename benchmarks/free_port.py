"""A port at which nobody listens, for servers that tests and benchmarks start."""

from __future__ import annotations

import socket


def free_port(host: str = "127.0.0.1") -> int:
    """A free port at an address of this machine."""
    with socket.create_server((host, 0)) as server:
        port: int = server.getsockname()[1]
    return port
