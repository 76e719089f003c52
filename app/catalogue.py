"""Which checkpoints there are, and what is beside them; each file is read once, whoever asks."""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app import lessons, model_cards, uploads
from app.garbage import freeze
from esvae_core import checkpoint
from esvae_core.config import SpikingModelConfig
from esvae_core.controls.attributes import UNITS
from esvae_core.controls.directions import Controls
from esvae_core.controls.file import beside as controls_beside
from esvae_core.data import ImageSet
from esvae_core.data import load as load_data
from esvae_core.data.table import find as find_data
from esvae_core.engine.bundle import content_hash, to_bundle
from esvae_core.errors import CheckpointError, CorruptDataError, DataError, EsvaeError
from esvae_core.explore import atlas as atlases
from esvae_core.explore import atlas_file
from esvae_core.explore.array_format import atlas_parts, control_parts, write_arrays
from esvae_core.explore.dimensions import (
    STUCK_SHARE,
    class_correlation,
    class_means,
    class_share,
    usage,
    usage_of_normalized,
)
from esvae_core.explore.latent_interface import (
    beyond_explorer,
    earlier_hash_of,
    folded,
    latent_of,
    load_explorable,
    read_explorable,
    why_not_explorable,
)
from esvae_core.explore.original_images import has_originals, originals_of
from esvae_core.files import read_regular
from esvae_core.shipped import SHIPPED
from esvae_core.text import reason, shown

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Explorable

_Found = TypeVar("_Found")

OPEN_OPTION = "ESVAE_OPEN"
"""Environment variable: checkpoints and folders that `esvae app` was given, whose models are opened first."""
FOLDERS_OPTION = "ESVAE_FOLDERS"
"""Environment variable: folders of pictures that all visitors may be shown, as PATH lists them."""
_LOG = logging.getLogger("esvae.app")
_READING = threading.RLock()  # one reader at a time: what a second one asks for is then in the cache
_BUILDING = threading.Lock()  # the same for models, whose first one waits for PyTorch; others' reading does not
_SUFFIX = ".safetensors"
_FAMILIAR = ("mnist-poisson", "mnist-plus", "mnist")
_MAX_DEPTH = 4  # of subfolders
_MAX_SUBFOLDERS = 1000  # of one folder: a list of models looks through all of them
_MAX_NAME = 200  # characters; links take no more
_MAX_ORIGINALS = 2**30  # bytes of a test split as a model takes it; a small file can name a large one
_MOST_SETTINGS = 2**24  # bytes of a run's
_THUMBNAILS = 4  # pictures of a model in the list of all
_MAX_KNOWN = 1024
_KNOWN: dict[tuple[Path, int], str] = {}
"""Hash of the bundle of each file that was loaded, "" if it could not be: files whose hash is known are not loaded to
find another one."""
_PROBLEMS: dict[tuple[Path, int], str] = {}
"""Why files whose header can be read could not be loaded."""


@dataclass(frozen=True)
class Entry:
    """One checkpoint file.

    Attributes:
        name: What links and lists call it.
        path: Where it is.
        changed: When it was last written, in nanoseconds, so that a new file is read anew.
        header: What it says about itself; None if it cannot be read.
        problem: Why it cannot be used, in one line; "" if it can.
        given: Whether `esvae app` was given it.
    """

    name: str
    path: Path
    changed: int
    header: checkpoint.Header | None
    problem: str = ""
    given: bool = False


