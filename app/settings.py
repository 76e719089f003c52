"""Streamlit's settings for the explorer, `app/.streamlit/config.toml`, wherever it is started from.

`streamlit run` reads that file by itself, since it lies beside the script, and before it listens. Other ASGI servers do
not; for them the app applies it.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamlit import config

FILE = Path(__file__).resolve().parent / ".streamlit" / "config.toml"
_ADDRESS = "server.address"
_LOG = logging.getLogger("esvae.app")


def apply() -> None:
    """Set what nobody has set; says so if an address that someone wrote into a file of theirs is not served."""
    for name, value in _flat(tomllib.loads(FILE.read_text(encoding="utf-8"))):
        if not config.is_manually_set(name):
            config.set_option(name, value, str(FILE))
    if config.get_where_defined(_ADDRESS) == str(FILE):
        for path in map(Path, config.get_config_files("config.toml")):
            if path.resolve() != FILE and _names_address(path):
                _LOG.warning(
                    "%s: its %s is not used; name the address with --%s or STREAMLIT_SERVER_ADDRESS",
                    path,
                    _ADDRESS,
                    _ADDRESS,
                )


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Options by their names with dots, as Streamlit calls them."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _names_address(path: Path) -> bool:
    try:
        return _ADDRESS in dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError):  # not there, or Streamlit has said what is wrong with it
        return False
