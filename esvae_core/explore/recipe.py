"""A recipe: what makes a picture again. Every picture that is taken along carries one (docs/export.md).

It names the network by the content of its engine bundle, and gives the rates, the noise's seeds, the sampler, T, the
spikes that were edited by hand, damage to spikes, after how many steps each picture is seen, and the layout. Rates are
whole multiples of 1/46080, as in the explorer. Of a model without spikes they are its normalized latent
(`latent_interface`), and seeds, sampler and T are there for the form only. The twin is
`esvae_core/web/formats/recipe.js`; both write the same text.
"""

from __future__ import annotations

import base64
import importlib.metadata
import itertools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from esvae_core.config import Sampler
from esvae_core.engine.damage import Damage
from esvae_core.errors import RecipeError
from esvae_core.explore.fixed_point import GRID, FixedPointRates
from esvae_core.explore.latent_interface import hash_of
from esvae_core.pictures import CAPTION

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Foldable

MAX_TEXT = 4 * 2**20  # bytes of a recipe
MAX_CELLS = 16_384
MAX_RATES = 2**20
MAX_WORK = 2**18  # cells x steps: more would keep a reader busy for many minutes
MAX_FLIPS = 2**16
MAX_PIXELS = 2**26  # of the sheet, or of all frames
VERSION = 4  # the latest; each recipe is written in the first version that holds it, so that more of esvae read it

Kind = Literal["picture", "grid", "strip", "film"]
Flip = tuple[int, int, int]
"""A spike edited by hand: picture, step and neuron, from 0."""

_Place = Annotated[int, Field(ge=0, lt=2**20)]
_Line = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Network(_Part):
    """The network that decodes."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Content hash of its engine bundle (`esvae_core.engine.bundle`)."""


class Layout(_Part):
    """How the pictures lie on the sheet, or follow each other."""

    columns: int = Field(1, ge=1, le=MAX_CELLS)
    gap: int = Field(0, ge=0, le=64)
    scale: int = Field(1, ge=1, le=64)
    captions: Annotated[tuple[_Line, ...], Field(max_length=MAX_CELLS, strict=False)] = ()
    """None, or one for each picture."""
    frame_ms: int = Field(100, ge=20, le=10_000)
    """Of a film: how long each frame stays."""