@dataclass(frozen=True, eq=False)
class LoadedCheckpoint:
    """A checkpoint in memory, as the page takes it.

    Attributes:
        entry: The file.
        header: What it says about itself.
        bundle: The model folded for the page's engine.
        latent: What the page says of a latent without spikes; None of an ESVAE's.
        digest: SHA-256 of the bundle, hex: the model's name for its content.
        earlier: That of the network before its prior was fitted, by which older recipes know it; "" if there was none.
        atlas: Rates of test images, if there is an atlas that fits.
        atlas_version: Names the content of what `atlas_pack` gives; "" if there is none.
        atlas_problem: Why there is none although there is a file; "" otherwise.
        controls: Named directions of its latent; none if there is no file of them that fits.
        controls_version: Names the content of what `controls_pack` gives; "" if there are none.
        controls_problem: Why there are none although there is a file; "" otherwise.
        packed: What `app.packed` keeps of it.
    """

    entry: Entry
    header: checkpoint.Header
    bundle: bytes
    latent: dict[str, Any] | None
    digest: str
    earlier: str
    atlas: atlases.Atlas | None
    atlas_version: str
    atlas_problem: str
    controls: Controls
    controls_version: str
    controls_problem: str
    packed: dict[str, bytes] = field(default_factory=dict)

    @property
    def model(self) -> Explorable:
        """The model itself, read again with PyTorch: for what the page cannot work out.

        Raises:
            CheckpointError: its file is no longer there.
        """
        with _BUILDING:
            return _model(self.entry.path, self.entry.changed)


def folders() -> list[Path]:
    """Where checkpoints are looked for: those that ship, `esvae app` was given, ESVAE_CHECKPOINTS names; last, those
    that visitors opened.
    """
    return [SHIPPED, *_paths(OPEN_OPTION), *_paths("ESVAE_CHECKPOINTS"), *uploads.folder.kept()]


def _paths(option: str) -> list[Path]:
    names = os.environ.get(option, "").split(os.pathsep)
    # unlike Path.expanduser, this leaves a user that is not known as it was written, for the message
    return [Path(os.path.expanduser(name)) for name in names if name]  # noqa: PTH111


def find(places: Sequence[Path] | None = None) -> list[Entry]:
    """Every .safetensors file among these files and in these folders, good or not, under names of their own.

    Of subfolders only checkpoints are listed, and of those that ship with the library no subfolder. Files of one name
    are told apart by their folder's, then by numbers; a folder that cannot be read is an entry, too.
    """
    entries: dict[str, Entry] = {}
    seen: set[Path] = set()
    given = _paths(OPEN_OPTION)

    def add(
        names: Sequence[str], path: Path, changed: int, header: checkpoint.Header | None, problem: str, place: Path
    ) -> None:
        numbered = (f"{names[-1]} ({number})" for number in itertools.count(2))
        name = next(
            free for each in (*names, *itertools.islice(numbered, len(entries))) if (free := _name(each)) not in entries
        )
        entries[name] = Entry(name, path, changed, header, shown(problem), place in given)

    for place in folders() if places is None else places:
        try:
            files = _files(place)
        except (OSError, ValueError) as error:  # a path may hold what no file system takes
            add([str(place)], place, 0, None, f"{place!s:.400}: cannot be read: {reason(error)}", place)
            continue
        for path in files:
            absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links keep their names
            if absolute in seen:
                continue
            seen.add(absolute)
            try:
                changed = path.stat().st_mtime_ns
            except OSError as error:
                found: tuple[checkpoint.Header | None, str] = None, f"{path}: cannot be read: {reason(error)}"
                changed = 0
            else:
                header, problem = _header(path, changed)
                found = header, problem or _PROBLEMS.get((path, changed), "")
            if found[0] is None and path != place and path.parent != place:
                continue
            name = path.stem if found[0] is None else checkpoint.shown_name(path, found[0])
            add([name, f"{absolute.parent.name}/{name}"], path, changed, *found, place)
    return list(entries.values())


def opening_order(entries: Iterable[Entry]) -> list[Entry]:
    """Those that can be used, in the order in which a visit without a link tries them.

    What `esvae app` was given, then the most familiar, the best of them first; and rather one that shows test images.
    """

    def place(entry: Entry) -> tuple[bool, int, bool]:
        familiar = _FAMILIAR.index(entry.name) if entry.name in _FAMILIAR else len(_FAMILIAR)
        return not entry.given, familiar, not atlases.beside(entry.path).exists()

    return sorted((entry for entry in entries if not entry.problem), key=place)


