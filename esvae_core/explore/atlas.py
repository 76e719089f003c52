"""A small file beside each checkpoint: where real images lie in its latent.

`NAME.atlas.npz` holds the firing rates of some test images, so that views can show real latents, their range and their
classes at once, without the data set; how well each image is reconstructed; what each dimension does; and a map of the
rates. Files of version 1 have the rates only, and are still read. For a model without spikes, a rate is a height of its
latent (`latent.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.checkpoint import Checkpoint, StoredWeights
from esvae_core.checkpoint import weights_hash as weights_hash
from esvae_core.data.imageset import ImageSet
from esvae_core.errors import CorruptDataError, EsvaeError, InputError
from esvae_core.explore import atlas_file as files
from esvae_core.explore.dimensions import Contrast
from esvae_core.explore.latent_interface import counts_of, levels_of, sampler_of
from esvae_core.explore.map import MIN_POINTS, Layout, MapSettings, RateMap, build_map

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Explorable

SUFFIX = ".atlas.npz"
TILES = 64
_ENCODED = 250  # images at a time
_DECODED = 50  # a decoder's activations are larger

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Atlas:
    """N test images as one model sees them.

    Attributes:
        counts: (N, d) uint8 or uint16: spikes of each latent neuron in T steps; or heights in units of 1/LEVELS.
        labels: (N,) int64, indices into `class_names`.
        indices: (N,) int64, positions in the data set's test split.
        tile_positions: (n,) int64, which of the N are in `tiles`.
        tiles: (n, H, W, C) uint8: pictures decoded from their rates, noise seed 0.
        effect: (d,) float32: what each dimension does to the picture, see `effect.effects`.
        errors: (N,) float32: mean squared error of each reconstruction on [-1, 1], noise seed 0; None if not known.
        contrast: What each dimension does beside the noise, see `effect.beside_noise`; None if not known, or no noise.
        map: Where the N lie on a map; None if there is none.
        class_names: One name per class.
        time_steps: T; LEVELS, for a model without spikes.
        dataset: Name of the data set.
        dataset_sha256: Hash of its files.
        checkpoint_sha256: Hash of the model's tensors, see `weights_hash`.
    """

    counts: NDArray[np.unsignedinteger[Any]]
    labels: NDArray[np.int64]
    indices: NDArray[np.int64]
    tile_positions: NDArray[np.int64]
    tiles: NDArray[np.uint8]
    effect: NDArray[np.float32]
    errors: NDArray[np.float32] | None
    contrast: Contrast | None
    map: RateMap | None
    class_names: tuple[str, ...]
    time_steps: int
    dataset: str
    dataset_sha256: str
    checkpoint_sha256: str

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def rates(self) -> NDArray[np.float32]:
        """(N, d) firing rates or heights in [0, 1]."""
        return (self.counts / self.time_steps).astype(np.float32)


def beside(checkpoint: Path | str) -> Path:
    """Where a checkpoint's atlas is: NAME.safetensors -> NAME.atlas.npz."""
    return Path(checkpoint).with_suffix(SUFFIX)


def build(
    model: Explorable,
    test_set: ImageSet,
    count: int = 2000,
    seed: int = 0,
    layout: MapSettings | None = None,
    report: Progress | None = None,
) -> Atlas:
    """Encode test images, chosen by seed; decode them; measure the dimensions; draw the map.

    Args:
        model: The network.
        test_set: Images of its size.
        count: How many at most.
        seed: Of the choice.
        layout: How to draw the map. Without it, or with fewer than MIN_POINTS images, there is none.
        report: Called with what is being done and the share of it that is done.

    Raises:
        InputError: if the images are not of the model's shape, or there are none.
    """
    from esvae_core.esvae import ESVAE
    from esvae_core.explore.effect import beside_noise, effects

    if count < 1 or not len(test_set):
        raise InputError(f"atlas: expected at least one image, got count {count} of {len(test_set)} images")
    tell = report or (lambda stage, share: None)
    chosen = np.random.default_rng(seed).permutation(len(test_set))[:count]
    steps = levels_of(model.config)
    counts = _encoded(model, test_set, chosen, steps, tell)
    rates = (counts / steps).astype(np.float32)
    pictures, errors = _decoded(model, test_set, chosen, rates, steps, tell)
    labels = test_set.labels[chosen]
    shown = _of_each_class(labels, TILES)
    tell("dimensions", 0)
    effect = effects(model, rates, seed=seed)
    contrast = beside_noise(model, rates, seed=seed) if isinstance(model, ESVAE) and len(rates) > 1 else None
    drawn = None
    if layout is not None and len(rates) >= MIN_POINTS:
        drawn = build_map(rates, layout, lambda share: tell("map", share))
    return Atlas(
        counts=counts,
        labels=labels,
        indices=test_set.indices[chosen],
        tile_positions=shown,
        tiles=pictures[shown],
        effect=effect,
        errors=errors,
        contrast=contrast,
        map=drawn,
        class_names=test_set.class_names,
        time_steps=steps,
        dataset=test_set.name,
        dataset_sha256=test_set.sha256,
        checkpoint_sha256=weights_hash(model.state_dict()),
    )


