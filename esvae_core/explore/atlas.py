"""A small file beside each checkpoint: where real images lie in its latent.

`NAME.atlas.npz` holds the firing rates of some test images, so that views can show real latents, their range and their
classes at once, without the data set.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.data.imageset import ImageSet
from esvae_core.errors import CorruptDataError, InputError
from esvae_core.esvae import ESVAE
from esvae_core.explore.drawing import draw
from esvae_core.explore.effect import effects
from esvae_core.files import write_atomically

FORMAT_VERSION = 1
SUFFIX = ".atlas.npz"
TILES = 64
_BATCH = 250
_MAX_BYTES = 256 * 2**20  # more than any atlas unpacks to; a small file can claim any size
_ARRAYS = {"counts": "ui", "labels": "ui", "indices": "ui", "tile_positions": "ui", "tiles": "u", "effect": "f"}


@dataclass(frozen=True, eq=False)
class Atlas:
    """N test images as one model sees them.

    Attributes:
        counts: (N, d) uint8 or uint16: spikes of each latent neuron in T steps.
        labels: (N,) int64, indices into `class_names`.
        indices: (N,) int64, positions in the data set's test split.
        tile_positions: (n,) int64, which of the N are in `tiles`.
        tiles: (n, H, W, C) uint8: pictures decoded from their rates, noise seed 0.
        effect: (d,) float32: what each dimension does to the picture, see `effect.effects`.
        class_names: One name per class.
        time_steps: T.
        dataset: Name of the data set.
        dataset_sha256: Hash of its files.
        checkpoint_sha256: Hash of the model's tensors, see `content_hash`.
    """

    counts: NDArray[np.unsignedinteger[Any]]
    labels: NDArray[np.int64]
    indices: NDArray[np.int64]
    tile_positions: NDArray[np.int64]
    tiles: NDArray[np.uint8]
    effect: NDArray[np.float32]
    class_names: tuple[str, ...]
    time_steps: int
    dataset: str
    dataset_sha256: str
    checkpoint_sha256: str

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def rates(self) -> NDArray[np.float32]:
        """(N, d) firing rates in [0, 1]."""
        return (self.counts / self.time_steps).astype(np.float32)


def content_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of a state dict's names, shapes and numbers; what else its file says does not matter."""
    digest = hashlib.sha256()
    for name in sorted(state):
        values = state[name].detach().cpu().contiguous().numpy()
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def beside(checkpoint: Path | str) -> Path:
    """Where a checkpoint's atlas is: NAME.safetensors -> NAME.atlas.npz."""
    return Path(checkpoint).with_suffix(SUFFIX)


@torch.inference_mode()
def build(model: ESVAE, test_set: ImageSet, count: int = 2000, seed: int = 0) -> Atlas:
    """Encode test images, chosen by seed.

    Args:
        model: The network.
        test_set: Images of its size.
        count: How many at most.
        seed: Of the choice.

    Raises:
        InputError: if the images are not of the model's shape, or there are none.
    """
    if count < 1 or not len(test_set):
        raise InputError(f"atlas: expected at least one image, got count {count} of {len(test_set)} images")
    chosen = np.random.default_rng(seed).permutation(len(test_set))[:count]
    steps = model.config.time_steps
    batches = [chosen[i : i + _BATCH] for i in range(0, len(chosen), _BATCH)]
    spikes = [model.encode(test_set.tensor(b).to(model.device)).spikes.sum(0).cpu().numpy() for b in batches]
    exact: NDArray[np.float32] = np.concatenate(spikes).round()
    counts = exact.astype(np.uint8) if steps < 256 else exact.astype(np.uint16)
    rates = (counts / steps).astype(np.float32)
    labels = test_set.labels[chosen]
    shown = _of_each_class(labels, TILES)
    return Atlas(
        counts=counts,
        labels=labels,
        indices=test_set.indices[chosen],
        tile_positions=shown,
        tiles=draw(model, rates[shown], seed=0, sampler=model.config.sampler, steps=steps).pixels,
        effect=effects(model, rates, seed=seed),
        class_names=test_set.class_names,
        time_steps=steps,
        dataset=test_set.name,
        dataset_sha256=test_set.sha256,
        checkpoint_sha256=content_hash(model.state_dict()),
    )