def _files(place: Path) -> list[Path]:
    """A file itself; of a folder its .safetensors files, then those of its subfolders; none that is hidden.

    Raises:
        OSError: it cannot be read.
    """
    if place.suffix == _SUFFIX and place.is_file():
        return [place]
    files = sorted(_visible(path.name for path in place.iterdir()))
    found = [place / name for name in files]
    if place == SHIPPED:
        return found
    for walked, (folder, subfolders, names) in enumerate(os.walk(place)):
        here = Path(folder)
        deep = len(here.parts) - len(place.parts)
        subfolders[:] = sorted(name for name in subfolders if name[0] != "." and deep < _MAX_DEPTH)
        found += [here / name for name in sorted(_visible(names)) if deep]
        if walked >= _MAX_SUBFOLDERS:
            break
    return found


def _visible(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.endswith(_SUFFIX) and name[0] != "."]


def _name(text: str) -> str:
    """A file's name as text that links and addresses can hold: without control characters, none of whose parts between
    slashes an address leaves out, and not too long.
    """
    name = "/".join(part if part.strip(".") else f"({part})" for part in shown(text).split("/"))
    if len(name) <= _MAX_NAME:
        return name
    return f"{name[: _MAX_NAME - 12]}...{sha256(name.encode()).hexdigest()[:8]}"


@lru_cache(maxsize=256)
def _header(path: Path, changed: int) -> tuple[checkpoint.Header | None, str]:
    """A file's header, and why it cannot be explored, "" if it can; None if it cannot even be read."""
    try:
        header = checkpoint.read_header(path)
    except EsvaeError as error:
        return None, str(error)
    except Exception:  # whatever it is, it shall be the fault of one file alone
        _LOG.exception("%s", shown(str(path)))
        return None, f"{path}: cannot be read; the reason is in the server's log"
    return header, why_not_explorable(path, header.model)


def named(name: str) -> LoadedCheckpoint:
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


def opened(path: Path) -> Entry:
    """List a checkpoint that a visitor has brought; of the same file that is listed already, that.

    Args:
        path: As `uploads.received` gives it, which is not listed.

    Raises:
        CheckpointError: it cannot be read, or its weights cannot be used.
        InputError, BusyError: it cannot be kept.
    """
    try:
        header = checkpoint.read_header(path)
        problem = why_not_explorable(path, header.model)
        for entry in find():
            if entry.header == header and uploads.same(path, entry.path):
                return entry
        if not problem:
            folded(read_explorable(path))
    except CheckpointError as error:
        raise CheckpointError(str(error).removeprefix(f"{path}: ")) from error
    kept = os.path.realpath(uploads.keep(path))
    for entry in find():
        if os.path.realpath(entry.path) == kept:
            return entry
    raise CheckpointError("it is there no longer")


def hashed(digest: str) -> LoadedCheckpoint | None:
    """The checkpoint whose bundle has that hash; None if there is none."""
    usable = [(_KNOWN.get((entry.path, entry.changed)), entry) for entry in find() if not entry.problem]
    for known, entry in sorted(usable, key=lambda each: each[0] != digest):
        if known is not None and known != digest:
            continue
        try:
            loaded = take(entry)
        except EsvaeError:
            continue
        if loaded.digest == digest:
            return loaded
    return None


def take(entry: Entry) -> LoadedCheckpoint:
    """Load a checkpoint and its atlas.

    Raises:
        CheckpointError: if the checkpoint cannot be used; an atlas that cannot is only noted.
    """
    changed = [_changed(beside(entry.path)) for beside in (atlases.beside, controls_beside)]
    with _READING:
        if len(_KNOWN) >= _MAX_KNOWN:
            _KNOWN.clear()
            _PROBLEMS.clear()
        file = (entry.path, entry.changed)
        try:
            loaded = _take(entry.name, *file, *changed)
        except EsvaeError as error:
            _PROBLEMS[file] = str(error)
            raise
        except Exception as error:  # whatever it is, it shall be the fault of one file alone
            _LOG.exception("%s", shown(str(entry.path)))
            _PROBLEMS[file] = f"{entry.path}: cannot be loaded; the reason is in the server's log"
            raise CheckpointError(_PROBLEMS[file]) from error
        _KNOWN[file] = loaded.digest
        return loaded


