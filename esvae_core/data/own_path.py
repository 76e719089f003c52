"""Where a person's own data are: the path in `folder:PATH` and `npz:FILE`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from esvae_core.errors import MissingDataError
from esvae_core.files import expanded


def own_path(option: str, there: Callable[[Path], bool], problem: str) -> Path:
    """The path that an option names.

    Args:
        option: the path as it was given; `~` is the home folder.
        there: whether a path is what is wanted, e.g. `Path.is_dir`.
        problem: what is said where it is not.

    Raises:
        MissingDataError: there is nothing of that kind.
    """
    path = expanded(option)
    try:
        found = bool(option) and there(path)
    except OSError:  # the name is too long, or a folder on the way may not be entered
        found = False
    if not found:
        raise MissingDataError(problem)
    return path