def save(path: Path | str, atlas: Atlas) -> None:
    """Write an atlas; the file appears whole or not at all."""
    about = {name: getattr(atlas, name) for name in _ABOUT} | {"format_version": FORMAT_VERSION}
    indices = atlas.indices.astype(np.uint32)
    small = np.uint8 if len(atlas.class_names) <= 256 else np.uint16
    content = io.BytesIO()
    np.savez_compressed(
        content,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        counts=atlas.counts,
        labels=atlas.labels.astype(small),
        indices=indices,
        tile_positions=atlas.tile_positions.astype(np.uint32),
        tiles=atlas.tiles,
        effect=atlas.effect,
    )
    write_atomically(Path(path), content.getvalue())


def load(path: Path | str) -> Atlas:
    """Read an atlas; nothing in the file is executed.

    Raises:
        CorruptDataError: if it is missing, damaged, of a later version, or its parts do not fit together.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_BYTES:
            raise CorruptDataError(f"{path}: expected an atlas of at most {_MAX_BYTES:,} bytes, found {size:,}")
        with np.load(path, allow_pickle=False) as file:
            parts = {name: file[name] for name in file.files}
        about = json.loads(parts.pop("about").tobytes())
        version = about.pop("format_version")
    except CorruptDataError:
        raise
    except Exception as error:  # zip, zlib, NumPy and JSON each raise several kinds on bad bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CorruptDataError(f"{path}: expected an atlas written by esvae ({reason})") from error
    if version != FORMAT_VERSION:
        raise CorruptDataError(f"{path}: expected an atlas of version {FORMAT_VERSION}, found {version!r}")
    wrong = _wrong(parts, about)
    if wrong:
        raise CorruptDataError(f"{path}: damaged atlas: {wrong}")
    whole = {name: parts[name].astype(np.int64) for name in ("labels", "indices", "tile_positions")}
    about["class_names"] = tuple(about["class_names"])
    return Atlas(
        counts=parts["counts"], tiles=parts["tiles"], effect=parts["effect"].astype(np.float32), **whole, **about
    )


_ABOUT: dict[str, type] = {
    "class_names": list,
    "time_steps": int,
    "dataset": str,
    "dataset_sha256": str,
    "checkpoint_sha256": str,
}


def _wrong(parts: Mapping[str, NDArray[Any]], about: Any) -> str:
    """What does not fit, in a few words; "" if all does."""
    if set(parts) != set(_ARRAYS) or not isinstance(about, dict) or set(about) != set(_ABOUT):
        return f"expected {', '.join(_ARRAYS)}, found {', '.join(parts) or 'nothing'}"
    for name, kind in _ABOUT.items():
        if not isinstance(about[name], kind):
            return f"{name}: expected {kind.__name__}, found {about[name]!r}"
    for name, kinds in _ARRAYS.items():
        if parts[name].dtype.kind not in kinds:
            return f"{name}: found numbers of type {parts[name].dtype}"
    counts, tiles = parts["counts"], parts["tiles"]
    shapes = {
        "counts": counts.ndim == 2 and len(counts) > 0,
        "labels": parts["labels"].shape == counts.shape[:1],
        "indices": parts["indices"].shape == counts.shape[:1],
        "effect": parts["effect"].shape == counts.shape[1:],
        "tiles": tiles.ndim == 4 and tiles.shape[3] in (1, 3) and tiles.dtype == np.uint8,
        "tile_positions": parts["tile_positions"].shape == tiles.shape[:1],
    }
    for name, fits in shapes.items():
        if not fits:
            return f"{name}: found shape {parts[name].shape}"
    limits = {
        "counts": about["time_steps"] + 1,
        "labels": len(about["class_names"]),
        "indices": 2**40,
        "tile_positions": len(counts),
    }
    for name, limit in limits.items():
        values = parts[name]
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < limit:
            return f"{name}: expected numbers from 0 to {limit - 1}, found {values.min()} to {values.max()}"
    return "" if np.isfinite(parts["effect"]).all() else "effect: found NaN or infinite numbers"


def _of_each_class(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` positions, the classes taking turns."""
    turn = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        turn[mine] = np.arange(len(mine))
    return np.lexsort((labels, turn))[:count].astype(np.int64)
