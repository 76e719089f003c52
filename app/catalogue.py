"""Which checkpoints there are, and what is beside them; each file is read once."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from esvae_core import checkpoint
from esvae_core.data import ImageSet
from esvae_core.data import load as load_data
from esvae_core.errors import EsvaeError
from esvae_core.explore import atlas as atlases
from esvae_core.explore.drawing import draw

ROOT = Path(__file__).resolve().parents[1]
_LOG = logging.getLogger("esvae.app")


@dataclass(frozen=True)
class Entry:
    """One checkpoint file.

    Attributes:
        name: What links and lists call it.
        path: Where it is.
        changed: When it was last written, in nanoseconds, so that a new file is read anew.
        problem: Why it cannot be used, in one line; "" if it can.
    """

    name: str
    path: Path
    changed: int
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Shelf:
    """A checkpoint in memory, with its atlas if there is one that fits."""

    entry: Entry
    checkpoint: checkpoint.Checkpoint
    atlas: atlases.Atlas | None
    atlas_problem: str


def folders() -> list[Path]:
    """Where checkpoints are looked for: the repository's folder, then those in ESVAE_CHECKPOINTS."""
    extra = os.environ.get("ESVAE_CHECKPOINTS", "").split(os.pathsep)
    return [ROOT / "checkpoints", *(Path(name).expanduser() for name in extra if name)]


def find(places: Sequence[Path]) -> list[Entry]:
    """Every .safetensors file in these folders, good or not; two of one name are told apart by their folder's."""
    entries: dict[str, Entry] = {}
    for place in places:
        for path in sorted(place.glob("*.safetensors")):
            name = path.stem if path.stem not in entries else f"{place.name}/{path.stem}"
            if name in entries or path.name.startswith("."):
                continue
            try:
                changed = path.stat().st_mtime_ns
            except OSError as error:
                entries[name] = Entry(name, path, 0, f"{path}: cannot be read: {error.strerror or error}")
                continue
            entries[name] = Entry(name, path, changed, _problem(path, changed))
    return list(entries.values())


@st.cache_resource(show_spinner=False, max_entries=256)
def _problem(path: Path, changed: int) -> str:
    """Why a file's header cannot be read, "" if it can."""
    try:
        checkpoint.read_header(path)
    except EsvaeError as error:
        return str(error)
    return ""


@st.cache_resource(show_spinner="Reading the checkpoint ...", max_entries=8)
def take(entry: Entry) -> Shelf:
    """Load a checkpoint and its atlas.

    Raises:
        CheckpointError: if the checkpoint cannot be used; an atlas that cannot is only noted.
    """
    loaded = checkpoint.load(entry.path)
    config = loaded.model.config
    silence = np.zeros((1, config.latent_dim))
    draw(loaded.model, silence, seed=0, sampler="bernoulli", steps=config.time_steps)  # compile before someone waits
    place = atlases.beside(entry.path)
    if not place.exists():
        return Shelf(entry, loaded, None, "")
    try:
        atlas = atlases.load(place)
    except EsvaeError as error:
        return Shelf(entry, loaded, None, str(error))
    if atlas.checkpoint_sha256 != atlases.content_hash(loaded.model.state_dict()):
        return Shelf(entry, loaded, None, f"{place}: belongs to other weights; build it again")
    return Shelf(entry, loaded, atlas, "")


@st.cache_resource(show_spinner="Looking for the data set ...", max_entries=4)
def originals(dataset: str, sha256: str, image_size: int, channels: int) -> ImageSet | None:
    """The test images themselves, where they are on this machine; nothing is downloaded."""
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
