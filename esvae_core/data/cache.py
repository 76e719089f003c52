"""Arrays that took work to make, kept on disk.

The cache may vanish, be read-only or be full of rubbish at any time: it then costs time, never an error or a wrong
result.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from esvae_core.data.imageset import Arrays
from esvae_core.npz import read_npz

FORMAT = 1  # raise it when the same key would give other arrays than before


def remember(folder: Path, key: dict[str, str | int], make: Callable[[], Arrays]) -> Arrays:
    """The arrays that `make` gives, from `folder` if they were made before under the same key.

    Args:
        folder: Where to keep them; created when first needed.
        key: Everything that the arrays depend on, content hash included.
        make: Makes the arrays.
    """
    identity = json.dumps({"format": FORMAT, **key}, sort_keys=True)
    path = folder / f"{hashlib.sha256(identity.encode()).hexdigest()}.npz"
    kept = _read(path, identity)
    if kept is None:
        kept = make()
        _write(path, identity, kept)
    return kept


def _read(path: Path, identity: str) -> Arrays | None:
    try:
        arrays: Arrays = read_npz(path)
        return arrays if str(arrays.pop("key")) == identity else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError) as error:
        logging.getLogger(__name__).info("%s cannot be read and is made again: %s", path, error)
        return None


def _write(path: Path, identity: str, arrays: Arrays) -> None:
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            np.savez(file, key=np.array(identity), **arrays)  # type: ignore[arg-type]
        temporary.replace(path)  # readers see the old file or the new one, never half of one
    except OSError as error:
        logging.getLogger(__name__).info("%s cannot be written: %s", path, error)
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
