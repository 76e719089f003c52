"""Where a data set's files are, whether they are the right ones, and how they get there.

Files are looked for as ROOT/<dataset>/NAME, ROOT/NAME and where torchvision keeps them below its root, packed and
unpacked, where ROOT is the caller's data folder, then the cache.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Literal

from esvae_core.data.hashes import combine, has_hash, sha256_of
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
        folder: Below a root, where torchvision keeps it; "": in the root itself.
        unpacked: Paths of the files that it unpacks to, and the hash of each: SHA-256, or MD5 where that is what is
            published; None: not known. One file, or several in one folder.
        instead: Files that hold the same in another form, and are as good where they are found; not downloaded.
    """

    name: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None
    folder: str = ""
    unpacked: tuple[tuple[str, str | None], ...] = ()
    instead: tuple[RemoteFile, ...] = ()


@dataclass(frozen=True)
class FileStatus:
    """What was found of one file.

    Attributes:
        name: File name.
        path: Where it is, or the file or folder that it was unpacked to, or one of `RemoteFile.instead`; None if
            missing.
        state: "ok", "missing" or "wrong hash".
        expected: SHA-256 it should have; None if it is not checked.
        found: SHA-256 it has; that of the packed file for what was unpacked from it; None if missing or a folder.
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
        for folder in dict.fromkeys((root / dataset, root, root / file.folder)):
            try:
                for kind in (file, *file.instead):
                    for path, found in _copies(folder, kind):
                        if any_hash or kind.sha256 in (None, found):
                            return FileStatus(file.name, path, "ok", kind.sha256, found)
                        wrong = wrong or FileStatus(file.name, path, "wrong hash", kind.sha256, found)
            except OSError as error:
                raise CorruptDataError(f"{folder / file.name}: cannot be read: {error}") from error
    return wrong or FileStatus(file.name, None, "missing", file.sha256, None)


def _copies(folder: Path, file: RemoteFile) -> Iterator[tuple[Path, str | None]]:
    """The file in that folder, then what it was unpacked to there, those that exist; and `FileStatus.found` of each."""
    path = folder / file.name
    if path.exists():
        yield path, None if path.is_dir() else sha256_of(path)
    members = [folder / name for name, _ in file.unpacked]
    if members and all(member.exists() for member in members):
        right = all(has_hash(folder / name, expected) for name, expected in file.unpacked)
        found = file.sha256 if right else combine((member.name, sha256_of(member)) for member in members)
        yield members[0] if len(members) == 1 else members[0].parent, found


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
                "remove it to have it downloaded again, put the published file in its place, "
                "or take it as it is (accept_other_hash)"
            )
        if state.state == "missing":
            missing.append(" or ".join(kind.name for kind in (file, *file.instead)))
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
