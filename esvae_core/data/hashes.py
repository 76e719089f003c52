"""SHA-256 of files, and of many files together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from esvae_core.files import open_regular


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    return _hash_of(path, "sha256")


def has_hash(path: Path, expected: str | None) -> bool:
    """Whether a file's content has that hash: SHA-256 in 64 hexadecimal digits, or MD5 in 32; None: it has not."""
    if expected is None:
        return False
    return _hash_of(path, "sha256" if len(expected) == 64 else "md5") == expected


def _hash_of(path: Path, kind: str) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, kind).hexdigest()


def combine(pairs: Iterable[tuple[str, str]]) -> str:
    """One SHA-256 for many files, out of (name, SHA-256) pairs in the order given."""
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in pairs)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()  # of names the bytes that they are


def fingerprint(root: Path, names: Sequence[str]) -> str:
    """One SHA-256 for the files `names` below `root`; one that cannot be read counts as such."""

    def one(name: str) -> str:
        try:
            return sha256_of(root / name)
        except OSError:
            return "unreadable"

    return combine((name, one(name)) for name in names)