def _changed(path: Path) -> int:
    """When a file was last written, in nanoseconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=16)
def _take(name: str, path: Path, changed: int, atlas_changed: int, controls_changed: int) -> LoadedCheckpoint:
    stored = read_explorable(path)
    try:
        plan = folded(stored)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    bundle = to_bundle(plan)
    atlas, problem = None, ""
    if atlas_changed:
        try:
            atlas = atlases.load_for(stored, atlases.beside(path))
        except EsvaeError as error:
            problem = str(error)
    version = "" if atlas is None else sha256(write_arrays(*atlas_parts(atlas))).hexdigest()[:16]
    controls, controls_version, controls_problem = Controls(), "", ""
    if controls_changed:
        try:
            controls = stored.controls
            controls_version = sha256(write_arrays(*control_parts(controls))).hexdigest()[:16]
        except EsvaeError as error:
            controls_problem = str(error)
    return LoadedCheckpoint(
        Entry(name, path, changed, stored.header),
        stored.header,
        bundle,
        latent_of(plan),
        content_hash(bundle),
        earlier_hash_of(plan),
        atlas,
        version,
        problem,
        controls,
        controls_version,
        controls_problem,
    )


@lru_cache(maxsize=2)
def _model(path: Path, changed: int) -> Explorable:
    model = load_explorable(path).model
    freeze()  # PyTorch came with the first
    return model


def originals(loaded: LoadedCheckpoint, local: bool = False) -> ImageSet | None:
    """The test images of a loaded's atlas, where they are on this machine and may be read; nothing is downloaded.

    Args:
        loaded: A checkpoint.
        local: Whether they are for a visitor on the server's own machine, as `uploads.from_this_machine` tells.
    """
    atlas, header = loaded.atlas, loaded.header
    config = header.model
    if atlas is None:
        return None
    own = header.data.dataset if header.data else ""
    dataset = _readable(atlas.dataset, own, local and _is_own_run(loaded.entry.path, own))
    if dataset is None:
        return None
    wanted = (dataset, atlas.dataset_sha256, config.image_size, config.image_channels)
    with _turn(*wanted):
        found = _originals(*wanted)
    return found if found is not None and atlas.indices.max() < len(found) else None


def _readable(dataset: str, own: str, own_run: bool = False) -> str | None:
    """The data set that an atlas names, as it is loaded; None if it is none that visitors may be shown.

    That is one of the table, whose files are known. A path, as in folder:PATH, is what its checkpoint was trained on,
    and lies in a folder that whoever serves has named in ESVAE_FOLDERS, or is that of a run which `esvae app` was
    given: neither an atlas nor a checkpoint shall make the server read what its maker would like.

    Args:
        dataset: What the atlas says.
        own: What the checkpoint was trained on.
        own_run: As `_is_own_run` says, for a visitor on this machine.
    """
    kind, colon, _ = dataset.partition(":")
    if not colon:
        return dataset
    if not own.startswith(f"{kind}:"):
        return None
    place = Path(os.path.expanduser(own.removeprefix(f"{kind}:")))  # noqa: PTH111
    inside = own_run and place.is_absolute()
    place = place.resolve()
    inside = inside or any(place.is_relative_to(folder.resolve()) for folder in _paths(FOLDERS_OPTION))
    named = dataset in (own, f"{kind}:{place.name}")  # what loaded data are called
    return f"{kind}:{place}" if named and inside else None


def _is_own_run(path: Path, dataset: str) -> bool:
    """Whether a checkpoint lies in the folder of a run that trained on this data set, and `esvae app` was given it.

    A checkpoint alone does not do: one that a visitor opened, or that came from elsewhere, may name any folder.
    """
    place = Path(os.path.realpath(path))
    given = any(place.is_relative_to(os.path.realpath(each)) for each in _paths(OPEN_OPTION))
    if path.name != checkpoint.WEIGHTS or not given or uploads.are_of_visitors(place):
        return False
    try:
        settings = json.loads(read_regular(path.with_name("config.json"), _MOST_SETTINGS))
        return bool(settings["data"]["dataset"] == dataset)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return False


@lru_cache(maxsize=64)
def _turn(*wanted: str | int) -> threading.Lock:
    """One reader at a time of the same images; who wants others does not wait."""
    return threading.Lock()


@lru_cache(maxsize=4)
def _originals(dataset: str, sha256: str, image_size: int, channels: int) -> ImageSet | None:
    found = shown_split(dataset, image_size, channels)
    return found if found is not None and found.sha256 == sha256 else None


def shown_split(dataset: str, image_size: int, channels: int, frames: int | None = None) -> ImageSet | None:
    """The test split of a data set that visitors may be shown, as a model takes it; None if it is not on this machine.

    Args:
        dataset: One that `_readable` allows.
        image_size: Height and width in pixels.
        channels: Of an image or a frame.
        frames: Of a recording; None for images.
    """
    try:
        spec, _ = find_data(dataset)
        size = spec.split_sizes.get("test", 0) * image_size**2 * channels * (frames or 1)
        if size > _MAX_ORIGINALS:
            raise DataError(f"as the model takes them, they are {size:,} bytes, more than {_MAX_ORIGINALS:,}")
        return load_data(
            dataset,
            "test",
            image_size=image_size,
            channels=channels,
            frames=frames,
            data_dir=os.environ.get("ESVAE_DATA_DIR"),
            download=False,
        )
    except (EsvaeError, OSError) as error:
        _LOG.info("%s: originals are not shown: %s", shown(dataset), shown(str(error)))
        return None


def thumbnails(name: str) -> bytes | None:
    """The first pictures of the atlas beside a checkpoint, (n, H, W, C) bytes as the page reads them; None without."""
    path = next((atlases.beside(entry.path) for entry in find() if entry.name == name), None)
    return None if path is None or not (changed := _changed(path)) else _thumbnails(path, changed)


@lru_cache(maxsize=256)
def _thumbnails(path: Path, changed: int) -> bytes | None:
    try:
        _, parts = atlas_file.read(path)
    except CorruptDataError:
        return None
    return write_arrays({}, {"tiles": parts["tiles"][:_THUMBNAILS]})


def listed(entry: Entry) -> dict[str, Any]:
    """What the page's list says of a checkpoint, from its header alone."""
    header = entry.header
    problem = entry.problem.replace(str(entry.path), entry.path.name)  # where it lies is nothing for visitors
    if header is None:
        return {"name": entry.name, "problem": problem, "given": entry.given}
    model = header.model
    # what cannot be opened has no other way to bring its card, nor charts below the view to show its curve
    extra: dict[str, Any] = {}
    if entry.problem:
        card = model_cards.card(header) | {"curve": model_cards.curve(header)}
        extra = {"card": card, "lacking": beyond_explorer(model)}
    return extra | {
        "name": entry.name,
        "problem": problem,
        "given": entry.given,
        "kind": model.kind,
        "dims": model.latent_dim,
        "steps": model.time_steps if isinstance(model, SpikingModelConfig) else None,
        "sampler": getattr(model, "sampler", None),
        "size": model.image_size,
        "channels": model.image_channels,
        "frames": model.takes_frames,
        "dataset": header.dataset.name if header.dataset else "",
        "taught": header.taught,
        "taughtUnits": [UNITS.get(name, "") for name in header.taught],
        "taughtLevels": header.taught_levels,
        "atlas": atlases.beside(entry.path).exists(),
        "figures": model_cards.figures(header),
        "budget": model_cards.budget(header),
    }


