"""SHA-256 of files, and of many files together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def combine(pairs: Iterable[tuple[str, str]]) -> str:
    """One SHA-256 for many files, out of (name, SHA-256) pairs in the order given."""
    return hashlib.sha256("".join(f"{sha256}  {name}\n" for name, sha256 in pairs).encode()).hexdigest()


def fingerprint(root: Path, names: Sequence[str]) -> str:
    """One SHA-256 for the files `names` below `root`; one that cannot be read counts as such."""

    def one(name: str) -> str:
        try:
            return sha256_of(root / name)
        except OSError:
            return "unreadable"

    return combine((name, one(name)) for name in names)
