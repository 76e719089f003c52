"""Which checkpoints there are, and what is beside them; each file is read once, whoever asks."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from app import cards
from esvae_core import checkpoint
from esvae_core.config import SpikingModelConfig
from esvae_core.data import ImageSet
from esvae_core.data import load as load_data
from esvae_core.engine.bundle import content_hash
from esvae_core.errors import CheckpointError, EsvaeError
from esvae_core.explore import atlas as atlases
from esvae_core.explore.dimensions import (
    STUCK_SHARE,
    class_correlation,
    class_means,
    class_share,
    usage,
    usage_of_heights,
)
from esvae_core.explore.packs import atlas_parts, pack
from esvae_core.explore.playable import KINDS, Playable, bundle_of, latent_of, load_playable, unplayable

ROOT = Path(__file__).resolve().parents[1]
_LOG = logging.getLogger("esvae.app")
_READING = threading.RLock()  # one reader at a time: what a second one asks for is then in the cache
_NAMES: dict[str, str] = {}  # by content: what was loaded under a name is asked for by its hash next


@dataclass(frozen=True)
class Entry:
    """One checkpoint file.

    Attributes:
        name: What links and lists call it.
        path: Where it is.
        changed: When it was last written, in nanoseconds, so that a new file is read anew.
        header: What it says about itself; None if it cannot be read.
        problem: Why it cannot be used, in one line; "" if it can.
    """

    name: str
    path: Path
    changed: int
    header: checkpoint.Header | None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Shelf:
    """A checkpoint in memory.

    Attributes:
        entry: The file.
        checkpoint: Model and header.
        bundle: The model folded for the page's engine.
        digest: SHA-256 of the bundle, hex: the model's name for its content.
        atlas: Rates of test images, if there is an atlas that fits.
        atlas_problem: Why there is none although there is a file; "" otherwise.
    """

    entry: Entry
    checkpoint: checkpoint.Checkpoint[Playable]
    bundle: bytes
    digest: str
    atlas: atlases.Atlas | None
    atlas_problem: str


def folders() -> list[Path]:
    """Where checkpoints are looked for: the repository's folder, then those in ESVAE_CHECKPOINTS."""
    extra = os.environ.get("ESVAE_CHECKPOINTS", "").split(os.pathsep)
    return [ROOT / "checkpoints", *(Path(name).expanduser() for name in extra if name)]


def find(places: Sequence[Path] | None = None) -> list[Entry]:
    """Every .safetensors file in these folders, good or not; two of one name are told apart by their folder's."""
    entries: dict[str, Entry] = {}
    for place in folders() if places is None else places:
        for path in sorted(place.glob("*.safetensors")):
            name = path.stem if path.stem not in entries else f"{place.name}/{path.stem}"
            if name in entries or path.name.startswith("."):
                continue
            try:
                changed = path.stat().st_mtime_ns
            except OSError as error:
                entries[name] = Entry(name, path, 0, None, f"{path}: cannot be read: {error.strerror or error}")
                continue
            header, problem = _header(path, changed)
            entries[name] = Entry(name, path, changed, header, problem)
    return list(entries.values())


@lru_cache(maxsize=256)
def _header(path: Path, changed: int) -> tuple[checkpoint.Header | None, str]:
    """A file's header, and why it cannot be explored, "" if it can; None if it cannot even be read."""
    try:
        header = checkpoint.read_header(path)
    except EsvaeError as error:
        return None, str(error)
    kind = header.model.kind
    return header, "" if kind in KINDS else unplayable(path, kind)


def named(name: str) -> Shelf:
    """The checkpoint of that name.

    Raises:
        CheckpointError: if there is none, or it cannot be used.
    """
    entries = find()
    for entry in entries:
        if entry.name == name:
            if entry.problem:
                raise CheckpointError(entry.problem)
            return take(entry)
    known = ", ".join(entry.name for entry in entries if not entry.problem)
    raise CheckpointError(f"model {name!r}: not here; there are {known or 'none'}")


def hashed(digest: str) -> Shelf | None:
    """The checkpoint whose bundle has that hash; None if there is none."""
    likely = _NAMES.get(digest)
    for entry in sorted(find(), key=lambda entry: entry.name != likely):
        try:
            shelf = None if entry.problem else take(entry)
        except EsvaeError:
            continue
        if shelf is not None and shelf.digest == digest:
            return shelf
    return None


def take(entry: Entry) -> Shelf:
    """Load a checkpoint and its atlas.

    Raises:
        CheckpointError: if the checkpoint cannot be used; an atlas that cannot is only noted.
    """
    place = atlases.beside(entry.path)
    try:
        atlas_changed = place.stat().st_mtime_ns
    except OSError:
        atlas_changed = 0
    with _READING:
        return _take(entry.name, entry.path, entry.changed, atlas_changed)


