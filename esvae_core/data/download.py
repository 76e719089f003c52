"""Where a data set's files are, whether they are the right ones, and how they get there.

Files are looked for as ROOT/<dataset>/NAME and ROOT/NAME, where ROOT is the caller's data folder, then the cache.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Literal

from esvae_core.data.hashes import sha256_of
from esvae_core.errors import CorruptDataError, MissingDataError

State = Literal["ok", "missing", "wrong hash"]


@dataclass(frozen=True)
class RemoteFile:
    """A file that a data set needs.

    Attributes:
        name: File name.
        urls: Where to download it; tried in this order; none: the user places it.
        sha256: Of its content; None: not checked, or a folder.
        size: Bytes; None: not known.
    """

    name: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class FileStatus:
    """What was found of one file.

    Attributes:
        name: File name.
        path: Where it is; None if missing.
        state: "ok", "missing" or "wrong hash".
        expected: SHA-256 it should have; None if it is not checked.
        found: SHA-256 it has; None if missing or a folder.
    """

    name: str
    path: Path | None
    state: State
    expected: str | None
    found: str | None


def cache_dir() -> Path:
    """Folder for downloads and resized images of this user."""
    import pooch  # a slow import, and most calls need neither download nor cache

    return Path(pooch.os_cache("esvae"))


def status(dataset: str, file: RemoteFile, roots: Sequence[Path], *, any_hash: bool = False) -> FileStatus:
    """Look for a file: the first copy with the right hash, or with `any_hash` the first.

    Args:
        dataset: Name of the data set, which may be a folder in a root.
        file: What to look for.
        roots: Folders to look in.
        any_hash: Take a file of another hash as ok.

    Raises:
        CorruptDataError: if a file is there but cannot be opened.
    """
    wrong: FileStatus | None = None
    for root in roots:
        for path in (root / dataset / file.name, root / file.name):
            try:
                if not path.exists():
                    continue
                found = None if path.is_dir() else sha256_of(path)
            except OSError as error:
                raise CorruptDataError(f"{path}: cannot be read: {error}") from error
            if any_hash or file.sha256 in (None, found):
                return FileStatus(file.name, path, "ok", file.sha256, found)
            wrong = wrong or FileStatus(file.name, path, "wrong hash", file.sha256, found)
    return wrong or FileStatus(file.name, None, "missing", file.sha256, None)


def provide(
    dataset: str, files: Sequence[RemoteFile], roots: Sequence[Path], *, any_hash: bool = False, download: bool = True
) -> list[FileStatus]:
    """Find all files of a data set, and download those that are missing to the first root.

    Args:
        dataset: Name of the data set.
        files: What it needs.
        roots: Folders to look in; files are downloaded to the folder `dataset` in the first.
        any_hash: Take files of another hash; downloads are still checked.
        download: Whether to download.

    Returns:
        The state of each file, all "ok".

    Raises:
        CorruptDataError: if a file has another hash than expected.
        MissingDataError: if files are missing and could not be downloaded; lists all of them.
    """
    states: list[FileStatus] = []
    missing: list[str] = []
    problems: list[str] = []
    for file in files:
        state = status(dataset, file, roots, any_hash=any_hash)
        if state.state == "missing" and download and file.urls and not missing:  # one failure is enough to wait for
            problems = _download(file, roots[0] / dataset)
            state = status(dataset, file, roots, any_hash=any_hash)
        if state.state == "wrong hash":
            raise CorruptDataError(
                f"{state.path}: SHA-256 {state.found}, expected {state.expected}; "
                "remove the file to have it downloaded again, or put the published one in its place"
            )
        if state.state == "missing":
            missing.append(file.name)
        states.append(state)
    if missing:
        reason = f"; could not download them: {'; '.join(problems)}" if problems else ""
        raise MissingDataError(f"{dataset}: place {', '.join(missing)} in {roots[0] / dataset}{reason}")
    return states


def _download(file: RemoteFile, folder: Path) -> list[str]:
    """Try one address after the other; returns what went wrong, or nothing if one of them worked.

    The file appears under its name only when it is whole and its hash is right.
    """
    import pooch

    # Servers that store .gz files as "gzip-encoded" would else have them unpacked on the way, with another hash.
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), headers={"Accept-Encoding": "identity"})
    problems = []
    for url in file.urls:
        try:
            pooch.retrieve(url, f"sha256:{file.sha256}", file.name, folder, downloader=downloader)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong hash is a ValueError
            problems.append(shorten(f"{url}: {type(error).__name__}: {error}", 300))
        else:
            return []
    with contextlib.suppress(OSError):
        folder.rmdir()  # made for nothing, if it is empty
    return problems
