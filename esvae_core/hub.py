"""Repositories of models on the Hugging Face Hub, which are called `hf://user/name` or `hf://user/name@revision`.

Only files whose names are known are asked for, and none is executed. `HF_ENDPOINT` names another server, `HF_HOME` the
folder where downloads are kept, `HF_TOKEN` who asks: see huggingface_hub, which the extra `hub` brings.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from esvae_core.errors import ConfigError, EsvaeError, MissingDataError, OutputError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MAX_BYTES = 2 * 2**30
"""Of all files of a repository that are asked for."""
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ADDRESS = re.compile(rf"hf:/{{1,2}}({_PART}/{_PART})(?:@({_PART}(?:/{_PART})*))?")  # a Path makes one slash of two


@dataclass(frozen=True)
class Repository:
    """A repository at one of its revisions.

    Attributes:
        name: user/name.
        revision: Branch, tag or commit; the main branch unless given.
    """

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"hf://{self.name}" + (f"@{self.revision}" if self.revision else "")


def repository(address: Path | str) -> Repository | None:
    """The repository of an address; None if it is a path.

    Raises:
        ConfigError: it begins with hf: and is no address.
    """
    text = str(address)
    if not text.startswith("hf:"):
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text:.200}: expected hf://user/name or hf://user/name@revision")
    return Repository(found[1], found[2])


def download(source: Repository, names: Sequence[str]) -> Path:
    """The folder that holds those of these files that the repository has; they are kept for the next time.

    Raises:
        MissingDataError: there is no such repository, it cannot be reached, or its files are too large.
        ConfigError: huggingface_hub is not installed.
    """
    endpoint = _api().endpoint
    from huggingface_hub import snapshot_download

    name, revision, wanted = source.name, source.revision, list(names)
    try:
        with _bars_for_terminals_alone():
            planned = snapshot_download(name, revision=revision, allow_patterns=wanted, endpoint=endpoint, dry_run=True)
            size = sum(file.file_size or 0 for file in planned)
            if size > MAX_BYTES:
                raise MissingDataError(f"{source}: {size:,} bytes, more than {MAX_BYTES:,}")
            return Path(snapshot_download(name, revision=revision, allow_patterns=wanted, endpoint=endpoint))
    except EsvaeError:
        raise
    except Exception as error:  # of the network, of files and of values, which have no class in common
        raise MissingDataError(f"{source}: cannot be downloaded: {_line(error)}") from None


def upload(target: Repository, files: Mapping[str, bytes], message: str) -> None:
    """Add files to a repository in one commit, or replace them; a repository that is not there is made, private.

    Raises:
        OutputError: it cannot be reached, or refuses.
        ConfigError: huggingface_hub is not installed.
    """
    api = _api()
    from huggingface_hub import CommitOperationAdd

    operations = [CommitOperationAdd(name, content) for name, content in files.items()]
    try:
        with _bars_for_terminals_alone():
            api.create_repo(target.name, private=True, exist_ok=True)
            api.create_commit(target.name, operations, commit_message=message, revision=target.revision)
    except Exception as error:  # as in `download`
        raise OutputError(f"{target}: cannot be written: {_line(error)}") from None


def _api() -> HfApi:
    try:
        from huggingface_hub import HfApi
    except ModuleNotFoundError as error:
        raise ConfigError(f"the Hub needs {error.name}: pip install 'esvae[hub]'") from None
    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="esvae")


@contextmanager
def _bars_for_terminals_alone() -> Iterator[None]:
    """Without huggingface_hub's progress bars where nobody sees them move."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