def described(loaded: LoadedCheckpoint, local: bool = False) -> dict[str, Any]:
    """What the page needs to open a checkpoint: hashes to fetch its parts by, and what to say of it.

    Args:
        loaded: The checkpoint.
        local: As in `originals`.
    """
    return listed(loaded.entry) | {
        "hash": loaded.digest,
        "earlier": loaded.earlier,
        "latent": loaded.latent,
        "atlas": loaded.atlas is not None,
        "atlasProblem": loaded.atlas_problem,
        "atlasVersion": loaded.atlas_version,
        "controls": loaded.controls_version,
        "controlsProblem": loaded.controls_problem,
        **_lessons(loaded),
        "originals": _has_originals(loaded, local),
        "path": typed(loaded.entry.path),
        "versions": {"esvae": importlib.metadata.version("esvae")},
        "card": model_cards.card(loaded.header),
    }


def _lessons(loaded: LoadedCheckpoint) -> dict[str, Any]:
    """The lessons beside a checkpoint; why there are none if there is a file."""
    path, atlas = lessons.beside(loaded.entry.path), loaded.atlas
    if not path.exists():
        return {"lessons": [], "lessonsProblem": ""}
    indices = set() if atlas is None else set(atlas.indices.tolist())
    dims = loaded.header.model.latent_dim
    try:
        return {
            "lessons": lessons.read(path, loaded.entry.name, dims, indices.__contains__),
            "lessonsProblem": "",
        }
    except EsvaeError as error:
        return {"lessons": [], "lessonsProblem": shown(str(error))}