class Recipe(_Part):
    """What makes a picture again."""

    version: Literal[1, 2, 3, 4] = 1
    """4 if it has damage, else 3 if it has upto, else 2 if it has flips, else 1."""
    kind: Kind
    checkpoint: Network
    sampler: Sampler
    steps: int = Field(ge=1, le=1024)
    dims: int = Field(ge=1, le=4096)
    rates: str = Field(max_length=MAX_TEXT, pattern=r"^[A-Za-z0-9_-]+$")
    """N x dims numbers of 16 bits, big-endian, base64url without padding: rates in units of 1/46080."""
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(min_length=1, strict=False)]
    """Of the noise: one for each picture, or one for all."""
    flips: Annotated[
        tuple[Annotated[tuple[_Place, _Place, _Place], Field(strict=False)], ...],
        Field(max_length=MAX_FLIPS, strict=False),
    ] = ()
    """Spikes edited by hand: (picture, step, neuron) of each, from 0, in ascending order."""
    upto: Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], Field(max_length=MAX_CELLS, strict=False)] = ()
    """Steps after which a picture is seen, 1 to T: one for each picture or one for all; none: after all T."""
    damage: Damage | None = None
    """Done to the spikes that the noise has drawn, by the same seeds, before any is edited by hand."""
    layout: Layout = Layout()
    versions: dict[_Line, _Line] = Field(default_factory=dict, max_length=16)
    """Of the packages that drew it; for people, not for the replay."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        try:
            raw = base64.b64decode(self.rates + "=" * (-len(self.rates) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise ValueError("rates: expected base64url") from None
        count = len(raw) // (2 * self.dims)
        if not count or len(raw) != 2 * self.dims * count:
            raise ValueError(f"rates: expected a multiple of {self.dims} numbers of 2 bytes, found {len(raw)} bytes")
        if not fits(count, self.dims, self.steps):
            raise ValueError(
                f"expected at most {MAX_CELLS:,} pictures, {MAX_RATES:,} rates and {MAX_WORK:,} pictures x steps,"
                f" found {count:,}, {count * self.dims:,} and {count * self.steps:,}"
            )
        if int(np.frombuffer(raw, ">u2").max()) > GRID:
            raise ValueError(f"rates: expected each to be at most {GRID}")
        if len(self.seeds) not in (1, count):
            raise ValueError(f"seeds: expected 1 or {count}, found {len(self.seeds)}")
        if len(self.layout.captions) not in (0, count):
            raise ValueError(f"captions: expected none or {count}, found {len(self.layout.captions)}")
        if self.kind == "picture" and count != 1:
            raise ValueError(f"kind: a picture has one vector of rates, found {count}")
        if (self.damage is not None) != (self.version == 4):
            raise ValueError(f"damage: expected some in version 4 and none before, in version {self.version}")
        if self.version < 4 and bool(self.upto) != (self.version == 3):
            raise ValueError(f"upto: expected some in version 3 and none before, found {len(self.upto)}")
        if len(self.upto) not in (0, 1, count) or any(t > self.steps for t in self.upto):
            raise ValueError(f"upto: expected none, 1 or {count} numbers of steps up to {self.steps}")
        if self.version < 3 and bool(self.flips) != (self.version == 2):
            raise ValueError(f"flips: expected some in version 2 and none in version 1, found {len(self.flips)}")
        for place in self.flips:
            if any(at >= most for at, most in zip(place, (count, self.steps, self.dims), strict=True)):
                raise ValueError(
                    f"flips: expected picture, step and neuron below {count}, {self.steps} and {self.dims},"
                    f" found {list(place)}"
                )
        if any(a >= b for a, b in itertools.pairwise(self.flips)):
            raise ValueError("flips: expected each once, in ascending order")
        return self

    @property
    def fixed_point_rates(self) -> FixedPointRates:
        """(N, dims) rates in units of 1/46080."""
        raw = base64.urlsafe_b64decode(self.rates + "=" * (-len(self.rates) % 4))
        return np.frombuffer(raw, ">u2").astype(np.uint16).reshape(-1, self.dims)

    def pixels(self, size: int) -> int:
        """How many there are on the sheet, or on all frames, of pictures that are `size` wide and high."""
        layout, count = self.layout, len(self.fixed_point_rates)
        if self.kind == "film":
            return count * (size * layout.scale) ** 2
        columns = min(layout.columns, count)
        tall = size + layout.gap + (CAPTION if layout.captions else 0)
        return -(-count // columns) * tall * columns * (size + layout.gap) * layout.scale**2

    @property
    def text(self) -> str:
        """As a file carries it: JSON on one line."""
        return self.model_dump_json(exclude={name for name in ("flips", "upto", "damage") if not getattr(self, name)})


def fits(count: int, dims: int, steps: int) -> bool:
    """Whether a recipe may hold that many pictures."""
    return count <= MAX_CELLS and count * dims <= MAX_RATES and count * steps <= MAX_WORK


def recipe_of(
    model: Foldable,
    name: str,
    units: FixedPointRates,
    seeds: Sequence[int],
    *,
    kind: Kind,
    sampler: Sampler,
    steps: int,
    layout: Layout | None = None,
    flips: Sequence[Flip] = (),
    upto: Sequence[int] = (),
    damage: Damage | None = None,
) -> Recipe:
    """The recipe of pictures that `decode_rates` draws with the same arguments.

    Raises:
        RecipeError: more than a recipe holds, or out of range.
    """
    same = len(set(seeds)) == 1
    packed = base64.urlsafe_b64encode(np.ascontiguousarray(units, ">u2").tobytes()).decode().rstrip("=")
    packages = ("esvae", "numpy", "torch", "pillow")
    return _checked(
        {
            "version": 4 if damage else 3 if len(upto) else 2 if len(flips) else 1,
            "kind": kind,
            "checkpoint": Network(name=name, sha256=hash_of(model)),
            "sampler": sampler,
            "steps": steps,
            "dims": units.shape[1],
            "rates": packed,
            "seeds": tuple(seeds[:1] if same else seeds),
            "flips": tuple(sorted(flips)),
            "upto": tuple(upto),
            "damage": damage,
            "layout": layout or Layout(),
            "versions": {package: importlib.metadata.version(package) for package in packages},
        },
        "recipe",
    )


def parse(text: str | bytes, where: str = "recipe") -> Recipe:
    """Read a recipe's text; believes nothing.

    Raises:
        RecipeError: one line with `where`, the first wrong field, and what was expected.
    """
    if len(text) > MAX_TEXT:
        raise RecipeError(f"{where}: expected a recipe of at most {MAX_TEXT:,} bytes, found {len(text):,}")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise RecipeError(f"{where}: recipe: expected JSON, found something else") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{where}: recipe: expected a JSON object")
    version = values.get("version")
    if type(version) is not int or version < 1:
        raise RecipeError(f"{where}: recipe: version: expected 1, 2, 3 or 4")
    if version > VERSION:
        raise RecipeError(f"{where}: recipe of version {version}, this esvae reads up to {VERSION}; please update it")
    return _checked(values, where)


def _checked(values: dict[str, object], where: str) -> Recipe:
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][:4])
        message = " ".join(first["msg"].removeprefix("Value error, ").split())
        raise RecipeError(f"{where}: recipe: {field}{': ' if field else ''}{message[:300]}") from None


def seeds_from(seed: int, count: int) -> tuple[int, ...]:
    """The noise of a grid: picture i meets seed + i, so that no two pictures share their noise."""
    return tuple((seed + i) % 2**32 for i in range(count))
