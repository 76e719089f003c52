"""Parts that settings choose by name: those of this library, and those that users add (docs/own-parts.md)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Generic, TypeVar

from esvae_core.errors import ConfigError
from esvae_core.plugins import PLUGINS, import_plugins

_T = TypeVar("_T")
_P = TypeVar("_P")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class Registry(Generic[_T]):
    """Parts of one role by name. To know the names imports none of the built-in parts."""

    def __init__(self, role: str, built_in: Mapping[str, str]) -> None:
        """`role` is what one of them is called; `built_in` says as 'module:name' where each of this library's is."""
        self.role = role
        self._built_in = dict(built_in)
        self._found: dict[str, Any] = {}

    def register(self, name: str) -> Callable[[_P], _P]:
        """A decorator that adds what it stands before, by that name.

        A part that is defined again, as in a notebook's cell, replaces itself.

        Raises:
            ConfigError: the name is no plain word, or another part has it.
        """
        if not _NAME.fullmatch(name):
            wanted = "expected a letter, then at most 63 letters, digits, '-', '_' or '.'"
            raise ConfigError(f"{self.role} {name!r:.80}: {wanted}")

        def add(part: _P) -> _P:
            if name in self._built_in or _source(self._found.get(name, part)) != _source(part):
                raise ConfigError(f"{self.role} {name!r}: there is another one of that name already")
            self._found[name] = part
            return part

        return add

    def __getitem__(self, name: str) -> _T:
        """The part of that name.

        Raises:
            ConfigError: there is none.
        """
        if name not in self:
            raise ConfigError(f"{self.expected()}, found {name!r:.80}")
        if name not in self._found:
            module, _, attribute = self._built_in[name].partition(":")
            self._found[name] = getattr(import_module(module), attribute)
        found: _T = self._found[name]
        return found

    def import_built_in(self) -> None:
        """Import all of this library's parts, since what traces a model (`torch.compile`) cannot import."""
        for name in self._built_in:
            self[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is one of that name; plugins are imported before the answer is no."""
        if name in self._built_in or name in self._found:
            return True
        import_plugins()
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        """Names known so far, those of this library first."""
        return iter((*self._built_in, *sorted(self._found.keys() - self._built_in.keys())))

    def is_built_in(self, name: str) -> bool:
        """Whether that part is this library's."""
        return name in self._built_in

    def expected(self, *, own: bool = False) -> str:
        """What a name should have been, as errors say it; `own`: none of this library's."""
        known = ", ".join(name for name in self if not (own and self.is_built_in(name)))
        another = f"{known}, or another" if known else "a"
        return f"expected {another} {self.role} that is registered (--plugin, {PLUGINS})"

    def origin(self, name: str) -> str:
        """The module that a part comes from, with the installed package that brings it, if one does; of a program, the
        name of its file.
        """
        module = _source(self[name])[0]
        if module == "__main__":
            return Path(getattr(sys.modules[module], "__file__", None) or "a notebook or console").name
        packages = metadata.packages_distributions().get(module.partition(".")[0], ())
        return f"{module} ({packages[0]} {metadata.version(packages[0])})" if packages else module


def _source(part: Any) -> tuple[str, str]:
    """Module and name of what a part was made by."""
    while isinstance(part, partial):
        part = part.func
    named = part if hasattr(part, "__qualname__") else type(part)
    return named.__module__, named.__qualname__