def atlas_pack(loaded: LoadedCheckpoint) -> bytes | None:
    """The atlas as the page reads it; None if there is none."""
    return None if loaded.atlas is None else write_arrays(*atlas_parts(loaded.atlas))


def controls_pack(loaded: LoadedCheckpoint) -> bytes | None:
    """The controls as the page reads them; None if there are none."""
    return write_arrays(*control_parts(loaded.controls)) if loaded.controls else None


def dimensions(loaded: LoadedCheckpoint) -> dict[str, Any] | None:
    """What each dimension is used for, as the page's table shows it; None if there is no atlas."""
    atlas = loaded.atlas
    if atlas is None:
        return None
    classes, latent = len(atlas.class_names), loaded.latent
    used = usage(atlas.counts, atlas.time_steps) if latent is None else usage_of_normalized(atlas.rates, latent["span"])
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


def originals_pack(loaded: LoadedCheckpoint, local: bool = False) -> bytes | None:
    """The atlas' test images themselves, (N, H, W, C) bytes; None where `original_rows` has none."""
    images = original_rows(loaded, local)
    return None if images is None else write_arrays({}, {"images": images})


def original_rows(loaded: LoadedCheckpoint, local: bool = False) -> NDArray[np.uint8] | None:
    """The atlas' test images, (N, H, W, C): as `originals` finds them, or else of the file beside the checkpoint."""
    found = originals(loaded, local)
    if found is None or loaded.atlas is None:
        return kept_originals(loaded)
    return found.images[loaded.atlas.indices].transpose(0, 2, 3, 1)


def kept_originals(loaded: LoadedCheckpoint) -> NDArray[np.uint8] | None:
    """The same of the file beside the checkpoint alone, which holds what may be redistributed."""
    atlas, config = loaded.atlas, loaded.header.model
    if atlas is None:
        return None
    size, channels = config.image_size, config.image_channels
    return _unless_damaged(lambda: originals_of(atlas, loaded.entry.path, size, channels))


def _has_originals(loaded: LoadedCheckpoint, local: bool) -> bool:
    atlas, size = loaded.atlas, loaded.header.model.image_size
    if atlas is None:
        return False
    if originals(loaded, local) is not None:
        return True
    return bool(_unless_damaged(lambda: has_originals(atlas, loaded.entry.path, size)))


def _unless_damaged(read: Callable[[], _Found]) -> _Found | None:
    """What it reads of a file of originals; None of a damaged one, which the log tells."""
    try:
        return read()
    except CorruptDataError as error:
        _LOG.warning("originals are not shown: %s", shown(str(error)))
        return None


def typed(path: Path) -> str:
    """The path as one would type it where the app was started."""
    here = Path.cwd()
    return shown(path.relative_to(here).as_posix() if path.is_relative_to(here) else os.fspath(path))
