"""What the commands do with models that have no firing rates, or no latent to play."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esvae_core.cli import console
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from esvae_core.checkpoint import Checkpoint, StoredWeights
    from esvae_core.config import ImageModelConfig
    from esvae_core.explore.fixed_point import FixedPointRates
    from esvae_core.image_model import Drawn, ImageModel

_AT_A_TIME = 250


def refuse(config: ImageModelConfig, **options: object) -> None:
    """Raise InputError if an option was given that says something about rates only."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"--{name}: a model of kind {config.kind} has no rates, so there is none to choose")


@dataclass(frozen=True)
class Encoder:
    """How a model's images become vectors, and what the numbers of these are."""

    encode: Callable[[Tensor], Tensor]
    """(N, C, H, W) images -> (N, d)."""
    called: str
    """One of the d numbers, as columns of files are called."""
    what: str
    """More words about them; empty if `called` says all."""


def encoder_of(model: ImageModel, steps: int | None) -> Encoder:
    """How `esvae encode` encodes with a model.

    Raises:
        InputError: time steps are chosen for a model that has none.
    """
    from esvae_core.esvae import ESVAE

    if isinstance(model, ESVAE):
        return Encoder(lambda images: model.encode(images, steps=steps).rates, "rate", "")
    refuse(model.config, steps=steps)
    return Encoder(model.features, "feature", model.feature_name)


def controlled(
    loaded: Checkpoint[Any] | StoredWeights, units: FixedPointRates, asked: Sequence[str] | None
) -> FixedPointRates:
    """Latents (N, d) in units of 1/46080, moved by each NAME=AMOUNT or FILE.json=AMOUNT in turn.

    Raises:
        InputError: a control or an amount that there is not.
        CorruptDataError: a file of controls cannot be used.
    """
    from esvae_core.controls.own_file import read_own_control
    from esvae_core.explore.fixed_point import to_fixed_point, to_rates

    for text in asked or ():
        name, equals, number = text.rpartition("=")
        try:
            amount = float(number)
        except ValueError:
            amount = math.nan
        if not equals or not math.isfinite(amount):
            raise InputError(f"--control {text}: expected NAME=AMOUNT, such as thickness=+1.5")
        own = name.lower().endswith(".json")
        control = read_own_control(name, units.shape[1]) if own else loaded.controls[name]
        units = to_fixed_point(control.apply(to_rates(units), amount))
    return units


def sample_pictures(
    draw: Callable[[int, Generator], Drawn],
    size: int,
    out_file: Path,
    n: int,
    seed: int,
    columns: int | None,
    scale: int,
    as_json: bool,
) -> None:
    """Write new pictures that have no recipe as a .png grid or an .npz.

    Args:
        draw: a number of pictures and the source of their noise -> those pictures, such as a model's `sample`.
        size: their height and width.
        out_file: where.
        n: how many.
        seed: of the noise.
        columns: pictures per row; about a square unless given.
        scale: every pixel becomes this wide and high.
        as_json: say it as JSON.
    """
    import numpy as np

    from esvae_core.arrays import suffix_of
    from esvae_core.explore.recipe import MAX_PIXELS
    from esvae_core.explore.recipe_files import npz
    from esvae_core.files import write_atomically
    from esvae_core.pictures import about_square, sheet, to_picture, to_uint8
    from esvae_core.seeds import generator

    suffix = suffix_of(out_file, (".npz", ".png"))
    drawn = n * (size * scale) ** 2
    if suffix == ".png" and drawn > MAX_PIXELS:
        raise InputError(
            f"{out_file}: expected a picture of at most {MAX_PIXELS:,} pixels, {n:,} at scale {scale} would have"
            f" {drawn:,}; choose a smaller --scale, or write an .npz"
        )
    source = generator(seed, "sample")
    parts = [to_uint8(draw(min(_AT_A_TIME, n - i), source).images) for i in range(0, n, _AT_A_TIME)]
    pixels = np.concatenate(parts)
    if suffix == ".npz":
        content = npz(pixels)
    else:
        buffer = io.BytesIO()
        to_picture(sheet(pixels, columns or about_square(n), scale=scale)).save(buffer, "PNG")
        content = buffer.getvalue()
    write_atomically(out_file, content)
    console.say(as_json, f"{out_file}: {n:,} pictures", file=str(out_file), images=n)
