"""Modules that register parts of one's own: named in ESVAE_PLUGINS, or brought by installed packages.

They are imported when a name is asked for that is not known yet. What a file says is never imported.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path

from esvae_core.errors import ConfigError
from esvae_core.text import shown

GROUP = "esvae.parts"
"""Entry points of this group are modules that register parts."""
PLUGINS = "ESVAE_PLUGINS"
"""Of the environment: modules that register parts, by name or as .py files, ':' between them (';' on Windows)."""

_LOG = logging.getLogger(__name__)
_LOCK = threading.RLock()
_IMPORTED: set[str] = set()


def import_plugins() -> None:
    """Import what ESVAE_PLUGINS names and installed packages bring, unless it was imported before.

    An entry point that cannot be imported is said in the log: it may have nothing to do with what is asked for.

    Raises:
        ConfigError: what ESVAE_PLUGINS names cannot be imported.
    """
    with _LOCK:
        _import_all(os.environ.get(PLUGINS, ""), tuple(sys.path))


@lru_cache(maxsize=1)  # to look for entry points takes milliseconds, and a file may hold many unknown names
def _import_all(named: str, _places: tuple[str, ...]) -> None:
    for name in filter(None, named.split(os.pathsep)):
        if name not in _IMPORTED:
            import_plugin(name)
    for point in metadata.entry_points(group=GROUP):
        if point.value not in _IMPORTED:
            _IMPORTED.add(point.value)
            try:
                point.load()
            except Exception as error:  # of others' code, any
                _LOG.warning("entry point %s of %s: cannot be imported: %s", point.name, GROUP, _said(error))


def hand_down(name: str) -> None:
    """Name a plugin in ESVAE_PLUGINS, so that processes which this one starts import it, too."""
    named = os.environ.get(PLUGINS, "").split(os.pathsep)
    os.environ[PLUGINS] = os.pathsep.join(dict.fromkeys(filter(None, (*named, name))))


def import_plugin(name: str) -> None:
    """Import a module by its name, or a .py file.

    Raises:
        ConfigError: it cannot be imported.
    """
    _IMPORTED.add(name)  # before it is, since it may ask for names itself
    try:
        if name.endswith(".py"):
            _import_file(Path(name))
        else:
            import_module(name)
    except Exception as error:
        _IMPORTED.discard(name)
        raise ConfigError(f"plugin {name}: cannot be imported: {_said(error)}") from error


def _import_file(path: Path) -> None:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ImportError("not a regular file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if path.stem in sys.modules or spec is None or spec.loader is None:
        raise ImportError(f"a module called {path.stem!r} is there already")
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {shown(str(error), 300)}"
