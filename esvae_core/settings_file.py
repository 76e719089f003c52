"""Settings from a JSON, TOML or YAML file, as plain values."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from esvae_core.errors import ConfigError
from esvae_core.files import read_regular

_MAX_BYTES = 2**20
_DEEPEST = 100  # lists and tables in each other, in YAML


def read_settings(path: Path) -> dict[str, Any]:
    """Read a file of settings; the end of its name says in which language it is, JSON where it says nothing.

    Raises:
        ConfigError: the file cannot be read, is not of that language, or holds no table of settings.
    """
    language, parse = _LANGUAGES.get(path.suffix.lower(), ("JSON", json.loads))
    try:
        values = parse(read_regular(path, _MAX_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise ConfigError(f"{path}: expected {language} that is not so deeply nested") from None
    except ValueError as error:
        raise ConfigError(f"{path}: expected {language}: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        what = "one with other names than text" if isinstance(values, dict) else type(values).__name__
        raise ConfigError(f"{path}: expected a {language} object, found {what}")
    return values


def _yaml(text: str) -> Any:
    """YAML's plain values; without aliases, by which a short file can stand for an endless one."""
    import yaml  # a slow import that only such files need

    depth = 0
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError("without aliases (*name)")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise RecursionError
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


_LANGUAGES: dict[str, tuple[str, Callable[[str], Any]]] = {
    ".json": ("JSON", json.loads),
    ".toml": ("TOML", tomllib.loads),
    ".yaml": ("YAML", _yaml),
    ".yml": ("YAML", _yaml),
}