@lru_cache(maxsize=16)
def _take(name: str, path: Path, changed: int, atlas_changed: int) -> Shelf:
    loaded = load_playable(path)
    bundle = bundle_of(loaded.model)
    entry = Entry(name, path, changed, loaded.header)
    atlas, problem = None, ""
    if atlas_changed:
        try:
            atlas = atlases.load(atlases.beside(path))
        except EsvaeError as error:
            problem = str(error)
        else:
            if atlas.checkpoint_sha256 != atlases.content_hash(loaded.model.state_dict()):
                atlas, problem = None, f"{atlases.beside(path)}: belongs to other weights; build it again"
    digest = content_hash(bundle)
    _NAMES[digest] = name
    return Shelf(entry, loaded, bundle, digest, atlas, problem)


def originals(shelf: Shelf) -> ImageSet | None:
    """The test images of a shelf's atlas, where they are on this machine; nothing is downloaded."""
    atlas, config = shelf.atlas, shelf.checkpoint.model.config
    if atlas is None:
        return None
    with _READING:
        return _originals(atlas.dataset, atlas.dataset_sha256, config.image_size, config.image_channels)


@lru_cache(maxsize=4)
def _originals(dataset: str, sha256: str, image_size: int, channels: int) -> ImageSet | None:
    try:
        found = load_data(
            dataset,
            "test",
            image_size=image_size,
            channels=channels,
            data_dir=os.environ.get("ESVAE_DATA_DIR"),
            download=False,
        )
    except EsvaeError as error:
        _LOG.info("%s: originals are not shown: %s", dataset, error)
        return None
    return found if found.sha256 == sha256 else None


def listed(entry: Entry) -> dict[str, Any]:
    """What the page's list says of a checkpoint, from its header alone."""
    header = entry.header
    if header is None:
        return {"name": entry.name, "problem": entry.problem}
    model = header.model
    # what cannot be opened has no other way to bring its card, nor charts below the view to show its curve
    extra = {"card": cards.card(header) | {"curve": cards.curve(header)}} if entry.problem else {}
    return extra | {
        "name": entry.name,
        "problem": entry.problem,
        "kind": model.kind,
        "dims": model.latent_dim,
        "steps": model.time_steps if isinstance(model, SpikingModelConfig) else None,
        "size": model.image_size,
        "channels": model.image_channels,
        "dataset": header.dataset.name if header.dataset else "",
        "taught": header.taught,
        "atlas": atlases.beside(entry.path).exists(),
        "figures": cards.figures(header),
        "budget": cards.budget(header),
    }


def described(shelf: Shelf) -> dict[str, Any]:
    """What the page needs to open a checkpoint: hashes to fetch its parts by, and what to say of it."""
    return listed(shelf.entry) | {
        "hash": shelf.digest,
        "latent": latent_of(shelf.checkpoint.model),
        "atlas": shelf.atlas is not None,
        "atlasProblem": shelf.atlas_problem,
        "atlasVersion": sha256(atlas_pack(shelf) or b"").hexdigest()[:16],
        "originals": originals(shelf) is not None,
        "path": _typed(shelf.entry.path),
        "versions": {"esvae": importlib.metadata.version("esvae")},
        "card": cards.card(shelf.checkpoint.header),
    }


def atlas_pack(shelf: Shelf) -> bytes | None:
    """The atlas as the page reads it; None if there is none."""
    return None if shelf.atlas is None else pack(*atlas_parts(shelf.atlas))


def dimensions(shelf: Shelf) -> dict[str, Any] | None:
    """What each dimension is used for, as the page's table shows it; None if there is no atlas."""
    atlas = shelf.atlas
    if atlas is None:
        return None
    classes, latent = len(atlas.class_names), latent_of(shelf.checkpoint.model)
    used = usage(atlas.counts, atlas.time_steps) if latent is None else usage_of_heights(atlas.rates, latent["span"])
    means = class_means(atlas.rates, atlas.labels, classes)
    found: dict[str, Any] = {
        "states": used.states,
        "stuckShare": STUCK_SHARE,
        "histogram": used.histogram.round(5).tolist(),
        "mean": used.mean.round(4).tolist(),
        "deviation": used.deviation.round(4).tolist(),
        "bits": used.bits.round(3).tolist(),
        "effect": [round(float(e), 5) for e in atlas.effect],
        "classShare": class_share(atlas.rates, atlas.labels).round(4).tolist(),
        "correlation": class_correlation(atlas.rates, atlas.labels, classes).round(3).tolist(),
        "classMeans": [None if np.isnan(row).any() else row.round(4).tolist() for row in means],
    }
    if atlas.contrast is not None:
        found |= {name: getattr(atlas.contrast, name).round(5).tolist() for name in ("moved", "redrawn")}
        found["clear"] = atlas.contrast.clear.tolist()
    return found


def originals_pack(shelf: Shelf) -> bytes | None:
    """The atlas' test images themselves, (N, H, W, C) bytes; None where they are not on this machine."""
    found = originals(shelf)
    if found is None or shelf.atlas is None:
        return None
    return pack({}, {"images": found.images[shelf.atlas.indices].transpose(0, 2, 3, 1)})


def _typed(path: Path) -> str:
    """The path as one would type it where the app was started."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else os.fspath(path)