def _encoded(
    model: Explorable, images: ImageSet, chosen: NDArray[np.int64], steps: int, report: Progress
) -> NDArray[np.unsignedinteger[Any]]:
    """(n, d) counts of those images; n = len(chosen)."""
    counts = []
    for start in range(0, len(chosen), _ENCODED):
        report("encoding", start / len(chosen))
        counts.append(counts_of(model, images.tensor(chosen[start : start + _ENCODED])))
    return np.concatenate(counts).astype(np.uint8 if steps < 256 else np.uint16)


def _decoded(
    model: Explorable,
    images: ImageSet,
    chosen: NDArray[np.int64],
    rates: NDArray[np.float32],
    steps: int,
    report: Progress,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Reconstructions (n, H, W, C) of those images from their rates, and the squared error of each on [-1, 1]."""
    from esvae_core.explore.decode_rates import decode_with_spikes

    sampler, pictures, errors = sampler_of(model.config), [], []
    for start in range(0, len(chosen), _DECODED):
        report("decoding", start / len(chosen))
        some = slice(start, start + _DECODED)
        pixels = decode_with_spikes(model, rates[some], seed=0, sampler=sampler, steps=steps).pixels
        truth = images.images[chosen[some]].transpose(0, 2, 3, 1)
        errors.append(((pixels.astype(np.float32) - truth) ** 2).mean(axis=(1, 2, 3)) / 127.5**2)
        pictures.append(pixels)
    return np.concatenate(pictures), np.concatenate(errors).astype(np.float32)


def save(path: Path | str, atlas: Atlas) -> None:
    """Write an atlas; the file appears whole or not at all."""
    about: dict[str, Any] = {name: getattr(atlas, name) for name in files.ABOUT}
    small = np.uint8 if len(atlas.class_names) <= 256 else np.uint16
    parts: dict[str, NDArray[Any]] = {
        "counts": atlas.counts,
        "labels": atlas.labels.astype(small),
        "indices": atlas.indices.astype(np.uint32),
        "tile_positions": atlas.tile_positions.astype(np.uint32),
        "tiles": atlas.tiles,
        "effect": atlas.effect,
    }
    if atlas.errors is not None:
        parts["errors"] = atlas.errors
    if atlas.contrast is not None:
        parts |= {name: getattr(atlas.contrast, name) for name in files.CONTRAST}
    if atlas.map is not None:
        flat, solid = atlas.map.flat, atlas.map.solid
        about["map"] = asdict(atlas.map.settings) | {"trust_2d": flat.trust, "trust_3d": solid.trust}
        parts |= {"map_2d": flat.positions, "map_3d": solid.positions}
        parts |= {"trust_2d": flat.point_trust, "trust_3d": solid.point_trust}
    files.write(path, about, parts)


def load(path: Path | str) -> Atlas:
    """Read an atlas; nothing in the file is executed.

    Raises:
        CorruptDataError: if it is missing, damaged, of a later version, or its parts do not fit together.
    """
    about, parts = files.read(path)
    drawn = about.pop("map", None)
    if drawn is not None:
        flat = Layout(parts["map_2d"], drawn.pop("trust_2d"), parts["trust_2d"])
        solid = Layout(parts["map_3d"], drawn.pop("trust_3d"), parts["trust_3d"])
        try:
            drawn = RateMap(MapSettings(**drawn), flat, solid)
        except (EsvaeError, TypeError) as error:
            raise CorruptDataError(f"{path}: damaged atlas: map: {error}") from error
    return Atlas(
        counts=parts["counts"],
        labels=parts["labels"].astype(np.int64),
        indices=parts["indices"].astype(np.int64),
        tile_positions=parts["tile_positions"].astype(np.int64),
        tiles=parts["tiles"],
        effect=parts["effect"].astype(np.float32),
        errors=parts["errors"].astype(np.float32) if "errors" in parts else None,
        contrast=Contrast(**{name: parts[name] for name in files.CONTRAST}) if "moved" in parts else None,
        map=drawn,
        **about | {"class_names": tuple(about["class_names"])},
    )


def load_for(checkpoint: Checkpoint[Explorable] | StoredWeights, path: Path | str) -> Atlas:
    """Read a model's atlas.

    Raises:
        CorruptDataError: as `load`, or it is of other weights, or its latent, T, images or classes are not the model's.
    """
    atlas = load(path)
    config, dataset = checkpoint.header.model, checkpoint.header.dataset
    if atlas.checkpoint_sha256 != checkpoint.weights_sha256:
        raise CorruptDataError(f"{path}: belongs to other weights; build it again")
    shape = (config.image_size, config.image_size, config.image_channels)
    names = dataset.class_names if dataset is not None and dataset.name == atlas.dataset else ()
    pairs = [
        ("latent neurons", config.latent_dim, atlas.counts.shape[1]),
        ("time steps", levels_of(config), atlas.time_steps),
        ("pictures of shape", shape, atlas.tiles.shape[1:]),
        ("classes", names or atlas.class_names, atlas.class_names),
    ]
    for what, expected, found in pairs:
        if found != expected:
            raise CorruptDataError(
                f"{path}: does not fit its model: {what}: expected {expected!r:.200}, found {found!r:.200}"
            )
    return atlas


def _of_each_class(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` positions, the classes taking turns."""
    turn = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        turn[mine] = np.arange(len(mine))
    return np.lexsort((labels, turn))[:count].astype(np.int64)
