"""A file with a recipe, made again and held against what it shows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from esvae_core.checkpoint import stored_bundle_hash
from esvae_core.engine.plan import Plan
from esvae_core.errors import CheckpointError, RecipeError
from esvae_core.explore.decode_rates import arrays_beside, render
from esvae_core.explore.latent_interface import folded, made_with, read_explorable
from esvae_core.explore.recipe import Recipe
from esvae_core.explore.recipe_files import Pixels, arrays_of, checksum, laid_out, read_recipe, shown, write
from esvae_core.files import expanded
from esvae_core.shipped import SHIPPED

if TYPE_CHECKING:
    from esvae_core.engine.ann import ANNPlan

Arrays = Mapping[str, NDArray[np.generic]]
_ADDED = "spikes"
"""Array of an .npz that files from before there was one do without."""


@dataclass(frozen=True)
class Replay:
    """What came of it.

    Attributes:
        recipe: The file's.
        checkpoint: The file of the network that was found.
        spiking: Whether the network has spikes; if not, noise, sampler and T of the recipe mean nothing.
        lossy: Whether the file has lost some pixels, and is held against by the checksum of what they were.
        identical: Whether every pixel is the same, and of an .npz every array, type and shape included.
        differing: How many pixels are not; all of them if the sizes or the checksums differ.
        largest: Largest difference of a pixel's channel, 0 to 255.
        other: Arrays of an .npz that are not as the recipe makes them, by name; where pictures are of the right type
            and shape, `differing` says more of them.
    """

    recipe: Recipe
    checkpoint: Path
    spiking: bool
    lossy: bool
    identical: bool
    differing: int
    largest: int
    other: tuple[str, ...] = ()


def replay(path: Path, places: Sequence[Path], out: Path | None = None) -> Replay:
    """Make a file's pictures again.

    Args:
        path: a file that carries a recipe.
        places: checkpoints, or folders of them, in which the recipe's network is looked for.
        out: where to write what was made, if anywhere.

    Raises:
        RecipeError: the file cannot be used, or its network is in none of the places.
        InputError, OutputError: `out` cannot be written.
    """
    carried = read_recipe(path)
    place, plan = find(carried.recipe, places, where=str(path))
    pixels = render(carried.recipe, plan)
    if out is not None:
        write(out, carried.recipe, pixels, arrays_beside(carried.recipe, plan))
    lossy, spiking = carried.form == "mp4", isinstance(plan, Plan)
    other: tuple[str, ...] = ()
    if carried.form == "npz":
        wanted = arrays_of(pixels, arrays_beside(carried.recipe, plan))
        if _ADDED not in carried.arrays:
            wanted.pop(_ADDED, None)
        names = {*wanted, *carried.arrays}
        other = tuple(sorted(name for name in names if not _same(carried.arrays, wanted, name)))
        _, differing, largest = _images_compared(carried.arrays.get("images"), wanted["images"], pixels)
        verdict = (not other, differing, largest)
    elif lossy:
        frames = laid_out(carried.recipe, pixels)
        same = checksum(frames) == carried.checksum
        verdict = (True, 0, 0) if same else (False, sum(frame[..., 0].size for frame in frames), 255)
    else:
        verdict = compared(carried.pixels, shown(laid_out(carried.recipe, pixels), carried.form))
    identical, differing, largest = verdict
    return Replay(carried.recipe, place, spiking, lossy, identical, differing, largest, other)


def _images_compared(
    theirs: NDArray[np.generic] | None, made: NDArray[np.generic], pixels: Pixels
) -> tuple[bool, int, int]:
    """As `compared`, of the 'images' of an .npz: all differ where they are of another type or shape."""
    if theirs is None or theirs.dtype != made.dtype or theirs.shape != made.shape:
        return False, pixels[..., 0].size, 255
    return compared((theirs.reshape(pixels.shape).astype(np.uint8),), (pixels,))


def _same(theirs: Arrays, made: Arrays, name: str) -> bool:
    """Whether both have that array, of the same type and shape, with the same bytes."""
    if name not in theirs or name not in made:
        return False
    a, b = theirs[name], made[name]
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def compared(theirs: Sequence[Pixels], made: Sequence[Pixels]) -> tuple[bool, int, int]:
    """Whether all pixels are the same, how many are not, and by how much at most.

    A file may hold two equal frames as one that stays longer.
    """
    theirs, made = _merged(theirs), _merged(made)
    if [frame.shape for frame in theirs] != [frame.shape for frame in made]:
        return False, sum(frame[..., 0].size for frame in made), 255
    off = [np.abs(a.astype(np.int16) - b).max(axis=-1) for a, b in zip(theirs, made, strict=True)]
    differing = sum(int((part > 0).sum()) for part in off)
    return differing == 0, differing, max(int(part.max()) for part in off)


def _merged(frames: Sequence[Pixels]) -> list[Pixels]:
    return [frame for i, frame in enumerate(frames) if not i or not np.array_equal(frame, frames[i - 1])]


def places(first: Sequence[Path] = ()) -> list[Path]:
    """Where checkpoints are looked for: what is given, `checkpoints` here, ESVAE_CHECKPOINTS, those that ship."""
    extra = os.environ.get("ESVAE_CHECKPOINTS", "").split(os.pathsep)
    usual = [Path("checkpoints"), *(expanded(name) for name in extra if name), SHIPPED]
    return [*first, *(folder for folder in usual if folder.exists())]


def find(recipe: Recipe, places: Sequence[Path], where: str = "picture") -> tuple[Path, Plan | ANNPlan]:
    """The checkpoint whose content is the recipe's, wherever it is and whatever it is called, and its plan.

    Files that say to hold that network come first, and those that say to hold another are left out, unless they were
    named, or have its name; what decides is the hash of the weights that are returned. A prior that was fitted since
    makes no difference, for a recipe has its rates.

    Raises:
        RecipeError: it is in none of the places.
        CheckpointError: a file that was named cannot be used.
    """
    wanted = recipe.checkpoint
    files = [file for place in places for file in (sorted(place.glob("*.safetensors")) if place.is_dir() else [place])]
    said = {file: _said_hash(file) for file in files}
    others: list[Path] = []
    name = wanted.name.rpartition("/")[2]
    for file in sorted(files, key=lambda f: (said[f] != wanted.sha256, f.stem != name)):
        named, claimed = file in places, said[file] == wanted.sha256
        if not (named or claimed or said[file] is None or file.stem == name):
            continue
        try:
            found = folded(read_explorable(file))
        except CheckpointError:
            if named:
                raise
            continue
        if made_with(found, wanted.sha256):
            return file, found
        if claimed:
            others.append(file)
    if others:
        raise RecipeError(
            f"{where}: {others[0]} says that it holds the recipe's network, {wanted.name} (content "
            f"{wanted.sha256[:12]}), but its weights are others; name another file with --checkpoint"
        )
    looked = ", ".join(map(str, places)) or "nowhere"
    raise RecipeError(
        f"{where}: the recipe's network, {wanted.name} (content {wanted.sha256[:12]}), was not found among {len(files)}"
        f" in {looked}; name it with --checkpoint"
    )


def _said_hash(file: Path) -> str | None:
    """What a file says of its network's hash; None if nothing, or if it is no checkpoint."""
    try:
        return stored_bundle_hash(file)
    except CheckpointError:
        return None
